# Which commands a topic finds, with their descriptions and pages; the syntax between them is in a layout of our own.
show() { echo "== $1"; psql -c "\\h $1" | grep -E '^(Command|Description|URL):?' ; }
show select
show 'SELECT;'
show 'alter tab'
show 'alter table foo'
show 'alter  table' | tail -3
show 'create table as select'
show 'select x y z w'
show 'rollback to'
show 'rollback to savepoint x'
show 'commit prepared now'
show 'drop t'
show 'DROP TABLE foo bar'
show '*'
