# No server at the port: exit code 2.
psql -X -h /nosuchdir -p 1 -c 'select 1'; echo "exit $?"
