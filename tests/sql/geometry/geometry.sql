-- the forms that are read, and how they are written
SELECT '1,2'::point, ' ( 1.5 , -2e3 ) '::point, '(NaN,Infinity)'::point, '1,2,3,4'::lseg, '((1,2),(3,4))'::lseg, '3,4,1,2'::box, '((0,0),(1,1))'::box;
SELECT '{1,2,3}'::line, '(0,0),(1,1)'::line, '[(1,2),(3,4)]'::path, '((1,2),(3,4))'::path, '1,2,3,4'::path, '(1,2,3,4)'::polygon, '<(1,2),3>'::circle, '((1,2),3)'::circle, '1,2,3'::circle;
-- what is none
SELECT '(1,2'::point;
SELECT '1 2'::point;
SELECT '(1e500,2)'::point;
SELECT '[1,2]'::box;
SELECT '{0,0,1}'::line;
SELECT '(1,1),(1,1)'::line;
SELECT '(1,2,3)'::polygon;
SELECT '<(1,2),-3>'::circle;
SELECT '[(1,2),(3,4)'::path;
-- binary forms
SELECT point_send('(1,2)'), box_send('(1,2),(3,4)'), path_send('[(1,2)]'), poly_send('((1,2))'), circle_send('<(1,2),3>'), line_send('{1,2,3}');
-- parts
SELECT ('(1,2)'::point)[0], ('(1,2),(3,4)'::box)[1], ('[(1,2),(3,4)]'::lseg)[0];
-- points
SELECT point(1, 2) + '(3,4)', point(1, 2) - '(3,4)', point(1, 2) * '(0,1)', point(1, 2) / '(0,1)', point(0, 0) <-> '(3,4)', slope('(0,0)', '(1,2)');
SELECT point(1, 2) ~= '(1.0000001,2)', point(1, 2) << '(2,2)', point(1, 2) |>> '(1,1)', point(1, 2) ?| '(1,9)', point(1, 2) ?- '(0,2)', point(1, 2) <> '(1,3)';
SELECT point(1, 2) / '(0,0)';
-- lines and segments
SELECT '{1,-1,0}'::line # '{1,1,-2}'::line, '{1,-1,0}'::line ?|| '{2,-2,5}', '{1,-1,0}'::line ?-| '{1,1,3}', '{1,-1,0}'::line <-> '{1,-1,2}', '(0,2)'::point <-> '{1,-1,0}'::line, '(0,2)'::point ## '{1,-1,0}'::line;
SELECT '[(0,0),(2,2)]'::lseg # '[(0,2),(2,0)]', '[(0,0),(2,2)]'::lseg <-> '[(3,0),(5,0)]', '(3,0)'::point ## '[(0,0),(2,2)]'::lseg, @-@ '[(0,0),(3,4)]'::lseg, @@ '[(0,0),(3,4)]'::lseg, '(1,1)'::point <@ '[(0,0),(2,2)]'::lseg;
-- boxes
SELECT area('(0,0),(2,3)'::box), '(0,0),(2,3)'::box # '(1,1),(5,5)'::box, '(0,0),(2,3)'::box && '(3,4),(5,5)'::box, '(0,0),(2,3)'::box @> '(1,1)'::point, '(5,1)'::point <-> '(0,0),(2,3)'::box, '(5,1)'::point ## '(0,0),(2,3)'::box, diagonal('(0,0),(2,3)'::box), bound_box('(0,0),(1,1)', '(3,3),(4,4)');
SELECT '(0,0),(1,1)'::box * '(2,0)'::point, box('(3,0)', '(0,3)'), '(0,0),(1,1)'::box << '(2,2),(3,3)'::box, '(0,0),(1,1)'::box <^ '(2,2),(3,3)'::box;
-- paths and polygons
SELECT @-@ '[(0,0),(3,4)]'::path, @-@ '((0,0),(3,4))'::path, area('((0,0),(0,2),(2,2),(2,0))'::path), '[(0,0)]'::path + '[(1,1)]'::path, pclose('[(0,0),(1,1)]'), # '[(0,0),(1,1)]'::path, '[(0,0),(2,2)]'::path ?# '[(0,2),(2,0)]'::path, '(1,0)'::point <-> '[(0,0),(2,2)]'::path;
SELECT '((0,0),(0,4),(4,4),(4,0))'::polygon @> '((1,1),(1,2),(2,2))'::polygon, '((0,0),(0,4),(4,4),(4,0))'::polygon @> '((1,1),(1,5),(2,2))'::polygon, '((0,0),(0,4),(4,4),(4,0))'::polygon @> '(4,2)'::point, '((0,0),(0,4),(4,4))'::polygon ~= '((0,4),(4,4),(0,0))'::polygon, '((0,0),(0,1),(1,1))'::polygon <-> '((5,0),(5,1),(6,1))'::polygon, '((0,0),(0,4),(4,4),(4,0),(2,3))'::polygon @> '((0.5,0.2),(3.5,0.2),(2,0.1))'::polygon;
SELECT polygon('[(0,0),(1,1)]'::path);
-- circles
SELECT area('<(0,0),1>'::circle), '<(0,0),1>'::circle <-> '<(5,0),1>'::circle, '<(0,0),5>'::circle @> '<(1,1),1>'::circle, '(1,1)'::point <@ '<(0,0),2>'::circle, '<(0,0),1>'::circle * '(0,2)'::point, box('<(0,0),1>'::circle), circle('(0,0),(2,2)'::box), polygon(4, '<(0,0),1>'::circle), circle('((0,0),(2,0),(1,2))'::polygon);
SELECT polygon(1, '<(0,0),1>'::circle);
SELECT polygon(5, '<(0,0),0>'::circle);
-- in a table
CREATE TABLE shapes (id int, p point, b box, g polygon);
INSERT INTO shapes SELECT i, point(i, i % 3), box(point(i, 0), point(i + 1, 2)), polygon(box(point(i, 0), point(i + 1, 2))) FROM generate_series(1, 20) i;
SELECT id FROM shapes WHERE b && '(3.5,1),(5.5,1.5)' AND g @> point(4.5, 1) ORDER BY p <-> '(0,0)';
DROP TABLE shapes;
-- an element is assigned
CREATE TABLE places (p point, b box, n name);
INSERT INTO places VALUES ('(1,2)', '(1,2),(3,4)', 'abc'), (NULL, NULL, NULL);
UPDATE places SET p[1] = 9;
UPDATE places SET p[2] = 9;
SELECT p, b[0], p[0], p[2] FROM places;
DROP TABLE places;
