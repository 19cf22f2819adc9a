-- Dictionaries check their options by being made.
CREATE TEXT SEARCH DICTIONARY script_simple (STOPWORDS = english);
CREATE TEXT SEARCH DICTIONARY script_simple (TEMPLATE = nothing);
CREATE TEXT SEARCH DICTIONARY script_simple (TEMPLATE = simple, color = red);
CREATE TEXT SEARCH DICTIONARY script_simple (TEMPLATE = simple, STOPWORDS = english, ACCEPT = false);
CREATE TEXT SEARCH DICTIONARY script_simple (TEMPLATE = simple);
CREATE TEXT SEARCH DICTIONARY script_stem (TEMPLATE = snowball, LANGUAGE = german);
SELECT dictname, dictinitoption FROM pg_ts_dict WHERE dictname ~ 'script' ORDER BY 1;
SELECT ts_lexize('script_simple', 'The'), ts_lexize('script_simple', 'Stars'), ts_lexize('script_stem', 'Häuser');
ALTER TEXT SEARCH DICTIONARY script_simple (STOPWORDS, ACCEPT = true);
SELECT dictinitoption, ts_lexize('script_simple', 'The') FROM pg_ts_dict WHERE dictname = 'script_simple';
ALTER TEXT SEARCH DICTIONARY script_simple (ACCEPT = perhaps);
-- Configurations map types of tokens to dictionaries.
CREATE TEXT SEARCH CONFIGURATION script (PARSER = default, COPY = english);
CREATE TEXT SEARCH CONFIGURATION script (COLOR = red);
CREATE TEXT SEARCH CONFIGURATION script (PARSER = default);
SELECT to_tsvector('script', 'Nothing is mapped');
ALTER TEXT SEARCH CONFIGURATION script ADD MAPPING FOR asciiword, word WITH script_simple, script_stem;
ALTER TEXT SEARCH CONFIGURATION script ADD MAPPING FOR number WITH simple;
ALTER TEXT SEARCH CONFIGURATION script ADD MAPPING FOR int WITH nobodys;
SELECT to_tsvector('script', 'The Häuser 12');
ALTER TEXT SEARCH CONFIGURATION script ALTER MAPPING FOR asciiword, word WITH script_stem;
ALTER TEXT SEARCH CONFIGURATION script ADD MAPPING FOR int WITH simple;
SELECT to_tsvector('script', 'The Häuser 12');
ALTER TEXT SEARCH CONFIGURATION script ALTER MAPPING REPLACE script_stem WITH english_stem;
SELECT to_tsvector('script', 'The Häuser stars');
ALTER TEXT SEARCH CONFIGURATION script DROP MAPPING FOR email;
ALTER TEXT SEARCH CONFIGURATION script DROP MAPPING IF EXISTS FOR email, int;
SELECT alias, array_agg(mapdict::regdictionary ORDER BY mapseqno) FROM pg_ts_config_map, ts_token_type('default') AS t WHERE maptokentype = t.tokid AND mapcfg = 'script'::regconfig GROUP BY 1 ORDER BY 1;
CREATE TEXT SEARCH CONFIGURATION copied (COPY = english);
ALTER TEXT SEARCH CONFIGURATION copied ALTER MAPPING FOR asciiword WITH script_simple;
SELECT to_tsvector('copied', 'Stars and the galaxies'), to_tsvector('english', 'Stars and the galaxies');
-- The server's own can be changed, too.
BEGIN;
ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR asciiword WITH simple;
SELECT to_tsvector('english', 'Stars and the galaxies');
ROLLBACK;
SELECT to_tsvector('english', 'Stars and the galaxies');
-- What is used stays.
DROP TEXT SEARCH DICTIONARY script_simple;
DROP TEXT SEARCH DICTIONARY script_simple CASCADE;
DROP TEXT SEARCH CONFIGURATION script;
SELECT count(*) FROM pg_ts_config_map WHERE mapcfg NOT IN (SELECT oid FROM pg_ts_config);
-- Parsers and templates are the server's functions under other names.
CREATE TEXT SEARCH PARSER script_parser (START = prsd_start);
CREATE TEXT SEARCH PARSER script_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE script_template (INIT = dsimple_init);
CREATE TEXT SEARCH TEMPLATE script_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY of_template (TEMPLATE = script_template);
CREATE TEXT SEARCH CONFIGURATION of_parser (PARSER = script_parser);
ALTER TEXT SEARCH CONFIGURATION of_parser ADD MAPPING FOR asciiword WITH of_template;
SELECT to_tsvector('of_parser', 'Known by Another name');
DROP TEXT SEARCH TEMPLATE script_template;
DROP TEXT SEARCH PARSER script_parser CASCADE;
DROP TEXT SEARCH TEMPLATE script_template CASCADE;
