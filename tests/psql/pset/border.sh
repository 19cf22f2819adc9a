# The option border.
psql -X <<'EOF'
\pset border
\pset border 0
\pset border 2
\pset border 3
\pset border x
\pset border -1
\pset border 70000
\pset border ''
\pset border ' +7x'
\pset border 99999999999999999999
EOF
