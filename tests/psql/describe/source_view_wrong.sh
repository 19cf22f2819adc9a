# \sv of what is none.
psql -X <<'EOF'
\sv
\sv plain
\sv nosuch
\sv mat_view
\sv 7
EOF
