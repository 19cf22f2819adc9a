# \set alone lists all; those that differ by machine left out.
cat > script.sql <<'EOF'
\set zz 1
\set
EOF
psql -X -f script.sql | grep -v -E '^(VERSION|SERVER_VERSION|HOST|PORT)'
