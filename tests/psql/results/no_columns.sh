# Rows without columns.
cat > script.sql <<'EOF'
select;
select from (values (1), (2)) t;
\x
select from (values (1), (2)) t;
EOF
psql -X -f script.sql
