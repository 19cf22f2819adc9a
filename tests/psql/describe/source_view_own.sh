# \sv of a plain view.
# server: reference
psql -X <<'EOF'
\sv plain_view
\sv+ plain_view
EOF
