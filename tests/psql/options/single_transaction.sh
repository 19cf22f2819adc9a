# -1 commits all, or nothing after an error under ON_ERROR_STOP.
psql -Xq -c 'drop table if exists opt_one' 2>/dev/null
psql -X1 -c 'create table opt_one (a int)' -c 'insert into opt_one values (1)'; echo "exit $?"
psql -X1 -v ON_ERROR_STOP=1 -c 'insert into opt_one values (2)' -c 'select nope'; echo "exit $?"
psql -XAt -c 'select a from opt_one'; psql -Xq -c 'drop table opt_one'
