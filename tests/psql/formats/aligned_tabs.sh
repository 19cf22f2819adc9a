# Tabs go to the next multiple of eight columns of their line.
psql -X <<'EOF'
select E'\ta\tab\t1234567\t12345678\t.' as tabs, E'a\n\tb' as second;
select E'日\té\t😀😀😀😀\t.' as tabs;
EOF
