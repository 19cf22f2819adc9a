# ON_ERROR_STOP ends the series of -c.
psql -XAt -v ON_ERROR_STOP=1 -c 'select nope' -c 'select 2'; echo "exit $?"
psql -XAt -c 'select nope' -c 'select 2'; echo "exit $?"
