# \conninfo, without what differs.
cat > script.sql <<'EOF'
\conninfo
EOF
psql -X -f script.sql | grep -v -E 'Socket|Port|PID'
