# Results without rows, without a result set, and errors.
psql -X <<'EOF'
select 1 as a, 2, 3 where false \crosstabview
create table made (a int, b int, c int) \crosstabview
insert into made values (1, 2, 3) returning a, b, c \crosstabview
drop table made \crosstabview
select nope \crosstabview
select 1, 2, 3\; select 4, 5, 6 \crosstabview
EOF
