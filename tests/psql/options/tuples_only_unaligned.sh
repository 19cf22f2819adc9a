# -t and -A together print bare values.
psql -XtA -c "select 1, 'a b', null"
