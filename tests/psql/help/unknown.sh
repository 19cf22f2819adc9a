# What there is no help for.
psql --help=nothing
echo "exit $?"
psql -c '\h nothing'
psql -c '\h "select"'
psql -c '\h * x'
