# What COMP_KEYWORD_CASE takes.
cat > script.sql <<'EOF'
\set COMP_KEYWORD_CASE foo
\echo :COMP_KEYWORD_CASE
\set COMP_KEYWORD_CASE lower
\echo :COMP_KEYWORD_CASE
EOF
psql -X -f script.sql
