# A lost connection ends a script with 2.
cat > script.sql <<'EOF'
select pg_terminate_backend(pg_backend_pid());
select 'never';
EOF
psql -XAt -f script.sql
