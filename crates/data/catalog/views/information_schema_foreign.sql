-- The information schema: foreign data wrappers, servers, tables and user mappings. For the form see pg_catalog.sql.

CREATE VIEW information_schema._pg_foreign_data_wrappers AS
SELECT w.oid AS oid,
       w.fdwowner AS fdwowner,
       w.fdwoptions AS fdwoptions,
       (pg_catalog.current_database())::information_schema.sql_identifier AS foreign_data_wrapper_catalog,
       (w.fdwname)::information_schema.sql_identifier AS foreign_data_wrapper_name,
       (o.rolname)::information_schema.sql_identifier AS authorization_identifier,
       ('c')::information_schema.character_data AS foreign_data_wrapper_language
  FROM pg_catalog.pg_foreign_data_wrapper w
  JOIN pg_catalog.pg_authid o ON o.oid = w.fdwowner
 WHERE pg_catalog.pg_has_role(w.fdwowner, 'USAGE') OR pg_catalog.has_foreign_data_wrapper_privilege(w.oid, 'USAGE');

CREATE VIEW information_schema.foreign_data_wrapper_options AS
SELECT w.foreign_data_wrapper_catalog AS foreign_data_wrapper_catalog,
       w.foreign_data_wrapper_name AS foreign_data_wrapper_name,
       (x.option_name)::information_schema.sql_identifier AS option_name,
       (x.option_value)::information_schema.character_data AS option_value
  FROM information_schema._pg_foreign_data_wrappers w, LATERAL pg_catalog.pg_options_to_table(w.fdwoptions) x;

CREATE VIEW information_schema.foreign_data_wrappers AS
SELECT w.foreign_data_wrapper_catalog AS foreign_data_wrapper_catalog,
       w.foreign_data_wrapper_name AS foreign_data_wrapper_name,
       w.authorization_identifier AS authorization_identifier,
       (NULL::text)::information_schema.character_data AS library_name,
       w.foreign_data_wrapper_language AS foreign_data_wrapper_language
  FROM information_schema._pg_foreign_data_wrappers w;

CREATE VIEW information_schema._pg_foreign_servers AS
SELECT s.oid AS oid,
       s.srvoptions AS srvoptions,
       (pg_catalog.current_database())::information_schema.sql_identifier AS foreign_server_catalog,
       (s.srvname)::information_schema.sql_identifier AS foreign_server_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS foreign_data_wrapper_catalog,
       (w.fdwname)::information_schema.sql_identifier AS foreign_data_wrapper_name,
       (s.srvtype)::information_schema.character_data AS foreign_server_type,
       (s.srvversion)::information_schema.character_data AS foreign_server_version,
       (o.rolname)::information_schema.sql_identifier AS authorization_identifier
  FROM pg_catalog.pg_foreign_server s
  JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  JOIN pg_catalog.pg_authid o ON o.oid = s.srvowner
 WHERE pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE');

CREATE VIEW information_schema.foreign_server_options AS
SELECT s.foreign_server_catalog AS foreign_server_catalog,
       s.foreign_server_name AS foreign_server_name,
       (x.option_name)::information_schema.sql_identifier AS option_name,
       (x.option_value)::information_schema.character_data AS option_value
  FROM information_schema._pg_foreign_servers s, LATERAL pg_catalog.pg_options_to_table(s.srvoptions) x;

CREATE VIEW information_schema.foreign_servers AS
SELECT s.foreign_server_catalog AS foreign_server_catalog,
       s.foreign_server_name AS foreign_server_name,
       s.foreign_data_wrapper_catalog AS foreign_data_wrapper_catalog,
       s.foreign_data_wrapper_name AS foreign_data_wrapper_name,
       s.foreign_server_type AS foreign_server_type,
       s.foreign_server_version AS foreign_server_version,
       s.authorization_identifier AS authorization_identifier
  FROM information_schema._pg_foreign_servers s;

