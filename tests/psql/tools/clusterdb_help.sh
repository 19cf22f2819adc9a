# Help, an unknown option, and too many arguments.
clusterdb --help
clusterdb --zzz
clusterdb a b c
