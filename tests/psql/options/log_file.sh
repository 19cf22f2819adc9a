# -L keeps a log of statements and results.
psql -XAt -L log.txt -c 'select 1' -c 'begin' -c 'commit'; cat log.txt
