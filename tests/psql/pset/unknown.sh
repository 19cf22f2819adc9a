# Options that do not exist.
psql -X <<'EOF'
\pset nope
\pset nope x
\pset ''
\pset BORDER 1
\pset f x
\pset border 1 2 3
\pset unicode_border
EOF
