# \sf without a name, or of no function.
psql -X <<'EOF'
\sf
\sf nosuch
\sf nosuch(int)
\sf 7
EOF
