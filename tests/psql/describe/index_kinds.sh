# Indexes with expressions, predicates, other access methods.
# server: reference
psql -X <<'EOF'
\d indexes_expr
\d+ indexes_expr
\d indexes_brin
\d+ indexes_brin
\d indexes_gin
\d indexes_include
\d indexes_pattern
EOF
