# Help, an unknown option, and too many arguments.
dropuser --help
dropuser --zzz
dropuser a b c
