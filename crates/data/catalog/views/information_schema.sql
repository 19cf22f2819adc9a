-- The information schema: the SQL standard's view of the catalogs, of the objects that the current user may access.
-- For the form see pg_catalog.sql. Columns have the schema's own domains as types.

CREATE VIEW information_schema.information_schema_catalog_name AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS catalog_name
;

CREATE VIEW information_schema.enabled_roles AS
SELECT (r.rolname)::information_schema.sql_identifier AS role_name
  FROM pg_catalog.pg_authid r
 WHERE pg_catalog.pg_has_role(r.oid, 'USAGE');

CREATE VIEW information_schema.applicable_roles AS
SELECT (m.rolname)::information_schema.sql_identifier AS grantee,
       (r.rolname)::information_schema.sql_identifier AS role_name,
       (CASE WHEN x.admin_option THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
  FROM (SELECT g.member, g.roleid, g.admin_option FROM pg_catalog.pg_auth_members g
        UNION
        SELECT d.datdba, o.oid, false
          FROM pg_catalog.pg_database d, pg_catalog.pg_authid o
         WHERE d.datname = pg_catalog.current_database() AND o.rolname = 'pg_database_owner') x
  JOIN pg_catalog.pg_authid m ON m.oid = x.member
  JOIN pg_catalog.pg_authid r ON r.oid = x.roleid
 WHERE pg_catalog.pg_has_role(m.oid, 'USAGE');

CREATE VIEW information_schema.administrable_role_authorizations AS
SELECT a.grantee, a.role_name, a.is_grantable
  FROM information_schema.applicable_roles a
 WHERE a.is_grantable = 'YES';

CREATE VIEW information_schema.schemata AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS catalog_name,
       (n.nspname)::information_schema.sql_identifier AS schema_name,
       (o.rolname)::information_schema.sql_identifier AS schema_owner,
       (NULL::text)::information_schema.sql_identifier AS default_character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS default_character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS default_character_set_name,
       (NULL::text)::information_schema.character_data AS sql_path
  FROM pg_catalog.pg_namespace n
  JOIN pg_catalog.pg_authid o ON o.oid = n.nspowner
 WHERE pg_catalog.pg_has_role(n.nspowner, 'USAGE') OR pg_catalog.has_schema_privilege(n.oid, 'CREATE, USAGE');

CREATE VIEW information_schema.tables AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (CASE WHEN n.oid = pg_catalog.pg_my_temp_schema() THEN 'LOCAL TEMPORARY' WHEN c.relkind IN ('r', 'p') THEN 'BASE TABLE' WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN' END)::information_schema.character_data AS table_type,
       (NULL::text)::information_schema.sql_identifier AS self_referencing_column_name,
       (NULL::text)::information_schema.character_data AS reference_generation,
       (CASE WHEN t.typname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS user_defined_type_catalog,
       (tn.nspname)::information_schema.sql_identifier AS user_defined_type_schema,
       (t.typname)::information_schema.sql_identifier AS user_defined_type_name,
       (CASE WHEN c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8) THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_insertable_into,
       (CASE WHEN t.typname IS NOT NULL THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_typed,
       (NULL::text)::information_schema.character_data AS commit_action
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reloftype
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
 WHERE c.relkind IN ('r', 'v', 'f', 'p')
   AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.columns AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (a.attname)::information_schema.sql_identifier AS column_name,
       (a.attnum)::information_schema.cardinal_number AS ordinal_position,
       (CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END)::information_schema.character_data AS column_default,
       (CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END)::information_schema.yes_or_no AS is_nullable,
       (CASE WHEN t.typtype = 'd' THEN CASE WHEN b.typelem <> 0::oid AND b.typlen = -1 THEN 'ARRAY' WHEN bn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.typbasetype, NULL) ELSE 'USER-DEFINED' END ELSE CASE WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(a.atttypid, NULL) ELSE 'USER-DEFINED' END END)::information_schema.character_data AS data_type,
       (information_schema._pg_char_max_length(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS character_maximum_length,
       (information_schema._pg_char_octet_length(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS character_octet_length,
       (information_schema._pg_numeric_precision(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_precision,
       (information_schema._pg_numeric_precision_radix(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_precision_radix,
       (information_schema._pg_numeric_scale(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_scale,
       (information_schema._pg_datetime_precision(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS datetime_precision,
       (information_schema._pg_interval_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN cn.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS collation_catalog,
       (cn.nspname)::information_schema.sql_identifier AS collation_schema,
       (co.collname)::information_schema.sql_identifier AS collation_name,
       (CASE WHEN t.typtype = 'd' THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS domain_catalog,
       (CASE WHEN t.typtype = 'd' THEN tn.nspname END)::information_schema.sql_identifier AS domain_schema,
       (CASE WHEN t.typtype = 'd' THEN t.typname END)::information_schema.sql_identifier AS domain_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (coalesce(bn.nspname, tn.nspname))::information_schema.sql_identifier AS udt_schema,
       (coalesce(b.typname, t.typname))::information_schema.sql_identifier AS udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       (a.attnum)::information_schema.sql_identifier AS dtd_identifier,
       ('NO')::information_schema.yes_or_no AS is_self_referencing,
       (CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_identity,
       (CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END)::information_schema.character_data AS identity_generation,
       (s.seqstart)::information_schema.character_data AS identity_start,
       (s.seqincrement)::information_schema.character_data AS identity_increment,
       (s.seqmax)::information_schema.character_data AS identity_maximum,
       (s.seqmin)::information_schema.character_data AS identity_minimum,
       (CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS identity_cycle,
       (CASE WHEN a.attgenerated <> '' THEN 'ALWAYS' ELSE 'NEVER' END)::information_schema.character_data AS is_generated,
       (CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END)::information_schema.character_data AS generation_expression,
       (CASE WHEN c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND pg_catalog.pg_column_is_updatable(c.oid, a.attnum, false)) THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_updatable
  FROM pg_catalog.pg_attribute a
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
  LEFT JOIN pg_catalog.pg_collation co
         ON co.oid = a.attcollation AND NOT (co.collname = 'default' AND co.collnamespace = 11::oid)
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
  LEFT JOIN pg_catalog.pg_depend dep
         ON dep.classid = 1259::oid AND dep.refclassid = 1259::oid AND dep.refobjid = c.oid
        AND dep.refobjsubid = a.attnum AND dep.deptype = 'i'
  LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = dep.objid
 WHERE NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.views AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN pg_catalog.pg_get_viewdef(c.oid) END)::information_schema.character_data AS view_definition,
       (CASE WHEN 'check_option=cascaded' = ANY (c.reloptions) THEN 'CASCADED' WHEN 'check_option=local' = ANY (c.reloptions) THEN 'LOCAL' ELSE 'NONE' END)::information_schema.character_data AS check_option,
       (CASE WHEN pg_catalog.pg_relation_is_updatable(c.oid, false) & 20 = 20 THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_updatable,
       (CASE WHEN pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8 THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_insertable_into,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 81 = 81) THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_trigger_updatable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 73 = 73) THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_trigger_deletable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 69 = 69) THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_trigger_insertable_into
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'v'
   AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.sequences AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS sequence_catalog,
       (n.nspname)::information_schema.sql_identifier AS sequence_schema,
       (c.relname)::information_schema.sql_identifier AS sequence_name,
       (pg_catalog.format_type(s.seqtypid, NULL))::information_schema.character_data AS data_type,
       (information_schema._pg_numeric_precision(s.seqtypid, -1))::information_schema.cardinal_number AS numeric_precision,
       (2)::information_schema.cardinal_number AS numeric_precision_radix,
       (0)::information_schema.cardinal_number AS numeric_scale,
       (s.seqstart)::information_schema.character_data AS start_value,
       (s.seqmin)::information_schema.character_data AS minimum_value,
       (s.seqmax)::information_schema.character_data AS maximum_value,
       (s.seqincrement)::information_schema.character_data AS increment,
       (CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS cycle_option
  FROM pg_catalog.pg_sequence s
  JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S'
   AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 1259::oid AND d.objid = c.oid AND d.deptype = 'i')
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_sequence_privilege(c.oid, 'SELECT, UPDATE, USAGE'));

CREATE VIEW information_schema.table_constraints AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (kn.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'n' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END)::information_schema.character_data AS constraint_type,
       (CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_deferrable,
       (CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS initially_deferred,
       (CASE WHEN k.conenforced THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS enforced,
       (CASE WHEN k.contype = 'u' THEN CASE WHEN (SELECT NOT x.indnullsnotdistinct FROM pg_catalog.pg_index x WHERE x.indexrelid = k.conindid) THEN 'YES' ELSE 'NO' END END)::information_schema.yes_or_no AS nulls_distinct
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype IN ('c', 'n', 'f', 'p', 'u') AND c.relkind IN ('r', 'p')
   AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.key_column_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (kn.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (a.attname)::information_schema.sql_identifier AS column_name,
       (p.n)::information_schema.cardinal_number AS ordinal_position,
       (CASE WHEN k.contype = 'f' THEN (SELECT q.n FROM pg_catalog.pg_index x, LATERAL pg_catalog.unnest(x.indkey::smallint[]) WITH ORDINALITY q(number, n) WHERE x.indexrelid = k.conindid AND q.number = k.confkey[p.n]) END)::information_schema.cardinal_number AS position_in_unique_constraint
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY p(number, n)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number
 WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
   AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.referential_constraints AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (kn.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name,
       (CASE WHEN un.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS unique_constraint_catalog,
       (un.nspname)::information_schema.sql_identifier AS unique_constraint_schema,
       (u.conname)::information_schema.sql_identifier AS unique_constraint_name,
       (CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END)::information_schema.character_data AS match_option,
       (CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::information_schema.character_data AS update_rule,
       (CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::information_schema.character_data AS delete_rule
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_catalog.pg_constraint u ON u.conindid = k.conindid AND u.conrelid = k.confrelid AND u.contype IN ('p', 'u')
  LEFT JOIN pg_catalog.pg_namespace un ON un.oid = u.connamespace
 WHERE k.contype = 'f' AND c.relkind IN ('r', 'p')
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.check_constraints AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (n.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name,
       (CASE WHEN k.contype = 'n' THEN CASE WHEN k.conrelid <> 0::oid THEN pg_catalog.format('%s IS NOT NULL', (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])) ELSE 'VALUE IS NOT NULL' END ELSE pg_catalog.pg_get_expr(k.conbin, k.conrelid) END)::information_schema.character_data AS check_clause
  FROM pg_catalog.pg_constraint k
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
 WHERE k.contype IN ('c', 'n') AND pg_catalog.pg_has_role(coalesce(c.relowner, t.typowner), 'USAGE');

CREATE VIEW information_schema.constraint_table_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (kn.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
  JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.constraint_column_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (x.attname)::information_schema.sql_identifier AS column_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (x.constraint_schema)::information_schema.sql_identifier AS constraint_schema,
       (x.conname)::information_schema.sql_identifier AS constraint_name
  FROM (SELECT DISTINCT n.nspname, c.relname, c.relowner, a.attname, kn.nspname AS constraint_schema, k.conname
          FROM pg_catalog.pg_constraint k
          JOIN pg_catalog.pg_depend d ON d.classid = 2606::oid AND d.objid = k.oid AND d.refclassid = 1259::oid
          JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
         WHERE k.contype = 'c' AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
        UNION ALL
        SELECT n.nspname, c.relname, c.relowner, a.attname, kn.nspname, k.conname
          FROM pg_catalog.pg_constraint k
          JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
          JOIN pg_catalog.pg_attribute a
            ON a.attrelid = c.oid AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END)
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
         WHERE k.contype IN ('p', 'u', 'f', 'n') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped) x
 WHERE pg_catalog.pg_has_role(x.relowner, 'USAGE');

-- A domain over an array is no array to the standard: its own element type is asked for.
CREATE VIEW information_schema.domains AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS domain_catalog,
       (tn.nspname)::information_schema.sql_identifier AS domain_schema,
       (t.typname)::information_schema.sql_identifier AS domain_name,
       (CASE WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN bn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.typbasetype, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       (information_schema._pg_char_max_length(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS character_maximum_length,
       (information_schema._pg_char_octet_length(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS character_octet_length,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN cn.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS collation_catalog,
       (cn.nspname)::information_schema.sql_identifier AS collation_schema,
       (co.collname)::information_schema.sql_identifier AS collation_name,
       (information_schema._pg_numeric_precision(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS numeric_precision,
       (information_schema._pg_numeric_precision_radix(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS numeric_precision_radix,
       (information_schema._pg_numeric_scale(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS numeric_scale,
       (information_schema._pg_datetime_precision(t.typbasetype, t.typtypmod))::information_schema.cardinal_number AS datetime_precision,
       (information_schema._pg_interval_type(t.typbasetype, t.typtypmod))::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (t.typdefault)::information_schema.character_data AS domain_default,
       (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (bn.nspname)::information_schema.sql_identifier AS udt_schema,
       (b.typname)::information_schema.sql_identifier AS udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       (1)::information_schema.sql_identifier AS dtd_identifier
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
  JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
  LEFT JOIN pg_catalog.pg_collation co
         ON co.oid = t.typcollation AND NOT (co.collname = 'default' AND co.collnamespace = 11::oid)
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
 WHERE t.typtype = 'd'
   AND (pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW information_schema.domain_constraints AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (kn.nspname)::information_schema.sql_identifier AS constraint_schema,
       (k.conname)::information_schema.sql_identifier AS constraint_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS domain_catalog,
       (n.nspname)::information_schema.sql_identifier AS domain_schema,
       (t.typname)::information_schema.sql_identifier AS domain_name,
       (CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_deferrable,
       (CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS initially_deferred
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace kn ON kn.oid = k.connamespace
  JOIN pg_catalog.pg_type t ON t.oid = k.contypid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'd'
   AND (pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW information_schema.character_sets AS
SELECT (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (pg_catalog.getdatabaseencoding())::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN pg_catalog.getdatabaseencoding() = 'UTF8' THEN 'UCS'::name ELSE pg_catalog.getdatabaseencoding() END)::information_schema.sql_identifier AS character_repertoire,
       (pg_catalog.getdatabaseencoding())::information_schema.sql_identifier AS form_of_use,
       (pg_catalog.current_database())::information_schema.sql_identifier AS default_collate_catalog,
       (n.nspname)::information_schema.sql_identifier AS default_collate_schema,
       (c.collname)::information_schema.sql_identifier AS default_collate_name
  FROM pg_catalog.pg_database d
  LEFT JOIN (pg_catalog.pg_collation c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace)
         ON d.datcollate = c.collcollate AND d.datctype = c.collctype
 WHERE d.datname = pg_catalog.current_database()
 ORDER BY pg_catalog.char_length(c.collname) DESC, c.collname
 LIMIT 1;

CREATE VIEW information_schema.collations AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS collation_catalog,
       (n.nspname)::information_schema.sql_identifier AS collation_schema,
       (c.collname)::information_schema.sql_identifier AS collation_name,
       ('NO PAD')::information_schema.character_data AS pad_attribute
  FROM pg_catalog.pg_collation c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
 WHERE c.collencoding IN (-1, (SELECT d.encoding FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()));

CREATE VIEW information_schema.collation_character_set_applicability AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS collation_catalog,
       (n.nspname)::information_schema.sql_identifier AS collation_schema,
       (c.collname)::information_schema.sql_identifier AS collation_name,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (pg_catalog.getdatabaseencoding())::information_schema.sql_identifier AS character_set_name
  FROM pg_catalog.pg_collation c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
 WHERE c.collencoding IN (-1, (SELECT d.encoding FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()));

CREATE VIEW information_schema.table_privileges AS
SELECT (g.rolname)::information_schema.sql_identifier AS grantor,
       (e.rolname)::information_schema.sql_identifier AS grantee,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (x.privilege_type)::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_catalog.pg_has_role(e.oid, c.relowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable,
       (CASE WHEN x.privilege_type = 'SELECT' THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS with_hierarchy
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)))
       x(grantor, grantee, privilege_type, is_grantable)
  JOIN pg_catalog.pg_authid g ON g.oid = x.grantor
  JOIN (SELECT r.oid, r.rolname FROM pg_catalog.pg_authid r
        UNION ALL
        SELECT 0::oid, 'PUBLIC') e(oid, rolname) ON e.oid = x.grantee
 WHERE c.relkind IN ('r', 'v', 'f', 'p')
   AND x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
   AND (pg_catalog.pg_has_role(g.oid, 'USAGE') OR pg_catalog.pg_has_role(e.oid, 'USAGE') OR e.rolname = 'PUBLIC');

CREATE VIEW information_schema.role_table_grants AS
SELECT p.grantor, p.grantee, p.table_catalog, p.table_schema, p.table_name, p.privilege_type, p.is_grantable,
       p.with_hierarchy
  FROM information_schema.table_privileges p
 WHERE p.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r)
    OR p.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);

CREATE VIEW information_schema.column_privileges AS
SELECT (g.rolname)::information_schema.sql_identifier AS grantor,
       (e.rolname)::information_schema.sql_identifier AS grantee,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (x.attname)::information_schema.sql_identifier AS column_name,
       (x.privilege_type)::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_catalog.pg_has_role(e.oid, x.relowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
  FROM (SELECT t.grantor, t.grantee, a.attname, c.relname, c.relnamespace, t.privilege_type, t.is_grantable, c.relowner
          FROM pg_catalog.pg_class c
          CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)))
               t(grantor, grantee, privilege_type, is_grantable)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'v', 'f', 'p')
        UNION
        SELECT t.grantor, t.grantee, a.attname, c.relname, c.relnamespace, t.privilege_type, t.is_grantable, c.relowner
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(a.attacl, pg_catalog.acldefault('c', c.relowner)))
               t(grantor, grantee, privilege_type, is_grantable)
         WHERE c.relkind IN ('r', 'v', 'f', 'p')) x
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_authid g ON g.oid = x.grantor
  JOIN (SELECT r.oid, r.rolname FROM pg_catalog.pg_authid r
        UNION ALL
        SELECT 0::oid, 'PUBLIC') e(oid, rolname) ON e.oid = x.grantee
 WHERE x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES')
   AND (pg_catalog.pg_has_role(g.oid, 'USAGE') OR pg_catalog.pg_has_role(e.oid, 'USAGE') OR e.rolname = 'PUBLIC');

CREATE VIEW information_schema.role_column_grants AS
SELECT p.grantor, p.grantee, p.table_catalog, p.table_schema, p.table_name, p.column_name, p.privilege_type,
       p.is_grantable
  FROM information_schema.column_privileges p
 WHERE p.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r)
    OR p.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);

CREATE VIEW information_schema.column_domain_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS domain_catalog,
       (tn.nspname)::information_schema.sql_identifier AS domain_schema,
       (t.typname)::information_schema.sql_identifier AS domain_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (a.attname)::information_schema.sql_identifier AS column_name
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.typtype = 'd' AND c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped
   AND pg_catalog.pg_has_role(t.typowner, 'USAGE');

CREATE VIEW information_schema.column_udt_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (coalesce(bn.nspname, tn.nspname))::information_schema.sql_identifier AS udt_schema,
       (coalesce(b.typname, t.typname))::information_schema.sql_identifier AS udt_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (n.nspname)::information_schema.sql_identifier AS table_schema,
       (c.relname)::information_schema.sql_identifier AS table_name,
       (a.attname)::information_schema.sql_identifier AS column_name
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
   AND pg_catalog.pg_has_role(coalesce(b.typowner, t.typowner), 'USAGE');

CREATE VIEW information_schema.domain_udt_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (bn.nspname)::information_schema.sql_identifier AS udt_schema,
       (b.typname)::information_schema.sql_identifier AS udt_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS domain_catalog,
       (n.nspname)::information_schema.sql_identifier AS domain_schema,
       (t.typname)::information_schema.sql_identifier AS domain_name
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
 WHERE t.typtype = 'd' AND pg_catalog.pg_has_role(b.typowner, 'USAGE');

CREATE VIEW information_schema.view_table_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS view_catalog,
       (x.view_schema)::information_schema.sql_identifier AS view_schema,
       (x.view_name)::information_schema.sql_identifier AS view_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name
  FROM (SELECT DISTINCT vn.nspname AS view_schema, v.relname AS view_name, n.nspname, c.relname, c.relowner
          FROM pg_catalog.pg_class v
          JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
          JOIN pg_catalog.pg_depend dv
            ON dv.refclassid = 1259::oid AND dv.refobjid = v.oid AND dv.classid = 2618::oid AND dv.deptype = 'i'
          JOIN pg_catalog.pg_depend dc ON dc.classid = 2618::oid AND dc.objid = dv.objid
                                      AND dc.refclassid = 1259::oid AND dc.refobjid <> v.oid
          JOIN pg_catalog.pg_class c ON c.oid = dc.refobjid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE v.relkind = 'v' AND c.relkind IN ('r', 'v', 'f', 'p')) x
 WHERE pg_catalog.pg_has_role(x.relowner, 'USAGE');

CREATE VIEW information_schema.view_column_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS view_catalog,
       (x.view_schema)::information_schema.sql_identifier AS view_schema,
       (x.view_name)::information_schema.sql_identifier AS view_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (x.attname)::information_schema.sql_identifier AS column_name
  FROM (SELECT DISTINCT vn.nspname AS view_schema, v.relname AS view_name, n.nspname, c.relname, c.relowner, a.attname
          FROM pg_catalog.pg_class v
          JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
          JOIN pg_catalog.pg_depend dv
            ON dv.refclassid = 1259::oid AND dv.refobjid = v.oid AND dv.classid = 2618::oid AND dv.deptype = 'i'
          JOIN pg_catalog.pg_depend dc ON dc.classid = 2618::oid AND dc.objid = dv.objid
                                      AND dc.refclassid = 1259::oid AND dc.refobjid <> v.oid
          JOIN pg_catalog.pg_class c ON c.oid = dc.refobjid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = dc.refobjsubid AND NOT a.attisdropped
         WHERE v.relkind = 'v' AND c.relkind IN ('r', 'v', 'f', 'p')) x
 WHERE pg_catalog.pg_has_role(x.relowner, 'USAGE');

CREATE VIEW information_schema.routines AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (n.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(p.proname, p.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (n.nspname)::information_schema.sql_identifier AS routine_schema,
       (p.proname)::information_schema.sql_identifier AS routine_name,
       (CASE p.prokind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END)::information_schema.character_data AS routine_type,
       (NULL::text)::information_schema.sql_identifier AS module_catalog,
       (NULL::text)::information_schema.sql_identifier AS module_schema,
       (NULL::text)::information_schema.sql_identifier AS module_name,
       (NULL::text)::information_schema.sql_identifier AS udt_catalog,
       (NULL::text)::information_schema.sql_identifier AS udt_schema,
       (NULL::text)::information_schema.sql_identifier AS udt_name,
       (CASE WHEN p.prokind = 'p' THEN NULL WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       (NULL::integer)::information_schema.cardinal_number AS character_maximum_length,
       (NULL::integer)::information_schema.cardinal_number AS character_octet_length,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (NULL::text)::information_schema.sql_identifier AS collation_catalog,
       (NULL::text)::information_schema.sql_identifier AS collation_schema,
       (NULL::text)::information_schema.sql_identifier AS collation_name,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision_radix,
       (NULL::integer)::information_schema.cardinal_number AS numeric_scale,
       (NULL::integer)::information_schema.cardinal_number AS datetime_precision,
       (NULL::text)::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (CASE WHEN tn.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS type_udt_catalog,
       (tn.nspname)::information_schema.sql_identifier AS type_udt_schema,
       (t.typname)::information_schema.sql_identifier AS type_udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       (CASE WHEN p.prokind <> 'p' THEN 0 END)::information_schema.sql_identifier AS dtd_identifier,
       (CASE WHEN l.lanname = 'sql' THEN 'SQL' ELSE 'EXTERNAL' END)::information_schema.character_data AS routine_body,
       (CASE WHEN pg_catalog.pg_has_role(p.proowner, 'USAGE') THEN p.prosrc END)::information_schema.character_data AS routine_definition,
       (CASE WHEN l.lanname = 'c' THEN p.prosrc END)::information_schema.character_data AS external_name,
       (pg_catalog.upper(l.lanname))::information_schema.character_data AS external_language,
       ('GENERAL')::information_schema.character_data AS parameter_style,
       (CASE WHEN p.provolatile = 'i' THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_deterministic,
       ('MODIFIES')::information_schema.character_data AS sql_data_access,
       (CASE WHEN p.prokind <> 'p' THEN CASE WHEN p.proisstrict THEN 'YES' ELSE 'NO' END END)::information_schema.yes_or_no AS is_null_call,
       (NULL::text)::information_schema.character_data AS sql_path,
       ('YES')::information_schema.yes_or_no AS schema_level_routine,
       (0)::information_schema.cardinal_number AS max_dynamic_result_sets,
       (NULL::text)::information_schema.yes_or_no AS is_user_defined_cast,
       (NULL::text)::information_schema.yes_or_no AS is_implicitly_invocable,
       (CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END)::information_schema.character_data AS security_type,
       (NULL::text)::information_schema.sql_identifier AS to_sql_specific_catalog,
       (NULL::text)::information_schema.sql_identifier AS to_sql_specific_schema,
       (NULL::text)::information_schema.sql_identifier AS to_sql_specific_name,
       ('NO')::information_schema.yes_or_no AS as_locator, NULL::information_schema.time_stamp AS created,
       NULL::information_schema.time_stamp AS last_altered,
       (NULL::text)::information_schema.yes_or_no AS new_savepoint_level,
       ('NO')::information_schema.yes_or_no AS is_udt_dependent,
       (NULL::text)::information_schema.character_data AS result_cast_from_data_type,
       (NULL::text)::information_schema.yes_or_no AS result_cast_as_locator,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_char_max_length,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_char_octet_length,
       (NULL::text)::information_schema.sql_identifier AS result_cast_char_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS result_cast_char_set_schema,
       (NULL::text)::information_schema.sql_identifier AS result_cast_char_set_name,
       (NULL::text)::information_schema.sql_identifier AS result_cast_collation_catalog,
       (NULL::text)::information_schema.sql_identifier AS result_cast_collation_schema,
       (NULL::text)::information_schema.sql_identifier AS result_cast_collation_name,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_numeric_precision,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_numeric_precision_radix,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_numeric_scale,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_datetime_precision,
       (NULL::text)::information_schema.character_data AS result_cast_interval_type,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_interval_precision,
       (NULL::text)::information_schema.sql_identifier AS result_cast_type_udt_catalog,
       (NULL::text)::information_schema.sql_identifier AS result_cast_type_udt_schema,
       (NULL::text)::information_schema.sql_identifier AS result_cast_type_udt_name,
       (NULL::text)::information_schema.sql_identifier AS result_cast_scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS result_cast_scope_schema,
       (NULL::text)::information_schema.sql_identifier AS result_cast_scope_name,
       (NULL::integer)::information_schema.cardinal_number AS result_cast_maximum_cardinality,
       (NULL::text)::information_schema.sql_identifier AS result_cast_dtd_identifier
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_type t ON t.oid = p.prorettype AND p.prokind <> 'p'
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
 WHERE (pg_catalog.pg_has_role(p.proowner, 'USAGE') OR pg_catalog.has_function_privilege(p.oid, 'EXECUTE'));

CREATE VIEW information_schema.parameters AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (n.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(p.proname, p.oid))::information_schema.sql_identifier AS specific_name,
       (g.n)::information_schema.cardinal_number AS ordinal_position,
       (CASE WHEN p.proargmodes IS NULL THEN 'IN' ELSE CASE p.proargmodes[g.n] WHEN 'i' THEN 'IN' WHEN 'o' THEN 'OUT' WHEN 'b' THEN 'INOUT' WHEN 'v' THEN 'IN' WHEN 't' THEN 'OUT' END END)::information_schema.character_data AS parameter_mode,
       ('NO')::information_schema.yes_or_no AS is_result, ('NO')::information_schema.yes_or_no AS as_locator,
       (nullif(p.proargnames[g.n], ''))::information_schema.sql_identifier AS parameter_name,
       (CASE WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.oid, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       (NULL::integer)::information_schema.cardinal_number AS character_maximum_length,
       (NULL::integer)::information_schema.cardinal_number AS character_octet_length,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (NULL::text)::information_schema.sql_identifier AS collation_catalog,
       (NULL::text)::information_schema.sql_identifier AS collation_schema,
       (NULL::text)::information_schema.sql_identifier AS collation_name,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision_radix,
       (NULL::integer)::information_schema.cardinal_number AS numeric_scale,
       (NULL::integer)::information_schema.cardinal_number AS datetime_precision,
       (NULL::text)::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (tn.nspname)::information_schema.sql_identifier AS udt_schema,
       (t.typname)::information_schema.sql_identifier AS udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       (g.n)::information_schema.sql_identifier AS dtd_identifier,
       (CASE WHEN pg_catalog.pg_has_role(p.proowner, 'USAGE') THEN pg_catalog.pg_get_function_arg_default(p.oid, g.n::integer) END)::information_schema.character_data AS parameter_default
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  CROSS JOIN LATERAL pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY g(typeid, n)
  JOIN pg_catalog.pg_type t ON t.oid = g.typeid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
 WHERE (pg_catalog.pg_has_role(p.proowner, 'USAGE') OR pg_catalog.has_function_privilege(p.oid, 'EXECUTE'));

CREATE VIEW information_schema.routine_privileges AS
SELECT (g.rolname)::information_schema.sql_identifier AS grantor,
       (e.rolname)::information_schema.sql_identifier AS grantee,
       (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (n.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(p.proname, p.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (n.nspname)::information_schema.sql_identifier AS routine_schema,
       (p.proname)::information_schema.sql_identifier AS routine_name,
       ('EXECUTE')::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_catalog.pg_has_role(e.oid, p.proowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)))
       x(grantor, grantee, privilege_type, is_grantable)
  JOIN pg_catalog.pg_authid g ON g.oid = x.grantor
  JOIN (SELECT r.oid, r.rolname FROM pg_catalog.pg_authid r
        UNION ALL
        SELECT 0::oid, 'PUBLIC') e(oid, rolname) ON e.oid = x.grantee
 WHERE x.privilege_type = 'EXECUTE' AND (pg_catalog.pg_has_role(g.oid, 'USAGE') OR pg_catalog.pg_has_role(e.oid, 'USAGE') OR e.rolname = 'PUBLIC');

CREATE VIEW information_schema.role_routine_grants AS
SELECT p.grantor, p.grantee, p.specific_catalog, p.specific_schema, p.specific_name, p.routine_catalog,
       p.routine_schema, p.routine_name, p.privilege_type, p.is_grantable
  FROM information_schema.routine_privileges p
 WHERE p.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r)
    OR p.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);
