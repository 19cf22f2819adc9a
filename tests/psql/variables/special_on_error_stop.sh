# What ON_ERROR_STOP takes.
cat > script.sql <<'EOF'
\set ON_ERROR_STOP foo
\echo :ON_ERROR_STOP
\set ON_ERROR_STOP 1
\echo :ON_ERROR_STOP
EOF
psql -X -f script.sql
