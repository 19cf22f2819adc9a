# What a backslash command of -c leaves for a statement concerns the next -c.
psql -X -c '\gx' -c 'select 3'
psql -X -c '\bind 5' -c 'select $1' -c 'select 6'
psql -X -c '\startpipeline' -c 'select 1' -c '\endpipeline' -c 'select 2'; echo "$?"
psql -X -c '\endpipeline' -c '\getresults'; echo "$?"
psql -X -c '\lo_list x y z'
