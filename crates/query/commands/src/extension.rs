//! Extensions: CREATE EXTENSION and DROP EXTENSION of those that are built into the server.
//!
//! An extension is a row of [`EXTENSIONS`]: its version, and its functions. CREATE EXTENSION writes their rows of `pg_proc` as
//! PostgreSQL's scripts do, in language C with the library's name; a call of such a function finds the code by library and
//! arguments ([`find`]).

use batch::{Column, Datum, DatumRef};
use catalog::acl::{Acl, AclItem, Privileges};
use catalog::field::OidVector;
use catalog::rows::{PgExtension, PgNamespace, PgProc};
use catalog::{Dependency, Object};
use error::{Error, Result, SqlState};
use executor::Session;
use ids::Oid;
use parser::ast::{CreateExtension, DropObjects, ObjectReference};
use types::{Context as CallContext, RowSource};

use crate::{Context, options};

/// What an extension consists of.
pub(crate) struct Extension {
    pub name: &'static str,
    pub version: &'static str,
    pub comment: &'static str,
    pub functions: &'static [Function],
}

/// A function of an extension.
pub(crate) struct Function {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// Columns of the rows that it returns.
    pub out: &'static [Argument],
    /// How many arguments at the end have defaults, and which.
    pub defaults: Option<(i16, &'static str)>,
    pub result: Oid,
    pub strict: bool,
    pub parallel: u8,
    pub call: Body,
}

/// An argument of a function.
pub(crate) struct Argument {
    name: &'static str,
    ty: Oid,
}

impl Argument {
    pub const fn new(name: &'static str, ty: Oid) -> Argument {
        Argument { name, ty }
    }
}

/// What a function does.
pub(crate) enum Body {
    /// Gives a value.
    Value(fn(&Session<'_>, &[DatumRef<'_>]) -> Result<Datum>),
    /// Gives rows.
    Rows(fn(&Session<'_>, &[DatumRef<'_>]) -> Result<Vec<Vec<Datum>>>),
}

/// All extensions that there are.
static EXTENSIONS: &[&Extension] = &[&crate::amcheck::AMCHECK];

/// Language `c`.
const LANGUAGE_C: Oid = Oid(13);

fn library(extension: &Extension) -> String {
    format!("$libdir/{}", extension.name)
}

/// The code of a function in language C; `None` if no extension has it.
fn find(row: &PgProc) -> Option<&'static Function> {
    let binary = row.probin.as_deref().filter(|_| row.prolang == LANGUAGE_C)?;
    let extension = EXTENSIONS.iter().find(|extension| library(extension) == binary)?;
    let same = |function: &&Function| {
        function.name == &*row.prosrc && function.arguments.iter().map(|a| a.ty).eq(row.proargtypes.iter().copied())
    };
    extension.functions.iter().find(same)
}

/// Calls a function of an extension for one row; `None` if it is none.
pub fn call(session: &Session<'_>, row: &PgProc, arguments: &[DatumRef<'_>]) -> Option<Result<Datum>> {
    let function = find(row)?;
    Some(match function.call {
        Body::Value(_) if function.strict && arguments.iter().any(|value| value.is_null()) => Ok(Datum::Null),
        Body::Value(value) => value(session, arguments),
        Body::Rows(_) => Err(Error::internal("a set-returning function is called as an ordinary one")),
    })
}

/// Begins a call of a set-returning function of an extension; `None` if it is none.
pub fn rows(session: &Session<'_>, row: &PgProc, arguments: &[DatumRef<'_>]) -> Option<Result<Box<dyn RowSource>>> {
    match find(row)?.call {
        Body::Rows(rows) => Some(rows(session, arguments).map(|rows| {
            let source: Box<dyn RowSource> = Box::new(Ready(rows.into_iter()));
            source
        })),
        Body::Value(_) => None,
    }
}

/// Rows that are there already.
struct Ready(std::vec::IntoIter<Vec<Datum>>);

impl RowSource for Ready {
    fn next(&mut self, columns: &mut [Column], most: usize, _: CallContext<'_>) -> Result<usize> {
        let mut count = 0;
        while count < most
            && let Some(row) = self.0.next()
        {
            columns.iter_mut().zip(&row).for_each(|(column, value)| column.push(value.as_ref()));
            count += 1;
        }
        Ok(count)
    }
}

