# An error in an included file ends all.
printf 'select nope;\n\\echo never\n' > part.sql
cat > script.sql <<'EOF'
\set ON_ERROR_STOP 1
\i part.sql
\echo never
EOF
psql -X -f script.sql