CREATE VIEW information_schema._pg_foreign_tables AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS foreign_table_catalog,
       (n.nspname)::information_schema.sql_identifier AS foreign_table_schema,
       (c.relname)::information_schema.sql_identifier AS foreign_table_name,
       t.ftoptions AS ftoptions,
       (pg_catalog.current_database())::information_schema.sql_identifier AS foreign_server_catalog,
       (s.srvname)::information_schema.sql_identifier AS foreign_server_name,
       (o.rolname)::information_schema.sql_identifier AS authorization_identifier
  FROM pg_catalog.pg_foreign_table t
  JOIN pg_catalog.pg_class c ON c.oid = t.ftrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver
  JOIN pg_catalog.pg_authid o ON o.oid = c.relowner
 WHERE c.relkind = 'f' AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema._pg_foreign_table_columns AS
SELECT n.nspname AS nspname,
       c.relname AS relname,
       a.attname AS attname,
       a.attfdwoptions AS attfdwoptions
  FROM pg_catalog.pg_foreign_table t
  JOIN pg_catalog.pg_class c ON c.oid = t.ftrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
    OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES');

CREATE VIEW information_schema.column_options AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (c.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (c.attname)::information_schema.sql_identifier AS column_name,
       (x.option_name)::information_schema.sql_identifier AS option_name,
       (x.option_value)::information_schema.character_data AS option_value
  FROM information_schema._pg_foreign_table_columns c, LATERAL pg_catalog.pg_options_to_table(c.attfdwoptions) x;

CREATE VIEW information_schema.foreign_table_options AS
SELECT t.foreign_table_catalog AS foreign_table_catalog,
       t.foreign_table_schema AS foreign_table_schema,
       t.foreign_table_name AS foreign_table_name,
       (x.option_name)::information_schema.sql_identifier AS option_name,
       (x.option_value)::information_schema.character_data AS option_value
  FROM information_schema._pg_foreign_tables t, LATERAL pg_catalog.pg_options_to_table(t.ftoptions) x;

CREATE VIEW information_schema.foreign_tables AS
SELECT t.foreign_table_catalog AS foreign_table_catalog,
       t.foreign_table_schema AS foreign_table_schema,
       t.foreign_table_name AS foreign_table_name,
       t.foreign_server_catalog AS foreign_server_catalog,
       t.foreign_server_name AS foreign_server_name
  FROM information_schema._pg_foreign_tables t;

CREATE VIEW information_schema._pg_user_mappings AS
SELECT m.oid AS oid,
       m.umoptions AS umoptions,
       m.umuser AS umuser,
       (coalesce(r.rolname, 'PUBLIC'))::information_schema.sql_identifier AS authorization_identifier,
       s.foreign_server_catalog AS foreign_server_catalog,
       s.foreign_server_name AS foreign_server_name,
       s.authorization_identifier AS srvowner
  FROM pg_catalog.pg_user_mapping m
  JOIN information_schema._pg_foreign_servers s ON s.oid = m.umserver
  LEFT JOIN pg_catalog.pg_authid r ON r.oid = m.umuser;

CREATE VIEW information_schema.user_mapping_options AS
SELECT m.authorization_identifier AS authorization_identifier,
       m.foreign_server_catalog AS foreign_server_catalog,
       m.foreign_server_name AS foreign_server_name,
       (x.option_name)::information_schema.sql_identifier AS option_name,
       (CASE WHEN (m.umuser <> 0::oid AND m.authorization_identifier = current_user)
               OR (m.umuser = 0::oid AND pg_catalog.pg_has_role(m.srvowner::name, 'USAGE'))
               OR (SELECT r.rolsuper FROM pg_catalog.pg_authid r WHERE r.rolname = current_user) THEN x.option_value END)::information_schema.character_data AS option_value
  FROM information_schema._pg_user_mappings m, LATERAL pg_catalog.pg_options_to_table(m.umoptions) x;

CREATE VIEW information_schema.user_mappings AS
SELECT m.authorization_identifier AS authorization_identifier,
       m.foreign_server_catalog AS foreign_server_catalog,
       m.foreign_server_name AS foreign_server_name
  FROM information_schema._pg_user_mappings m;
