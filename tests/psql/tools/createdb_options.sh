# Every option in the command.
# server: reference
createdb -e x1 -O postgres -T template0 -E UTF8 -l C --lc-collate=C --lc-ctype=C -S wal_log -D pg_default
dropdb x1
createdb -e x2 --locale-provider=builtin --builtin-locale=C.UTF-8 -T template0
dropdb -f -e x2
createdb -e x3 --icu-locale=und --icu-rules='&a<b' --locale-provider=icu -T template0
dropdb --if-exists -e x3
dropdb --if-exists -e x3
dropdb x3
dropdb
