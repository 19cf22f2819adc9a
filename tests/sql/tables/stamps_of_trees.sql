-- Who made or deleted a row of a tree, and which table it came from.
create table sp (a int, b text) partition by list (a);
create table sp1 partition of sp for values in (1);
create table sp2 (b text, a int);
alter table sp attach partition sp2 for values in (2);
insert into sp values (1,'x') returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as ok;
insert into sp values (2,'y') returning *, tableoid::regclass, xmin = pg_current_xact_id()::xid as ok;
insert into sp values (2,'y') returning *, tableoid::regclass;
update sp set b = b || 'q' returning a, b, xmin = pg_current_xact_id()::xid as ok, old.tableoid::regclass, new.tableoid::regclass, old.xmax = pg_current_xact_id()::xid as gone;
update sp set a = 3 - a returning a, b, old.tableoid::regclass, new.tableoid::regclass, old.a;
update sp set a = 3 - a returning a, b, xmin = pg_current_xact_id()::xid as ok;
update sp set a = 1 where a = 2 returning a, b, xmin = pg_current_xact_id()::xid as ok;
delete from sp returning a, b, tableoid::regclass, xmax = pg_current_xact_id()::xid as ok;
create table ip (a int); create table ic (b int) inherits (ip);
insert into ip values (1); insert into ic values (2, 3);
update ip set a = a + 1 returning a, tableoid::regclass, xmin = pg_current_xact_id()::xid as ok;
delete from ip returning a, tableoid::regclass, xmax = pg_current_xact_id()::xid as ok, cmin;
drop table sp, ip, ic;
