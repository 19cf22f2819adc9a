# \restrict forbids commands until \unrestrict.
cat > script.sql <<'EOF'
\restrict
\restrict key
\echo no
select 1;
\unrestrict other
\unrestrict
\unrestrict key
\echo yes
\unrestrict key
EOF
psql -X -f script.sql
