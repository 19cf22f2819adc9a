# \dC
# server: reference
psql -X <<'EOF'
\dC money
\dC+ mood
\dC+ int2vector
\dC xml
EOF
