# A system catalog.
psql -X <<'EOF'
\d pg_database
\dS pg_am
EOF
