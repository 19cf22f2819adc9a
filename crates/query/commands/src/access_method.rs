//! CREATE ACCESS METHOD, and the methods that tables are made with.
//!
//! Methods with handlers of their own would be code in the server's address space, which there is none of: a new method has one of the built-in
//! handlers, and is that method by another name, with operator classes of its own.

use catalog::relation::kind;
use catalog::rows::{PgAm, PgClass, PgProc};
use catalog::{Dependency, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::CreateAccessMethod;

use crate::Context;

const INTERNAL: Oid = Oid(2281);
const INDEX_AM_HANDLER: Oid = Oid(325);
const TABLE_AM_HANDLER: Oid = Oid(269);
/// `heap_tableam_handler`.
const HEAP_HANDLER: Oid = Oid(3);

/// CREATE ACCESS METHOD.
pub(crate) fn create(context: &Context<'_>, create: &CreateAccessMethod) -> Result<()> {
    let (catalog, name) = (context.catalog(), &*create.name);
    if !catalog.is_superuser(catalog.current_user())? {
        let text = format!("permission denied to create access method \"{name}\"");
        return Err(
            Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint("Must be superuser to create an access method.")
        );
    }
    if catalog.access_method_by_name(name)?.is_some() {
        let text = format!("access method \"{name}\" already exists");
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let (handler, result) = crate::language::function(context, &create.handler, &[INTERNAL])?;
    let (wanted, letter) = if create.index { (INDEX_AM_HANDLER, b'i') } else { (TABLE_AM_HANDLER, b't') };
    if result != wanted {
        let text = format!("function {} must return type {}", create.handler, catalog.type_name(wanted)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let oid = catalog.new_oid::<PgAm>(index::PG_AM_OID_INDEX)?;
    catalog.insert(&PgAm { oid, amname: name.to_string().into(), amhandler: handler, amtype: letter })?;
    if create.index {
        // One whose handler is not built in is refused at once, not at its first use.
        catalog.next_command()?;
        catalog.index_method(oid)?;
    } else if handler != HEAP_HANDLER {
        return Err(Error::not_implemented("table access methods with handlers of their own"));
    }
    catalog.record_dependency(Object::of::<PgAm>(oid), Object::of::<PgProc>(handler), Dependency::Normal)?;
    catalog.next_command()
}

/// The table access method with this name.
///
/// # Errors
/// `42704` if there is none; `42809` for one of indexes.
pub(crate) fn of_tables(context: &Context<'_>, name: &str) -> Result<Oid> {
    let Some(row) = context.catalog().access_method_by_name(name)? else {
        let text = format!("access method \"{name}\" does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    };
    if row.amtype != b't' {
        let text = format!("access method \"{name}\" is not of type TABLE");
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    Ok(row.oid)
}

/// The access method that `default_table_access_method` names.
pub(crate) fn default_of_tables(context: &Context<'_>) -> Result<Oid> {
    let name = context.session.env().setting("default_table_access_method");
    of_tables(context, name.as_deref().unwrap_or("heap"))
}

/// The access method of a new table of a kind: the one that is named; a partition's is its parent's, if that has one. A partitioned
/// table has none unless it is named.
pub(crate) fn of_new_table(context: &Context<'_>, named: Option<&str>, kind: u8, parent: Option<Oid>) -> Result<Oid> {
    if let Some(name) = named {
        return of_tables(context, name);
    }
    if !matches!(kind, kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE) {
        return Ok(Oid::INVALID);
    }
    if let Some(parent) = parent {
        let method = context.catalog().relation(parent)?.class.relam;
        if method.is_valid() {
            return Ok(method);
        }
    }
    if kind == kind::PARTITIONED_TABLE { Ok(Oid::INVALID) } else { default_of_tables(context) }
}

/// ALTER TABLE … SET ACCESS METHOD; without a name, the default. All of them are the heap, so the rows stay as they are.
pub(crate) fn set(context: &Context<'_>, relation: &Relation, name: Option<&str>) -> Result<()> {
    let catalog = context.catalog();
    let method = match name {
        Some(name) => of_tables(context, name)?,
        None if relation.kind() == kind::PARTITIONED_TABLE => Oid::INVALID,
        None => default_of_tables(context)?,
    };
    let old = relation.class.relam;
    if method == old {
        return Ok(());
    }
    let this = Object::relation(relation.oid);
    catalog.alter_class(relation.oid, |class: &mut PgClass| class.relam = method)?;
    if old.is_valid() {
        catalog.forget_dependency(this, Object::of::<PgAm>(old), Dependency::Normal)?;
    }
    if method.is_valid() {
        catalog.record_dependency(this, Object::of::<PgAm>(method), Dependency::Normal)?;
    }
    catalog.next_command()
}
