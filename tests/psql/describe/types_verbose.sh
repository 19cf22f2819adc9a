# \dT+
# server: reference
psql -X <<'EOF'
\dT+ mood
\dT+ composite_type
\dT+ bool
\dT+ name
EOF
