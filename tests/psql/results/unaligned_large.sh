# Many rows, whole.
psql -XAt -c 'select g, g * 2 from generate_series(1, 20000) g' | cksum
