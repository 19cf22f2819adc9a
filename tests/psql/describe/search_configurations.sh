# \dF
# server: reference
psql -X <<'EOF'
\dF my*
\dF+ my_configuration
\dF+ shop.other*
\dF+ nosuch
EOF
