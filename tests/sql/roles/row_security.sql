-- Roles and tables: what each row's owner may see.
CREATE ROLE rls_alice;
CREATE ROLE rls_bob;
CREATE TABLE rls_notes (id int PRIMARY KEY, owner name, secret int, body text);
INSERT INTO rls_notes VALUES (1, 'rls_alice', 1, 'first'), (2, 'rls_bob', 2, 'second'), (3, 'rls_alice', 3, 'third'), (4, 'rls_bob', 9, 'fourth');
GRANT ALL ON rls_notes TO rls_alice, rls_bob;
CREATE POLICY own ON rls_notes USING (owner = current_user);
-- Without ENABLE nothing happens yet.
SET ROLE rls_alice;
SELECT id FROM rls_notes ORDER BY id;
RESET ROLE;
ALTER TABLE rls_notes ENABLE ROW LEVEL SECURITY;
SET ROLE rls_alice;
SELECT id, body FROM rls_notes ORDER BY id;
SELECT row_security_active('rls_notes');
-- A function that tells what it is given sees no rows of others, however cheap it is.
RESET ROLE;
CREATE FUNCTION rls_tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'told %', $1; RETURN true; END $$;
SET ROLE rls_bob;
SELECT id FROM rls_notes WHERE rls_tell(body) ORDER BY id;
EXPLAIN (COSTS OFF) SELECT id FROM rls_notes WHERE rls_tell(body);
-- An index is used for what cannot tell of a row.
EXPLAIN (COSTS OFF) SELECT id FROM rls_notes WHERE rls_tell(body) AND id = 2;
-- New rows must pass, and changed ones.
INSERT INTO rls_notes VALUES (5, 'rls_alice', 1, 'not mine');
INSERT INTO rls_notes VALUES (5, 'rls_bob', 1, 'mine') RETURNING id, owner;
UPDATE rls_notes SET owner = 'rls_alice' WHERE id = 5;
UPDATE rls_notes SET body = upper(body);
DELETE FROM rls_notes WHERE id = 1;
-- A key that is taken is told of, but not whose it is.
INSERT INTO rls_notes VALUES (1, 'rls_bob', 1, 'taken');
INSERT INTO rls_notes VALUES (1, 'rls_bob', 1, 'taken') ON CONFLICT (id) DO NOTHING;
INSERT INTO rls_notes VALUES (1, 'rls_bob', 1, 'taken') ON CONFLICT (id) DO UPDATE SET body = 'changed';
INSERT INTO rls_notes VALUES (5, 'rls_bob', 1, 'taken') ON CONFLICT (id) DO UPDATE SET body = 'changed' RETURNING body;
INSERT INTO rls_notes VALUES (5, 'rls_bob', 1, 'taken') ON CONFLICT (id) DO UPDATE SET owner = 'rls_alice';
-- Restrictive policies are named when they are in the way.
RESET ROLE;
CREATE POLICY few ON rls_notes AS RESTRICTIVE USING (secret < 5) WITH CHECK (secret < 3);
SET ROLE rls_bob;
SELECT id, secret FROM rls_notes ORDER BY id;
INSERT INTO rls_notes VALUES (6, 'rls_bob', 4, 'too secret');
EXPLAIN (COSTS OFF) SELECT * FROM rls_notes WHERE rls_tell(body);
-- A prepared statement follows the role.
RESET ROLE;
PREPARE rls_count AS SELECT count(*) FROM rls_notes;
EXECUTE rls_count;
SET ROLE rls_alice;
EXECUTE rls_count;
SET ROLE rls_bob;
EXECUTE rls_count;
-- Rather no rows than some of them, if that is asked for.
SET row_security = off;
EXECUTE rls_count;
SELECT * FROM rls_notes;
RESET row_security;
-- A view reads as its owner, or as whoever asks it.
RESET ROLE;
CREATE VIEW rls_all AS SELECT id FROM rls_notes;
CREATE VIEW rls_own WITH (security_invoker) AS SELECT id FROM rls_notes;
GRANT SELECT ON rls_all, rls_own TO rls_alice;
SET ROLE rls_alice;
SELECT count(*) FROM rls_all;
SELECT count(*) FROM rls_own;
-- A function that runs as its owner does, too, and does not leave its plan to others.
RESET ROLE;
CREATE FUNCTION rls_every() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT count(*) FROM rls_notes); END $$;
CREATE FUNCTION rls_mine() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM rls_notes); END $$;
SELECT rls_every(), rls_mine();
SET ROLE rls_alice;
SELECT rls_every(), rls_mine();
SET ROLE rls_bob;
SELECT rls_every(), rls_mine();
RESET ROLE;
SELECT rls_every(), rls_mine();
-- Policies with subqueries; one that needs itself has no end.
CREATE TABLE rls_levels (who name, level int);
INSERT INTO rls_levels VALUES ('rls_alice', 1), ('rls_bob', 9);
GRANT SELECT ON rls_levels TO rls_alice, rls_bob;
DROP POLICY own ON rls_notes;
CREATE POLICY by_level ON rls_notes FOR SELECT USING (secret <= (SELECT level FROM rls_levels WHERE who = current_user));
SET ROLE rls_alice;
SELECT id, secret FROM rls_notes ORDER BY id;
INSERT INTO rls_notes VALUES (7, 'rls_alice', 1, 'no policy for this');
RESET ROLE;
CREATE POLICY circle ON rls_levels USING (level = (SELECT max(level) FROM rls_levels));
ALTER TABLE rls_levels ENABLE ROW LEVEL SECURITY;
SET ROLE rls_alice;
SELECT * FROM rls_levels;
RESET ROLE;
DROP POLICY circle ON rls_levels;
ALTER TABLE rls_levels DISABLE ROW LEVEL SECURITY;
-- MERGE.
CREATE POLICY change ON rls_notes FOR UPDATE USING (owner = current_user) WITH CHECK (secret < 8);
SET ROLE rls_bob;
MERGE INTO rls_notes n USING (VALUES (2, 7), (1, 7)) AS v (id, s) ON n.id = v.id WHEN MATCHED THEN UPDATE SET secret = v.s;
MERGE INTO rls_notes n USING (VALUES (2)) AS v (id) ON n.id = v.id WHEN MATCHED THEN DELETE;
MERGE INTO rls_notes n USING (VALUES (2, 2)) AS v (id, s) ON n.id = v.id WHEN MATCHED THEN UPDATE SET secret = v.s RETURNING n.id, n.secret;
MERGE INTO rls_notes n USING (VALUES (8)) AS v (id) ON n.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (8, 'rls_bob', 1, 'x');
-- COPY writes what can be seen.
COPY rls_notes (id, owner) TO stdout;
RESET ROLE;
-- The owner is exempt, unless forced; a role with BYPASSRLS is always.
ALTER TABLE rls_notes OWNER TO rls_alice;
SET ROLE rls_alice;
SELECT count(*) FROM rls_notes;
ALTER TABLE rls_notes FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM rls_notes;
SET row_security = off;
SELECT count(*) FROM rls_notes;
RESET row_security;
ALTER TABLE rls_notes NO FORCE ROW LEVEL SECURITY;
RESET ROLE;
ALTER ROLE rls_bob BYPASSRLS;
SET ROLE rls_bob;
SELECT count(*) FROM rls_notes;
RESET ROLE;
ALTER ROLE rls_bob NOBYPASSRLS;
-- Foreign keys look at all rows, and do not show those that are hidden.
CREATE TABLE rls_refs (note int REFERENCES rls_notes);
GRANT ALL ON rls_refs TO rls_bob;
CREATE POLICY none ON rls_refs USING (true);
ALTER TABLE rls_refs ENABLE ROW LEVEL SECURITY;
SET ROLE rls_bob;
INSERT INTO rls_refs VALUES (1);
INSERT INTO rls_refs VALUES (99);
RESET ROLE;
DELETE FROM rls_notes WHERE id = 1;
-- A tree of tables: the policies of the table that was named count.
CREATE TABLE rls_parts (k int, owner name, v text) PARTITION BY LIST (k);
CREATE TABLE rls_part1 PARTITION OF rls_parts FOR VALUES IN (1);
CREATE TABLE rls_part2 (v text, owner name, k int);
ALTER TABLE rls_parts ATTACH PARTITION rls_part2 FOR VALUES IN (2);
GRANT ALL ON rls_parts, rls_part1, rls_part2 TO rls_bob;
ALTER TABLE rls_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON rls_parts USING (owner = current_user);
INSERT INTO rls_parts VALUES (1, 'rls_bob', 'b1'), (2, 'rls_bob', 'b2'), (1, 'rls_alice', 'a1'), (2, 'rls_alice', 'a2');
SET ROLE rls_bob;
SELECT tableoid::regclass, * FROM rls_parts WHERE rls_tell(v) ORDER BY k;
SELECT count(*) FROM rls_part1;
INSERT INTO rls_parts VALUES (2, 'rls_alice', 'x');
INSERT INTO rls_parts VALUES (2, 'rls_bob', 'x');
UPDATE rls_parts SET k = 3 - k, v = v || '!';
UPDATE rls_parts SET owner = 'rls_alice' WHERE k = 2;
SELECT tableoid::regclass, * FROM rls_parts ORDER BY k, v;
RESET ROLE;
-- The definitions.
CREATE POLICY own ON rls_notes;
CREATE POLICY own ON rls_notes;
CREATE POLICY bad ON rls_notes FOR INSERT USING (true);
CREATE POLICY bad ON rls_notes FOR SELECT WITH CHECK (true);
CREATE POLICY bad ON rls_notes USING (count(*) > 1);
CREATE POLICY bad ON rls_notes USING (id);
CREATE POLICY bad ON rls_all USING (true);
CREATE POLICY everyone ON rls_notes TO rls_alice, PUBLIC USING (true);
ALTER POLICY own ON rls_notes TO rls_alice, rls_bob USING (id > 0) WITH CHECK (id < 100);
ALTER POLICY own ON rls_notes RENAME TO everyone;
ALTER POLICY own ON rls_notes RENAME TO theirs;
ALTER POLICY own ON rls_notes USING (true);
SELECT policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE tablename = 'rls_notes' ORDER BY 1;
DROP POLICY IF EXISTS own ON rls_notes;
DROP POLICY IF EXISTS own ON rls_nowhere;
DROP POLICY own ON rls_notes;
DROP ROLE rls_bob;
ALTER TABLE rls_notes DROP COLUMN secret;
DROP TABLE rls_notes, rls_refs, rls_levels, rls_parts CASCADE;
DROP FUNCTION rls_tell, rls_every, rls_mine;
DROP ROLE rls_alice, rls_bob;
