# Storage, compression, statistics targets of columns.
# server: reference
psql -X <<'EOF'
\d+ columns_all
EOF
