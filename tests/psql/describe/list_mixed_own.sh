# Tables with their indexes.
psql -X <<'EOF'
\dti shop.c*
\dti+ nosuch
EOF
