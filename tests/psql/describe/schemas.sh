# \dn
# server: reference
psql -X <<'EOF'
\dn press
\dn s*
\dn nosuch
EOF
