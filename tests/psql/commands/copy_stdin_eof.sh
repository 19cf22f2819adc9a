# COPY data may end with the script.
cat > script.sql <<'EOF'
create table c3 (a int);
copy c3 from stdin;
1
2
EOF
psql -X -f script.sql; psql -Xq -c "drop table c3"
