# \sv of a plain view.
psql -X <<'EOF'
\sv plain_view
\sv+ plain_view
EOF
