# Publications of tables, schemas and all tables.
# server: reference
psql -Xq <<'EOF'
\d published
\d published_whole
\d press.book
begin;
create publication pub_all for all tables;
\d published
\d unlogged_table
\d part_key_1
rollback;
EOF
