-- Joins of all kinds over two small tables.
create table author (id int primary key, name text not null);
create table book (id int primary key, author_id int, title text, pages int);
insert into author values (1, 'Ada'), (2, 'Ben'), (3, 'Cleo');
insert into book values (10, 1, 'Engines', 120), (11, 1, 'Notes', 80), (12, 2, 'Boats', 300), (13, null, 'Anonymous', 40);
select a.name, b.title from author a join book b on b.author_id = a.id order by a.name, b.title;
select a.name, b.title from author a left join book b on b.author_id = a.id order by a.name, b.title;
select a.name, b.title from author a right join book b on b.author_id = a.id order by a.name, b.title;
select a.name, b.title from author a full join book b on b.author_id = a.id order by a.name, b.title;
select count(*) from author cross join book;
select name from author a where not exists (select 1 from book b where b.author_id = a.id);
select title from book where author_id in (select id from author where name like 'A%') order by title;
select title from book where author_id not in (select id from author where name = 'Ada') order by title;
-- Grouping.
select a.name, count(b.id) as books, sum(b.pages) as pages
from author a left join book b on b.author_id = a.id group by a.name order by a.name;
select author_id, avg(pages) from book group by author_id having count(*) > 1 order by author_id;
select count(*), count(author_id), min(title), max(pages) from book;
select count(distinct author_id), sum(distinct pages) from book;
select string_agg(title, ', ' order by pages desc) from book;
select name, pages from author join book on author.id = author_id;
select id from author join book on author.id = author_id;
