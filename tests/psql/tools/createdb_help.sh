# Help, an unknown option, and too many arguments.
createdb --help
createdb --zzz
createdb a b c
