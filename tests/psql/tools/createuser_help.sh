# Help, an unknown option, and too many arguments.
createuser --help
createuser --zzz
createuser a b c
