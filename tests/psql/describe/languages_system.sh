# \dL of built-in languages.
psql -X <<'EOF'
\dL c
\dL sql
EOF
