# Identity, generated, serial, collated columns.
# server: reference
psql -X <<'EOF'
\d columns_all
EOF
