# Several -c run in order, each on its own; output of each goes to standard output.
psql -X -c 'select 1 as one' -c "\\echo two" -c 'select 3; select 4' -tA -c 'select 5'
