# Wildcards.
psql -X <<'EOF'
\dt a?b
\dt a_b
\dt *ai*
\dt shop.c*
\dt s*.i*
EOF
