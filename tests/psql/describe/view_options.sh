# Options of views, defaults of their columns.
# server: reference
psql -X <<'EOF'
\d+ view_options
\d+ view_defaults
EOF
