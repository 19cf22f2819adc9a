# \dFp of the system.
psql -X <<'EOF'
\dFp default
EOF
