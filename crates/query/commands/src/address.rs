//! `pg_get_object_address`: the object that a kind, names and arguments mean. It reads back what [`catalog::identity`] tells.

use catalog::relation::kind;
use catalog::rows::*;
use catalog::{Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{
    FunctionParameter, FunctionSignature, Name, ObjectKind, ObjectName, ObjectReference, Operator, OperatorSignature,
    ParameterMode, RelationName, TypeName,
};

use crate::Context;
use crate::function::lookup;

/// Kinds that exist and have no address.
const UNSUPPORTED: &[&str] = &[
    "toast table",
    "index column",
    "sequence column",
    "toast table column",
    "view column",
    "materialized view column",
    "composite type",
    "composite type column",
    "role membership",
];

/// Kinds that have one.
const SUPPORTED: &[&str] = &[
    "table",
    "index",
    "sequence",
    "view",
    "materialized view",
    "foreign table",
    "table column",
    "foreign table column",
    "aggregate",
    "function",
    "procedure",
    "type",
    "cast",
    "collation",
    "table constraint",
    "domain constraint",
    "conversion",
    "default value",
    "language",
    "large object",
    "operator",
    "operator class",
    "operator family",
    "access method",
    "operator of access method",
    "function of access method",
    "rule",
    "trigger",
    "schema",
    "text search parser",
    "text search dictionary",
    "text search template",
    "text search configuration",
    "role",
    "database",
    "tablespace",
    "foreign-data wrapper",
    "server",
    "user mapping",
    "default acl",
    "extension",
    "event trigger",
    "parameter ACL",
    "policy",
    "publication",
    "publication namespace",
    "publication relation",
    "subscription",
    "transform",
    "statistics object",
];

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

fn undefined(text: String) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, text)
}

fn cross_database(names: &str) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cross-database references are not implemented: {names}"))
}

/// An address that is being looked up.
struct Address<'c> {
    context: &'c Context<'c>,
    names: Vec<String>,
    arguments: Vec<String>,
}

/// The object that `kind` and an address (names and arguments) mean. The address is asked for once the kind is known.
///
/// # Errors
/// `22023` for a kind that has no address, or an address that does not fit it; `42704` and its like if there is no such object.
pub fn object_address(
    context: &Context<'_>,
    kind: &str,
    address: &mut dyn FnMut() -> Result<(Vec<String>, Vec<String>)>,
) -> Result<Object> {
    if UNSUPPORTED.contains(&kind) {
        return Err(invalid(format!("unsupported object type \"{kind}\"")));
    }
    if !SUPPORTED.contains(&kind) {
        return Err(invalid(format!("unrecognized object type \"{kind}\"")));
    }
    let (names, arguments) = address()?;
    Address { context, names, arguments }.find(kind)
}

