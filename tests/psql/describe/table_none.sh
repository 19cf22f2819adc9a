# Relations that are not there.
psql -X <<'EOF'
\d nosuch
\d nosuch.nosuch
\d "no such"
EOF
