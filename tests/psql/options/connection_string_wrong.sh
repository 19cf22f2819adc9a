# A wrong connection string.
psql -X 'nosuch=1' -c 'select 1'; echo "exit $?"
