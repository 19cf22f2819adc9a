# Zero bytes as separators.
psql -XA -z -c 'select id, ok from sample' | tr '\0' '!'
psql -XA -0 -c 'select id, ok from sample' | tr '\0' '!'
psql -XAt -0z -c 'select id, ok from sample' | tr '\0' '!'
psql -XAx -0z -c 'select id, ok from sample' | tr '\0' '!'
