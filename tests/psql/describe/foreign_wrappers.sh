# \dew
# server: reference
psql -X <<'EOF'
\dew
\dew+ my_wrapper
EOF
