# Results and columns that make no grid.
psql -X <<'EOF'
select 1 \crosstabview
select 1, 2 \crosstabview
select 1, 2, 3, 4 \crosstabview
select 1, 2, 3, 4 \crosstabview 1 2
select 1, 2, 3 \crosstabview 2 2
select 1, 2, 3 \crosstabview 2
select 1, 2, 3, 4 \crosstabview 1 2 1
select 1, 2, 3, 4 \crosstabview 1 2 2
select 1, 2, 3 \crosstabview 1 2 3 2 more arguments
EOF
