# Commands that do not exist, and arguments too many.
cat > script.sql <<'EOF'
\nosuch a b \\ select 1;
select 2;
\
\timing on extra more
\errverbose x
\cd . extra
\.
EOF
psql -X -f script.sql
