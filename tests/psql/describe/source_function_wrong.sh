# \sf of what is none.
# server: reference
psql -X <<'EOF'
\sf
\sf nosuch
\sf nosuch(int)
\sf add_two
\sf my_sum
\sf add_two text
EOF
