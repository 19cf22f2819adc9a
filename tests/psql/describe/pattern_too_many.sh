# Arguments too many.
psql -X <<'EOF'
\dt plain aab
\dn public x y
EOF
