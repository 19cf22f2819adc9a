# \dFp
# server: reference
psql -X <<'EOF'
\dFp
\dFp+ my_parser
\dFp+ nosuch
EOF
