-- How many rows the planner expects of conditions that one value contains, overlaps or matches another.
create function expected(condition text) returns text language plpgsql as
$$ declare plan json; begin execute 'explain (format json) select from things where ' || condition into plan; return condition || ': ' || (plan->0->'Plan'->>'Plan Rows'); end $$;
create table things as select int4range(i, i + 5 + i % 7) r, int4multirange(int4range(i, i + 5)) m, ('10.0.' || i % 40 || '.' || i % 250)::inet n,
  case when i % 5 = 0 then null else array[i % 7, i % 20, i % 3 + 100] end a, array[]::text[] e, to_tsvector('simple', 'word' || i % 30 || ' rare' || i % 900 || ' the') v,
  ('w' || i)::tsquery q, jsonb_build_object('a', i % 4, 'b', i) j, point(i, i) p, box(point(i, i), point(i + 1, i + 1)) b, 'x' || i s
  from generate_series(1, 10000) i;
vacuum things;
set enable_indexscan = off;
-- Without statistics: by the operator alone, for arrays and documents by the elements.
select expected(condition) from unnest(array['r && ''[5,9)''', 'r @> 5', '5 <@ r', 'r <@ ''[5,90)''', 'r << ''[5,9)''', 'r -|- ''[5,9)''', 'm @> 5', 'm && ''{[5,9)}''',
  'n && ''10.0.0.0/28''', 'n << ''10.0.0.0/28''', 'a && ''{5}''', 'a && ''{5,6}''', 'a @> ''{5}''', 'a @> ''{5,6}''', 'a @> ''{}''', 'a <@ ''{5,6,7}''', 'a && ''{}''', 'a @> ''{5,null}''',
  '5 = any(a)', '5 <> all(a)', '5 <> any(a)', '5 = all(a)', 'v @@ ''word5''', 'v @@ ''word5 & the''', 'v @@ ''word5 | the''', 'v @@ ''!word5''', 'v @@ ''wo:*''', 'q @> ''w5''', 'j @> ''{"a":1}''', 'j ? ''a''', 'j @? ''$.a''',
  'p <@ box ''((0,0),(5,5))''', 'p << point ''(5,5)''', 'b && box ''((0,0),(5,5))''', 'b << box ''((0,0),(5,5))''', 's ^@ ''x1''', 'starts_with(s, ''x1'')', '''s'' !~~ s']) condition;
analyze things;
-- What ANALYZE gathers of arrays, documents and ranges.
select attname, n_distinct, most_common_elems, cardinality(most_common_elem_freqs), most_common_elem_freqs[1:3], elem_count_histogram[1:3], elem_count_histogram[101:], range_empty_frac
  from pg_stats where tablename = 'things' and attname in ('a', 'e', 'm', 'r') order by attname;
select attname, range_length_histogram::text, (range_bounds_histogram::text::text[])[1:4] from pg_stats where tablename = 'things' and attname in ('m', 'r') order by attname;
select attname, cardinality(most_common_elem_freqs), (most_common_elems::text::text[])[1:5], most_common_elem_freqs[1:3] from pg_stats where tablename = 'things' and attname = 'v';
-- With statistics.
select expected(condition) from unnest(array['a && ''{5}''', 'a @> ''{5}''', 'a @> ''{5,6}''', 'a @> ''{100,6}''', 'a @> ''{55}''', 'a && ''{}''', '100 = any(a)',
  'v @@ ''word5''', 'v @@ ''word5 & the''', 'v @@ ''word5 | the''', 'v @@ ''!word5''', 'v @@ ''none''', 'j @> ''{"a":1}''', 'j ? ''a''', 'j ? ''c''',
  'r << ''[500,900)''', 'r >> ''[500,900)''', 'r &< ''[500,900)''', 'r @> ''empty''', 'r <@ ''empty''', 'm << ''{[500,900)}''']) condition;
-- So indexes are chosen.
reset enable_indexscan;
create index things_r on things using gist (r);
create index things_v on things using gin (v);
create index things_a on things using gin (a);
create index things_j on things using gin (j);
explain (costs off) select * from things where r @> 5;
explain (costs off) select * from things where v @@ 'word5 & rare10';
explain (costs off) select * from things where a @> '{5,6}';
explain (costs off) select * from things where j @> '{"b": 77}';
-- Empty and endless ranges.
create table spans as select case i % 4 when 0 then 'empty' when 1 then numrange(null, i) when 2 then numrange(i, null) else numrange(i, i + 10) end r from generate_series(1, 1000) i;
analyze spans;
select null_frac, n_distinct, range_empty_frac, (range_length_histogram::text::text[])[1:3], (range_length_histogram::text::text[])[100:101], (range_bounds_histogram::text::text[])[50:52] from pg_stats where tablename = 'spans';
drop table things, spans;
drop function expected;
