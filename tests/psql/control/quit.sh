# \q ends a script, also an included one only.
printf '\\echo in\n\\q\n\\echo never\n' > part.sql
cat > script.sql <<'EOF'
\i part.sql
\echo back
\q
\echo never
EOF
psql -X -f script.sql
