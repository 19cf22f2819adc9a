# \dp of what nobody was granted.
psql -X <<'EOF'
\dp plain
\z nosuch
\zx plain
EOF
