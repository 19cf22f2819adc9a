# Answers and exit codes.
pg_isready -q; echo $?
pg_isready -h /nowhere -p 1; echo $?
pg_isready -h 127.0.0.1 -p 1; echo $?
pg_isready -h a,b -p 1,2 -t 1; echo $?
pg_isready -d 'foo=1'; echo $?
pg_isready -d 'host=/nowhere port=7'; echo $?
