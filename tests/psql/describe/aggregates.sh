# \da
# server: reference
psql -X <<'EOF'
\da
\da my_*
EOF
