# COPY TO STDOUT in all formats.
cat > script.sql <<'EOF'
copy (select 1, 'a	b', null) to stdout;
copy (select 1, 'a,b', null) to stdout (format csv, header);
copy (select 1 where false) to stdout;
EOF
psql -X -f script.sql
