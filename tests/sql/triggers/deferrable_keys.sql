-- Deferrable keys: checked when the statement ends, or the transaction.
create table u(i int unique deferrable, j int);
create table up(i int primary key deferrable initially deferred, t text);
insert into u values (1,1),(2,2),(3,3);
update u set i = i + 1;
select * from u order by 1;
insert into u values (2, 9);
-- SET CONSTRAINTS.
begin; set constraints u_i_key deferred; insert into u values (2, 8); select count(*) from u; delete from u where j = 8; commit;
begin; set constraints u_i_key deferred; insert into u values (2, 8); commit;
begin; set constraints all deferred; insert into u values (2, 8); set constraints all immediate; commit;
-- A key that is there twice meanwhile.
begin; insert into up values (1,'a'), (1,'b'); update up set i = 2 where t = 'b'; commit;
select * from up order by 1;
begin; insert into up values (1,'c'); savepoint s; rollback to s; commit;
begin; insert into up values (3,'c'); insert into up values (3,'d'); update up set t = t || '!' where t = 'd'; commit;
select * from up order by 1;
-- They arbitrate nothing, and nothing can refer to them.
insert into u values (5,5) on conflict (i) do nothing;
insert into u values (5,5) on conflict do nothing;
insert into u values (5,5) on conflict on constraint u_i_key do nothing;
create table r1(i int references up);
create table r2(i int references u(i));
-- In the catalogs.
select tgrelid::regclass, regexp_replace(tgname, '\d+', 'N'), tgtype, tgisinternal, tgfoid::regproc, tgconstrindid::regclass, tgdeferrable, tginitdeferred from pg_trigger where tgrelid in ('u'::regclass, 'up'::regclass) order by tgrelid::regclass::text;
select pg_get_constraintdef(oid), indimmediate from pg_constraint join pg_index on indexrelid = conindid where conrelid in ('u'::regclass, 'up'::regclass) order by 1;
alter table u drop constraint u_i_key;
alter table u add constraint uj unique (j) deferrable initially deferred;
begin; insert into u values (100, 1); commit;
drop table u, up;
-- In partitions.
create table pu(a int unique deferrable, b int) partition by range (a);
create table pu1 partition of pu for values from (0) to (10);
create table pu2 partition of pu for values from (10) to (20);
insert into pu values (1,1),(2,2),(11,1);
update pu set a = a + 1;
begin; set constraints all deferred; insert into pu values (3, 3); commit;
select tgrelid::regclass, count(*) from pg_trigger where tgrelid::regclass::text like 'pu%' group by 1 order by tgrelid::regclass::text;
drop table pu;
-- A row that is updated in place is still checked.
create table hu(a int, b int unique deferrable initially deferred, c text);
insert into hu values (1,1,'x');
begin; insert into hu values (2,1,'y'); update hu set c = 'z' where a = 2; commit;
begin; insert into hu values (2,1,'y'); update hu set c = 'z' where a = 2; update hu set b = 7 where a = 2; commit;
select * from hu order by 1;
drop table hu;
