# Servers that are not there.
psql -X -h /nowhere -p 5432
psql -X -h 127.0.0.1 -p 1
psql -X 'host=/nowhere,127.0.0.1 port=1'
psql -X 'hostaddr=zzz'
