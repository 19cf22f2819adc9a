# What stands behind the error on the same line is not executed.
cat > script.sql <<'EOF'
\set ON_ERROR_STOP 1
select nope; select 2; \echo never
EOF
psql -X -f script.sql
