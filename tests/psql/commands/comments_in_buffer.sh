# What is kept of comments and blank lines.
cat > script.sql <<'EOF'
-- before

/* kept */ select 1 -- inside

  , 2
\p
;
EOF
psql -X -f script.sql
