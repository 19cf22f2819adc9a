# TOAST tables.
psql -X <<'EOF'
\dt pg_toast.pg_toast_1262
\dtS pg_toast.pg_toast_1262
EOF
