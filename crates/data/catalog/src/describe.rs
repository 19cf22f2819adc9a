//! Objects in words, as PostgreSQL's messages name them: `table t`, `column a of table t`, `constraint c on table t`.

use crate::catalog::Catalog;
use crate::depend::Object;
use crate::format::quote_identifier;
use crate::index;
use crate::relation::kind;
use crate::rows::*;
use error::Result;
use ids::Oid;

impl Catalog {
    /// A name, quoted where needed, behind its schema if `visible` is false.
    fn qualified(&self, visible: bool, schema: Oid, name: &str) -> Result<String> {
        if visible {
            return Ok(quote_identifier(name));
        }
        let schema = self.schema_name(schema)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(name)))
    }

    /// A relation's name as SQL finds it: quoted, and qualified if the search path does not find it.
    pub fn relation_text(&self, oid: Oid) -> Result<Option<String>> {
        let Some(class) = self.class(oid)? else { return Ok(None) };
        let visible = self.relation_is_visible(oid)? == Some(true);
        self.qualified(visible, class.relnamespace, &class.relname).map(Some)
    }

    /// A function with its argument types, `abs(integer)`, qualified if the search path does not find it.
    pub fn function_text(&self, oid: Oid) -> Result<Option<String>> {
        let Some(row) = self.find_function(oid)? else { return Ok(None) };
        let visible = self.function_is_visible(oid)? == Some(true);
        let types: Vec<String> = row.proargtypes.iter().map(|&t| self.type_name(t)).collect::<Result<_>>()?;
        Ok(Some(format!("{}({})", self.qualified(visible, row.pronamespace, &row.proname)?, types.join(","))))
    }

    /// An operator with its argument types, `+(integer,integer)`, qualified if the search path does not find it.
    pub fn operator_text(&self, oid: Oid) -> Result<Option<String>> {
        let Some(row) = self.find_operator(oid)? else { return Ok(None) };
        let mut text = String::new();
        if self.operator_is_visible(oid)? != Some(true) {
            text.push_str(&quote_identifier(&self.schema_name(row.oprnamespace)?.unwrap_or_default()));
            text.push('.');
        }
        let left = if row.oprleft.is_valid() { self.type_name(row.oprleft)? } else { "NONE".into() };
        text.push_str(&format!("{}({left},{})", row.oprname, self.type_name(row.oprright)?));
        Ok(Some(text))
    }

    fn relation_description(&self, oid: Oid) -> Result<String> {
        let Some(class) = self.class(oid)? else { return Ok(format!("relation {oid}")) };
        let word = match class.relkind {
            kind::TOAST => "toast table",
            other => crate::privileges::relation_word(other),
        };
        Ok(format!("{word} {}", self.relation_text(oid)?.unwrap_or_default()))
    }

    /// An object in words. One that does not exist (any more) is named by its numbers.
    pub fn object_description(&self, object: Object) -> Result<String> {
        let oid = object.oid;
        let text = match object.class {
            PgClass::RELATION if object.sub != 0 => {
                let key = [oid.into(), object.sub.into()];
                let column = self.row::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?;
                let name = column.map_or_else(|| object.sub.to_string(), |row| row.attname.to_string());
                Some(format!("column {name} of {}", self.relation_description(oid)?))
            }
            PgClass::RELATION => Some(self.relation_description(oid)?),
            PgProc::RELATION => self.function_text(oid)?.map(|text| format!("function {text}")),
            PgType::RELATION => {
                self.find_type(oid)?.map(|_| self.type_name(oid)).transpose()?.map(|t| format!("type {t}"))
            }
            PgOperator::RELATION => self.operator_text(oid)?.map(|text| format!("operator {text}")),
            PgCast::RELATION => match self.row::<PgCast>(index::PG_CAST_OID_INDEX, &[oid.into()])? {
                Some(row) => Some(format!(
                    "cast from {} to {}",
                    self.type_name(row.castsource)?,
                    self.type_name(row.casttarget)?
                )),
                None => None,
            },
            PgCollation::RELATION => match self.find_collation(oid)? {
                Some(row) => {
                    let visible = self.collation_is_visible(oid)? == Some(true);
                    Some(format!("collation {}", self.qualified(visible, row.collnamespace, &row.collname)?))
                }
                None => None,
            },
            PgConstraint::RELATION => match self.find_constraint(oid)? {
                Some(row) if row.conrelid.is_valid() => {
                    Some(format!("constraint {} on {}", row.conname, self.relation_description(row.conrelid)?))
                }
                Some(row) => Some(format!("constraint {}", row.conname)),
                None => None,
            },
            PgAttrdef::RELATION => match self.row::<PgAttrdef>(index::PG_ATTRDEF_OID_INDEX, &[oid.into()])? {
                Some(row) => {
                    let column = self.object_description(Object::column(row.adrelid, row.adnum))?;
                    Some(format!("default value for {column}"))
                }
                None => None,
            },
            PgRewrite::RELATION => match self.find_rule(oid)? {
                Some(row) => Some(format!("rule {} on {}", row.rulename, self.relation_description(row.ev_class)?)),
                None => None,
            },
            PgTrigger::RELATION => match self.find_trigger(oid)? {
                Some(row) => Some(format!("trigger {} on {}", row.tgname, self.relation_description(row.tgrelid)?)),
                None => None,
            },
            PgPolicy::RELATION => match self.row::<PgPolicy>(index::PG_POLICY_OID_INDEX, &[oid.into()])? {
                Some(row) => Some(format!("policy {} on {}", row.polname, self.relation_description(row.polrelid)?)),
                None => None,
            },
            PgOpclass::RELATION => match self.find_opclass(oid)? {
                Some(row) => {
                    let visible = self.opclass_is_visible(oid)? == Some(true);
                    let method = self.access_method(row.opcmethod)?;
                    Some(format!(
                        "operator class {} for access method {}",
                        self.qualified(visible, row.opcnamespace, &row.opcname)?,
                        method.amname
                    ))
                }
                None => None,
            },
            PgOpfamily::RELATION => match self.find_opfamily(oid)? {
                Some(row) => {
                    let found = self.opfamily_by_name(row.opfmethod, None, &row.opfname)?;
                    let method = self.access_method(row.opfmethod)?;
                    Some(format!(
                        "operator family {} for access method {}",
                        self.qualified(found == Some(oid), row.opfnamespace, &row.opfname)?,
                        method.amname
                    ))
                }
                None => None,
            },
            PgNamespace::RELATION => self.schema_name(oid)?.map(|name| format!("schema {}", name)),
            PgLanguage::RELATION => self.find_language(oid)?.map(|row| format!("language {}", row.lanname)),
            PgAm::RELATION => self.find_access_method(oid)?.map(|row| format!("access method {}", row.amname)),
            PgAuthid::RELATION => self.role_name(oid)?.map(|name| format!("role {}", name)),
            PgDatabase::RELATION => self.database_row(oid)?.map(|row| format!("database {}", row.datname)),
            PgTablespace::RELATION => self.tablespace(oid)?.map(|row| format!("tablespace {}", row.spcname)),
            PgExtension::RELATION => self
                .row::<PgExtension>(index::PG_EXTENSION_OID_INDEX, &[oid.into()])?
                .map(|row| format!("extension {}", row.extname)),
            PgStatisticExt::RELATION => {
                match self.row::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX, &[oid.into()])? {
                    Some(row) => {
                        let visible = crate::functions::visibility::statistics(self, oid)? == Some(true);
                        let name = self.qualified(visible, row.stxnamespace, &row.stxname)?;
                        Some(format!("statistics object {name}"))
                    }
                    None => None,
                }
            }
            PgPublication::RELATION => self
                .row::<PgPublication>(index::PG_PUBLICATION_OID_INDEX, &[oid.into()])?
                .map(|row| format!("publication {}", row.pubname)),
            PgEventTrigger::RELATION => self
                .row::<PgEventTrigger>(index::PG_EVENT_TRIGGER_OID_INDEX, &[oid.into()])?
                .map(|row| format!("event trigger {}", row.evtname)),
            PgPublicationRel::RELATION => {
                match self.row::<PgPublicationRel>(index::PG_PUBLICATION_REL_OID_INDEX, &[oid.into()])? {
                    Some(row) => {
                        let publication = self.object_description(Object::of::<PgPublication>(row.prpubid))?;
                        Some(format!("publication of {} in {publication}", self.relation_description(row.prrelid)?))
                    }
                    None => None,
                }
            }
            PgPublicationNamespace::RELATION => {
                match self.row::<PgPublicationNamespace>(index::PG_PUBLICATION_NAMESPACE_OID_INDEX, &[oid.into()])? {
                    Some(row) => {
                        let publication = self.object_description(Object::of::<PgPublication>(row.pnpubid))?;
                        let schema = self.schema_name(row.pnnspid)?.unwrap_or_default();
                        Some(format!("publication of schema {} in {publication}", schema))
                    }
                    None => None,
                }
            }
            PgSubscription::RELATION => self
                .row::<PgSubscription>(index::PG_SUBSCRIPTION_OID_INDEX, &[oid.into()])?
                .map(|row| format!("subscription {}", row.subname)),
            PgForeignDataWrapper::RELATION => self
                .row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &[oid.into()])?
                .map(|row| format!("foreign-data wrapper {}", row.fdwname)),
            PgForeignServer::RELATION => self
                .row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &[oid.into()])?
                .map(|row| format!("server {}", row.srvname)),
            PgUserMapping::RELATION => {
                match self.row::<PgUserMapping>(index::PG_USER_MAPPING_OID_INDEX, &[oid.into()])? {
                    Some(row) => {
                        let key = [row.umserver.into()];
                        let server = self.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &key)?;
                        let server = server.map(|row| row.srvname.to_string()).unwrap_or_default();
                        let role = match row.umuser.is_valid() {
                            true => self.role_name(row.umuser)?.unwrap_or_default(),
                            false => "public".into(),
                        };
                        Some(format!("user mapping for {role} on server {server}"))
                    }
                    None => None,
                }
            }
            PgConversion::RELATION => match self.row::<PgConversion>(index::PG_CONVERSION_OID_INDEX, &[oid.into()])? {
                Some(row) => {
                    let visible = self.search_path()?.schemas.contains(&row.connamespace);
                    Some(format!("conversion {}", self.qualified(visible, row.connamespace, &row.conname)?))
                }
                None => None,
            },
            PgTsConfig::RELATION | PgTsDict::RELATION | PgTsParser::RELATION | PgTsTemplate::RELATION => {
                self.text_search_description(object)?
            }
            PgTransform::RELATION => match self.row::<PgTransform>(index::PG_TRANSFORM_OID_INDEX, &[oid.into()])? {
                Some(row) => Some(format!(
                    "transform for {} language {}",
                    self.type_name(row.trftype)?,
                    self.language(row.trflang)?.lanname
                )),
                None => None,
            },
            PgParameterAcl::RELATION => self
                .row::<PgParameterAcl>(index::PG_PARAMETER_ACL_OID_INDEX, &[oid.into()])?
                .map(|row| format!("parameter {}", row.parname)),
            PgDefaultAcl::RELATION => self.default_acl_description(oid)?,
            PgAuthMembers::RELATION => {
                match self.row::<PgAuthMembers>(index::PG_AUTH_MEMBERS_OID_INDEX, &[oid.into()])? {
                    Some(row) => Some(format!(
                        "membership of role {} in role {}",
                        self.role_name(row.member)?.unwrap_or_default(),
                        self.role_name(row.roleid)?.unwrap_or_default()
                    )),
                    None => None,
                }
            }
            PgLargeobject::RELATION => Some(format!("large object {oid}")),
            _ => None,
        };
        Ok(text.unwrap_or_else(|| format!("object {}/{oid}/{}", object.class, object.sub)))
    }
}

