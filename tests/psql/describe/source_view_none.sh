# \sv of a table, or of nothing.
psql -X <<'EOF'
\sv
\sv plain
\sv nosuch
\sv 7
EOF
