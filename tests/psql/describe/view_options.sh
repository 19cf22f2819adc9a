# Options of views, defaults of their columns.
psql -X <<'EOF'
\d+ view_options
\d+ view_defaults
EOF
