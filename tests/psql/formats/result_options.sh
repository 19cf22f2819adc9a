# Options for one result only.
psql -X <<'EOF'
select 1 as a, 'x' as b \g (format=csv)
select 1 as a, 'x' as b \gx (border=2)
select 1 as a, null as b \g (format=unaligned fieldsep=; null='(n)' tuples_only=on)
select 1 as a, 'x' as b;
select 1 as a \g (format=nope)
select 1 as a \g (nope=1)
select 1 as a \g (format=csv
EOF
