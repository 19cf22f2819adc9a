# Unknown options.
psql --nosuch; echo "exit $?"
psql -y; echo "exit $?"
psql -c; echo "exit $?"
psql --csv=1; echo "exit $?"
psql --file; echo "exit $?"
