# \dO
# server: reference
psql -X <<'EOF'
\dO
\dO+ german
\dO shop.*
EOF
