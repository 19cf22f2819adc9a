# \i and \ir: places in errors, paths.
mkdir -p sub
printf 'select nope;\n\\ir two.sql\n' > sub/one.sql
echo '\echo two' > sub/two.sql
cat > script.sql <<'EOF'
\i sub/one.sql
\ir sub/one.sql
\i nosuch.sql
\i
\ir
\echo after
EOF
psql -X -f script.sql
