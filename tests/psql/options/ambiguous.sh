# Long options may be shortened if one is meant.
psql --no; echo "exit $?"
psql -X --tup --no-al --com 'select 1'
