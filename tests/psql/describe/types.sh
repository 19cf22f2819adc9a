# \dT
# server: reference
psql -X <<'EOF'
\dT
\dT+
EOF
