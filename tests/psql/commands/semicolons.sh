# Some commands take a semicolon at the end away.
cat > script.sql <<'EOF'
\echo a;
\cd .;
\x on;
\x off;
\encoding UTF8;
\set s 1;
\echo :s
\i nosuch.sql;
EOF
psql -X -f script.sql
