# A database before the schema.
psql -X <<'EOF'
\dt psql_describe.shop.item
\dt PSQL_Describe.shop.item
\dt "PSQL_describe".shop.item
\dt other.shop.item
\dt *.shop.item
\d other.shop.item
EOF
