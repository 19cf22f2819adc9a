# An empty name.
psql -X <<'EOF'
\dt ""
\dn ""
EOF
