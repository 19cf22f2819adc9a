# What QUIET takes.
cat > script.sql <<'EOF'
\set QUIET foo
\echo :QUIET
\set QUIET 
\echo :QUIET
EOF
psql -X -f script.sql
