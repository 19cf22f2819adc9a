# Identity, generated, serial, collated columns.
psql -X <<'EOF'
\d columns_all
EOF
