-- Errors say which line they are about, whether a check, an index or a domain refuses its row.
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE TABLE copied (a int PRIMARY KEY, b text NOT NULL, c small);
COPY copied FROM STDIN;
1	one	1
2	\N	2
\.
COPY copied FROM STDIN;
1	one	1
1	one again	2
3	\N	3
\.
COPY copied FROM STDIN;
1	one	1
2	two	12
\.
COPY copied FROM STDIN WITH (ON_ERROR ignore);
1	one	1
2	two	12
3	three	x
4	four	4
\.
SELECT * FROM copied;
-- The end marker is a line of its own.
COPY copied FROM STDIN;
5	five\.
\.
-- A header that does not match shows its line.
COPY copied FROM STDIN WITH (HEADER match);
a	b	d
\.
COPY copied FROM STDIN WITH (HEADER perhaps);
-- FREEZE is for tables that were made in this transaction.
COPY copied FROM STDIN WITH (FREEZE);
5	five	5
\.
-- Rows go to a view's triggers.
CREATE VIEW copied_view AS SELECT a, b FROM copied;
COPY copied_view FROM STDIN;
6	six
\.
CREATE FUNCTION into_copied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copied VALUES (new.a, upper(new.b)); RETURN new; END $$;
CREATE TRIGGER instead INSTEAD OF INSERT ON copied_view FOR EACH ROW EXECUTE FUNCTION into_copied();
COPY copied_view FROM STDIN;
6	six
7	seven
\.
SELECT * FROM copied_view ORDER BY a;
-- Rules put one statement in another's place, or COPY of its rows is refused.
CREATE RULE besides AS ON DELETE TO copied DO ALSO SELECT 1;
COPY (DELETE FROM copied RETURNING a) TO STDOUT;
DROP RULE besides ON copied;
CREATE RULE nothing AS ON DELETE TO copied DO INSTEAD NOTHING;
COPY (DELETE FROM copied RETURNING a) TO STDOUT;
DROP TABLE copied CASCADE;
DROP FUNCTION into_copied;
DROP DOMAIN small;
