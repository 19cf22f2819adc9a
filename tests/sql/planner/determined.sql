-- columns that the group's key determines
create table article (id int primary key, title text, body text not null, views int, unique (body));
insert into article values (1, 'one', 'a', 10), (2, null, 'b', 20), (3, 'three', 'c', null);
create table comment (article int, word text);
insert into comment values (1, 'x'), (1, 'y'), (3, 'z'), (null, 'w');
select id, title, views from article group by id order by id;
select a.id, a.title, a.views * 2 as twice, count(word) from article a left join comment c on c.article = a.id group by a.id order by 1;
select c.article, a.title from article a right join comment c on c.article = a.id group by c.article, a.id order by 1;
select id, title, count(*), grouping(id, views) from article group by grouping sets ((id, views), (id)) order by 1, 4;
select id, (select upper(article.title)) from article group by id having length(article.body) = 1 order by article.views desc nulls last;
select id, title, sum(views) over (order by id) from article group by id order by 1;
-- keys beside a unique key are not needed to tell groups apart
explain (costs off) select id, title, views from article group by id, title, views;
explain (costs off) select body, title from article group by title, body;
explain (costs off) select title, views from article group by title, views;
select body, title, count(*) from article group by title, body order by 2, 1;
select c.article, a.id, a.title from article a right join comment c on c.article = a.id group by a.title, a.id, c.article order by 3, 1;
-- whole rows from RETURNING's other tables
update comment set word = word || a.title from (select * from article) a where a.id = comment.article and a.id = 3 returning a, comment;
