# A system catalog.
# server: reference
psql -X <<'EOF'
\d pg_database
\dS pg_am
EOF
