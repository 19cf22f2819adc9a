-- A row that moves to another partition takes its key along.
create table pk(a int primary key, b int) partition by list (a);
create table pk1 partition of pk for values in (1); create table pk2 partition of pk for values in (2);
create table fk(a int references pk on update cascade on delete cascade);
insert into pk values (1,1); insert into fk values (1);
update pk set a = 2;
select * from fk;
alter table fk drop constraint fk_a_fkey; alter table fk add foreign key (a) references pk;
update pk set a = 1;
drop table fk, pk;
-- A deferred check looks at what is there when it fires.
create table dfp(a int primary key); create table dfc(a int references dfp deferrable initially deferred);
begin; insert into dfc values (1); delete from dfc; commit;
begin; insert into dfc values (1); update dfc set a = 1; commit;
begin; insert into dfc values (1); savepoint s; insert into dfp values (1); release s; commit;
select * from dfc;
begin; insert into dfc values (5); set constraints all immediate; rollback;
insert into dfp values (8) ; insert into dfc values (8) ; insert into dfp values (8) on conflict (a) do update set a = 9;
drop table dfc, dfp;
-- Updates that change nothing can be left out.
create table z(a int, b int);
create trigger zz before update on z for each row execute function suppress_redundant_updates_trigger();
insert into z values (1,1); update z set b = 1; update z set b = 2;
-- A trigger may not change the row that the statement is about to change.
create function up() returns trigger language plpgsql as $$ begin update z set b = b + 100 where a = old.a; return new; end $$;
create trigger y before update on z for each row when (pg_trigger_depth() = 0) execute function up();
update z set b = 3;
select * from z;
drop table z; drop function up;
