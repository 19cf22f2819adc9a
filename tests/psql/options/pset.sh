# -P sets a print option; a wrong one is fatal.
psql -X -P border=2 -P null=NULL -c 'select null as a'
psql -X -P nosuch=1 -c 'select 1'; echo "exit $?"
psql -X -P format=nosuch -c 'select 1'
