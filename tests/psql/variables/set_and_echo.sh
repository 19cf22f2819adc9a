# \set joins its arguments; values are put in as they are.
cat > script.sql <<'EOF'
\set a 1 2 'three four' "five six"
\echo :a
\set a
\echo [:a]
\set b :a:a x
\echo [:b]
\set c 'it''s\ttab\x41\102\q'
\echo :c
EOF
psql -X -f script.sql
