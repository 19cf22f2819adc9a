# Columns given by name, as SQL reads identifiers.
psql -X <<'EOF'
select v as "Row", h as col, c as "da ta", i from data where c <> 'dbl' \crosstabview "Row" COL "da ta"
select v as "Row", h as col, c as "da ta", i from data where c <> 'dbl' \crosstabview row col "da ta"
select v as "Row", h as col, c as "da ta", i from data where c <> 'dbl' \crosstabview 'Row' col 3
select 1 as "a""b", 2 as b, 3 as "5" \crosstabview "a""b" b "5"
select 1 as "a""b", 2 as b, 3 as "5" \crosstabview "a""b" b '5'
select 1 as a, 2 as b, 3 as b, 4 as d \crosstabview a b d
select 1 as a, 2 as b, 3 as c \crosstabview a -2
select 1 as a, 2 as b, 3 as c \crosstabview '' b
EOF
