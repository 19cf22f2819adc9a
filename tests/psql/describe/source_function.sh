# \sf
# server: reference
psql -X <<'EOF'
\sf add_two(text)
\sf many_out
\sf "Odd Name"
\sf shop.table_function(int)
\sf do_something;
EOF
