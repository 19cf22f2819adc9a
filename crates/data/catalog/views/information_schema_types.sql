-- The information schema: types, their attributes and privileges, routines' and triggers' use of other objects. For the form see
-- pg_catalog.sql.

CREATE VIEW information_schema.attributes AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (n.nspname)::information_schema.sql_identifier AS udt_schema,
       (c.relname)::information_schema.sql_identifier AS udt_name,
       (a.attname)::information_schema.sql_identifier AS attribute_name,
       (a.attnum)::information_schema.cardinal_number AS ordinal_position,
       (pg_catalog.pg_get_expr(d.adbin, d.adrelid))::information_schema.character_data AS attribute_default,
       (CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END)::information_schema.yes_or_no AS is_nullable,
       (CASE WHEN t.typtype = 'd' THEN CASE WHEN b.typelem <> 0::oid AND b.typlen = -1 THEN 'ARRAY' WHEN bn.nspname = 'pg_catalog' THEN pg_catalog.format_type(t.typbasetype, NULL) ELSE 'USER-DEFINED' END ELSE CASE WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN pg_catalog.format_type(a.atttypid, NULL) ELSE 'USER-DEFINED' END END)::information_schema.character_data AS data_type,
       (information_schema._pg_char_max_length(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS character_maximum_length,
       (information_schema._pg_char_octet_length(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS character_octet_length,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN cn.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS collation_catalog,
       (cn.nspname)::information_schema.sql_identifier AS collation_schema,
       (co.collname)::information_schema.sql_identifier AS collation_name,
       (information_schema._pg_numeric_precision(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_precision,
       (information_schema._pg_numeric_precision_radix(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_precision_radix,
       (information_schema._pg_numeric_scale(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS numeric_scale,
       (information_schema._pg_datetime_precision(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.cardinal_number AS datetime_precision,
       (information_schema._pg_interval_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END))::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (pg_catalog.current_database())::information_schema.sql_identifier AS attribute_udt_catalog,
       (coalesce(bn.nspname, tn.nspname))::information_schema.sql_identifier AS attribute_udt_schema,
       (coalesce(b.typname, t.typname))::information_schema.sql_identifier AS attribute_udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       (a.attnum)::information_schema.sql_identifier AS dtd_identifier,
       ('NO')::information_schema.yes_or_no AS is_derived_reference_attribute
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
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c'
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_type_privilege(c.reltype, 'USAGE'));

CREATE VIEW information_schema.check_constraint_routine_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS constraint_catalog,
       (n.nspname)::information_schema.sql_identifier AS constraint_schema,
       (c.conname)::information_schema.sql_identifier AS constraint_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (pn.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(p.proname, p.oid))::information_schema.sql_identifier AS specific_name
  FROM pg_catalog.pg_constraint c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
  JOIN pg_catalog.pg_depend d ON d.classid = 2606::oid AND d.objid = c.oid AND d.refclassid = 1255::oid
  JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
 WHERE c.contype = 'c' AND pg_catalog.pg_has_role(p.proowner, 'USAGE');

CREATE VIEW information_schema.column_column_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (x.used)::information_schema.sql_identifier AS column_name,
       (x.generated)::information_schema.sql_identifier AS dependent_column
  FROM (SELECT DISTINCT n.nspname, c.relname, u.attname AS used, a.attname AS generated
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attgenerated <> ''
          JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
          JOIN pg_catalog.pg_depend d ON d.classid = 2604::oid AND d.objid = f.oid AND d.refclassid = 1259::oid
                                     AND d.refobjid = c.oid AND d.deptype = 'n'
          JOIN pg_catalog.pg_attribute u ON u.attrelid = c.oid AND u.attnum = d.refobjsubid AND u.attnum <> a.attnum
         WHERE c.relkind IN ('r', 'f', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) x;

CREATE VIEW information_schema.data_type_privileges AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS object_catalog,
       x.object_schema AS object_schema,
       x.object_name AS object_name,
       (x.object_type)::information_schema.character_data AS object_type,
       x.dtd_identifier AS dtd_identifier
  FROM (SELECT a.udt_schema, a.udt_name, 'USER-DEFINED TYPE'::text, a.dtd_identifier FROM information_schema.attributes a
        UNION ALL
        SELECT c.table_schema, c.table_name, 'TABLE', c.dtd_identifier FROM information_schema.columns c
        UNION ALL
        SELECT d.domain_schema, d.domain_name, 'DOMAIN', d.dtd_identifier FROM information_schema.domains d
        UNION ALL
        SELECT p.specific_schema, p.specific_name, 'ROUTINE', p.dtd_identifier FROM information_schema.parameters p
        UNION ALL
        SELECT r.specific_schema, r.specific_name, 'ROUTINE', r.dtd_identifier FROM information_schema.routines r)
       x(object_schema, object_name, object_type, dtd_identifier);

CREATE VIEW information_schema.element_types AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS object_catalog,
       (n.nspname)::information_schema.sql_identifier AS object_schema,
       (x.object_name)::information_schema.sql_identifier AS object_name,
       (x.object_type)::information_schema.character_data AS object_type,
       (x.identifier)::information_schema.sql_identifier AS collection_type_identifier,
       (CASE WHEN et.typelem <> 0::oid AND et.typlen = -1 THEN 'ARRAY' WHEN en.nspname = 'pg_catalog' THEN pg_catalog.format_type(et.oid, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       (NULL::integer)::information_schema.cardinal_number AS character_maximum_length,
       (NULL::integer)::information_schema.cardinal_number AS character_octet_length,
       (NULL::text)::information_schema.sql_identifier AS character_set_catalog,
       (NULL::text)::information_schema.sql_identifier AS character_set_schema,
       (NULL::text)::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN cn.nspname IS NOT NULL THEN pg_catalog.current_database() END)::information_schema.sql_identifier AS collation_catalog,
       (cn.nspname)::information_schema.sql_identifier AS collation_schema,
       (co.collname)::information_schema.sql_identifier AS collation_name,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision,
       (NULL::integer)::information_schema.cardinal_number AS numeric_precision_radix,
       (NULL::integer)::information_schema.cardinal_number AS numeric_scale,
       (NULL::integer)::information_schema.cardinal_number AS datetime_precision,
       (NULL::text)::information_schema.character_data AS interval_type,
       (NULL::integer)::information_schema.cardinal_number AS interval_precision,
       (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (en.nspname)::information_schema.sql_identifier AS udt_schema,
       (et.typname)::information_schema.sql_identifier AS udt_name,
       (NULL::text)::information_schema.sql_identifier AS scope_catalog,
       (NULL::text)::information_schema.sql_identifier AS scope_schema,
       (NULL::text)::information_schema.sql_identifier AS scope_name,
       (NULL::integer)::information_schema.cardinal_number AS maximum_cardinality,
       ('a' || x.identifier::text)::information_schema.sql_identifier AS dtd_identifier
  FROM (SELECT c.relnamespace, c.relname, CASE WHEN c.relkind = 'c' THEN 'USER-DEFINED TYPE' ELSE 'TABLE' END,
               a.attnum::integer, a.atttypid, a.attcollation
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'v', 'f', 'c', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT t.typnamespace, t.typname, 'DOMAIN', 1, t.typbasetype, t.typcollation
          FROM pg_catalog.pg_type t
         WHERE t.typtype = 'd'
        UNION ALL
        SELECT p.pronamespace, pg_catalog.nameconcatoid(p.proname, p.oid), 'ROUTINE', g.n::integer, g.typeid, 0::oid
          FROM pg_catalog.pg_proc p
         CROSS JOIN LATERAL pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY g(typeid, n)
        UNION ALL
        SELECT p.pronamespace, pg_catalog.nameconcatoid(p.proname, p.oid), 'ROUTINE', 0, p.prorettype, 0::oid
          FROM pg_catalog.pg_proc p) x(namespace, object_name, object_type, identifier, typeid, collationid)
  JOIN pg_catalog.pg_namespace n ON n.oid = x.namespace
  JOIN pg_catalog.pg_type at ON at.oid = x.typeid
  JOIN pg_catalog.pg_type et ON et.oid = at.typelem
  JOIN pg_catalog.pg_namespace en ON en.oid = et.typnamespace
  LEFT JOIN pg_catalog.pg_collation co
         ON co.oid = x.collationid AND NOT (co.collname = 'default' AND co.collnamespace = 11::oid)
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
 WHERE at.typelem <> 0::oid AND at.typlen = -1
   AND (n.nspname, x.object_name, x.object_type, x.identifier::text) IN
       (SELECT p.object_schema, p.object_name, p.object_type, p.dtd_identifier FROM information_schema.data_type_privileges p);

CREATE VIEW information_schema.udt_privileges AS
SELECT (g.rolname)::information_schema.sql_identifier AS grantor,
       (e.rolname)::information_schema.sql_identifier AS grantee,
       (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (n.nspname)::information_schema.sql_identifier AS udt_schema,
       (t.typname)::information_schema.sql_identifier AS udt_name,
       ('TYPE USAGE')::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_catalog.pg_has_role(e.oid, t.typowner, 'USAGE') OR x.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)))
       x(grantor, grantee, privilege_type, is_grantable)
  JOIN pg_catalog.pg_authid g ON g.oid = x.grantor
  JOIN (SELECT r.oid, r.rolname FROM pg_catalog.pg_authid r
        UNION ALL
        SELECT 0::oid, 'PUBLIC') e(oid, rolname) ON e.oid = x.grantee
 WHERE t.typtype = 'c' AND x.privilege_type = 'USAGE' AND (pg_catalog.pg_has_role(g.oid, 'USAGE') OR pg_catalog.pg_has_role(e.oid, 'USAGE') OR e.rolname = 'PUBLIC');

CREATE VIEW information_schema.role_udt_grants AS
SELECT p.grantor AS grantor,
       p.grantee AS grantee,
       p.udt_catalog AS udt_catalog,
       p.udt_schema AS udt_schema,
       p.udt_name AS udt_name,
       p.privilege_type AS privilege_type,
       p.is_grantable AS is_grantable
  FROM information_schema.udt_privileges p
 WHERE p.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r)
    OR p.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);

CREATE VIEW information_schema.usage_privileges AS
SELECT (g.rolname)::information_schema.sql_identifier AS grantor,
       (e.rolname)::information_schema.sql_identifier AS grantee,
       (pg_catalog.current_database())::information_schema.sql_identifier AS object_catalog,
       (u.nspname)::information_schema.sql_identifier AS object_schema,
       (u.name)::information_schema.sql_identifier AS object_name,
       (u.kind)::information_schema.character_data AS object_type,
       ('USAGE')::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_catalog.pg_has_role(e.oid, u.owner, 'USAGE') OR u.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
  FROM (SELECT n.nspname, o.collname, 'COLLATION'::text, o.collowner, o.collowner, 0::oid, 'USAGE'::text, false
          FROM pg_catalog.pg_collation o
          JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
         WHERE o.collencoding IN (-1, (SELECT d.encoding FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
        UNION ALL
        SELECT n.nspname, o.typname, 'DOMAIN'::text, o.typowner, x.grantor, x.grantee, x.privilege_type, x.is_grantable
          FROM pg_catalog.pg_type o
          JOIN pg_catalog.pg_namespace n ON n.oid = o.typnamespace
         CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.typacl, pg_catalog.acldefault('T', o.typowner))) x
         WHERE o.typtype = 'd'
        UNION ALL
        SELECT ''::name, o.fdwname, 'FOREIGN DATA WRAPPER'::text, o.fdwowner, x.grantor, x.grantee, x.privilege_type, x.is_grantable
          FROM pg_catalog.pg_foreign_data_wrapper o
         CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.fdwacl, pg_catalog.acldefault('F', o.fdwowner))) x
        UNION ALL
        SELECT ''::name, o.srvname, 'FOREIGN SERVER'::text, o.srvowner, x.grantor, x.grantee, x.privilege_type, x.is_grantable
          FROM pg_catalog.pg_foreign_server o
         CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.srvacl, pg_catalog.acldefault('S', o.srvowner))) x
        UNION ALL
        SELECT n.nspname, o.relname, 'SEQUENCE'::text, o.relowner, x.grantor, x.grantee, x.privilege_type, x.is_grantable
          FROM pg_catalog.pg_class o
          JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
         CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.relacl, pg_catalog.acldefault('s', o.relowner))) x
         WHERE o.relkind = 'S')
       u(nspname, name, kind, owner, grantor, grantee, privilege_type, is_grantable)
  JOIN pg_catalog.pg_authid g ON g.oid = u.grantor
  JOIN (SELECT r.oid, r.rolname FROM pg_catalog.pg_authid r
        UNION ALL
        SELECT 0::oid, 'PUBLIC') e(oid, rolname) ON e.oid = u.grantee
 WHERE u.privilege_type = 'USAGE' AND (pg_catalog.pg_has_role(g.oid, 'USAGE') OR pg_catalog.pg_has_role(e.oid, 'USAGE') OR e.rolname = 'PUBLIC');

CREATE VIEW information_schema.role_usage_grants AS
SELECT p.grantor AS grantor,
       p.grantee AS grantee,
       p.object_catalog AS object_catalog,
       p.object_schema AS object_schema,
       p.object_name AS object_name,
       p.object_type AS object_type,
       p.privilege_type AS privilege_type,
       p.is_grantable AS is_grantable
  FROM information_schema.usage_privileges p
 WHERE p.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r)
    OR p.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);

CREATE VIEW information_schema.routine_column_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (x.nspname)::information_schema.sql_identifier AS routine_schema,
       (x.proname)::information_schema.sql_identifier AS routine_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.table_schema)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (x.attname)::information_schema.sql_identifier AS column_name
  FROM (SELECT DISTINCT n.nspname, p.proname, p.oid, tn.nspname AS table_schema, c.relname, a.attname
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_catalog.pg_depend d ON d.classid = 1255::oid AND d.objid = p.oid AND d.deptype = 'n'
          JOIN pg_catalog.pg_class c ON d.refclassid = 1259::oid AND c.oid = d.refobjid
          JOIN pg_catalog.pg_namespace tn ON tn.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
         WHERE c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) x;

