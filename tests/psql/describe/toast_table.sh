# A TOAST table and its index.
# server: reference
psql -X <<'EOF'
\d pg_toast.pg_toast_1262
\d+ pg_toast.pg_toast_1262
\d pg_toast.pg_toast_1262_index
EOF
