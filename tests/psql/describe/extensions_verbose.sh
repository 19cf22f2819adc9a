# \dx+
psql -X <<'EOF'
\dx+ plpgsql
\dx+ nosuch
EOF