CREATE VIEW information_schema.routine_routine_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (x.used_schema)::information_schema.sql_identifier AS routine_schema,
       (pg_catalog.nameconcatoid(x.used_name, x.used))::information_schema.sql_identifier AS routine_name
  FROM (SELECT DISTINCT n.nspname, p.proname, p.oid, un.nspname AS used_schema, u.proname AS used_name, u.oid AS used
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_catalog.pg_depend d ON d.classid = 1255::oid AND d.objid = p.oid AND d.refclassid = 1255::oid AND d.deptype = 'n'
          JOIN pg_catalog.pg_proc u ON u.oid = d.refobjid
          JOIN pg_catalog.pg_namespace un ON un.oid = u.pronamespace
         WHERE p.prokind IN ('f', 'p') AND pg_catalog.pg_has_role(u.proowner, 'USAGE')) x;

CREATE VIEW information_schema.routine_sequence_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (x.nspname)::information_schema.sql_identifier AS routine_schema,
       (x.proname)::information_schema.sql_identifier AS routine_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS sequence_catalog,
       (x.sequence_schema)::information_schema.sql_identifier AS sequence_schema,
       (x.relname)::information_schema.sql_identifier AS sequence_name
  FROM (SELECT DISTINCT n.nspname, p.proname, p.oid, cn.nspname AS sequence_schema, c.relname
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_catalog.pg_depend d ON d.classid = 1255::oid AND d.objid = p.oid AND d.deptype = 'n'
          JOIN pg_catalog.pg_class c ON d.refclassid = 1259::oid AND c.oid = d.refobjid
          JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
         WHERE c.relkind = 'S' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) x;

