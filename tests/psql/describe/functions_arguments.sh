# \df with types.
psql -X <<'EOF'
\df add_two int
\df add_two int int -
\df add_two *
\df add_two text -
\df no_arguments -
\df many_out int * int[]
EOF
