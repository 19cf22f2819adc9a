# \df+
psql -X <<'EOF'
\df+ add_two
\df+ many_out
\df+ no_arguments
EOF
