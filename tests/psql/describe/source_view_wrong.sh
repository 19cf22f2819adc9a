# \sv of what is none.
# server: reference
psql -X <<'EOF'
\sv
\sv plain
\sv nosuch
\sv mat_view
\sv 7
EOF
