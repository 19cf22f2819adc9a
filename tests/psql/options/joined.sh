# Short options may be joined, the last with its value.
psql -XAtqc'select 1'
