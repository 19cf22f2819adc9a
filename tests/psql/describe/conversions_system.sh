# \dcS
psql -X <<'EOF'
\dcS utf8_to_koi*
\dc+ utf8_to_iso_8859_1
EOF
