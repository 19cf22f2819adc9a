# \dt
# server: reference
psql -X <<'EOF'
\dt shop.*
\dt plain
\dt
EOF
