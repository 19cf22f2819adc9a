//! Objects of all kinds that have a name and an owner: finding them, and what ALTER … OWNER TO, RENAME, SET SCHEMA and DROP do to them alike.
//!
//! [`Named`] says where a catalog keeps the name, owner, schema and privileges of its objects; the table below it is the one list of such
//! catalogs, and [`operations`] what can be done with the objects of each. Relations, types, routines, roles and databases have parts that
//! must follow, and modules of their own.

use std::marker::PhantomData;

use catalog::acl::{Acl, Privileges};
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::*;
use catalog::{Catalog, Entry, Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DropObjects, ObjectKind, ObjectName, ObjectReference, OperatorSignature, TypeName};

use crate::Context;
use crate::function::lookup::type_of;

/// A catalog whose objects have names.
pub(crate) trait Named: CatalogRow {
    /// Its index on the object id.
    const OID_INDEX: Oid;
    /// The word for its objects in messages.
    const WORD: &'static str;
    fn oid(&self) -> Oid;
    fn name(&self) -> &str;
    fn set_name(&mut self, name: &str);
    /// The owner; none where there are only superusers'.
    fn owner(&self) -> Option<Oid>;
    fn set_owner(&mut self, owner: Oid);
    /// The schema, where objects have one.
    fn schema(&self) -> Option<Oid>;
    fn set_schema(&mut self, schema: Oid);
    fn acl(&self) -> Option<&Acl>;
    fn set_acl(&mut self, acl: Option<Acl>);
    /// The objects of a name: in any schema, but alike in what else makes a name unique.
    fn of_name(&self, catalog: &Catalog, name: &str) -> Result<Vec<Entry<Self>>>;
    /// What follows the name in messages.
    fn suffix(&self, catalog: &Catalog) -> Result<String>;
}

macro_rules! named {
    ($($Row:ident $oid_index:ident $word:literal $name:ident
        $(owner $owner:ident)? $(schema $schema:ident)? $(acl $acl:ident)?
        unique $unique:ident $(by $before:ident)? $(method $method:ident)?;)*) => {
        $(impl Named for $Row {
            const OID_INDEX: Oid = index::$oid_index;
            const WORD: &'static str = $word;
            fn oid(&self) -> Oid {
                self.oid
            }
            fn name(&self) -> &str {
                &self.$name
            }
            fn set_name(&mut self, name: &str) {
                self.$name = name.to_string().into();
            }
            fn owner(&self) -> Option<Oid> {
                [$(self.$owner)?].first().copied()
            }
            fn set_owner(&mut self, _owner: Oid) {
                $(self.$owner = _owner;)?
            }
            fn schema(&self) -> Option<Oid> {
                [$(self.$schema)?].first().copied()
            }
            fn set_schema(&mut self, _schema: Oid) {
                $(self.$schema = _schema;)?
            }
            fn acl(&self) -> Option<&Acl> {
                let found: [&Option<Acl>; _] = [$(&self.$acl)?];
                found.first().and_then(|acl| acl.as_ref())
            }
            fn set_acl(&mut self, _acl: Option<Acl>) {
                $(self.$acl = _acl;)?
            }
            fn of_name(&self, catalog: &Catalog, name: &str) -> Result<Vec<Entry<$Row>>> {
                let key = [$(self.$before.into(),)? name.into()];
                Ok(catalog.rows::<$Row>(index::$unique, &key)?.to_vec())
            }
            fn suffix(&self, _catalog: &Catalog) -> Result<String> {
                $(return for_method(_catalog, self.$method);)?
                #[allow(unreachable_code)] // where objects have a method
                Ok(String::new())
            }
        })*

        /// What can be done with the objects of a catalog; none if it is not among those above.
        pub(crate) fn operations(class: Oid) -> Option<&'static dyn Operations> {
            match class {
                $($Row::RELATION => Some(&Of::<$Row>(PhantomData)),)*
                PgLargeobject::RELATION => Some(&crate::large_object::LargeObjectOperations),
                _ => None,
            }
        }
    };
}

