# What SHOW_CONTEXT takes.
cat > script.sql <<'EOF'
\set SHOW_CONTEXT foo
\echo :SHOW_CONTEXT
\set SHOW_CONTEXT ALWAYS
\echo :SHOW_CONTEXT
EOF
psql -X -f script.sql
