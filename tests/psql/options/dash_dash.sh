# -- ends the options.
psql -XAt -c 'select 1' -- "$PGDATABASE"