named! {
    PgAm PG_AM_OID_INDEX "access method" amname unique PG_AM_NAME_INDEX;
    PgCollation PG_COLLATION_OID_INDEX "collation" collname owner collowner schema collnamespace
        unique PG_COLLATION_NAME_ENC_NSP_INDEX;
    PgConversion PG_CONVERSION_OID_INDEX "conversion" conname owner conowner schema connamespace
        unique PG_CONVERSION_NAME_NSP_INDEX;
    PgEventTrigger PG_EVENT_TRIGGER_OID_INDEX "event trigger" evtname owner evtowner unique PG_EVENT_TRIGGER_EVTNAME_INDEX;
    PgForeignDataWrapper PG_FOREIGN_DATA_WRAPPER_OID_INDEX "foreign-data wrapper" fdwname owner fdwowner acl fdwacl
        unique PG_FOREIGN_DATA_WRAPPER_NAME_INDEX;
    PgForeignServer PG_FOREIGN_SERVER_OID_INDEX "server" srvname owner srvowner acl srvacl
        unique PG_FOREIGN_SERVER_NAME_INDEX;
    PgLanguage PG_LANGUAGE_OID_INDEX "language" lanname owner lanowner acl lanacl unique PG_LANGUAGE_NAME_INDEX;
    PgNamespace PG_NAMESPACE_OID_INDEX "schema" nspname owner nspowner acl nspacl unique PG_NAMESPACE_NSPNAME_INDEX;
    PgOpclass PG_OPCLASS_OID_INDEX "operator class" opcname owner opcowner schema opcnamespace
        unique PG_OPCLASS_AM_NAME_NSP_INDEX by opcmethod method opcmethod;
    PgOperator PG_OPERATOR_OID_INDEX "operator" oprname owner oprowner schema oprnamespace
        unique PG_OPERATOR_OPRNAME_L_R_N_INDEX;
    PgOpfamily PG_OPFAMILY_OID_INDEX "operator family" opfname owner opfowner schema opfnamespace
        unique PG_OPFAMILY_AM_NAME_NSP_INDEX by opfmethod method opfmethod;
    PgPublication PG_PUBLICATION_OID_INDEX "publication" pubname owner pubowner unique PG_PUBLICATION_PUBNAME_INDEX;
    PgStatisticExt PG_STATISTIC_EXT_OID_INDEX "statistics object" stxname owner stxowner schema stxnamespace
        unique PG_STATISTIC_EXT_NAME_INDEX;
    PgSubscription PG_SUBSCRIPTION_OID_INDEX "subscription" subname owner subowner
        unique PG_SUBSCRIPTION_SUBNAME_INDEX by subdbid;
    PgTablespace PG_TABLESPACE_OID_INDEX "tablespace" spcname owner spcowner acl spcacl unique PG_TABLESPACE_SPCNAME_INDEX;
    PgTsConfig PG_TS_CONFIG_OID_INDEX "text search configuration" cfgname owner cfgowner schema cfgnamespace
        unique PG_TS_CONFIG_CFGNAME_INDEX;
    PgTsDict PG_TS_DICT_OID_INDEX "text search dictionary" dictname owner dictowner schema dictnamespace
        unique PG_TS_DICT_DICTNAME_INDEX;
    PgTsParser PG_TS_PARSER_OID_INDEX "text search parser" prsname schema prsnamespace unique PG_TS_PARSER_PRSNAME_INDEX;
    PgTsTemplate PG_TS_TEMPLATE_OID_INDEX "text search template" tmplname schema tmplnamespace
        unique PG_TS_TEMPLATE_TMPLNAME_INDEX;
}

/// ` for access method "btree"`
fn for_method(catalog: &Catalog, method: Oid) -> Result<String> {
    Ok(format!(" for access method \"{}\"", catalog.access_method(method)?.amname))
}

