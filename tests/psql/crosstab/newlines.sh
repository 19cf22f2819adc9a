# Values with several lines, and wide ones.
psql -X <<'EOF'
select v, h, string_agg(c, E'\n') from data group by v, h order by 1, 2 \crosstabview
select E'日本\nx' as "r\n", E'a\nb', 'é' \crosstabview
EOF
