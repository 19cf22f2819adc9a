# Triggers and rules, by when they fire.
# server: reference
psql -X <<'EOF'
\d events
EOF
