# \p, \r and \w.
cat > script.sql <<'EOF'
\p
select 1
\p
+ 1;
\p
\w out
\! cat out
select 2
\r
\p
\w
\w nosuchdir/x
\w |cat
EOF
psql -X -f script.sql
