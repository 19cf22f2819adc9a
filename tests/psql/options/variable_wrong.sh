# A wrong variable on the command line is fatal.
psql -X -v 'a-b=1' -c 'select 1'; echo "exit $?"
psql -X -v ECHO=nosuch -c 'select 1'
