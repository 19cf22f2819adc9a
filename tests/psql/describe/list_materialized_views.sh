# \dm
# server: reference
psql -X <<'EOF'
\dm
\dm+ shop.*
EOF
