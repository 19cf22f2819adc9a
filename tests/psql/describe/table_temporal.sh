# Keys over periods.
# server: reference
psql -X <<'EOF'
\d temporal
\d temporal_reference
EOF
