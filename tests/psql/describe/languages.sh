# \dL
# server: reference
psql -X <<'EOF'
\dL
\dL+
\dLS
\dL c
EOF
