-- The information schema and pg_rules answer.
select pg_encoding_max_length(6), pg_encoding_max_length(0), pg_encoding_max_length(99);
select tablename, rulename, definition from pg_rules;
create table t (a int not null, b varchar(10) default 'x', c numeric(8, 2), d timestamp(3), e text[]);
select column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, character_octet_length, numeric_precision, numeric_scale, datetime_precision, udt_name, is_updatable
  from information_schema.columns where table_name = 't' order by ordinal_position;
select table_name, table_type, is_insertable_into from information_schema.tables where table_schema = 'public';
select domain_name, data_type, character_maximum_length from information_schema.domains order by 1;