CREATE VIEW information_schema.routine_table_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.nspname)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS routine_catalog,
       (x.nspname)::information_schema.sql_identifier AS routine_schema,
       (x.proname)::information_schema.sql_identifier AS routine_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.table_schema)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name
  FROM (SELECT DISTINCT n.nspname, p.proname, p.oid, cn.nspname AS table_schema, c.relname
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_catalog.pg_depend d ON d.classid = 1255::oid AND d.objid = p.oid AND d.deptype = 'n'
          JOIN pg_catalog.pg_class c ON d.refclassid = 1259::oid AND c.oid = d.refobjid
          JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'v', 'f', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) x;

CREATE VIEW information_schema.transforms AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS udt_catalog,
       (x.type_schema)::information_schema.sql_identifier AS udt_schema,
       (x.typname)::information_schema.sql_identifier AS udt_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.routine_schema)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name,
       (x.lanname)::information_schema.sql_identifier AS group_name,
       (x.way)::information_schema.character_data AS transform_type
  FROM (SELECT tn.nspname AS type_schema, t.typname, pn.nspname AS routine_schema, p.proname, p.oid, l.lanname, 'FROM SQL'::text AS way, p.proowner
          FROM pg_catalog.pg_transform x
          JOIN pg_catalog.pg_type t ON t.oid = x.trftype
          JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
          JOIN pg_catalog.pg_language l ON l.oid = x.trflang
          JOIN pg_catalog.pg_proc p ON p.oid = x.trffromsql::oid
          JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
        UNION ALL
        SELECT tn.nspname AS type_schema, t.typname, pn.nspname AS routine_schema, p.proname, p.oid, l.lanname, 'TO SQL'::text AS way, p.proowner
          FROM pg_catalog.pg_transform x
          JOIN pg_catalog.pg_type t ON t.oid = x.trftype
          JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
          JOIN pg_catalog.pg_language l ON l.oid = x.trflang
          JOIN pg_catalog.pg_proc p ON p.oid = x.trftosql::oid
          JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace) x
 WHERE pg_catalog.pg_has_role(x.proowner, 'USAGE') OR pg_catalog.has_function_privilege(x.oid, 'EXECUTE');

