# \dFd of the system.
psql -X <<'EOF'
\dFd eng*
\dFd+ simple
EOF
