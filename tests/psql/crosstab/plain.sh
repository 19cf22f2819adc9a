# Rows and columns stand as they are found.
psql -X <<'EOF'
select v, h, string_agg(c, ',') from data group by v, h order by 1, 2 \crosstabview
select v, h, string_agg(c, ',') from data group by v, h order by 2 desc nulls first, 1 desc \crosstabview
EOF
