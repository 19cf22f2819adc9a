# What AUTOCOMMIT takes.
cat > script.sql <<'EOF'
\set AUTOCOMMIT foo
\echo :AUTOCOMMIT
\set AUTOCOMMIT o
\echo :AUTOCOMMIT
\set AUTOCOMMIT of
\echo :AUTOCOMMIT
\set AUTOCOMMIT TRUE
\echo :AUTOCOMMIT
\set AUTOCOMMIT 0
\echo :AUTOCOMMIT
EOF
psql -X -f script.sql
