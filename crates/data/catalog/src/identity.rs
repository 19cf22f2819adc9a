//! What identifies an object for programs: its kind, its name, and a text and an address that mean it whatever the search path.
//!
//! `pg_identify_object`, `pg_identify_object_as_address` and event triggers show it; `pg_get_object_address` reads the address back.
//! [`crate::describe`] says the same in words for messages.

use crate::catalog::Catalog;
use crate::depend::Object;
use crate::format::quote_identifier;
use crate::index;
use crate::relation::kind;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;

/// What identifies an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its kind: `table column`.
    pub kind: String,
    /// Its schema; none for what is in no schema, or known only as a part of something else.
    pub schema: Option<String>,
    /// Its name, quoted where SQL wants it; none if the name alone does not identify it.
    pub name: Option<String>,
    /// Its name in full, or words that identify it; none if it does not exist.
    pub identity: Option<String>,
    /// The parts of its address: names, not quoted …
    pub names: Vec<String>,
    /// … and what stands with them: types of arguments and the like.
    pub arguments: Vec<String>,
}

fn quoted(parts: &[&str]) -> String {
    parts.iter().map(|part| quote_identifier(part)).collect::<Vec<_>>().join(".")
}

impl Identity {
    fn of_kind(kind: &str) -> Identity {
        Identity { kind: kind.into(), ..Identity::default() }
    }

    /// An object without schema.
    fn plain(mut self, name: &str) -> Identity {
        let text = quote_identifier(name);
        (self.name, self.identity, self.names) = (Some(text.clone()), Some(text), vec![name.into()]);
        self
    }

    /// An object in a schema.
    fn in_schema(mut self, schema: &str, name: &str) -> Identity {
        (self.schema, self.name) = (Some(quote_identifier(schema)), Some(quote_identifier(name)));
        self.identity = Some(quoted(&[schema, name]));
        self.names = vec![schema.into(), name.into()];
        self
    }

    /// Something that only its text identifies.
    fn text(mut self, identity: String, names: Vec<String>, arguments: Vec<String>) -> Identity {
        (self.identity, self.names, self.arguments) = (Some(identity), names, arguments);
        self
    }
}

/// What a missing object of a catalog is called.
fn kind_of_missing(class: Oid, sub: i32) -> Option<&'static str> {
    Some(match class {
        PgClass::RELATION if sub != 0 => "table column",
        PgClass::RELATION => "relation",
        PgProc::RELATION => "routine",
        PgType::RELATION => "type",
        PgCast::RELATION => "cast",
        PgCollation::RELATION => "collation",
        PgConstraint::RELATION => "constraint",
        PgConversion::RELATION => "conversion",
        PgAttrdef::RELATION => "default value",
        PgLanguage::RELATION => "language",
        PgLargeobject::RELATION => "large object",
        PgOperator::RELATION => "operator",
        PgOpclass::RELATION => "operator class",
        PgOpfamily::RELATION => "operator family",
        PgAm::RELATION => "access method",
        PgAmop::RELATION => "operator of access method",
        PgAmproc::RELATION => "function of access method",
        PgRewrite::RELATION => "rule",
        PgTrigger::RELATION => "trigger",
        PgNamespace::RELATION => "schema",
        PgStatisticExt::RELATION => "statistics object",
        PgTsParser::RELATION => "text search parser",
        PgTsDict::RELATION => "text search dictionary",
        PgTsTemplate::RELATION => "text search template",
        PgTsConfig::RELATION => "text search configuration",
        PgAuthid::RELATION => "role",
        PgAuthMembers::RELATION => "role membership",
        PgDatabase::RELATION => "database",
        PgTablespace::RELATION => "tablespace",
        PgForeignDataWrapper::RELATION => "foreign-data wrapper",
        PgForeignServer::RELATION => "server",
        PgUserMapping::RELATION => "user mapping",
        PgDefaultAcl::RELATION => "default acl",
        PgExtension::RELATION => "extension",
        PgEventTrigger::RELATION => "event trigger",
        PgParameterAcl::RELATION => "parameter ACL",
        PgPolicy::RELATION => "policy",
        PgPublication::RELATION => "publication",
        PgPublicationNamespace::RELATION => "publication namespace",
        PgPublicationRel::RELATION => "publication relation",
        PgSubscription::RELATION => "subscription",
        PgTransform::RELATION => "transform",
        _ => return None,
    })
}

