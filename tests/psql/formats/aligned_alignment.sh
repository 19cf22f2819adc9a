# Which types stand at the right.
psql -X <<'EOF'
\pset border 2
select 1::int2 as "int2 name", 1::int4 as "int4 name", 1::int8 as "int8 name", 1::float4 as "float4 name", 1::float8 as "float8 name";
select 1::numeric as "numeric name", 1::oid as "oid name", '1'::xid as "xid name", '1'::xid8 as "xid8 name", '1'::cid as "cid name";
select 'pg_class'::regclass as "regclass name", true as "bool name", '1'::text as "text name", '1 day'::interval as "interval name", '0/1'::pg_lsn as "lsn name", '(0,1)'::tid as "tid name", '{1}'::int[] as "array name";
EOF
