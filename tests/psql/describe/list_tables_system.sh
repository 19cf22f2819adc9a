# \dtS
psql -X <<'EOF'
\dtS pg_am*
\dtS information_schema.sql_p*
\dt pg_catalog.pg_cl*
EOF
