# \dD
# server: reference
psql -X <<'EOF'
\dD
\dD+ *
\dD+ shop.*
EOF
