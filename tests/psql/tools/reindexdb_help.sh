# Help, an unknown option, and too many arguments.
reindexdb --help
reindexdb --zzz
reindexdb a b c
