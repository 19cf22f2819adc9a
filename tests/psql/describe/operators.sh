# \do
# server: reference
psql -X <<'EOF'
\do
\do+ ===
EOF
