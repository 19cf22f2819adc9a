# \dy
# server: reference
psql -X <<'EOF'
\dy
\dy+ et_s*
EOF
