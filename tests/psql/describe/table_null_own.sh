# The null string, of a plain table.
psql -X -P null=NIL <<'EOF'
\d+ plain
\dt+ nosuch
EOF
