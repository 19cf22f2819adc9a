//! From names to objects: schemas, the search path, and what it makes visible.

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::field::Part;
use crate::index;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;
use ids::oids::PG_CATALOG;
use std::sync::Arc;

/// The schemas that unqualified names are looked for in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// In order, implicit ones included.
    pub schemas: Vec<Oid>,
    /// Where unqualified new objects go; `None` if no schema of the path exists.
    pub creation: Option<Oid>,
    /// The session's schema for temporary objects, if it has one: not searched for functions and operators.
    pub temporary: Option<Oid>,
    /// How many of `schemas`, at their beginning, are searched though the parameter does not list them.
    pub implicit: usize,
    /// `pg_temp` is listed first: new objects are temporary, even if the session has no schema for them yet.
    pub creates_temporary: bool,
}

/// A function or operator that a name may mean.
#[derive(Clone, Debug)]
pub struct Candidate<T: 'static> {
    /// Its row.
    pub row: Entry<T>,
    /// Where its schema stands in the search path; 0 for qualified names.
    pub position: usize,
}

impl Catalog {
    /// The schema with this name, if there is one; `pg_temp` is the session's own.
    pub fn schema_by_name(&self, name: &str) -> Result<Option<Oid>> {
        if name == "pg_temp" {
            let mut session = self.session();
            session.temporary_used |= session.temp_namespace.is_some();
            return Ok(session.temp_namespace);
        }
        Ok(self.row::<PgNamespace>(index::PG_NAMESPACE_NSPNAME_INDEX, &[name.into()])?.map(|row| row.oid))
    }

    /// The schema with this name, or `3F000 schema "x" does not exist`.
    pub fn require_schema(&self, name: &str) -> Result<Oid> {
        self.schema_by_name(name)?
            .ok_or_else(|| Error::new(SqlState::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist")))
    }

    /// The schema's row, if it exists.
    pub fn schema(&self, oid: Oid) -> Result<Option<Entry<PgNamespace>>> {
        self.row(index::PG_NAMESPACE_OID_INDEX, &[oid.into()])
    }

    /// The name of a schema, if it exists.
    pub fn schema_name(&self, oid: Oid) -> Result<Option<String>> {
        Ok(self.schema(oid)?.map(|row| row.nspname.to_string()))
    }

    /// The search path, resolved: schemas that do not exist or may not be used are left out.
    pub fn search_path(&self) -> Result<Arc<SearchPath>> {
        let generation = self.generation();
        let state = self.session().clone();
        if let Some(path) = state.path {
            return Ok(path);
        }
        let mut schemas = Vec::new();
        let mut creation = None;
        let mut creates_temporary = false;
        for name in split_identifiers(&state.search_path).unwrap_or_default() {
            let schema = match &*name {
                "$user" => match self.role(state.user)? {
                    Some(role) => self.schema_by_name(&role.rolname)?,
                    None => None,
                },
                "pg_temp" => {
                    if creation.is_none() && schemas.is_empty() {
                        creates_temporary = true;
                        creation = state.temp_namespace;
                    }
                    state.temp_namespace
                }
                name => self.schema_by_name(name)?,
            };
            let Some(schema) = schema else { continue };
            if !schemas.contains(&schema) && self.may_use_schema(schema, state.user)? {
                schemas.push(schema);
            }
        }
        let creation = creation.or(schemas.first().copied());
        let mut implicit = 0;
        if !schemas.contains(&PG_CATALOG) {
            schemas.insert(0, PG_CATALOG);
            implicit += 1;
        }
        if let Some(temporary) = state.temp_namespace
            && !schemas.contains(&temporary)
        {
            schemas.insert(0, temporary);
            implicit += 1;
        }
        let path =
            Arc::new(SearchPath { schemas, creation, temporary: state.temp_namespace, implicit, creates_temporary });
        if self.generation() == generation {
            self.session().path = Some(path.clone());
        }
        Ok(path)
    }

    /// Looks for an unqualified name in each schema of the path, a qualified one in its own.
    fn search(&self, schema: Option<&str>, mut find: impl FnMut(Oid) -> Result<Option<Oid>>) -> Result<Option<Oid>> {
        if let Some(schema) = schema {
            return match self.schema_by_name(schema)? {
                Some(schema) => find(schema),
                None => Ok(None),
            };
        }
        for &schema in &self.search_path()?.schemas {
            if let Some(found) = find(schema)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn relation_in(&self, schema: Oid, name: &str) -> Result<Option<Oid>> {
        Ok(self.row::<PgClass>(index::PG_CLASS_RELNAME_NSP_INDEX, &[name.into(), schema.into()])?.map(|row| row.oid))
    }

    /// The relation of this name, if there is one.
    pub fn relation_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| self.relation_in(schema, name))
    }

    /// The relation of this name, or PostgreSQL's `42P01` (or `3F000` for its schema).
    pub fn require_relation(&self, schema: Option<&str>, name: &str) -> Result<Oid> {
        if let Some(found) = self.relation_by_name(schema, name)? {
            return Ok(found);
        }
        let full = schema.map_or_else(|| name.to_string(), |schema| format!("{schema}.{name}"));
        Err(Error::new(SqlState::UNDEFINED_TABLE, format!("relation \"{full}\" does not exist")))
    }

    fn type_in(&self, schema: Oid, name: &str) -> Result<Option<Oid>> {
        Ok(self.row::<PgType>(index::PG_TYPE_TYPNAME_NSP_INDEX, &[name.into(), schema.into()])?.map(|row| row.oid))
    }

    /// The type of this catalog name (`int4`, not `integer`), if there is one.
    pub fn type_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| self.type_in(schema, name))
    }

