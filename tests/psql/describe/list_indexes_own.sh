# \di of what matches a pattern.
psql -X <<'EOF'
\di shop.c*
\di plain*
EOF
