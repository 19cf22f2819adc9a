# All commands of SQL.
psql -c '\h'
psql -c '\help ;' | head -3
