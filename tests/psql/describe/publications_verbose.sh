# \dRp+
# server: reference
psql -X <<'EOF'
\dRp+
\dRp+ nosuch
EOF
