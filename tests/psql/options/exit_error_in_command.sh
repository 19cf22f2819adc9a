# An error in -c makes psql exit with 1.
psql -X -c 'select 1/0'
