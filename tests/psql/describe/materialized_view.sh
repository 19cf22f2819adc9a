# Materialized views.
psql -X <<'EOF'
\d mat_view
\d+ mat_view
\d+ shop.mat_view_options
EOF