/// CREATE EXTENSION.
pub(crate) fn create(context: &Context<'_>, create: &CreateExtension) -> Result<()> {
    let (catalog, name) = (context.catalog(), &*create.name);
    if catalog.extension_by_name(name)?.is_some() {
        let text = format!("extension \"{name}\" already exists");
        if !create.if_not_exists {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
        }
        context.inform(SqlState::DUPLICATE_OBJECT, format!("{text}, skipping"));
        return Ok(());
    }
    let Some(extension) = EXTENSIONS.iter().find(|extension| extension.name == name) else {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("extension \"{name}\" is not available"))
            .hint("The extension must first be installed on the system where PostgreSQL is running."));
    };
    let mut schema = None;
    for option in &create.options {
        match (&*option.name, options::text(option)) {
            ("schema", Some(name)) => schema = Some(catalog.require_schema(&name)?),
            ("new_version", Some(version)) if version != extension.version => {
                let text = format!(
                    "extension \"{name}\" has no installation script nor update path for version \"{version}\""
                );
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
            }
            _ => (),
        }
    }
    let user = catalog.current_user();
    if !catalog.is_superuser(user)? {
        return Err(Error::new(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied to create extension \"{name}\""),
        )
        .hint("Must be superuser to create this extension."));
    }
    let none = || Error::new(SqlState::UNDEFINED_OBJECT, "no schema has been selected to create in");
    let schema = match schema {
        Some(schema) => schema,
        None => catalog.search_path()?.creation.ok_or_else(none)?,
    };
    let oid = catalog.new_oid::<PgExtension>(catalog::index::PG_EXTENSION_OID_INDEX)?;
    catalog.insert(&PgExtension {
        oid,
        extname: extension.name.into(),
        extowner: user,
        extnamespace: schema,
        extrelocatable: true,
        extversion: extension.version.into(),
        ..PgExtension::default()
    })?;
    let this = Object::of::<PgExtension>(oid);
    let in_schema = Object::of::<PgNamespace>(schema);
    catalog.record_owner(this, user)?;
    catalog.record_dependency(this, in_schema, Dependency::Normal)?;
    catalog.set_description(this, Some(extension.comment))?;
    for function in extension.functions {
        let row = row_of(context, extension, function, schema, user)?;
        catalog.insert(&row)?;
        let object = Object::of::<PgProc>(row.oid);
        catalog.record_owner(object, user)?;
        catalog.record_dependency(object, in_schema, Dependency::Normal)?;
        catalog.record_dependency(object, this, Dependency::Extension)?;
    }
    catalog.next_command()
}

/// The row of `pg_proc` of an extension's function.
fn row_of(
    context: &Context<'_>,
    extension: &Extension,
    function: &Function,
    schema: Oid,
    owner: Oid,
) -> Result<PgProc> {
    let catalog = context.catalog();
    let all = || function.arguments.iter().chain(function.out);
    let returns_rows = !function.out.is_empty();
    let owners =
        AclItem { grantee: owner, grantor: owner, privileges: Privileges::EXECUTE, grantable: Privileges::default() };
    Ok(PgProc {
        oid: catalog.new_oid::<PgProc>(catalog::index::PG_PROC_OID_INDEX)?,
        proname: function.name.into(),
        pronamespace: schema,
        proowner: owner,
        prolang: LANGUAGE_C,
        procost: 1.0,
        prorows: if returns_rows { 1000.0 } else { 0.0 },
        prokind: b'f',
        proisstrict: function.strict,
        proretset: returns_rows,
        provolatile: b'v',
        proparallel: function.parallel,
        pronargs: function.arguments.len() as i16,
        pronargdefaults: function.defaults.map_or(0, |(count, _)| count),
        prorettype: function.result,
        proargtypes: OidVector(function.arguments.iter().map(|argument| argument.ty).collect()),
        proallargtypes: returns_rows.then(|| all().map(|argument| argument.ty).collect()),
        proargmodes: returns_rows.then(|| {
            let modes = [(b'i', function.arguments.len()), (b'o', function.out.len())];
            modes.into_iter().flat_map(|(mode, count)| std::iter::repeat_n(mode, count)).collect()
        }),
        proargnames: Some(all().map(|argument| argument.name.into()).collect()),
        proargdefaults: function.defaults.map(|(_, sql)| format!("@{sql}").into()),
        prosrc: function.name.into(),
        probin: Some(library(extension).into()),
        // Only the owner, until it grants more.
        proacl: Some(Acl(vec![owners])),
        ..PgProc::default()
    })
}

/// The extension that DROP EXTENSION names.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let ObjectReference::Name(name) = reference else {
        return Err(Error::internal("an extension is not named as one"));
    };
    match context.catalog().extension_by_name(&name.name)? {
        Some(row) => {
            let user = context.catalog().current_user();
            if !context.catalog().has_privileges_of(user, row.extowner)? {
                let text = format!("must be owner of extension {}", row.extname);
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
            }
            Ok(Some(Object::of::<PgExtension>(row.oid)))
        }
        None => {
            let text = format!("extension \"{}\" does not exist", name.name);
            if !drop.if_exists {
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            }
            context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
            Ok(None)
        }
    }
}
