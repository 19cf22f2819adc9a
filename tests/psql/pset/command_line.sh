# Print options on the command line.
psql -X -P border=2 -P footer=off -P format=wrapped -c '\pset border' -c '\pset footer' -c '\pset format'
psql -X -P border -c 'select 1 as a'
psql -X -P =x -c 'select 1 as a'
psql -X --pset=null='(n)' -c '\pset null'
psql -X -P title -P 'title=a=b' -c 'select 1 as a'
