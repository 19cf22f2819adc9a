# \dc
# server: reference
psql -X <<'EOF'
\dc
\dc+ *.my_*
\dcS utf8_to_koi*
EOF
