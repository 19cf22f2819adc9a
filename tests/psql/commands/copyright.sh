# \copyright.
cat > script.sql <<'EOF'
\copyright
EOF
psql -X -f script.sql | head -3
