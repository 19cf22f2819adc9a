# Messages in colours: PG_COLOR says whether, PG_COLORS which.
export PG_COLOR=always
createdb a b c d
createdb template1
dropdb
PG_COLORS='error=4' dropdb nope
PG_COLORS='note=4:locus=5' dropuser a b
createuser postgres
vacuumdb -a postgres
reindexdb --nope
clusterdb -a postgres
pg_isready a b
PG_COLOR=auto pg_isready a b
