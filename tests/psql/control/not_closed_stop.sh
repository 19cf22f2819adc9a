# The same under ON_ERROR_STOP.
cat > script.sql <<'EOF'
\set ON_ERROR_STOP on
\if true
select 1;
EOF
psql -XAt -f script.sql