impl Catalog {
    /// What identifies an object; for one that does not exist, only what it would be.
    ///
    /// # Errors
    /// `22023` if its catalog has no objects.
    pub fn identify(&self, object: Object) -> Result<Identity> {
        let Some(kind) = kind_of_missing(object.class, object.sub) else {
            let text = format!("unsupported object class: {}", object.class);
            return Err(Error::new(SqlState::INTERNAL_ERROR, text));
        };
        Ok(self.identify_existing(object)?.unwrap_or_else(|| Identity::of_kind(kind)))
    }

    fn schema_text(&self, schema: Oid) -> Result<String> {
        let name = self.schema_name(schema)?.unwrap_or_default();
        // A session's own temporary schema has a name that holds in all sessions.
        let temporary = self.temporary_schema_if_any() == Some(schema);
        Ok(if temporary { "pg_temp".into() } else { name })
    }

    fn type_identities(&self, types: &[Oid]) -> Result<Vec<String>> {
        types.iter().map(|&oid| self.type_identity(oid)).collect()
    }

    fn relation_identity(&self, oid: Oid) -> Result<Option<Identity>> {
        let Some(class) = self.class(oid)? else { return Ok(None) };
        let word = match class.relkind {
            kind::INDEX | kind::PARTITIONED_INDEX => "index",
            kind::SEQUENCE => "sequence",
            kind::TOAST => "toast table",
            kind::VIEW => "view",
            kind::MATERIALIZED_VIEW => "materialized view",
            kind::COMPOSITE_TYPE => "composite type",
            kind::FOREIGN_TABLE => "foreign table",
            _ => "table",
        };
        let schema = self.schema_text(class.relnamespace)?;
        Ok(Some(Identity::of_kind(word).in_schema(&schema, &class.relname)))
    }

    /// A part of a relation: `name on schema.relation`.
    fn part_identity(&self, word: &str, relation: Oid, name: &str) -> Result<Option<Identity>> {
        let Some(whole) = self.relation_identity(relation)? else { return Ok(None) };
        let text = format!("{} on {}", quote_identifier(name), whole.identity.unwrap_or_default());
        let mut names = whole.names;
        names.push(name.into());
        Ok(Some(Identity::of_kind(word).text(text, names, Vec::new())))
    }

