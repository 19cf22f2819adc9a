# Expanded blocks broken to a width with the line style old-ascii.
psql -Xq <<'EOF'
    \pset linestyle old-ascii
    \pset format wrapped
    \pset expanded on
    \pset columns 25
    \pset border 0
    select a, E'new\nline ' || b as "two
names" from many limit 3;
    \pset border 1
    select a, E'new\nline ' || b as "two
names" from many limit 3;
    select * from many limit 3;
    \pset border 2
    select a, E'new\nline ' || b as "two
names" from many limit 3;
    \pset columns 5
    select * from many limit 2;
    \pset tuples_only on
    select * from many limit 2;
EOF