CREATE VIEW information_schema.triggered_update_columns AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS trigger_catalog,
       (n.nspname)::information_schema.sql_identifier AS trigger_schema,
       (t.tgname)::information_schema.sql_identifier AS trigger_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS event_object_catalog,
       (n.nspname)::information_schema.sql_identifier AS event_object_schema,
       (c.relname)::information_schema.sql_identifier AS event_object_table,
       (a.attname)::information_schema.sql_identifier AS event_object_column
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (t.tgattr::smallint[])
 WHERE NOT t.tgisinternal AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.triggers AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS trigger_catalog,
       (n.nspname)::information_schema.sql_identifier AS trigger_schema,
       (t.tgname)::information_schema.sql_identifier AS trigger_name,
       (e.name)::information_schema.character_data AS event_manipulation,
       (pg_catalog.current_database())::information_schema.sql_identifier AS event_object_catalog,
       (n.nspname)::information_schema.sql_identifier AS event_object_schema,
       (c.relname)::information_schema.sql_identifier AS event_object_table,
       (pg_catalog.rank() OVER (PARTITION BY n.nspname, c.relname, e.bit, t.tgtype & 1, t.tgtype & 66 ORDER BY t.tgname))::information_schema.cardinal_number AS action_order,
       (CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN (pg_catalog.regexp_match(pg_catalog.pg_get_triggerdef(t.oid), E'.{35,} WHEN \\((.+)\\) EXECUTE FUNCTION'))[1] END)::information_schema.character_data AS action_condition,
       (pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), pg_catalog.strpos(pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), 48), 'EXECUTE FUNCTION') + 47))::information_schema.character_data AS action_statement,
       (CASE WHEN t.tgtype & 1 = 1 THEN 'ROW' ELSE 'STATEMENT' END)::information_schema.character_data AS action_orientation,
       (CASE t.tgtype & 66 WHEN 2 THEN 'BEFORE' WHEN 64 THEN 'INSTEAD OF' ELSE 'AFTER' END)::information_schema.character_data AS action_timing,
       (t.tgoldtable)::information_schema.sql_identifier AS action_reference_old_table,
       (t.tgnewtable)::information_schema.sql_identifier AS action_reference_new_table,
       (NULL::text)::information_schema.sql_identifier AS action_reference_old_row,
       (NULL::text)::information_schema.sql_identifier AS action_reference_new_row,
       (NULL::timestamptz)::information_schema.time_stamp AS created
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE')) e(bit, name) ON t.tgtype & e.bit <> 0
 WHERE NOT t.tgisinternal AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
   AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.user_defined_types AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS user_defined_type_catalog,
       (n.nspname)::information_schema.sql_identifier AS user_defined_type_schema,
       (c.relname)::information_schema.sql_identifier AS user_defined_type_name,
       ('STRUCTURED')::information_schema.character_data AS user_defined_type_category,
       ('YES')::information_schema.yes_or_no AS is_instantiable,
       (NULL::text)::information_schema.yes_or_no AS is_final,
       (NULL::text)::information_schema.character_data AS ordering_form,
       (NULL::text)::information_schema.character_data AS ordering_category,
       (NULL::text)::information_schema.sql_identifier AS ordering_routine_catalog,
       (NULL::text)::information_schema.sql_identifier AS ordering_routine_schema,
       (NULL::text)::information_schema.sql_identifier AS ordering_routine_name,
       (NULL::text)::information_schema.character_data AS reference_type,
       (NULL::text)::information_schema.character_data AS data_type,
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
       (NULL::text)::information_schema.sql_identifier AS source_dtd_identifier,
       (NULL::text)::information_schema.sql_identifier AS ref_dtd_identifier
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'c' AND (pg_catalog.pg_has_role(t.typowner, 'USAGE') OR pg_catalog.has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW information_schema.view_routine_usage AS
SELECT (pg_catalog.current_database())::information_schema.sql_identifier AS table_catalog,
       (x.nspname)::information_schema.sql_identifier AS table_schema,
       (x.relname)::information_schema.sql_identifier AS table_name,
       (pg_catalog.current_database())::information_schema.sql_identifier AS specific_catalog,
       (x.routine_schema)::information_schema.sql_identifier AS specific_schema,
       (pg_catalog.nameconcatoid(x.proname, x.oid))::information_schema.sql_identifier AS specific_name
  FROM (SELECT DISTINCT n.nspname, v.relname, pn.nspname AS routine_schema, p.proname, p.oid
          FROM pg_catalog.pg_class v
          JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
          JOIN pg_catalog.pg_depend dv
            ON dv.refclassid = 1259::oid AND dv.refobjid = v.oid AND dv.classid = 2618::oid AND dv.deptype = 'i'
          JOIN pg_catalog.pg_depend dp ON dp.classid = 2618::oid AND dp.objid = dv.objid AND dp.refclassid = 1255::oid
          JOIN pg_catalog.pg_proc p ON p.oid = dp.refobjid
          JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
         WHERE v.relkind = 'v' AND pg_catalog.pg_has_role(p.proowner, 'USAGE')) x;
