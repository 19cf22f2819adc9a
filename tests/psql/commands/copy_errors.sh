# \copy that cannot be taken apart.
cat > script.sql <<'EOF'
\copy
\copy t
\copy t from
\copy t foo x
\copy t to program x
\copy (select 1
\copy a.b.c from stdin
\.
EOF
psql -X -f script.sql
