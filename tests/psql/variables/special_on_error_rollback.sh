# What ON_ERROR_ROLLBACK takes.
cat > script.sql <<'EOF'
\set ON_ERROR_ROLLBACK foo
\echo :ON_ERROR_ROLLBACK
\set ON_ERROR_ROLLBACK interactive
\echo :ON_ERROR_ROLLBACK
\set ON_ERROR_ROLLBACK f
\echo :ON_ERROR_ROLLBACK
EOF
psql -X -f script.sql
