# Help, an unknown option, and too many arguments.
dropdb --help
dropdb --zzz
dropdb a b c