/// What can be done with the objects of one catalog, by object id.
pub(crate) trait Operations {
    /// Refuses who does not own the object, nor (`in_schema`) the schema that it is in.
    fn require_owner(&self, context: &Context<'_>, oid: Oid, in_schema: bool) -> Result<()>;
    /// Makes `owner` the owner; the current role was found to be allowed to.
    fn give(&self, catalog: &Catalog, oid: Oid, owner: Oid) -> Result<()>;
    /// OWNER TO
    fn set_owner(&self, context: &Context<'_>, oid: Oid, owner: Oid) -> Result<()>;
    /// RENAME TO
    fn rename(&self, context: &Context<'_>, oid: Oid, name: &str) -> Result<()>;
    /// SET SCHEMA
    fn set_schema(&self, context: &Context<'_>, oid: Oid, schema: Oid) -> Result<()>;
}

struct Of<T>(PhantomData<fn() -> T>);

impl<T: Named> Of<T> {
    fn row(&self, catalog: &Catalog, oid: Oid) -> Result<T> {
        let stored = catalog.stored_row::<T>(T::OID_INDEX, &[oid.into()])?;
        stored.map(|stored| stored.row).ok_or_else(|| Error::internal(format!("{} {oid} is gone", T::WORD)))
    }

    /// The word in messages about owners, which differ in one kind of object.
    fn owned_word(&self) -> &'static str {
        match T::WORD {
            "server" => "foreign server",
            word => word,
        }
    }

    fn not_owner(&self, row: &T) -> Error {
        let text = format!("must be owner of {} {}", self.owned_word(), row.name());
        Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text)
    }

    fn check_free(&self, context: &Context<'_>, row: &T, name: &str, schema: Option<Oid>) -> Result<()> {
        let catalog = context.catalog();
        let taken = row.of_name(catalog, name)?;
        if !taken.iter().any(|other| other.oid() != row.oid() && (schema.is_none() || other.schema() == schema)) {
            return Ok(());
        }
        let place = match schema {
            Some(schema) => format!(" in schema \"{}\"", catalog.schema_name(schema)?.unwrap_or_default()),
            None => String::new(),
        };
        let text = format!("{} \"{name}\"{} already exists{place}", T::WORD, row.suffix(catalog)?);
        Err(Error::new(SqlState::DUPLICATE_OBJECT, text))
    }
}

impl<T: Named> Operations for Of<T> {
    fn require_owner(&self, context: &Context<'_>, oid: Oid, in_schema: bool) -> Result<()> {
        let catalog = context.catalog();
        let me = catalog.current_user();
        let row = self.row(catalog, oid)?;
        if let Some(schema) = row.schema().filter(|_| in_schema)
            && catalog.is_owner(Privileged::Schema, schema, me)?
        {
            return Ok(());
        }
        match row.owner() {
            Some(owner) if catalog.has_privileges_of(me, owner)? => Ok(()),
            Some(_) => Err(self.not_owner(&row)),
            None if catalog.is_superuser(me)? => Ok(()),
            None => Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "must be superuser")),
        }
    }

    fn give(&self, catalog: &Catalog, oid: Oid, owner: Oid) -> Result<()> {
        let mut row = self.row(catalog, oid)?;
        let before = row.owner().unwrap_or_default();
        let acl = row.acl().map(|acl| acl.with_owner(before, owner));
        row.set_acl(acl.clone());
        row.set_owner(owner);
        catalog.change::<T>(T::OID_INDEX, &[oid.into()], |stored| *stored = row)?;
        let this = Object::of::<T>(oid);
        catalog.change_recorded_owner(this, owner)?;
        catalog.record_acl(this, owner, acl.as_ref())?;
        catalog.next_command()
    }

