# Attributes of HTML tables, and escapes in names, titles and values.
psql -Xq <<'EOF'
\pset format html
\pset tableattr 'class="wide" id=t'
select id as "<id>", '   three' as "a b", ' ' as blank, E'\t' as tab, E'a\n b' as lines from sample limit 1;
\pset title 'x < y & z'
\pset border 7
\pset expanded on
select id as "<id>", '  two' as "a b" from sample limit 2;
EOF
