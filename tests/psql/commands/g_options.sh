# \g with print options for one statement.
cat > script.sql <<'EOF'
select 1 as a \g (format=unaligned footer=off)
select 1 as a \gx (border=2)
select 1 as a \g (tuples_only) out
\! cat out
select 1 as a \g (nosuch=1)
\r
select 1 as a \g (format=csv
\r
select 2 as a;
EOF
psql -X -f script.sql
