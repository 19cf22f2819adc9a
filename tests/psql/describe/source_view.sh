# \sv
psql -X <<'EOF'
\sv plain_view
\sv view_options
\sv+ view_options
\sv shop.big_customers
EOF
