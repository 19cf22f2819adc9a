# Several kinds at once.
# server: reference
psql -X <<'EOF'
\dtv plain*
\dti shop.c*
\dis shop.*
\dtvmsE shop.*
EOF
