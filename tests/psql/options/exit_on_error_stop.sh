# An error in a script under ON_ERROR_STOP makes it exit with 3; without, the script goes on and it exits with 0.
printf 'select nope;\nselect 2;\n' > script.sql
psql -XAt -f script.sql; echo "exit $?"
psql -XAt -v ON_ERROR_STOP=1 -f script.sql; echo "exit $?"
psql -XAt -v ON_ERROR_STOP=1 < script.sql
