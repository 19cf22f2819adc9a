# A database that is not there: exit code 2.
psql -X -d nosuchdb -c 'select 1' 2>&1 | sed 's/".*PGSQL[^"]*"/SOCKET/'; psql -X -d nosuchdb -c 'select 1' 2>/dev/null; echo "exit $?"
