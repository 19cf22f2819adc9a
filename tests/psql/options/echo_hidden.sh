# -E shows the queries of commands: here of \encoding none, of \gdesc none.
psql -XE -c '\encoding' -c '\echo :ECHO_HIDDEN'
