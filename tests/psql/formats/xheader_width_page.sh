# The lines between records with xheader_width page.
psql -Xq <<'EOF'
\x
\pset xheader_width page
\pset columns 30
\pset border 0
select a, b from many where a in (1, 6);
\pset border 1
select a, b from many where a in (1, 6);
select a as "a rather long name" from many limit 1;
\pset border 2
select a, b from many where a in (1, 6);
select a as "a rather long name" from many limit 1;
EOF
