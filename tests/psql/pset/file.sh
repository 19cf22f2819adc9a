# Messages of errors name the file and line; ON_ERROR_STOP stops.
printf '%s\n' '\pset border 2' '\pset nope' '\pset format x' '\echo after' > s.sql
psql -X -f s.sql
psql -X -v ON_ERROR_STOP=1 -f s.sql
