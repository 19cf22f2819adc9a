# The place of an error, in long lines and over several.
cat > script.sql <<'EOF'
select 1,
  2,
  nope,
  4;
select 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', nope, 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy';
select 'é', nope;
EOF
psql -X -f script.sql
