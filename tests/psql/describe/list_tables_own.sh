# \dt of what matches a pattern.
psql -X <<'EOF'
\dt shop.*
\dt plain
\dt a*
EOF
