-- Orders that are those of code points.
select x from (values ('b'), ('A'), ('a'), ('B')) as v(x) order by x collate "C";
select 'a' < 'B' collate "POSIX" as less, 'a' = 'a' collate ucs_basic as same;
select 'x' collate "no_such_collation";
