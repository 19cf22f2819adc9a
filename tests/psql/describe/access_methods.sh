# \dA
# server: reference
psql -X <<'EOF'
\dA
\dA+ b*
\dA my_*
EOF
