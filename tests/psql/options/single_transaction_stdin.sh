# -1 and a script from standard input.
printf 'begin;\nselect 1;\n' | psql -X1
