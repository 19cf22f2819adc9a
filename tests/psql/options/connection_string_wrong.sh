# A wrong connection string.
psql -X 'nosuch=1' -c 'select 1'; echo "exit $?"
psql -X 'dbname' -d 'host=' -c '\echo connected' 2>&1 | head -1
