# A result of many rows through a pipe that closes early.
psql -XAt -c 'select * from generate_series(1, 100000)' | head -2
