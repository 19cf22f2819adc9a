# The list of variables, both ways.
psql --help=variables
psql -c '\? variables' | head -7
psql -c '\? options' | head -7
psql -c '\? nothing' | head -3
