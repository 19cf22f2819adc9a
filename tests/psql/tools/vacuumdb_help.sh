# Help, an unknown option, and too many arguments.
vacuumdb --help
vacuumdb --zzz
vacuumdb a b c
