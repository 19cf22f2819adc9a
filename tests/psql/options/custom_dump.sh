# A custom-format dump is no script.
printf 'PGDMP\001' > d; psql -X -f d; echo "exit $?"
