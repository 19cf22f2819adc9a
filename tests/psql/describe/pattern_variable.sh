# Variables in patterns.
psql -X <<'EOF'
\set what plain
\dt :what
\dt :"what"
EOF
