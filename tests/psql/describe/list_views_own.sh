# \dv of what matches a pattern.
psql -X <<'EOF'
\dv plain*
\dv shop.*
EOF
