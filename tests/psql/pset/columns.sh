# The option columns.
psql -X <<'EOF'
\pset columns
\pset columns 100
\pset columns
\pset columns x
\pset columns -5
\pset columns 99999999999
\pset columns ''
EOF
