# \dE
# server: reference
psql -X <<'EOF'
\dE
\dE *.*
EOF
