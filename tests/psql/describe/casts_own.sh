# \dC of system types.
psql -X <<'EOF'
\dC money
\dC+ oid
EOF
