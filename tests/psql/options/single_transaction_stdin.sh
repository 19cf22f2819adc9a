# -1 needs -c or -f.
psql -X1 < /dev/null
