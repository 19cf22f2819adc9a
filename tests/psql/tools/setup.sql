create table t1 (a int primary key, b text);
create index i2 on t1 (b);
create schema s1;
create table s1.t2 (a int);
create table "T 3" (x int);
insert into t1 values (1);
analyze;
