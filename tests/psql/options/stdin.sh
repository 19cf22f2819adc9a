# A script from standard input; a statement without a semicolon at the end is executed.
printf 'select 1;\nselect 2' | psql -XAt
