# A file that is not there.
psql -X -f nosuch.sql; echo "exit $?"
psql -X -f . ; echo "exit $?"
