# The list of backslash commands tells the state of the session.
psql --help=commands | head -12
psql -c '\?' | sed "s/\"$PGDATABASE\"/\"DATABASE\"/"
psql -t -H -c '\timing' -c '\? commands' | grep currently | sed "s/\"$PGDATABASE\"/\"DATABASE\"/"
psql -c '\x auto' -c '\?' | grep 'toggle expanded'
