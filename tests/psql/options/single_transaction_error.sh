# -1 without ON_ERROR_STOP: what follows the error is refused, and the end is a rollback.
psql -X1 -c 'select nope' -c 'select 1'; echo "exit $?"
