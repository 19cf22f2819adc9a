# Extended statistics.
# server: reference
psql -X <<'EOF'
\d stats_table
EOF
