# -a echoes lines of scripts and -c.
printf 'select 1;\n\n-- comment\n\\echo x\n' > s.sql; psql -Xa -f s.sql -c 'select 2'
