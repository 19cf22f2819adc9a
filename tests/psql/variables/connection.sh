# What the connection says about itself.
psql -XAt -c '\echo :DBNAME :USER :ENCODING :SERVER_VERSION_NUM :VERSION_NUM'
