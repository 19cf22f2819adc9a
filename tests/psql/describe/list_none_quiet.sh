# Empty lists are printed with QUIET.
psql -Xq <<'EOF'
\dt nosuch
\dti nosuch
EOF
