# In a script, a failed \c leaves no connection.
cat > script.sql <<'EOF'
\c nosuchdb
select 1;
EOF
psql -X -f script.sql 2>&1 | sed 's/".*PGSQL[^"]*"/SOCKET/'
