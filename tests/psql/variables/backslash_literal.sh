# A literal with a backslash becomes an escape string.
cat > script.sql <<'EOF'
\set v 'a\\b'
\echo :'v'
select :'v';
EOF
psql -X -f script.sql
