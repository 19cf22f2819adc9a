# Blocks that do not fit.
cat > script.sql <<'EOF'
\elif true
\else
\endif
\if true
\else
\else
\elif true
\endif
\endif
EOF
psql -X -f script.sql
