# -v and --set set variables, and unset them without a value.
psql -XAt -v a=1 --set=b=2 --variable c=3 -v d= -c '\echo :a :b :c [:d]' -c '\unset a' -v ON_ERROR_STOP -c '\echo :ON_ERROR_STOP'