    fn set_owner(&self, context: &Context<'_>, oid: Oid, owner: Oid) -> Result<()> {
        let catalog = context.catalog();
        let row = self.row(catalog, oid)?;
        let me = catalog.current_user();
        let special = match T::WORD {
            "foreign-data wrapper" => Some(("a", "superuser")),
            "event trigger" => Some(("an", "superuser")),
            _ => None,
        };
        if let Some((article, _)) = special {
            let (word, name) = (T::WORD, row.name());
            if word == "foreign-data wrapper" && !catalog.is_superuser(me)? {
                let text = format!("permission denied to change owner of {word} \"{name}\"");
                let hint = format!("Must be superuser to change owner of {article} {word}.");
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint(hint));
            }
            if !catalog.is_superuser(owner)? {
                let text = format!("permission denied to change owner of {word} \"{name}\"");
                let hint = format!("The owner of {article} {word} must be a superuser.");
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint(hint));
            }
        }
        if row.owner() == Some(owner) {
            return Ok(());
        }
        if !catalog.is_superuser(me)? {
            self.require_owner(context, oid, false)?;
            crate::owner::require_settable(context, owner)?;
            let wanted = Privileges::CREATE;
            if let Some(schema) = row.schema()
                && catalog.privileges(Privileged::Schema, schema, owner, wanted)? != Some(wanted)
            {
                return Err(catalog.denied(Privileged::Schema, schema)?);
            }
            let database = catalog.database();
            if matches!(T::WORD, "schema" | "publication" | "subscription")
                && catalog.privileges(Privileged::Database, database, owner, wanted)? != Some(wanted)
            {
                return Err(catalog.denied(Privileged::Database, database)?);
            }
            if let Some(wrapper) = wrapper_of(catalog, Object::of::<T>(oid))?
                && catalog.privileges(Privileged::ForeignDataWrapper, wrapper, owner, Privileges::USAGE)?
                    != Some(Privileges::USAGE)
            {
                return Err(catalog.denied(Privileged::ForeignDataWrapper, wrapper)?);
            }
        }
        self.give(catalog, oid, owner)
    }

    fn rename(&self, context: &Context<'_>, oid: Oid, name: &str) -> Result<()> {
        let catalog = context.catalog();
        let mut row = self.row(catalog, oid)?;
        if T::RELATION == PgTablespace::RELATION && self.require_owner(context, oid, false).is_err() {
            return Err(catalog.denied(Privileged::Tablespace, oid)?);
        }
        self.require_owner(context, oid, false)?;
        if T::RELATION == PgSubscription::RELATION {
            catalog.require_privileges(Privileged::Database, catalog.database(), Privileges::CREATE)?;
        }
        if let Some(schema) = row.schema() {
            catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
        }
        if T::RELATION == PgTablespace::RELATION {
            crate::tablespace::check_name(name)?;
        }
        self.check_free(context, &row, name, row.schema())?;
        row.set_name(name);
        catalog.change::<T>(T::OID_INDEX, &[oid.into()], |stored| *stored = row)?;
        catalog.next_command()
    }

    fn set_schema(&self, context: &Context<'_>, oid: Oid, schema: Oid) -> Result<()> {
        let catalog = context.catalog();
        let mut row = self.row(catalog, oid)?;
        let old = row.schema().ok_or_else(|| Error::internal("an object without schema is moved"))?;
        if old == schema {
            return Ok(());
        }
        self.require_owner(context, oid, false)?;
        catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
        if T::RELATION != PgOperator::RELATION {
            self.check_free(context, &row, row.name(), Some(schema))?;
        }
        let namespace = |oid: Oid| Object::of::<PgNamespace>(oid);
        catalog.change_dependency(Object::of::<T>(oid), namespace(old), namespace(schema))?;
        row.set_schema(schema);
        catalog.change::<T>(T::OID_INDEX, &[oid.into()], |stored| *stored = row)?;
        catalog.next_command()
    }
}

/// The foreign-data wrapper that a server uses.
fn wrapper_of(catalog: &Catalog, object: Object) -> Result<Option<Oid>> {
    if object.class != PgForeignServer::RELATION {
        return Ok(None);
    }
    let row = catalog.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &[object.oid.into()])?;
    Ok(row.map(|row| row.srvfdw))
}

/// `42704 WORD "name" does not exist`
pub(crate) fn missing(what: &str, name: &str) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("{what} \"{name}\" does not exist"))
}

/// The object of a catalog without schemas that has this name.
pub(crate) fn by_name<T: Named>(context: &Context<'_>, unique: Oid, name: &str) -> Result<Entry<T>> {
    context.catalog().row::<T>(unique, &[name.into()])?.ok_or_else(|| missing(T::WORD, name))
}

