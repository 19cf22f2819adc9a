# \det
# server: reference
psql -X <<'EOF'
\det
\det+ *.*
EOF
