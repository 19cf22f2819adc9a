# -H and -T print an HTML table with attributes.
psql -XH -T 'class=x' -c 'select 1 as a'