impl Catalog {
    fn text_search_description(&self, object: Object) -> Result<Option<String>> {
        let key = [object.oid.into()];
        macro_rules! named {
            ($Row:ident, $index:ident, $name:ident, $schema:ident, $word:literal) => {
                self.row::<$Row>(index::$index, &key)?.map(|row| ($word, row.$name.to_string(), row.$schema))
            };
        }
        let found = match object.class {
            PgTsConfig::RELATION => {
                named!(PgTsConfig, PG_TS_CONFIG_OID_INDEX, cfgname, cfgnamespace, "text search configuration")
            }
            PgTsDict::RELATION => {
                named!(PgTsDict, PG_TS_DICT_OID_INDEX, dictname, dictnamespace, "text search dictionary")
            }
            PgTsParser::RELATION => {
                named!(PgTsParser, PG_TS_PARSER_OID_INDEX, prsname, prsnamespace, "text search parser")
            }
            _ => named!(PgTsTemplate, PG_TS_TEMPLATE_OID_INDEX, tmplname, tmplnamespace, "text search template"),
        };
        let Some((word, name, schema)) = found else { return Ok(None) };
        let visible = self.search_path()?.schemas.contains(&schema);
        Ok(Some(format!("{word} {}", self.qualified(visible, schema, &name)?)))
    }

