# \gexec ends at an error under ON_ERROR_STOP.
cat > script.sql <<'EOF'
\set ON_ERROR_STOP on
select 'select nope', 'select 2' \gexec
\echo not reached
EOF
psql -X -f script.sql
