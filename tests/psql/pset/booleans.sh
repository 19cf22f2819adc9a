# Boolean options are toggled without a value and silent with one.
psql -X <<'EOF'
\pset footer
\pset footer
\pset footer off
\pset footer
\pset footer nope
\pset numericlocale
\pset numericlocale off
\pset numericlocale x
\pset tuples_only
\pset t
\pset t on
\pset t
\pset t x
\t
\t
\t on
\t bla
\t ''
\t on off
EOF
