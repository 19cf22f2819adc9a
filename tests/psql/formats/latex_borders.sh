# Every border of the format latex, with and without header.
psql -Xq <<'EOF'
\pset format latex
\pset border 0
select id, name, ok from sample limit 2;
\pset border 1
select id, name, ok from sample limit 2;
\pset border 2
select id, name, ok from sample limit 2;
\pset border 3
select id, name, ok from sample limit 2;
\pset tuples_only on
select id, name, ok from sample limit 2;
\pset border 2
select id, name, ok from sample limit 2;
EOF
