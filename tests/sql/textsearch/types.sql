-- lexemes come in order, once, with their positions in order; of two weights at a position the higher counts
SELECT 'b:3,1A a c:2B,2C a:5'::tsvector, '''it''''s'' a\ b'::tsvector, ''::tsvector;
-- what is no vector
SELECT 'a:0'::tsvector;
SELECT 'a:1,'::tsvector;
SELECT 'a\'::tsvector;
SELECT '''a'::tsvector;
-- operators of a query, from weak to strong: OR, AND, followed by, NOT
SELECT 'a | b & c <-> !d:*AB'::tsquery, '(a | b) & !(c & d)'::tsquery, 'a <-> (b <2> c)'::tsquery, '!!a'::tsquery;
-- what is no query
SELECT 'a b'::tsquery;
SELECT 'a &'::tsquery;
SELECT '(a'::tsquery;
SELECT 'a <16385> b'::tsquery;
-- binary forms
SELECT tsvectorsend('a:1A,2 b'), tsquerysend('a & !b:*A <3> c');
-- order
SELECT array_agg(x ORDER BY x) FROM unnest(array['a','b','a:1','a:2','a:1A','aa','a b','a:1 b','a b:1','a:1,2','', 'aab']::tsvector[]) x;
SELECT array_agg(x ORDER BY x) FROM unnest(array['a','b','a & b','a | b','!a','a <-> b','a <2> b','aa','(a|b)&c','a|b&c','a <2> c','a <-> c']::tsquery[]) x;
-- a table of them, with an index on each
CREATE TABLE docs (id int, v tsvector, q tsquery);
INSERT INTO docs SELECT g, ('w' || g % 7 || ':' || g || ' all')::tsvector, ('w' || g % 5 || ' & all')::tsquery FROM generate_series(1, 50) g;
CREATE INDEX ON docs (v);
CREATE INDEX ON docs (q);
SELECT id FROM docs WHERE v = 'all w3:3' ORDER BY id;
SELECT q, count(*) FROM docs GROUP BY q ORDER BY q;
SELECT count(*) FROM docs WHERE v @@ q;
DROP TABLE docs;
-- phrases
SELECT 'a:1 b:2 c:3'::tsvector @@ q, q FROM unnest(array['a <-> b','b <-> a','a <2> c','a <-> !c','!a <-> b','(a | x) <-> b','a <-> (b & b)','(a <-> b) <-> c','a <-> (b <-> c)','!(a <-> b)','a <-> b:A','b:* <-> c:*']::tsquery[]) q;
-- without positions no phrase is found, and none is excluded
SELECT strip('a:1 b:2') @@ 'a <-> b', strip('a:1 b:2') @@ '!(a <-> b)', strip('a:1A') @@ 'a:B';
-- functions of vectors
SELECT setweight('a:1,3A b:2', 'c'), setweight('a:1 b:2', 'A', '{a}'), ts_filter('a:1A b:2', '{a}'), ts_delete('a b c', '{a,c}'), length('a b'), strip('a:1');
SELECT 'a:1 b:2'::tsvector || 'a:1 c:2', tsvector_to_array('b a'), array_to_tsvector('{b,a,b}');
SELECT * FROM unnest('a:1,3A b'::tsvector);
SELECT setweight('a:1', 'x');
-- functions of queries
SELECT numnode('a & b | !c'), querytree('a & !b'), querytree('!a'), 'a'::tsquery && 'b | c', 'a'::tsquery || 'b', !!'a & b'::tsquery, 'a'::tsquery <-> 'b & c', tsquery_phrase('a', 'b', 3);
SELECT 'a & b'::tsquery @> 'b', 'a'::tsquery <@ 'a | b', 'a & b'::tsquery @> 'c';
SELECT ts_rewrite('a & b & c', 'c & a', 'x | y'), ts_rewrite('a <-> b', 'b', 'x');
-- rank
SELECT n, ts_rank('a:1,2A,3 b:4 c', 'a & b', n), ts_rank_cd('{0.1,0.2,0.4,1.0}', 'a:1,2A,3 b:4 c', 'a & b', n) FROM generate_series(0, 32, 5) n;
