# \dx
# server: reference
psql -X <<'EOF'
\dx
\dx plpgsql
\dx nosuch
EOF
