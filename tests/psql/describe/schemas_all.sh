# \dn without a pattern.
# server: reference
psql -X <<'EOF'
\dn
EOF
