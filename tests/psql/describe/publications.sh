# \dRp
# server: reference
psql -X <<'EOF'
\dRp
\dRp pub_t*
EOF
