# \dFd
# server: reference
psql -X <<'EOF'
\dFd my*
\dFd+ my*
\dFd+ eng*
EOF
