# A service file.
printf '# services\n[one]\nhost=%s\ndbname=template1\n[broken]\nnonsense\n' "$PGHOST" >services
unset PGDATABASE
PGSERVICEFILE=services psql -XAt service=one -c 'select current_database()'
PGSERVICEFILE=services psql -XAt service=nix
PGSERVICEFILE=services psql -XAt service=broken
PGSERVICEFILE=nowhere PGSERVICE=one psql -XAt
