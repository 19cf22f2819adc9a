# A semicolon at the end, a second command behind.
psql -X <<'EOF'
\dt plain;
\dt plain; \dt aab
\dt plain \dt aab
EOF
