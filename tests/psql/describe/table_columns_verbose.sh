# Storage, compression, statistics targets of columns.
psql -X <<'EOF'
\d+ columns_all
EOF
