# Its exit code is 2 in the end.
cat > script.sql <<'EOF'
\c nosuchdb
select 1;
EOF
psql -X -f script.sql 2>/dev/null
