# The null string.
# server: reference
psql -X -P null=NIL <<'EOF'
\d+ columns_all
\dn+
EOF
