# Several statements in one -c: all results, one transaction.
psql -XAt -c 'select 1; select 2; select nope; select 3'; echo "exit $?"
