# \dd of what has no comment.
psql -X <<'EOF'
\dd nosuch
EOF
