-- Points, boxes, polygons, texts, ranges and networks of 3,000 rows, each by an SP-GiST index; nulls are in it, too.
create table places (id int, at point, area box, shape polygon, word text, span int4range, net inet);
insert into places select i, point(i % 60, i / 60), box(point(i % 60, i / 60), point(i % 60 + i % 4, i / 60 + i % 3)), polygon(6, circle(point(i % 60, i / 60), 1 + i % 3)), repeat('ab', i % 6) || chr(97 + i % 26) || i, case when i % 40 = 0 then 'empty' when i % 50 = 0 then int4range(i, null) else int4range(i, i + i % 30) end, ('10.' || i % 7 || '.' || i % 200 || '.' || i % 256 || '/' || 8 + i % 25)::inet from generate_series(1, 3000) i;
insert into places (id) values (-1), (-2), (-3);
create index places_at on places using spgist (at) include (id);
create index places_kd on places using spgist (at kd_point_ops);
create index places_area on places using spgist (area) with (fillfactor = 60);
create index places_shape on places using spgist (shape);
create index places_word on places using spgist (word);
create index places_span on places using spgist (span);
create index places_net on places using spgist (net);
-- What was inserted before and what comes now is found alike.
insert into places select id + 3000, at, area, shape, word, span, net from places where id % 10 = 3;
delete from places where id % 10 = 4;
vacuum analyze places;
set enable_seqscan = off;
-- By the index alone where it has the values.
explain (costs off) select id, at from places where at <@ box '((10,10),(20,20))';
explain (costs off) select word from places where word ^@ 'abab';
explain (costs off) select span from places where span @> 1000;
explain (costs off) select net from places where net << '10.3.0.0/16';
explain (costs off) select at from places where at is null;
-- Each count twice: by the index, and by looking at every row.
create function by_both(condition text) returns text language plpgsql as $$ declare found text; there text; begin perform set_config('enable_seqscan', 'off', true); perform set_config('enable_indexscan', 'on', true); perform set_config('enable_bitmapscan', 'on', true); execute 'select count(*) || '' '' || coalesce(sum(id), 0) from places where ' || condition into found; perform set_config('enable_seqscan', 'on', true); perform set_config('enable_indexscan', 'off', true); perform set_config('enable_bitmapscan', 'off', true); execute 'select count(*) || '' '' || coalesce(sum(id), 0) from places where ' || condition into there; return case when found = there then found else 'by the index ' || found || ', without ' || there end; end $$;
select c as condition, by_both(c) from unnest(array['at <@ box ''((10,10),(20,20))''', 'at << point ''(20,20)''', 'at >> point ''(20,20)''', 'at <<| point ''(20,20)''', 'at |>> point ''(20,20)''', 'at ~= point ''(20,20)''', 'at is null', 'at is not null']) c;
select c as condition, by_both(c) from unnest(array['area && box ''((10,10),(20,20))''', 'area @> box ''((10,10),(11,11))''', 'area <@ box ''((10,10),(20,20))''', 'area << box ''((10,10),(20,20))''', 'area &< box ''((10,10),(20,20))''', 'area >> box ''((10,10),(20,20))''', 'area &> box ''((10,10),(20,20))''', 'area <<| box ''((10,10),(20,20))''', 'area &<| box ''((10,10),(20,20))''', 'area |>> box ''((10,10),(20,20))''', 'area |&> box ''((10,10),(20,20))''', 'area ~= box ''((10,10),(12,10))''']) c;
select c as condition, by_both(c) from unnest(array['shape && polygon ''((10,10),(20,20),(20,10))''', 'shape <@ polygon ''((10,10),(30,30),(30,10))''', 'shape @> polygon ''((10,10),(10.1,10),(10,10.1))''', 'shape << polygon ''((10,10),(20,20),(20,10))''', 'shape |>> polygon ''((10,10),(20,20),(20,10))''']) c;
select c as condition, by_both(c) from unnest(array['word = ''ababc2''', 'word = ''ababk10''', 'word ~<~ ''ababc''', 'word ~<=~ ''ababc''', 'word ~>=~ ''ababc''', 'word ~>~ ''ababx''', 'word ^@ ''abab''', 'word ^@ ''''', 'word < ''c''', 'word >= ''ababz'' collate "C"', 'word ^@ ''zz''']) c;
select c as condition, by_both(c) from unnest(array['span @> 1000', 'span @> int4range(1000, 1005)', 'span <@ int4range(1000, 1100)', 'span && int4range(1000, 1010)', 'span << int4range(100, 200)', 'span >> int4range(2900, 2910)', 'span &< int4range(100, 200)', 'span &> int4range(2900, 2910)', 'span -|- int4range(1000, 1010)', 'span = int4range(1001, 1012)', 'span = ''empty''', 'span <@ ''empty''', 'span @> ''empty''']) c;
select c as condition, by_both(c) from unnest(array['net << ''10.3.0.0/16''', 'net <<= ''10.3.5.0/24''', 'net >> ''10.3.5.5''', 'net >>= ''10.3.5.5/32''', 'net && ''10.3.0.0/12''', 'net = ''10.3.3.3/11''', 'net <> ''10.3.3.3/11''', 'net < ''10.2.0.0/16''', 'net <= ''10.2.0.0/16''', 'net > ''10.6.0.0/16''', 'net >= ''10.6.0.0/16''']) c;
-- Nearest first: by the index alone, and of polygons by what the row says, for the index knows their boxes only.
reset all;
set enable_seqscan = off;
set enable_sort = off;
explain (costs off) select at, id from places order by at <-> point '(30.3,20.2)' limit 4;
select at, id, round((at <-> point '(30.3,20.2)')::numeric, 6) from places order by at <-> point '(30.3,20.2)' limit 4;
explain (costs off) select id from places where area && box '((10,10),(40,40))' order by area <-> point '(30.3,20.2)' limit 4;
select id, round((shape <-> point '(30.31,55.22)')::numeric, 6) from places where id > 0 order by shape <-> point '(30.31,55.22)' limit 5;
-- Rows without a distance come last.
select count(*) filter (where n > 3000 and at is null) as last, count(*) filter (where at is null) as nulls from (select at, row_number() over () as n from (select at from places order by at <-> point '(1,1)') ordered) numbered;
-- Long texts are found by their beginnings and compared as a whole.
create table long_words (word text);
create index on long_words using spgist (word);
insert into long_words select repeat('x', 1000 + i) || i from generate_series(1, 60) i;
insert into long_words select repeat(md5(i::text), 200) from generate_series(1, 20) i;
vacuum analyze long_words;
select length(word) from long_words where word = repeat('x', 1050) || 50;
select count(*), min(length(word)) from long_words where word ^@ repeat('x', 1030);
select count(*), sum(length(word)) from long_words where word ^@ md5('7');
-- What it cannot do.
create unique index on places using spgist (word);
create index on places using spgist (word, at);
create index on places using spgist (id);
select pg_index_column_has_property('places_shape', 1, 'returnable') as shape, pg_index_column_has_property('places_at', 1, 'returnable') as at, pg_index_column_has_property('places_at', 1, 'distance_orderable') as near;
drop table places, long_words;
