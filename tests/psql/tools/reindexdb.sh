# What is rebuilt, and the commands.
# server: reference
reindexdb -e -t t1 -i i2 -S s1
reindexdb -e -s
reindexdb -e
reindexdb -e -t t1 --tablespace=pg_default --concurrently
reindexdb -S nope
reindexdb -i nope
reindexdb -s --concurrently
reindexdb -a x; reindexdb -j 2 -s; reindexdb -j 0
reindexdb -j 2 -q 2>&1 | sort
