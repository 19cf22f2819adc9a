# Help, an unknown option, and too many arguments.
pg_isready --help
pg_isready --zzz
pg_isready a b c
