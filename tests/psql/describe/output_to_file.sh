# Lists go where \o points; errors do not.
psql -X <<'EOF'
\o list
\dt plain
\d plain
\dt nosuch
\o
EOF
echo "-- file:"
cat list
