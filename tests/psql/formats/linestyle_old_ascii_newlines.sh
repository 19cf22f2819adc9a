# Newlines in names and values with the line style old-ascii, in every border.
psql -Xq <<'EOF'
    \pset linestyle old-ascii
    \pset border 0
    select 1 as "one\ntwo", E'a\n\nbb' as v, E'x\ny' as "w
three
lines", 2 as last;
    \pset border 1
    select 1 as "one
two", E'a\n\nbb' as v, E'x\ny' as "w
three
lines", 2 as last;
    select E'a\nb' as l, E'c\nd' as r;
    \pset border 2
    select 1 as "one
two", E'a\n\nbb' as v, E'x\ny' as "w
three
lines", 2 as last;
EOF
