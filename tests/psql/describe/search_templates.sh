# \dFt
# server: reference
psql -X <<'EOF'
\dFt
\dFt+ simple
EOF
