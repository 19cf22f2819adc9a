# A byte-order mark is skipped.
printf '\357\273\277select 1;\n' > b.sql; psql -XAt -f b.sql
