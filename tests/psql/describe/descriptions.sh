# \dd
# server: reference
psql -X <<'EOF'
\dd
\dd shop.*
\dd t_*
EOF
