# \des
# server: reference
psql -X <<'EOF'
\des
\des+
\des nosuch
EOF
