# -d may be a connection string, or a URI.
psql -XAt -d "host=$PGHOST port=$PGPORT dbname=postgres" -c '\echo :DBNAME'
psql -XAt "postgresql:///postgres?host=$PGHOST" -c '\echo :DBNAME :USER'
