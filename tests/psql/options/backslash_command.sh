# -c with a backslash command may fail.
psql -X -c '\nosuch'; echo "exit $?"
psql -X -c '\echo a b; c'
psql -X -c '\q' -c '\echo after'
