# \c takes over what it is not given.
cat > script.sql <<'EOF'
\c postgres
\echo :DBNAME :USER
\c -
\c - postgres
\c "dbname=postgres"
\c "dbname=postgres" x
\c -reuse-previous=x postgres
\c -reuse-previous=on dbname=postgres
select 1;
EOF
psql -X -f script.sql
