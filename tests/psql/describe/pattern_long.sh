# A name longer than names can be.
psql -X <<'EOF'
\dt plainnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
EOF
