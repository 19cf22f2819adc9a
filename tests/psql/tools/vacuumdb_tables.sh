# Tables, columns and schemas, and the commands they make.
vacuumdb -e -t t1
vacuumdb -e -z -t 't1(a,b)' -t s1.t2
vacuumdb -e -Z -t '"T 3"' -q
vacuumdb -e -n s1
vacuumdb -e -q -N pg_catalog -N information_schema -N public
vacuumdb -e -t nope
vacuumdb -Z -q -t 't1(zz)'
