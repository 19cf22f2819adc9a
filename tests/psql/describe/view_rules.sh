# A view with a rule.
# server: reference
psql -X <<'EOF'
\d view_with_rule
\d+ view_with_rule
EOF
