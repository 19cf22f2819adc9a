 AND (
 EXISTS (SELECT NULL FROM pg_catalog.pg_attribute a
 WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
 AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
 AND NOT a.attisdropped
 AND a.attstattarget IS DISTINCT FROM 0::pg_catalog.int2
 AND a.attgenerated OPERATOR(pg_catalog.<>) 'v'
 AND NOT EXISTS (SELECT NULL FROM pg_catalog.pg_statistic s
 WHERE s.starelid OPERATOR(pg_catalog.=) a.attrelid
 AND s.staattnum OPERATOR(pg_catalog.=) a.attnum
 AND s.stainherit OPERATOR(pg_catalog.=) p.inherited))
 OR EXISTS (SELECT NULL FROM pg_catalog.pg_statistic_ext e
 WHERE e.stxrelid OPERATOR(pg_catalog.=) c.oid
 AND e.stxstattarget IS DISTINCT FROM 0::pg_catalog.int2
 AND NOT EXISTS (SELECT NULL FROM pg_catalog.pg_statistic_ext_data d
 WHERE d.stxoid OPERATOR(pg_catalog.=) e.oid
 AND d.stxdinherit OPERATOR(pg_catalog.=) p.inherited))
 OR EXISTS (SELECT NULL FROM pg_catalog.pg_attribute a
 JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) a.attrelid
 WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid
 AND i.indkey[a.attnum OPERATOR(pg_catalog.-) 1::pg_catalog.int2] OPERATOR(pg_catalog.=) 0::pg_catalog.int2
 AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
 AND NOT a.attisdropped
 AND a.attstattarget IS DISTINCT FROM 0::pg_catalog.int2
 AND NOT p.inherited
 AND NOT EXISTS (SELECT NULL FROM pg_catalog.pg_statistic s
 WHERE s.starelid OPERATOR(pg_catalog.=) a.attrelid
 AND s.staattnum OPERATOR(pg_catalog.=) a.attnum))
 OR EXISTS (SELECT NULL FROM pg_catalog.pg_attribute a
 WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
 AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
 AND NOT a.attisdropped
 AND a.attstattarget IS DISTINCT FROM 0::pg_catalog.int2
 AND a.attgenerated OPERATOR(pg_catalog.<>) 'v'
 AND c.relhassubclass
 AND NOT p.inherited
 AND EXISTS (SELECT NULL FROM pg_catalog.pg_inherits h
 WHERE h.inhparent OPERATOR(pg_catalog.=) c.oid)
 AND NOT EXISTS (SELECT NULL FROM pg_catalog.pg_statistic s
 WHERE s.starelid OPERATOR(pg_catalog.=) a.attrelid
 AND s.staattnum OPERATOR(pg_catalog.=) a.attnum
 AND s.stainherit))
 OR EXISTS (SELECT NULL FROM pg_catalog.pg_statistic_ext e
 WHERE e.stxrelid OPERATOR(pg_catalog.=) c.oid
 AND e.stxstattarget IS DISTINCT FROM 0::pg_catalog.int2
 AND c.relhassubclass
 AND NOT p.inherited
 AND EXISTS (SELECT NULL FROM pg_catalog.pg_inherits h
 WHERE h.inhparent OPERATOR(pg_catalog.=) c.oid)
 AND NOT EXISTS (SELECT NULL FROM pg_catalog.pg_statistic_ext_data d
 WHERE d.stxoid OPERATOR(pg_catalog.=) e.oid
 AND d.stxdinherit))
 )
