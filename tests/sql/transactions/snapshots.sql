-- The text of a snapshot: the oldest running transaction, the first that had not begun, the running ones between.
select '12:18:14,16'::pg_snapshot, '12:16:14,14'::txid_snapshot, ' 12:+20:13, 14,'::pg_snapshot;
select '31:12:'::pg_snapshot;
select '12:16:14,13'::txid_snapshot;
select '1:9223372036854775808:3'::pg_snapshot;
-- What it sees.
select pg_snapshot_xmin(s), pg_snapshot_xmax(s), pg_snapshot_xip(s) from (values ('12:20:13,15,18'::pg_snapshot)) v(s);
select string_agg(id::text, ',' order by id) from generate_series(11, 21) id where pg_visible_in_snapshot(id::text::xid8, '12:20:13,15,18');
select pg_snapshot_send('12:20:13,15');
-- The present one: the transaction itself has not ended.
begin;
select pg_visible_in_snapshot(pg_current_xact_id(), pg_current_snapshot()), txid_current() >= txid_snapshot_xmin(txid_current_snapshot());
select pg_xact_status(pg_current_xact_id());
commit;
-- What became of transactions.
select pg_xact_status('1'), pg_xact_status('2');
create table ids (id xid8);
insert into ids values (pg_current_xact_id());
select pg_xact_status(id) from ids;
begin;
savepoint s;
create function future() returns text language plpgsql as $$ begin perform pg_xact_status((pg_current_xact_id()::text::int8 + 1000000)::text::xid8); return 'known'; exception when invalid_parameter_value then return 'in the future'; end $$;
select future();
rollback;
-- Ids as numbers: in decimal, hexadecimal, octal.
select '0xffffffff'::xid, '010'::xid8, '0xffffffffffffffff'::xid8, '-1'::xid8;
select '0xffffffffffffffffffff'::xid8;
select hashxid('5'), hashxid8extended('-1', 3), hashcid('7'), hashtidextended('(1,2)', 3);
