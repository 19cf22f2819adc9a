# Many rows, aligned.
psql -X -c 'select g, g * 2 as b from generate_series(1, 20000) g' | cksum
