# -o with a command.
psql -XAt -o '|tr 1 2' -c 'select 111'
