# ON_ERROR_STOP ends a script at an error of the server or of psql.
cat > script.sql <<'EOF'
\echo start
\set ON_ERROR_STOP 1
\nosuch
\echo never
EOF
psql -X -f script.sql
