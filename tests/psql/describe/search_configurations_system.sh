# \dF of the system.
psql -X <<'EOF'
\dF en*
\dF simple
EOF
