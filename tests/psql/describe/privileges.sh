# \dp, \z
# server: reference
psql -X <<'EOF'
\dp shop.*
\dp policies
\z plain
EOF
