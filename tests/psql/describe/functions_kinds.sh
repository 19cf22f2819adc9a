# \df[anptw]
# server: reference
psql -X <<'EOF'
\dfa
\dfp
\dft
\dfn shop.table*
\dfw pg_catalog.*rank
\dfap
EOF
