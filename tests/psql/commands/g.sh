# \g executes the buffer, or the last statement again.
cat > script.sql <<'EOF'
select 1 \g
\g
select 2 \g out
\! cat out
select 3 \g |tr 3 4
select 5 \gx
\g nosuchdir/x
EOF
psql -X -f script.sql
