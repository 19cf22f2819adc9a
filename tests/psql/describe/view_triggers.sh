# A view with a trigger.
# server: reference
psql -X <<'EOF'
\d trigger_view
\d+ trigger_view
EOF
