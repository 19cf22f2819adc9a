# A value that mentions itself is put in once.
cat > script.sql <<'EOF'
\set r 'select 1 -- :r'
:r
;
\set a :b
\set b ':a'
\echo :a
EOF
psql -X -f script.sql
