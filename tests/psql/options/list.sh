# -l lists the databases, tuples only.
psql -XlAt | cut -d'|' -f1 | grep -x postgres