    /// The collation of this name for the database's encoding or for any.
    pub fn collation_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            for encoding in [self.encoding()?, -1] {
                let key = [name.into(), encoding.into(), schema.into()];
                if let Some(row) = self.row::<PgCollation>(index::PG_COLLATION_NAME_ENC_NSP_INDEX, &key)? {
                    return Ok(Some(row.oid));
                }
            }
            Ok(None)
        })
    }

    /// The operator class of this name for an access method.
    pub fn opclass_by_name(&self, method: Oid, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [method.into(), name.into(), schema.into()];
            Ok(self.row::<PgOpclass>(index::PG_OPCLASS_AM_NAME_NSP_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// The operator family of this name for an access method.
    pub fn opfamily_by_name(&self, method: Oid, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [method.into(), name.into(), schema.into()];
            Ok(self.row::<PgOpfamily>(index::PG_OPFAMILY_AM_NAME_NSP_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// The text search configuration of this name.
    pub fn ts_config_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [name.into(), schema.into()];
            Ok(self.row::<PgTsConfig>(index::PG_TS_CONFIG_CFGNAME_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// The text search dictionary of this name.
    pub fn ts_dict_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [name.into(), schema.into()];
            Ok(self.row::<PgTsDict>(index::PG_TS_DICT_DICTNAME_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// The text search parser of this name.
    pub fn ts_parser_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [name.into(), schema.into()];
            Ok(self.row::<PgTsParser>(index::PG_TS_PARSER_PRSNAME_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// The text search template of this name.
    pub fn ts_template_by_name(&self, schema: Option<&str>, name: &str) -> Result<Option<Oid>> {
        self.search(schema, |schema| {
            let key = [name.into(), schema.into()];
            Ok(self.row::<PgTsTemplate>(index::PG_TS_TEMPLATE_TMPLNAME_INDEX, &key)?.map(|row| row.oid))
        })
    }

    /// Candidates among rows of one name: those in the path, earlier schemas hiding later ones with the same arguments.
    fn candidates<T: CatalogRow>(
        &self,
        schema: Option<&str>,
        rows: &[Entry<T>],
        schema_of: impl Fn(&T) -> Oid,
        same_arguments: impl Fn(&T, &T) -> bool,
    ) -> Result<Vec<Candidate<T>>> {
        if let Some(schema) = schema {
            let Some(schema) = self.schema_by_name(schema)? else { return Ok(Vec::new()) };
            let rows = rows.iter().filter(|row| schema_of(row) == schema);
            return Ok(rows.map(|row| Candidate { row: row.clone(), position: 0 }).collect());
        }
        let path = self.search_path()?;
        let mut found: Vec<Candidate<T>> = Vec::new();
        for row in rows {
            let schema = schema_of(row);
            if path.temporary == Some(schema) {
                continue;
            }
            let Some(position) = path.schemas.iter().position(|&s| s == schema) else { continue };
            match found.iter_mut().find(|other| same_arguments(&other.row, row)) {
                Some(other) if other.position <= position => {}
                Some(other) => *other = Candidate { row: row.clone(), position },
                None => found.push(Candidate { row: row.clone(), position }),
            }
        }
        found.sort_by_key(|candidate| candidate.position);
        Ok(found)
    }

    /// The functions, procedures and aggregates that a name may mean, in the order of the path.
    pub fn functions_by_name(&self, schema: Option<&str>, name: &str) -> Result<Vec<Candidate<PgProc>>> {
        let rows = self.rows::<PgProc>(index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &[name.into()])?;
        self.candidates(schema, &rows, |row| row.pronamespace, |a, b| a.proargtypes == b.proargtypes)
    }

    /// The operators that a name may mean, in the order of the path. `left` is the invalid type for prefix operators.
    pub fn operators_by_name(&self, schema: Option<&str>, name: &str) -> Result<Vec<Candidate<PgOperator>>> {
        let rows = self.rows::<PgOperator>(index::PG_OPERATOR_OPRNAME_L_R_N_INDEX, &[name.into()])?;
        let same = |a: &PgOperator, b: &PgOperator| (a.oprleft, a.oprright) == (b.oprleft, b.oprright);
        self.candidates(schema, &rows, |row| row.oprnamespace, same)
    }

    /// The operator with exactly these argument types.
    pub fn operator_exact(&self, schema: Option<&str>, name: &str, left: Oid, right: Oid) -> Result<Option<Oid>> {
        let key: [Part<'_>; 3] = [name.into(), left.into(), right.into()];
        let rows = self.rows::<PgOperator>(index::PG_OPERATOR_OPRNAME_L_R_N_INDEX, &key)?;
        let found = self.candidates(schema, &rows, |row| row.oprnamespace, |_, _| true)?;
        Ok(found.first().map(|candidate| candidate.row.oid))
    }

    /// Whether the unqualified name of a relation finds it.
    pub fn relation_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.class(oid)? else { return Ok(None) };
        Ok(Some(self.relation_by_name(None, &row.relname)? == Some(oid)))
    }

    /// Whether the unqualified name of a type finds it.
    pub fn type_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.find_type(oid)? else { return Ok(None) };
        Ok(Some(self.type_by_name(None, &row.typname)? == Some(oid)))
    }

    /// Whether the unqualified name of a function, with its argument types, finds it.
    pub fn function_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.find_function(oid)? else { return Ok(None) };
        Ok(Some(self.functions_by_name(None, &row.proname)?.iter().any(|candidate| candidate.row.oid == oid)))
    }

    /// Whether the unqualified name of an operator, with its argument types, finds it.
    pub fn operator_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.find_operator(oid)? else { return Ok(None) };
        Ok(Some(self.operator_exact(None, &row.oprname, row.oprleft, row.oprright)? == Some(oid)))
    }

    /// Whether the unqualified name of a collation finds it.
    pub fn collation_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.row::<PgCollation>(index::PG_COLLATION_OID_INDEX, &[oid.into()])? else {
            return Ok(None);
        };
        Ok(Some(self.collation_by_name(None, &row.collname)? == Some(oid)))
    }

    /// Whether the unqualified name of an operator class finds it.
    pub fn opclass_is_visible(&self, oid: Oid) -> Result<Option<bool>> {
        let Some(row) = self.row::<PgOpclass>(index::PG_OPCLASS_OID_INDEX, &[oid.into()])? else { return Ok(None) };
        Ok(Some(self.opclass_by_name(row.opcmethod, None, &row.opcname)? == Some(oid)))
    }
}

/// Whether a change seen through this index may change what the search path resolves to.
pub(crate) fn affects_search_path(index: Oid) -> bool {
    matches!(
        index,
        index::PG_NAMESPACE_NSPNAME_INDEX
            | index::PG_NAMESPACE_OID_INDEX
            | index::PG_AUTHID_OID_INDEX
            | index::PG_AUTH_MEMBERS_MEMBER_ROLE_INDEX
    )
}

/// The parts of a name with dots, quotes undone and unquoted parts in lower case; `None` if malformed.
pub fn split_qualified(text: &str) -> Option<Vec<String>> {
    split_names(text, '.')
}

/// The names of a comma-separated list of identifiers, quotes undone and unquoted ones in lower case; `None` if malformed.
pub fn split_identifiers(text: &str) -> Option<Vec<String>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    split_names(text, ',')
}

fn split_names(text: &str, separator: char) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text.trim();
    loop {
        let mut name = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut end = None;
            let mut chars = quoted.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                if c != '"' {
                    name.push(c);
                } else if chars.next_if(|&(_, c)| c == '"').is_some() {
                    name.push('"');
                } else {
                    end = Some(at + 1);
                    break;
                }
            }
            rest = &quoted[end?..];
        } else {
            let end = rest.find(|c: char| c == separator || c.is_ascii_whitespace()).unwrap_or(rest.len());
            name.push_str(&rest[..end].to_ascii_lowercase());
            rest = &rest[end..];
            if name.is_empty() {
                return None;
            }
        }
        names.push(name);
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(names);
        }
        rest = rest.strip_prefix(separator)?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifier_lists() {
        let split = |text: &str| split_identifiers(text);
        assert_eq!(split("\"$user\", public"), Some(vec!["$user".into(), "public".into()]));
        assert_eq!(split(" A,\"B\"\"c\" "), Some(vec!["a".into(), "B\"c".into()]));
        assert_eq!(split(""), Some(vec![]));
        assert_eq!(split("a,"), None);
        assert_eq!(split("\"a"), None);
        assert_eq!(split("a b"), None);
    }

    #[test]
    fn built_in_names_resolve() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.relation_by_name(None, "pg_class").expect("found"), Some(Oid(1259)));
        assert_eq!(catalog.relation_by_name(Some("pg_catalog"), "pg_class").expect("found"), Some(Oid(1259)));
        assert_eq!(catalog.relation_by_name(Some("public"), "pg_class").expect("none"), None);
        assert_eq!(catalog.type_by_name(None, "int4").expect("found"), Some(Oid(23)));
        assert_eq!(catalog.functions_by_name(None, "abs").expect("found").len(), 6);
        assert_eq!(catalog.operator_exact(None, "=", Oid(23), Oid(23)).expect("found"), Some(Oid(96)));
        assert_eq!(catalog.relation_is_visible(Oid(1259)).expect("asks"), Some(true));
        let error = catalog.require_relation(None, "nope").expect_err("none");
        assert_eq!(error.message(), "relation \"nope\" does not exist");
    }
}
