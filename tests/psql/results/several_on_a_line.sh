# Several statements and commands on a line.
cat > script.sql <<'EOF'
select 1; select 2; \echo three
select 4 \\ 
select 5 \g \\ select 6;
EOF
psql -X -f script.sql
