# \echo, \qecho and \warn.
cat > script.sql <<'EOF'
\echo a 'b c' "d e" 'f''g' h;
\echo -n x
\echo y
\echo '-n' z
\echo -n -n w
\echo ''
\echo
\qecho q
\warn -n e
\warn f
\echo a\echo b
\echo a \\ select 1;
EOF
psql -X -f script.sql
