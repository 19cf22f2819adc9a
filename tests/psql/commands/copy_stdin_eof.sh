# COPY data may end with the script.
cat > script.sql <<'EOF'
create temp table c (a int);
copy c from stdin;
1
2
EOF
psql -X -f script.sql
