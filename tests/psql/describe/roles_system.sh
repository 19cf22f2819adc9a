# \duS
psql -X <<'EOF'
\du pg_read_*
\duS+ pg_monitor
EOF
