# Messages that are no errors.
cat > script.sql <<'EOF'
drop table if exists nosuch;
commit;
begin;
begin;
rollback;
EOF
psql -X -f script.sql
