# A TOAST table and its index.
psql -X <<'EOF'
\d pg_toast.pg_toast_1262
\d+ pg_toast.pg_toast_1262
\d pg_toast.pg_toast_1262_index
EOF
