# \dP+
psql -X <<'EOF'
\dP+ part_range
\dPn+ part_e*
EOF
