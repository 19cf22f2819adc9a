# \bind sends parameters by the extended protocol.
cat > script.sql <<'EOF'
select $1::int + 1 as a, $2 as b \bind 1 'x y' \g
select $1 \bind 1 2 \g
select $1::int as a \bind 5
;
select 1 as a \bind \g
EOF
psql -X -f script.sql
