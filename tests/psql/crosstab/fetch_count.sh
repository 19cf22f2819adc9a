# A grid needs the whole result, whatever FETCH_COUNT says.
psql -Xq <<'EOF'
\set FETCH_COUNT 1
select v, h, c from data where c <> 'dbl' order by 1, 2 \crosstabview
EOF
