# \watch repeats; its time is filtered here.
cat > script.sql <<'EOF'
select 1 as a \watch c=2 i=0.01
select 1 as a where false \watch m=1 i=0.01
\watch x
\watch foo=1
\watch c=0
\watch c=1 c=2
\watch 1 2
\watch i=-1
\watch m=x
EOF
psql -X -f script.sql 2>&1 | sed 's/^... ... .. ..:..:.. ..../TIME/'
