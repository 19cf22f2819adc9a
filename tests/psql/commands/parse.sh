# \parse, \bind_named and \close_prepared.
cat > script.sql <<'EOF'
select $1::int * 2 as a \parse twice
\bind_named twice 4 \g
\bind_named twice 5
;
\bind_named nosuch \g
\close_prepared twice
\bind_named twice 4 \g
\parse
\bind_named
\close_prepared
EOF
psql -Xq -f script.sql
