# A fillfactor.
psql -X <<'EOF'
\d sized
\d+ sized
EOF
