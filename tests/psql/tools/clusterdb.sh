# One table and a whole database.
# server: reference
psql -Xqc 'cluster t1 using t1_pkey'
clusterdb -e
clusterdb -e -t t1
clusterdb -t s1.t2
clusterdb -a x
