# An error in the start-up file has its place before it and stops nothing.
printf 'select 1;\n\\nosuch\n' > rc; PSQLRC=rc psql -At -c 'select 2'; echo "exit $?"
