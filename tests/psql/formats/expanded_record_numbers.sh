# Records are counted, and their lines fit the count.
psql -Xq <<'EOF'
\x
select g from generate_series(1, 12) g;
\pset border 0
select g from generate_series(9, 12) g;
\pset border 2
select g as "long column name" from generate_series(1, 11) g;
EOF
