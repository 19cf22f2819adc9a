-- What every format has to cope with: numbers, wide and combining characters, newlines, nulls, empty text, markup.
create table sample (id int, name text, "wide 日本" text, note text, ok bool);
insert into sample values
  (1, 'plain', 'abc', null, true),
  (-20, E'two\nlines', '日本語', '', false),
  (300, '<b>&"quoted"</b>', E'e\u0301a', ' leading', null),
  (null, E'tab\there\r', '😀 emoji', E'a|b\\c_d#e$f%g^h~i{j}', true);
create table control (id int, v text);
insert into control select g, 'x' || chr(g) || 'y' from generate_series(1, 31) g;
insert into control values (127, E'\x7f'), (133, chr(133)), (173, 'soft' || chr(173)), (8203, 'zero' || chr(8203) || 'width');
create table many (a int, b text, c text);
insert into many select g, repeat('word ', g), repeat('ab日', g) from generate_series(1, 6) g;