impl Address<'_> {
    fn names_exactly_one(&self) -> Result<&str> {
        match &self.names[..] {
            [one] => Ok(one),
            _ => Err(invalid("name list length must be exactly 1")),
        }
    }

    fn names_at_least(&self, least: usize) -> Result<()> {
        match self.names.len() < least {
            true => Err(invalid(format!("name list length must be at least {least}"))),
            false => Ok(()),
        }
    }

    fn arguments_exactly(&self, count: usize) -> Result<()> {
        match self.arguments.len() == count {
            true => Ok(()),
            false => Err(invalid(format!("argument list length must be exactly {count}"))),
        }
    }

    fn type_name(&self, text: &str) -> Result<TypeName> {
        parser::parse_type_name(text)
    }

    fn type_named(&self, text: &str) -> Result<Oid> {
        lookup::type_of(self.context, &self.type_name(text)?)
    }

    /// A name of up to three parts, the first of three being the database's.
    fn object_name(&self, names: &[String]) -> Result<ObjectName> {
        let shown = names.join(".");
        match names {
            [database, _, _] if *database != self.context.services.database_name() => {
                return Err(cross_database(&shown));
            }
            [_, _, _, _, ..] => {
                let text = format!("improper qualified name (too many dotted names): {shown}");
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
            _ => (),
        }
        let skip = usize::from(names.len() == 3);
        let mut parts: Vec<Name> = names[skip..].iter().map(|name| name.as_str().into()).collect();
        let name = parts.pop().unwrap_or_else(|| "".into());
        Ok(ObjectName { qualifiers: parts, name, location: 0 })
    }

    fn relation_name(&self, names: &[String]) -> Result<RelationName> {
        let shown = names.join(".");
        let (database, rest) = match names {
            [database, rest @ ..] if rest.len() == 2 => (Some(database), rest),
            [_, _, _, _, ..] => {
                let text = format!("improper relation name (too many dotted names): {shown}");
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
            rest => (None, rest),
        };
        if database.is_some_and(|database| *database != self.context.services.database_name()) {
            return Err(cross_database(&format!("\"{shown}\"")));
        }
        let mut parts = rest.iter().rev().map(|name| Name::from(name.as_str()));
        let name = parts.next().unwrap_or_else(|| "".into());
        Ok(RelationName { schema: parts.next(), database: None, name, location: 0 })
    }

    fn relation(&self, names: &[String]) -> Result<catalog::Entry<catalog::Relation>> {
        let name = self.relation_name(names)?;
        if let (Some(schema), true) = (&name.schema, names.len() > 1) {
            self.context.catalog().schema_by_name(schema)?;
        }
        self.context.open(&name, 1).map_err(|mut error| {
            error.fields_mut().position = None;
            error
        })
    }

    /// The relation of a part's address, and the part's name.
    fn part(&self) -> Result<(catalog::Entry<catalog::Relation>, &str)> {
        let (name, table) = self.names.split_last().ok_or_else(|| invalid("name list length must be at least 1"))?;
        if let [schema, _] = table {
            self.context.catalog().require_schema(schema)?;
        }
        Ok((self.relation(table)?, name))
    }

    fn column(&self) -> Result<Object> {
        if self.names.len() < 2 {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "column name must be qualified"));
        }
        let (relation, name) = self.part()?;
        match relation.column_by_name(name) {
            Some(column) => Ok(Object::column(relation.oid, column.attnum)),
            None => {
                let table = self.names[..self.names.len() - 1].join(".");
                let text = format!("column \"{name}\" of relation \"{table}\" does not exist");
                Err(Error::new(SqlState::UNDEFINED_COLUMN, text))
            }
        }
    }

    fn by_reference(&self, kind: ObjectKind, reference: &ObjectReference) -> Result<Object> {
        crate::object::find(self.context, kind, reference)
    }

    fn by_one_name(&self, kind: ObjectKind) -> Result<Object> {
        let name = ObjectName::unqualified(self.names_exactly_one()?, 0);
        self.by_reference(kind, &ObjectReference::Name(name))
    }

    fn by_name(&self, kind: ObjectKind) -> Result<Object> {
        self.by_reference(kind, &ObjectReference::Name(self.object_name(&self.names)?))
    }

    fn find(&self, kind: &str) -> Result<Object> {
        let catalog = self.context.catalog();
        match kind {
            "type"
            | "cast"
            | "transform"
            | "domain constraint"
            | "large object"
            | "user mapping"
            | "publication namespace" => {
                self.names_exactly_one()?;
            }
            "operator class" | "operator family" => self.names_at_least(2)?,
            "operator of access method" | "function of access method" => self.names_at_least(3)?,
            _ => self.names_at_least(1)?,
        }
        match kind {
            "cast"
            | "user mapping"
            | "default acl"
            | "transform"
            | "domain constraint"
            | "publication relation"
            | "publication namespace" => self.arguments_exactly(1)?,
            "operator" | "operator of access method" | "function of access method" => self.arguments_exactly(2)?,
            _ => (),
        }
        match kind {
            "table" | "index" | "sequence" | "view" | "materialized view" | "foreign table" => self.whole(kind),
            "table column" | "foreign table column" => self.column(),
            "default value" => self.default_value(),
            "aggregate" => self.routine(ObjectKind::Aggregate),
            "function" => self.routine(ObjectKind::Function),
            "procedure" => self.routine(ObjectKind::Procedure),
            "type" => self.type_named(&self.names[0]).map(Object::of::<PgType>),
            "cast" => {
                let source = Box::new(self.type_name(&self.names[0])?);
                let target = Box::new(self.type_name(&self.arguments[0])?);
                self.by_reference(ObjectKind::Cast, &ObjectReference::Cast { source, target })
            }
            "transform" => {
                let type_name = Box::new(self.type_name(&self.names[0])?);
                let language = self.arguments[0].as_str().into();
                self.by_reference(ObjectKind::Transform, &ObjectReference::Transform { type_name, language })
            }
            "domain constraint" => self.domain_constraint(),
            "collation" => self.by_name(ObjectKind::Collation),
            "conversion" => self.by_name(ObjectKind::Conversion),
            "statistics object" => self.by_name(ObjectKind::Statistics),
            "text search parser" => self.by_name(ObjectKind::TextSearchParser),
            "text search dictionary" => self.by_name(ObjectKind::TextSearchDictionary),
            "text search template" => self.by_name(ObjectKind::TextSearchTemplate),
            "text search configuration" => self.by_name(ObjectKind::TextSearchConfiguration),
            "language" => self.by_one_name(ObjectKind::Language),
            "access method" => self.by_one_name(ObjectKind::AccessMethod),
            "schema" => self.by_one_name(ObjectKind::Schema),
            "tablespace" => self.by_one_name(ObjectKind::Tablespace),
            "foreign-data wrapper" => self.by_one_name(ObjectKind::ForeignDataWrapper),
            "server" => self.by_one_name(ObjectKind::ForeignServer),
            "event trigger" => self.by_one_name(ObjectKind::EventTrigger),
            "publication" => self.by_one_name(ObjectKind::Publication),
            "subscription" => self.by_one_name(ObjectKind::Subscription),
            "large object" => {
                let number = &self.names[0];
                if number.trim().parse::<i64>().is_err() {
                    let text = format!("invalid input syntax for type oid: \"{number}\"");
                    return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, text));
                }
                crate::large_object::find(self.context, number.trim())
            }
            "extension" => {
                let name = self.names_exactly_one()?;
                let row = catalog.extension_by_name(name)?;
                let row = row.ok_or_else(|| undefined(format!("extension \"{name}\" does not exist")))?;
                Ok(Object::of::<PgExtension>(row.oid))
            }
            "role" => Ok(Object::of::<PgAuthid>(catalog.require_role(self.names_exactly_one()?)?.oid)),
            "database" => {
                let name = self.names_exactly_one()?;
                let text = || format!("database \"{name}\" does not exist");
                let row = catalog.database_by_name(name)?;
                let row = row.ok_or_else(|| Error::new(SqlState::UNDEFINED_DATABASE, text()))?;
                Ok(Object::of::<PgDatabase>(row.oid))
            }
            "parameter ACL" => {
                let name = self.names_exactly_one()?;
                let row = catalog.row::<PgParameterAcl>(index::PG_PARAMETER_ACL_PARNAME_INDEX, &[name.into()])?;
                let row = row.ok_or_else(|| undefined(format!("parameter ACL \"{name}\" does not exist")))?;
                Ok(Object::of::<PgParameterAcl>(row.oid))
            }
            "operator" => {
                let name = self.object_name(&self.names)?;
                let operator =
                    Operator { qualifiers: name.qualifiers, symbol: name.name.to_string().into(), location: 0 };
                let operand = |text: &String| Ok::<_, Error>(Some(Box::new(self.type_name(text)?)));
                let (left, right) = (operand(&self.arguments[0])?, operand(&self.arguments[1])?);
                let signature = OperatorSignature { operator, left, right };
                self.by_reference(ObjectKind::Operator, &ObjectReference::Operator(signature))
            }
            "operator class" => self.of_method(ObjectKind::OperatorClass, &self.names),
            "operator family" => self.of_method(ObjectKind::OperatorFamily, &self.names),
            "operator of access method" => self.family_member(true),
            "function of access method" => self.family_member(false),
            "table constraint" => self.on_relation("constraint"),
            "rule" | "trigger" | "policy" => self.on_relation(kind),
            "user mapping" => self.user_mapping(),
            "default acl" => self.default_acl(),
            "publication namespace" => {
                let schema = catalog.require_schema(&self.names[0])?;
                let publication = self.publication()?;
                let key = [schema.into(), publication.oid.into()];
                let unique = index::PG_PUBLICATION_NAMESPACE_PNNSPID_PNPUBID_INDEX;
                let row = catalog.row::<PgPublicationNamespace>(unique, &key)?.ok_or_else(|| {
                    let (schema, publication) = (&self.names[0], &publication.pubname);
                    undefined(format!(
                        "publication schema \"{schema}\" in publication \"{publication}\" does not exist"
                    ))
                })?;
                Ok(Object::of::<PgPublicationNamespace>(row.oid))
            }
            "publication relation" => {
                let relation = self.relation(&self.names)?;
                let publication = self.publication()?;
                let key = [relation.oid.into(), publication.oid.into()];
                let unique = index::PG_PUBLICATION_REL_PRRELID_PRPUBID_INDEX;
                let row = catalog.row::<PgPublicationRel>(unique, &key)?.ok_or_else(|| {
                    let (table, publication) = (relation.name(), &publication.pubname);
                    undefined(format!(
                        "publication relation \"{table}\" in publication \"{publication}\" does not exist"
                    ))
                })?;
                Ok(Object::of::<PgPublicationRel>(row.oid))
            }
            other => Err(invalid(format!("unrecognized object type \"{other}\""))),
        }
    }

    fn whole(&self, word: &str) -> Result<Object> {
        let relation = self.relation(&self.names)?;
        let found = relation.kind();
        let (fits, words) = match word {
            "index" => (matches!(found, kind::INDEX | kind::PARTITIONED_INDEX), "an index"),
            "sequence" => (found == kind::SEQUENCE, "a sequence"),
            "view" => (found == kind::VIEW, "a view"),
            "materialized view" => (found == kind::MATERIALIZED_VIEW, "a materialized view"),
            "foreign table" => (found == kind::FOREIGN_TABLE, "a foreign table"),
            _ => (matches!(found, kind::TABLE | kind::PARTITIONED_TABLE), "a table"),
        };
        match fits {
            true => Ok(Object::relation(relation.oid)),
            false => Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not {words}", relation.name()))),
        }
    }

    fn default_value(&self) -> Result<Object> {
        let column = self.column()?;
        let key = [column.oid.into(), column.sub.into()];
        let row = self.context.catalog().row::<PgAttrdef>(index::PG_ATTRDEF_ADRELID_ADNUM_INDEX, &key)?;
        let row = row.ok_or_else(|| {
            let (name, table) = match &self.names[..] {
                [.., table, name] => (name.clone(), table.clone()),
                _ => Default::default(),
            };
            let text = format!("default value for column \"{name}\" of relation \"{table}\" does not exist");
            Error::new(SqlState::UNDEFINED_COLUMN, text)
        })?;
        Ok(Object::of::<PgAttrdef>(row.oid))
    }

    fn routine(&self, kind: ObjectKind) -> Result<Object> {
        let name = self.object_name(&self.names)?;
        let parameter = |text: &String| {
            let type_name = self.type_name(text)?;
            Ok(FunctionParameter { name: None, type_name, mode: ParameterMode::Default, default: None, location: 0 })
        };
        let parameters = Some(self.arguments.iter().map(parameter).collect::<Result<_>>()?);
        let signature = FunctionSignature { name, parameters };
        Ok(Object::of::<PgProc>(lookup::require(self.context, kind, &signature)?.oid))
    }

    fn domain_constraint(&self) -> Result<Object> {
        let catalog = self.context.catalog();
        let domain = self.type_named(&self.names[0])?;
        if catalog.type_(domain)?.typtype != b'd' {
            let text = format!("\"{}\" is not a domain", self.names[0]);
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        let name = &self.arguments[0];
        let key = [Oid::INVALID.into(), domain.into(), name.as_str().into()];
        let row = catalog.row::<PgConstraint>(index::PG_CONSTRAINT_CONRELID_CONTYPID_CONNAME_INDEX, &key)?;
        match row {
            Some(row) => Ok(Object::of::<PgConstraint>(row.oid)),
            None => {
                let domain = catalog.type_name(domain)?;
                Err(undefined(format!("constraint \"{name}\" for domain {domain} does not exist")))
            }
        }
    }

    fn of_method(&self, kind: ObjectKind, names: &[String]) -> Result<Object> {
        let (method, name) = names.split_first().ok_or_else(|| invalid("name list length must be at least 2"))?;
        let catalog = self.context.catalog();
        if catalog.access_method_by_name(method)?.is_none() {
            return Err(undefined(format!("access method \"{method}\" does not exist")));
        }
        let reference =
            ObjectReference::OperatorClass { name: self.object_name(name)?, method: method.as_str().into() };
        self.by_reference(kind, &reference)
    }

    fn family_member(&self, operator: bool) -> Result<Object> {
        let catalog = self.context.catalog();
        let (number, names) = self.names.split_last().ok_or_else(|| invalid("name list length must be at least 3"))?;
        let family = self.of_method(ObjectKind::OperatorFamily, names)?.oid;
        // A number begins the text, or it is none.
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        let number: i16 = digits.parse().unwrap_or(0);
        let (left, right) = (self.type_named(&self.arguments[0])?, self.type_named(&self.arguments[1])?);
        let key = [family.into(), left.into(), right.into(), number.into()];
        let found = match operator {
            true => {
                let row = catalog.row::<PgAmop>(index::PG_AMOP_FAM_STRAT_INDEX, &key)?;
                row.map(|row| Object::of::<PgAmop>(row.oid))
            }
            false => {
                let row = catalog.row::<PgAmproc>(index::PG_AMPROC_FAM_PROC_INDEX, &key)?;
                row.map(|row| Object::of::<PgAmproc>(row.oid))
            }
        };
        found.ok_or_else(|| {
            let word = if operator { "operator" } else { "function" };
            let types = self.arguments.join(", ");
            let whole = catalog.object_description(Object::of::<PgOpfamily>(family)).unwrap_or_default();
            undefined(format!("{word} {number} ({types}) of {whole} does not exist"))
        })
    }

    fn on_relation(&self, word: &str) -> Result<Object> {
        if self.names.len() < 2 {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "must specify relation and object name"));
        }
        let catalog = self.context.catalog();
        let (relation, name) = self.part()?;
        let key = [relation.oid.into(), name.into()];
        let (found, of) = match word {
            "constraint" => {
                let row = catalog.constraint_by_name(relation.oid, name)?;
                (row.map(|row| Object::of::<PgConstraint>(row.oid)), "table")
            }
            "trigger" => {
                let row = catalog.row::<PgTrigger>(index::PG_TRIGGER_TGRELID_TGNAME_INDEX, &key)?;
                (row.map(|row| Object::of::<PgTrigger>(row.oid)), "table")
            }
            "rule" => {
                let row = catalog.row::<PgRewrite>(index::PG_REWRITE_REL_RULENAME_INDEX, &key)?;
                (row.map(|row| Object::of::<PgRewrite>(row.oid)), "relation")
            }
            _ => {
                let row = catalog.row::<PgPolicy>(index::PG_POLICY_POLRELID_POLNAME_INDEX, &key)?;
                (row.map(|row| Object::of::<PgPolicy>(row.oid)), "table")
            }
        };
        found.ok_or_else(|| undefined(format!("{word} \"{name}\" for {of} \"{}\" does not exist", relation.name())))
    }

    fn publication(&self) -> Result<catalog::Entry<PgPublication>> {
        let unique = index::PG_PUBLICATION_PUBNAME_INDEX;
        crate::object::by_name::<PgPublication>(self.context, unique, &self.arguments[0])
    }

    fn user_mapping(&self) -> Result<Object> {
        let catalog = self.context.catalog();
        let (user, server) = (&self.names[0], &self.arguments[0]);
        let unique = index::PG_FOREIGN_SERVER_NAME_INDEX;
        let missing = || undefined(format!("user mapping for user \"{user}\" on server \"{server}\" does not exist"));
        let role = match &**user {
            "public" => Oid::INVALID,
            name => catalog.role_by_name(name)?.ok_or_else(missing)?.oid,
        };
        let row = crate::object::by_name::<PgForeignServer>(self.context, unique, server)?;
        let key = [role.into(), row.oid.into()];
        let row = catalog.row::<PgUserMapping>(index::PG_USER_MAPPING_USER_SERVER_INDEX, &key)?;
        Ok(Object::of::<PgUserMapping>(row.ok_or_else(missing)?.oid))
    }

    fn default_acl(&self) -> Result<Object> {
        let catalog = self.context.catalog();
        let letter = self.arguments[0].bytes().next().unwrap_or(0);
        let what = match letter {
            b'r' => "tables",
            b'S' => "sequences",
            b'f' => "functions",
            b'T' => "types",
            b'n' => "schemas",
            b'L' => "large objects",
            other => {
                let other = char::from(other);
                return Err(invalid(format!("unrecognized default ACL object type \"{other}\""))
                    .hint("Valid object types are \"r\", \"S\", \"f\", \"T\", \"n\", \"L\"."));
            }
        };
        let (user, schema) = (&self.names[0], self.names.get(1));
        let role = catalog.role_by_name(user)?.map(|row| row.oid);
        let in_schema = match schema {
            Some(schema) => catalog.schema_by_name(schema)?,
            None => Some(Oid::INVALID),
        };
        let found = match (role, in_schema) {
            (Some(role), Some(schema)) => {
                let key = [role.into(), schema.into(), i32::from(letter).into()];
                catalog.row::<PgDefaultAcl>(index::PG_DEFAULT_ACL_ROLE_NSP_OBJ_INDEX, &key)?
            }
            _ => None,
        };
        let found = found.ok_or_else(|| {
            let place = schema.map_or_else(String::new, |schema| format!(" in schema \"{schema}\""));
            undefined(format!("default ACL for user \"{user}\"{place} on {what} does not exist"))
        })?;
        Ok(Object::of::<PgDefaultAcl>(found.oid))
    }
}