    fn default_acl_description(&self, oid: Oid) -> Result<Option<String>> {
        let Some(row) = self.row::<PgDefaultAcl>(index::PG_DEFAULT_ACL_OID_INDEX, &[oid.into()])? else {
            return Ok(None);
        };
        let what = match row.defaclobjtype {
            b'r' => "relations",
            b'S' => "sequences",
            b'f' => "functions",
            b'T' => "types",
            b'n' => "schemas",
            _ => "large objects",
        };
        let role = self.role_name(row.defaclrole)?.unwrap_or_default();
        let place = match self.schema_name(row.defaclnamespace)? {
            Some(schema) => format!(" in schema {schema}"),
            None => String::new(),
        };
        Ok(Some(format!("default privileges on new {what} belonging to role {role}{place}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_built_in_objects() {
        let catalog = Catalog::builtin();
        let text = |class: Oid, oid: u32, sub: i32| {
            catalog.object_description(Object { class, oid: Oid(oid), sub }).expect("describes")
        };
        assert_eq!(text(PgClass::RELATION, 1259, 0), "table pg_class");
        assert_eq!(text(PgClass::RELATION, 1259, 2), "column relname of table pg_class");
        assert_eq!(text(PgClass::RELATION, 2662, 0), "index pg_class_oid_index");
        assert_eq!(text(PgProc::RELATION, 1397, 0), "function abs(integer)");
        assert_eq!(text(PgOperator::RELATION, 551, 0), "operator +(integer,integer)");
        assert_eq!(text(PgType::RELATION, 1043, 0), "type character varying");
        assert_eq!(text(PgOpclass::RELATION, 1978, 0), "operator class int4_ops for access method btree");
        assert_eq!(text(PgNamespace::RELATION, 2200, 0), "schema public");
        assert_eq!(text(PgCast::RELATION, 1, 0), "object 2605/1/0");
    }
}
