# The option fieldsep and \f.
psql -X <<'EOF'
\pset fieldsep
\pset fieldsep ', '
\pset fieldsep_zero
\pset fieldsep
\pset fieldsep ''
\f
\f ':'
\f '\t'
\f ''
\f a b
EOF
