# \db
psql -X <<'EOF'
\db pg_*
\db nosuch
EOF
