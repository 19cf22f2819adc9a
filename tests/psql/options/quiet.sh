# -q leaves command tags away.
psql -Xq -c 'begin' -c 'commit' -c '\t' -c 'select 1'
