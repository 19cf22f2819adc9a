# Wide characters and their widths.
cat > script.sql <<'EOF'
select 'é' as "ü", '日本' as b, 'e' || chr(769) as c;
select length('日本');
EOF
psql -X -f script.sql
