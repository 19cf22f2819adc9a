# A file has blocks of its own.
printf '\\if true\n\\echo in part\n' > part.sql
cat > script.sql <<'EOF'
\if true
\i part.sql
\endif
\echo end
EOF
psql -X -f script.sql
