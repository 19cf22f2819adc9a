# \dPn
psql -X <<'EOF'
\dPn
\dPtn part_*
\dPin
EOF
