# What ECHO takes.
cat > script.sql <<'EOF'
\set ECHO foo
\echo :ECHO
\set ECHO ERRORS
\echo :ECHO
\set ECHO 
\echo :ECHO
EOF
psql -X -f script.sql
