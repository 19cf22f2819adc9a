# --csv prints CSV with a header.
psql -X --csv -c "select 1 as a, 'x,y' as \"b\"\"c\""
