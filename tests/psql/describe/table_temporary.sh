# A temporary table.
psql -XqA -c 'create temporary table mine (a int)' -c '\d pg_temp.mine' -c '\d mine' | sed 's/pg_temp_[0-9]*/pg_temp_N/'
