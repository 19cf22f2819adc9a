-- the parser: what a text is cut into
SELECT t.alias, p.token FROM ts_parse('default', 'A well-known e-mail: foo.bar@example.com, http://www.example.com:80/a?b=1 <b>bold</b> &amp; -12 1.5e3 1.2.3 /usr/local x2') p JOIN ts_token_type('default') t USING (tokid);
-- dictionaries
SELECT ts_lexize('english_stem', 'stars'), ts_lexize('english_stem', 'the'), ts_lexize('simple', 'The'), ts_lexize('german_stem', 'Häuser'), ts_lexize('russian_stem', 'столами');
-- documents
SELECT to_tsvector('english', 'The quick brown foxes jumped over the lazy dogs, and over the well-known dogs again');
SELECT to_tsvector('simple', 'The Quick') @@ to_tsquery('simple', 'quick & !slow');
-- the default configuration
SET default_text_search_config = 'pg_catalog.english';
SELECT get_current_ts_config(), to_tsvector('running'), 'running dogs' @@ 'dog';
SET default_text_search_config = 'simple';
-- queries: stop words go, and leave their places
SELECT to_tsquery('english', 'the & cats | (dogs & !a)'), to_tsquery('english', 'cats <-> the <-> dogs'), to_tsquery('english', 'cat:*A & ''big dogs''');
SELECT plainto_tsquery('english', 'the cats and the dogs'), phraseto_tsquery('english', 'cats on the mat'), to_tsquery('english', 'the');
-- web searches
SELECT websearch_to_tsquery('english', x) FROM unnest(array['"sad cat" or "fat rat"', 'signal -"segmentation fault"', '""" )( dummy \\ query <->', 'a -- b or -c', 'or or', 'x or']) x;
-- documents in JSON
SELECT to_tsvector('simple', '{"a": "one two", "b": ["three", 4, true]}'::jsonb), jsonb_to_tsvector('simple', '{"a": "one two", "b": ["three", 4, true]}', '["numeric", "key", "boolean"]'), json_to_tsvector('simple', '{"a": "one"}', '"all"');
SELECT jsonb_to_tsvector('simple', '{}', '["other"]');
-- headlines
SELECT ts_headline('english', 'The most common type of search is to find all documents containing given query terms and return them in order of their similarity to the query.', to_tsquery('english', 'query & similarity'));
SELECT ts_headline('english', 'Search terms may occur many times in a document, requiring ranking of the search matches to decide which occurrences to display in the result.', to_tsquery('english', 'search & term'), 'MaxFragments=10, MaxWords=7, MinWords=3, StartSel=<<, StopSel=>>');
SELECT ts_headline('english', '{"a": "search terms", "b": [1, "no"]}'::jsonb, to_tsquery('english', 'term')), ts_headline('english', '{"a": "search terms", "b": [1, "no"]}'::json, to_tsquery('english', 'term'));
SELECT ts_headline('english', 'a', 'a', 'MinWords=10, MaxWords=5');