/// The object that a name finds, by its schema or in the search path; `unique` is an index on name, then (or later) schema.
pub(crate) fn in_path<T: Named>(context: &Context<'_>, unique: Oid, name: &ObjectName) -> Result<Entry<T>> {
    in_path_of::<T>(context, unique, None, name)
}

fn in_path_of<T: Named>(
    context: &Context<'_>,
    unique: Oid,
    method: Option<(Oid, &str)>,
    name: &ObjectName,
) -> Result<Entry<T>> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| catalog.require_schema(schema)).transpose()?;
    let rows = match method {
        Some((method, _)) => catalog.rows::<T>(unique, &[method.into(), (&*name.name).into()])?,
        None => catalog.rows::<T>(unique, &[(&*name.name).into()])?,
    };
    let schemas = match schema {
        Some(schema) => vec![schema],
        // What is temporary is found only by the schema's name.
        None => {
            let temporary = catalog.temporary_schema_if_any();
            let path = catalog.search_path()?;
            path.schemas.iter().copied().filter(|schema| Some(*schema) != temporary).collect()
        }
    };
    let mut found = schemas.iter().filter_map(|&schema| rows.iter().find(|row| row.schema() == Some(schema)));
    found.next().cloned().ok_or_else(|| {
        let suffix = method.map_or(String::new(), |(_, name)| format!(" for access method \"{name}\""));
        Error::new(SqlState::UNDEFINED_OBJECT, format!("{} \"{name}\" does not exist{suffix}", T::WORD))
    })
}

