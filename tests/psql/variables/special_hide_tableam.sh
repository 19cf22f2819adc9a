# What HIDE_TABLEAM takes.
cat > script.sql <<'EOF'
\set HIDE_TABLEAM foo
\echo :HIDE_TABLEAM
\set HIDE_TABLEAM on
\echo :HIDE_TABLEAM
EOF
psql -X -f script.sql
