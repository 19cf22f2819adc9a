-- Hash partitions by functions of users, in whatever language.
create function hp_int(value int4, seed int8) returns int8 as $$ select value + seed $$ language sql strict immutable;
create operator class hp_int_ops for type int4 using hash as operator 1 =, function 2 hp_int(int4, int8);
create function hp_text(value text, seed int8) returns int8 as $$ select length(coalesce(value, ''))::int8 $$ language sql strict immutable;
create operator class hp_text_ops for type text using hash as operator 1 =, function 2 hp_text(text, int8);
create function hp_pl(value int4, seed int8) returns int8 as $$ begin return value + seed; end $$ language plpgsql immutable;
create operator class hp_pl_ops for type int4 using hash as operator 1 =, function 2 hp_pl(int4, int8);
create table hp (a int, b text) partition by hash (a hp_int_ops, b hp_text_ops);
create table hp0 partition of hp for values with (modulus 4, remainder 0);
create table hp1 partition of hp for values with (modulus 4, remainder 1);
create table hp2 partition of hp for values with (modulus 4, remainder 2);
create table hp3 partition of hp for values with (modulus 4, remainder 3);
insert into hp select g, repeat('x', g % 5) from generate_series(1, 12) g;
insert into hp values (null, 'a'), (null, null), (3, null);
select tableoid::regclass, * from hp order by 1, 2, 3;
-- Pruned by the same functions.
explain (costs off) select * from hp where a = 3 and b = 'xxx';
explain (costs off) select * from hp where a = 3 and b is null;
select * from hp where a = 3 and b is null;
create table hq (a int, b int) partition by hash (a hp_pl_ops, b hp_int_ops);
create table hq0 partition of hq for values with (modulus 2, remainder 0);
create table hq1 partition of hq for values with (modulus 4, remainder 1);
insert into hq select g, g * g from generate_series(1, 9) g;
insert into hq select g, g * g from generate_series(1, 2) g;
explain (costs off) select * from hq where a = 2 and b = 4;
select tableoid::regclass, * from hq order by 1, 2, 3;
-- The condition behind it as a function.
select g, satisfies_hash_partition('hq'::regclass, 4, 0, g, g * g), satisfies_hash_partition('hq'::regclass, 4, 1, g, g * g) from generate_series(1, 4) g;
select satisfies_hash_partition('hq'::regclass, 4, 0, variadic array[3, 4]);
select satisfies_hash_partition('hq'::regclass, 4, 0, variadic array[3]);
select satisfies_hash_partition('hq'::regclass, 4, 0, variadic array[now(), now()]);
select satisfies_hash_partition('hp'::regclass, 4, 0, 3, 4);
select satisfies_hash_partition('hp'::regclass, 0, 0, 3, 'x'::text);
select satisfies_hash_partition('hp'::regclass, 4, 4, 3, 'x'::text);
select satisfies_hash_partition('hp'::regclass, 4, null, 3, 'x'::text);
select satisfies_hash_partition('hp0'::regclass, 4, 0, 3, 'x'::text);
drop table hp, hq;
-- A bound is computed when it is written, by whatever function.
create table lv (a bigint) partition by list (a);
create table lv1 partition of lv for values in (hp_pl(40, 2));
insert into lv values (42);
insert into lv values (0);
drop table lv;
