# The second host is there.
psql -XAt "host=/nowhere,$PGHOST port=1,$PGPORT" -c 'select 1'
psql -XAt "host=$PGHOST target_session_attrs=read-write" -c 'select 2'
psql -XAt "host=$PGHOST target_session_attrs=standby" -c 'select 3' 2>&1 | sed 's/socket "[^"]*"/socket "…"/'
psql -XAt "host=$PGHOST target_session_attrs=prefer-standby" -c 'select 4'
