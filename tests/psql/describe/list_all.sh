# \d without a pattern.
# server: reference
psql -X <<'EOF'
\d
EOF
