create table data (v text, h text, c text, i int, d date);
insert into data values
  ('v1', 'h2', 'foo', 3, '2015-04-01'), ('v2', 'h1', 'bar', 3, '2015-01-02'), ('v1', 'h0', 'baz', null, '2015-07-12'),
  ('v0', 'h4', 'qux', 4, '2015-07-15'), ('v0', 'h4', 'dbl', -3, '2014-12-15'), ('v0', null, 'qux', 5, '2014-07-15');