    fn identify_existing(&self, object: Object) -> Result<Option<Identity>> {
        let oid = object.oid;
        let key = [oid.into()];
        macro_rules! plain {
            ($Row:ident, $index:ident, $name:ident, $word:literal) => {
                self.row::<$Row>(index::$index, &key)?.map(|row| Identity::of_kind($word).plain(&row.$name))
            };
        }
        macro_rules! in_schema {
            ($Row:ident, $index:ident, $name:ident, $schema:ident, $word:literal) => {
                match self.row::<$Row>(index::$index, &key)? {
                    Some(row) => Some(Identity::of_kind($word).in_schema(&self.schema_text(row.$schema)?, &row.$name)),
                    None => None,
                }
            };
        }
        Ok(match object.class {
            PgClass::RELATION if object.sub != 0 => {
                let key = [oid.into(), object.sub.into()];
                let column = self.row::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?;
                let (Some(column), Some(mut found)) = (column, self.relation_identity(oid)?) else { return Ok(None) };
                let name = quote_identifier(&column.attname);
                found.identity = found.identity.map(|text| format!("{text}.{name}"));
                found.kind.push_str(" column");
                found.names.push(column.attname.to_string());
                Some(found)
            }
            PgClass::RELATION => self.relation_identity(oid)?,
            PgProc::RELATION => match self.find_function(oid)? {
                Some(row) => {
                    let word = match row.prokind {
                        b'a' => "aggregate",
                        b'p' => "procedure",
                        _ => "function",
                    };
                    let schema = self.schema_text(row.pronamespace)?;
                    let types = self.type_identities(&row.proargtypes)?;
                    let text = format!("{}({})", quoted(&[&schema, &row.proname]), types.join(","));
                    let names = vec![schema.clone(), row.proname.to_string()];
                    let mut found = Identity::of_kind(word).text(text, names, types);
                    found.schema = Some(quote_identifier(&schema));
                    Some(found)
                }
                None => None,
            },
            PgType::RELATION => match self.find_type(oid)? {
                Some(row) => {
                    let schema = self.schema_text(row.typnamespace)?;
                    let text = self.type_identity(oid)?;
                    let mut found = Identity::of_kind("type").in_schema(&schema, &row.typname);
                    (found.identity, found.names) = (Some(text.clone()), vec![text]);
                    Some(found)
                }
                None => None,
            },
            PgCast::RELATION => match self.row::<PgCast>(index::PG_CAST_OID_INDEX, &key)? {
                Some(row) => {
                    let (from, to) = (self.type_identity(row.castsource)?, self.type_identity(row.casttarget)?);
                    let text = format!("({from} AS {to})");
                    Some(Identity::of_kind("cast").text(text, vec![from], vec![to]))
                }
                None => None,
            },
            PgCollation::RELATION => {
                in_schema!(PgCollation, PG_COLLATION_OID_INDEX, collname, collnamespace, "collation")
            }
            PgConversion::RELATION => {
                in_schema!(PgConversion, PG_CONVERSION_OID_INDEX, conname, connamespace, "conversion")
            }
            PgConstraint::RELATION => match self.find_constraint(oid)? {
                Some(row) if row.conrelid.is_valid() => {
                    let mut found = self.part_identity("table constraint", row.conrelid, &row.conname)?;
                    if let Some(found) = &mut found {
                        found.schema = found.names.first().map(|schema| quote_identifier(schema));
                    }
                    found
                }
                Some(row) => match self.identify_existing(Object::of::<PgType>(row.contypid))? {
                    Some(domain) => {
                        let domain_text = domain.identity.unwrap_or_default();
                        let text = format!("{} on {domain_text}", quote_identifier(&row.conname));
                        let arguments = vec![row.conname.to_string()];
                        let mut found = Identity::of_kind("domain constraint").text(text, domain.names, arguments);
                        found.schema = domain.schema;
                        Some(found)
                    }
                    None => None,
                },
                None => None,
            },
            PgAttrdef::RELATION => match self.row::<PgAttrdef>(index::PG_ATTRDEF_OID_INDEX, &key)? {
                Some(row) => match self.identify_existing(Object::column(row.adrelid, row.adnum))? {
                    Some(column) => {
                        let text = format!("for {}", column.identity.unwrap_or_default());
                        Some(Identity::of_kind("default value").text(text, column.names, Vec::new()))
                    }
                    None => None,
                },
                None => None,
            },
            PgLanguage::RELATION => plain!(PgLanguage, PG_LANGUAGE_OID_INDEX, lanname, "language"),
            PgLargeobject::RELATION => {
                let unique = index::PG_LARGEOBJECT_METADATA_OID_INDEX;
                self.row::<PgLargeobjectMetadata>(unique, &key)?.map(|row| {
                    Identity::of_kind("large object").text(row.oid.to_string(), vec![row.oid.to_string()], Vec::new())
                })
            }
            PgOperator::RELATION => match self.find_operator(oid)? {
                Some(row) => {
                    let schema = self.schema_text(row.oprnamespace)?;
                    let operand = |oid: Oid| match oid.is_valid() {
                        true => self.type_identity(oid),
                        false => Ok("NONE".into()),
                    };
                    let types = [operand(row.oprleft)?, operand(row.oprright)?];
                    let text = format!("{}.{}({})", quote_identifier(&schema), row.oprname, types.join(","));
                    let arguments = types.iter().filter(|text| *text != "NONE").cloned().collect();
                    let names = vec![schema.clone(), row.oprname.to_string()];
                    let mut found = Identity::of_kind("operator").text(text, names, arguments);
                    found.schema = Some(quote_identifier(&schema));
                    Some(found)
                }
                None => None,
            },
            PgOpclass::RELATION => match self.find_opclass(oid)? {
                Some(row) => Some(self.of_method("operator class", row.opcmethod, row.opcnamespace, &row.opcname)?),
                None => None,
            },
            PgOpfamily::RELATION => match self.find_opfamily(oid)? {
                Some(row) => Some(self.of_method("operator family", row.opfmethod, row.opfnamespace, &row.opfname)?),
                None => None,
            },
            PgAm::RELATION => plain!(PgAm, PG_AM_OID_INDEX, amname, "access method"),
            PgAmop::RELATION => match self.row::<PgAmop>(index::PG_AMOP_OID_INDEX, &key)? {
                Some(row) => {
                    let types = [row.amoplefttype, row.amoprighttype];
                    self.family_member("operator", row.amopfamily, row.amopstrategy, types)?
                }
                None => None,
            },
            PgAmproc::RELATION => match self.row::<PgAmproc>(index::PG_AMPROC_OID_INDEX, &key)? {
                Some(row) => {
                    let types = [row.amproclefttype, row.amprocrighttype];
                    self.family_member("function", row.amprocfamily, row.amprocnum, types)?
                }
                None => None,
            },
            PgRewrite::RELATION => match self.find_rule(oid)? {
                Some(row) => self.part_identity("rule", row.ev_class, &row.rulename)?,
                None => None,
            },
            PgTrigger::RELATION => match self.find_trigger(oid)? {
                Some(row) => self.part_identity("trigger", row.tgrelid, &row.tgname)?,
                None => None,
            },
            PgPolicy::RELATION => match self.row::<PgPolicy>(index::PG_POLICY_OID_INDEX, &key)? {
                Some(row) => self.part_identity("policy", row.polrelid, &row.polname)?,
                None => None,
            },
            PgNamespace::RELATION => match self.schema(oid)? {
                Some(_) => Some(Identity::of_kind("schema").plain(&self.schema_text(oid)?)),
                None => None,
            },
            PgStatisticExt::RELATION => {
                in_schema!(PgStatisticExt, PG_STATISTIC_EXT_OID_INDEX, stxname, stxnamespace, "statistics object")
            }
            PgTsParser::RELATION => {
                in_schema!(PgTsParser, PG_TS_PARSER_OID_INDEX, prsname, prsnamespace, "text search parser")
            }
            PgTsDict::RELATION => {
                in_schema!(PgTsDict, PG_TS_DICT_OID_INDEX, dictname, dictnamespace, "text search dictionary")
            }
            PgTsTemplate::RELATION => {
                in_schema!(PgTsTemplate, PG_TS_TEMPLATE_OID_INDEX, tmplname, tmplnamespace, "text search template")
            }
            PgTsConfig::RELATION => {
                in_schema!(PgTsConfig, PG_TS_CONFIG_OID_INDEX, cfgname, cfgnamespace, "text search configuration")
            }
            PgAuthid::RELATION => self.role_name(oid)?.map(|name| Identity::of_kind("role").plain(&name)),
            PgAuthMembers::RELATION => match self.row::<PgAuthMembers>(index::PG_AUTH_MEMBERS_OID_INDEX, &key)? {
                Some(row) => {
                    let member = self.role_name(row.member)?.unwrap_or_default();
                    let role = self.role_name(row.roleid)?.unwrap_or_default();
                    let text = format!("membership of role {member} in role {role}");
                    Some(Identity::of_kind("role membership").text(text, vec![role], vec![member]))
                }
                None => None,
            },
            PgDatabase::RELATION => {
                self.database_row(oid)?.map(|row| Identity::of_kind("database").plain(&row.datname))
            }
            PgTablespace::RELATION => {
                self.tablespace(oid)?.map(|row| Identity::of_kind("tablespace").plain(&row.spcname))
            }
            PgForeignDataWrapper::RELATION => {
                plain!(PgForeignDataWrapper, PG_FOREIGN_DATA_WRAPPER_OID_INDEX, fdwname, "foreign-data wrapper")
            }
            PgForeignServer::RELATION => plain!(PgForeignServer, PG_FOREIGN_SERVER_OID_INDEX, srvname, "server"),
            PgUserMapping::RELATION => match self.row::<PgUserMapping>(index::PG_USER_MAPPING_OID_INDEX, &key)? {
                Some(row) => {
                    let server = [row.umserver.into()];
                    let server = self.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &server)?;
                    let server = server.map(|row| row.srvname.to_string()).unwrap_or_default();
                    let role = match row.umuser.is_valid() {
                        true => self.role_name(row.umuser)?.unwrap_or_default(),
                        false => "public".into(),
                    };
                    let text = format!("{} on server {server}", quote_identifier(&role));
                    Some(Identity::of_kind("user mapping").text(text, vec![role], vec![server]))
                }
                None => None,
            },
            PgDefaultAcl::RELATION => match self.row::<PgDefaultAcl>(index::PG_DEFAULT_ACL_OID_INDEX, &key)? {
                Some(row) => {
                    let role = self.role_name(row.defaclrole)?.unwrap_or_default();
                    let mut text = format!("for role {}", quote_identifier(&role));
                    let mut names = vec![role];
                    if let Some(schema) = self.schema_name(row.defaclnamespace)? {
                        text.push_str(&format!(" in schema {}", quote_identifier(&schema)));
                        names.push(schema);
                    }
                    text.push_str(match row.defaclobjtype {
                        b'r' => " on tables",
                        b'S' => " on sequences",
                        b'f' => " on functions",
                        b'T' => " on types",
                        b'n' => " on schemas",
                        _ => " on large objects",
                    });
                    let arguments = vec![char::from(row.defaclobjtype).to_string()];
                    Some(Identity::of_kind("default acl").text(text, names, arguments))
                }
                None => None,
            },
            PgExtension::RELATION => plain!(PgExtension, PG_EXTENSION_OID_INDEX, extname, "extension"),
            PgEventTrigger::RELATION => plain!(PgEventTrigger, PG_EVENT_TRIGGER_OID_INDEX, evtname, "event trigger"),
            PgParameterAcl::RELATION => {
                self.row::<PgParameterAcl>(index::PG_PARAMETER_ACL_OID_INDEX, &key)?.map(|row| {
                    Identity::of_kind("parameter ACL").text(
                        row.parname.to_string(),
                        vec![row.parname.to_string()],
                        Vec::new(),
                    )
                })
            }
            PgPublication::RELATION => plain!(PgPublication, PG_PUBLICATION_OID_INDEX, pubname, "publication"),
            PgPublicationNamespace::RELATION => {
                match self.row::<PgPublicationNamespace>(index::PG_PUBLICATION_NAMESPACE_OID_INDEX, &key)? {
                    Some(row) => {
                        let schema = self.schema_name(row.pnnspid)?.unwrap_or_default();
                        self.publication_part("publication namespace", schema.clone(), vec![schema], row.pnpubid)?
                    }
                    None => None,
                }
            }
            PgPublicationRel::RELATION => {
                match self.row::<PgPublicationRel>(index::PG_PUBLICATION_REL_OID_INDEX, &key)? {
                    Some(row) => match self.relation_identity(row.prrelid)? {
                        Some(table) => {
                            let text = table.identity.unwrap_or_default();
                            self.publication_part("publication relation", text, table.names, row.prpubid)?
                        }
                        None => None,
                    },
                    None => None,
                }
            }
            PgSubscription::RELATION => {
                plain!(PgSubscription, PG_SUBSCRIPTION_OID_INDEX, subname, "subscription")
            }
            PgTransform::RELATION => match self.row::<PgTransform>(index::PG_TRANSFORM_OID_INDEX, &key)? {
                Some(row) => {
                    let (ty, language) = (self.type_identity(row.trftype)?, self.language(row.trflang)?);
                    let language = language.lanname.to_string();
                    let text = format!("for {ty} language {language}");
                    Some(Identity::of_kind("transform").text(text, vec![ty], vec![language]))
                }
                None => None,
            },
            _ => None,
        })
    }

    /// An operator class or family.
    fn of_method(&self, word: &str, method: Oid, schema: Oid, name: &str) -> Result<Identity> {
        let (method, schema) = (self.access_method(method)?.amname.to_string(), self.schema_text(schema)?);
        let mut found = Identity::of_kind(word).in_schema(&schema, name);
        found.identity = Some(format!("{} USING {}", quoted(&[&schema, name]), quote_identifier(&method)));
        found.names = vec![method, schema, name.into()];
        Ok(found)
    }

    fn family_member(&self, word: &str, family: Oid, number: i16, types: [Oid; 2]) -> Result<Option<Identity>> {
        let Some(whole) = self.identify_existing(Object::of::<PgOpfamily>(family))? else { return Ok(None) };
        let types = self.type_identities(&types)?;
        let text = format!("{word} {number} ({}) of {}", types.join(", "), whole.identity.unwrap_or_default());
        let mut names = whole.names;
        names.push(number.to_string());
        Ok(Some(Identity::of_kind(&format!("{word} of access method")).text(text, names, types)))
    }

    fn publication_part(
        &self,
        word: &str,
        text: String,
        names: Vec<String>,
        publication: Oid,
    ) -> Result<Option<Identity>> {
        let key = [publication.into()];
        let row = self.row::<PgPublication>(index::PG_PUBLICATION_OID_INDEX, &key)?;
        let name = row.map(|row| row.pubname.to_string()).unwrap_or_default();
        Ok(Some(Identity::of_kind(word).text(format!("{text} in publication {name}"), names, vec![name])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_objects() {
        let catalog = Catalog::builtin();
        let of = |class: Oid, oid: u32, sub: i32| {
            catalog.identify(Object { class, oid: Oid(oid), sub }).expect("identifies")
        };
        let text = |class: Oid, oid: u32, sub: i32| {
            let found = of(class, oid, sub);
            format!("{}: {}", found.kind, found.identity.unwrap_or_default())
        };
        assert_eq!(text(PgClass::RELATION, 1259, 2), "table column: pg_catalog.pg_class.relname");
        assert_eq!(text(PgProc::RELATION, 1397, 0), "function: pg_catalog.abs(integer)");
        assert_eq!(text(PgType::RELATION, 1007, 0), "type: integer[]");
        assert_eq!(text(PgType::RELATION, 26, 0), "type: pg_catalog.oid");
        assert_eq!(text(PgOperator::RELATION, 551, 0), "operator: pg_catalog.+(integer,integer)");
        assert_eq!(text(PgOpclass::RELATION, 1978, 0), "operator class: pg_catalog.int4_ops USING btree");
        assert_eq!(of(PgOpclass::RELATION, 1978, 0).names, ["btree", "pg_catalog", "int4_ops"]);
        let gone = of(PgCast::RELATION, 1, 0);
        assert_eq!((&*gone.kind, gone.identity), ("cast", None));
    }
}
