# A publication of all tables.
# server: reference
psql -Xq <<'EOF'
begin;
create publication pub_all for all tables;
\dRp
\dRp+ pub_all
rollback;
EOF
