# -b echoes statements that fail.
printf 'select 1;\nselect nope;\n' > s.sql; psql -XAtb -f s.sql
