# \timing; the times are filtered here.
cat > script.sql <<'EOF'
\timing
select 1;
select nope;
\timing off
\timing on
\timing x
\timing
EOF
psql -X -f script.sql 2>&1 | sed 's/[0-9.]* ms/N ms/'
