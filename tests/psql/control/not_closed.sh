# A block that is not closed.
cat > script.sql <<'EOF'
\if true
select 1;
EOF
psql -XAt -f script.sql
