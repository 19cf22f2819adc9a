# HIDE_TOAST_COMPRESSION.
psql -X <<'EOF'
\set HIDE_TOAST_COMPRESSION on
\d+ columns_all
\d+ mat_view
EOF
