# \deu
# server: reference
psql -X <<'EOF'
\deu
\deu+ my_server
\deu d_reader
EOF