/// The operator with these operand types.
pub(crate) fn operator(context: &Context<'_>, signature: &OperatorSignature) -> Result<Entry<PgOperator>> {
    let catalog = context.catalog();
    if signature.right.is_none() {
        let text = "postfix operators are not supported";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let operand = |name: &Option<Box<TypeName>>| match name {
        Some(name) => type_of(context, name),
        None => Ok(Oid::INVALID),
    };
    let (left, right) = (operand(&signature.left)?, operand(&signature.right)?);
    let name = &signature.operator;
    let schema = name.qualifiers.last().map(|schema| &**schema);
    if let Some(schema) = schema {
        catalog.require_schema(schema)?;
    }
    let Some(oid) = catalog.operator_exact(schema, &name.symbol, left, right)? else {
        let left = if left.is_valid() { catalog.type_name(left)? + " " } else { String::new() };
        let qualified: String = name.qualifiers.iter().map(|schema| format!("{schema}.")).collect();
        let text = format!("operator does not exist: {left}{qualified}{} {}", name.symbol, catalog.type_name(right)?);
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    catalog.operator(oid)
}

/// The object of a kind that is in this module's list, or a cast or transform.
///
/// # Errors
/// `42704` and its like if there is none.
pub(crate) fn find(context: &Context<'_>, kind: ObjectKind, reference: &ObjectReference) -> Result<Object> {
    let catalog = context.catalog();
    let method_of = |name: &str| {
        let row = catalog.access_method_by_name(name)?;
        row.map(|row| row.oid).ok_or_else(|| missing("access method", name))
    };
    macro_rules! plain {
        ($Row:ident, $unique:ident, $name:expr) => {
            Object::of::<$Row>(by_name::<$Row>(context, index::$unique, &$name.name)?.oid)
        };
    }
    macro_rules! in_schema {
        ($Row:ident, $unique:ident, $name:expr) => {
            Object::of::<$Row>(in_path::<$Row>(context, index::$unique, $name)?.oid)
        };
    }
    Ok(match (kind, reference) {
        (ObjectKind::AccessMethod, ObjectReference::Name(name)) => plain!(PgAm, PG_AM_NAME_INDEX, name),
        (ObjectKind::EventTrigger, ObjectReference::Name(name)) => {
            plain!(PgEventTrigger, PG_EVENT_TRIGGER_EVTNAME_INDEX, name)
        }
        (ObjectKind::ForeignDataWrapper, ObjectReference::Name(name)) => {
            plain!(PgForeignDataWrapper, PG_FOREIGN_DATA_WRAPPER_NAME_INDEX, name)
        }
        (ObjectKind::ForeignServer, ObjectReference::Name(name)) => {
            plain!(PgForeignServer, PG_FOREIGN_SERVER_NAME_INDEX, name)
        }
        (ObjectKind::Language, ObjectReference::Name(name)) => plain!(PgLanguage, PG_LANGUAGE_NAME_INDEX, name),
        (ObjectKind::Publication, ObjectReference::Name(name)) => {
            plain!(PgPublication, PG_PUBLICATION_PUBNAME_INDEX, name)
        }
        (ObjectKind::Schema, ObjectReference::Name(name)) => {
            Object::of::<PgNamespace>(catalog.require_schema(&name.name)?)
        }
        (ObjectKind::Tablespace, ObjectReference::Name(name)) => {
            plain!(PgTablespace, PG_TABLESPACE_SPCNAME_INDEX, name)
        }
        (ObjectKind::Subscription, ObjectReference::Name(name)) => {
            let key = [catalog.database().into(), (&*name.name).into()];
            let row = catalog.row::<PgSubscription>(index::PG_SUBSCRIPTION_SUBNAME_INDEX, &key)?;
            Object::of::<PgSubscription>(row.ok_or_else(|| missing("subscription", &name.name))?.oid)
        }
        (ObjectKind::Collation, ObjectReference::Name(name)) => {
            let schema = name.qualifiers.last().map(|schema| &**schema);
            if let Some(schema) = schema {
                catalog.require_schema(schema)?;
            }
            let oid = catalog.collation_by_name(schema, &name.name)?;
            Object::of::<PgCollation>(oid.ok_or_else(|| {
                let text = format!("collation \"{name}\" for encoding \"UTF8\" does not exist");
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?)
        }
        (ObjectKind::Conversion, ObjectReference::Name(name)) => {
            in_schema!(PgConversion, PG_CONVERSION_NAME_NSP_INDEX, name)
        }
        (ObjectKind::Statistics, ObjectReference::Name(name)) => {
            in_schema!(PgStatisticExt, PG_STATISTIC_EXT_NAME_INDEX, name)
        }
        (ObjectKind::TextSearchConfiguration, ObjectReference::Name(name)) => {
            in_schema!(PgTsConfig, PG_TS_CONFIG_CFGNAME_INDEX, name)
        }
        (ObjectKind::TextSearchDictionary, ObjectReference::Name(name)) => {
            in_schema!(PgTsDict, PG_TS_DICT_DICTNAME_INDEX, name)
        }
        (ObjectKind::TextSearchParser, ObjectReference::Name(name)) => {
            in_schema!(PgTsParser, PG_TS_PARSER_PRSNAME_INDEX, name)
        }
        (ObjectKind::TextSearchTemplate, ObjectReference::Name(name)) => {
            in_schema!(PgTsTemplate, PG_TS_TEMPLATE_TMPLNAME_INDEX, name)
        }
        (ObjectKind::Operator, ObjectReference::Operator(signature)) => {
            Object::of::<PgOperator>(operator(context, signature)?.oid)
        }
        (ObjectKind::OperatorClass, ObjectReference::OperatorClass { name, method }) => {
            let method = Some((method_of(method)?, &**method));
            let row = in_path_of::<PgOpclass>(context, index::PG_OPCLASS_AM_NAME_NSP_INDEX, method, name)?;
            Object::of::<PgOpclass>(row.oid)
        }
        (ObjectKind::OperatorFamily, ObjectReference::OperatorClass { name, method }) => {
            let method = Some((method_of(method)?, &**method));
            let row = in_path_of::<PgOpfamily>(context, index::PG_OPFAMILY_AM_NAME_NSP_INDEX, method, name)?;
            Object::of::<PgOpfamily>(row.oid)
        }
        (ObjectKind::Cast, ObjectReference::Cast { source, target }) => {
            let (source, target) = (type_of(context, source)?, type_of(context, target)?);
            let row = catalog.cast(source, target)?;
            let row = row.filter(|row| row.oid.is_valid());
            Object::of::<PgCast>(match row {
                Some(row) => row.oid,
                None => {
                    let (source, target) = (catalog.type_name(source)?, catalog.type_name(target)?);
                    let text = format!("cast from type {source} to type {target} does not exist");
                    return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
                }
            })
        }
        (ObjectKind::Transform, ObjectReference::Transform { type_name, language }) => {
            let ty = type_of(context, type_name)?;
            let row = by_name::<PgLanguage>(context, index::PG_LANGUAGE_NAME_INDEX, language)?;
            let key = [ty.into(), row.oid.into()];
            let found = catalog.row::<PgTransform>(index::PG_TRANSFORM_TYPE_LANG_INDEX, &key)?;
            let Some(found) = found else {
                let ty = catalog.type_name(ty)?;
                let text = format!("transform for type {ty} language \"{language}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            };
            Object::of::<PgTransform>(found.oid)
        }
        (ObjectKind::LargeObject, ObjectReference::LargeObject(number)) => crate::large_object::find(context, number)?,
        (ObjectKind::DomainConstraint, ObjectReference::OnDomain { domain, name }) => {
            crate::types::domain::find_constraint(context, domain, name)?
        }
        (kind, _) => return Err(Error::not_implemented(format_args!("naming of a {}", kind.word()))),
    })
}

/// Refuses who may not drop (`in_schema`: or does not own the schema), comment on or label an object.
pub(crate) fn require_owner(context: &Context<'_>, object: Object, in_schema: bool) -> Result<()> {
    let catalog = context.catalog();
    if let Some(operations) = operations(object.class) {
        return operations.require_owner(context, object.oid, in_schema);
    }
    let either = match object.class {
        PgConstraint::RELATION => {
            let row = catalog.find_constraint(object.oid)?.filter(|row| row.contypid.is_valid());
            row.map(|row| (row.contypid, row.contypid))
        }
        PgCast::RELATION => {
            let row = catalog.row::<PgCast>(index::PG_CAST_OID_INDEX, &[object.oid.into()])?;
            row.map(|row| (row.castsource, row.casttarget))
        }
        PgTransform::RELATION => {
            let row = catalog.row::<PgTransform>(index::PG_TRANSFORM_OID_INDEX, &[object.oid.into()])?;
            row.map(|row| (row.trftype, row.trftype))
        }
        _ => None,
    };
    let Some((source, target)) = either else { return Ok(()) };
    let me = catalog.current_user();
    if catalog.is_owner(Privileged::Type, source, me)? || catalog.is_owner(Privileged::Type, target, me)? {
        return Ok(());
    }
    let text = match object.class {
        PgCast::RELATION => {
            format!("must be owner of type {} or type {}", catalog.type_name(source)?, catalog.type_name(target)?)
        }
        _ => format!("must be owner of type {}", catalog.type_name(source)?),
    };
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text))
}

/// What DROP names; none if it may be missing and is.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    match find(context, drop.kind, reference) {
        Ok(object) => {
            require_owner(context, object, true)?;
            Ok(Some(object))
        }
        Err(error) if drop.if_exists && is_missing(&error) => {
            let text = match (drop.kind, reference) {
                (ObjectKind::Operator, ObjectReference::Operator(signature))
                    if error.state() == SqlState::UNDEFINED_FUNCTION =>
                {
                    format!("operator {} does not exist", signature.operator.symbol)
                }
                // As it was written.
                (ObjectKind::Cast, ObjectReference::Cast { source, target })
                    if error.state() == SqlState::UNDEFINED_OBJECT && error.message().starts_with("cast ") =>
                {
                    format!("cast from type {} to type {} does not exist", source.name, target.name)
                }
                _ => error.message().to_string(),
            };
            context.inform(error.state(), format!("{text}, skipping"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether an error says that what was named does not exist.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error.state(), SqlState::UNDEFINED_FUNCTION | SqlState::UNDEFINED_OBJECT | SqlState::INVALID_SCHEMA_NAME)
}
