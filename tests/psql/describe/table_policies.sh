# Row security policies.
# server: reference
psql -X <<'EOF'
\d policies
EOF
