# \sf+
# server: reference
psql -X <<'EOF'
\sf+ many_out
\sf+ atomic_body
\sf+ standard_body
\sf+ do_something
EOF
