# The option recordsep.
psql -X <<'EOF'
\pset recordsep
\pset recordsep ', '
\pset recordsep_zero
\pset recordsep
\pset recordsep ''
\pset recordsep '\n'
\pset recordsep 'a\nb'
EOF
