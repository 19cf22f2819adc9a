# Wrong ones.
psql -X <<'EOF'
\dt (plain
\dt pl[ai
\dt +
EOF
