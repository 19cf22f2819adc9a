//! CREATE SEQUENCE, ALTER SEQUENCE, and the sequences behind `serial` and identity columns.
//!
//! [`options`] understands what a statement says of a sequence, [`values`] gives values. A sequence's definition is its row in
//! `pg_sequence`; its state is the one row of its relation (`heap::sequence`), which DDL never changes in place: it gets new
//! files, so that a rollback brings the old state back.

mod options;
pub mod values;

use catalog::relation::kind;
use catalog::rows::{CatalogRow, PgClass, PgDepend, PgSequence};
use catalog::{Dependency, NewColumn, NewRelation, Object, Relation};
use error::{Error, Result, SqlState};
use heap::sequence::{SequenceRow, create_sequence, read_sequence};
use ids::Oid;
use parser::ast::{
    AlterSequence, CreateSequence, DefinitionItem, Expr, ObjectName, RawStatement, RelationName, SelectBody, Statement,
};

use crate::Context;
use options::{Definition, Options};

/// What owns a sequence: a column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub table: Oid,
    pub column: i16,
    /// It is an identity column: the sequence is a part of it.
    pub identity: bool,
}

/// Makes a sequence.
pub(crate) fn create(context: &Context<'_>, create: &CreateSequence) -> Result<()> {
    let options = Options::read(context, &create.options)?;
    let (schema, persistence) = context.creation_place(&create.relation, create.persistence)?;
    let name = &*create.relation.name;
    if context.catalog().relation_in_schema(schema, name)?.is_some() {
        let text = format!("relation \"{name}\" already exists");
        if create.if_not_exists {
            context.inform(SqlState::DUPLICATE_TABLE, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_TABLE, text));
    }
    let sequence = make(context, schema, name, persistence, options.define(None, false)?)?;
    match &options.owned_by {
        Some(column) => own(context, sequence, column),
        None => Ok(()),
    }
}

/// Makes the sequence of a `serial` or identity column; its object id.
pub(crate) fn create_for_column(
    context: &Context<'_>,
    owner: Owner,
    type_: Oid,
    items: &[DefinitionItem],
) -> Result<Oid> {
    let catalog = context.catalog();
    let table = catalog.relation(owner.table)?;
    let column = table.column(owner.column).ok_or_else(|| Error::internal("a column is gone"))?.attname.to_string();
    let mut options = Options::read(context, items)?;
    if options.type_.is_none() {
        options.type_ = Some(type_);
    }
    let schema = table.class.relnamespace;
    let (schema, name) = match &options.name {
        Some(name) => {
            let name = name.to_relation();
            let schema = if name.schema.is_some() { context.creation_schema(&name)? } else { schema };
            (schema, name.name.to_string())
        }
        None => (schema, catalog.choose_name(schema, table.name(), &column, "seq", &|_| false)?),
    };
    let persistence = match options.logged {
        Some(logged) => {
            if logged {
                b'p'
            } else {
                b'u'
            }
        }
        None => table.class.relpersistence,
    };
    let definition = options.define(None, owner.identity)?;
    let sequence = make(context, schema, &name, persistence, definition)?;
    let kind = if owner.identity { Dependency::Internal } else { Dependency::Auto };
    catalog.record_dependency(Object::relation(sequence), Object::column(owner.table, owner.column), kind)?;
    if table.class.relowner != catalog.current_user() {
        catalog.set_relation_owner(sequence, table.class.relowner)?;
    }
    catalog.next_command()?;
    Ok(sequence)
}

/// Makes the rows and the files of a sequence; its object id.
fn make(context: &Context<'_>, schema: Oid, name: &str, persistence: u8, definition: Definition) -> Result<Oid> {
    let catalog = context.catalog();
    let column = |name: &str, type_| NewColumn { not_null: true, ..NewColumn::new(name, type_, -1, Oid::INVALID) };
    let mut new = NewRelation::new(name, schema, kind::SEQUENCE, catalog.current_user());
    new.persistence = persistence;
    new.columns = vec![
        column("last_value", types::oid::INT8),
        column("log_cnt", types::oid::INT8),
        column("is_called", types::oid::BOOL),
    ];
    let sequence = catalog.create_relation(&new)?;
    let relation = catalog.relation(sequence)?;
    create_sequence(context.session.store, &*catalog.table(&relation)?, definition.state)?;
    catalog.create_sequence_row(&PgSequence { seqrelid: sequence, ..definition.row })?;
    Ok(sequence)
}

/// Changes a sequence.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterSequence) -> Result<()> {
    let Some(relation) = context.try_open(&alter.relation, 6)? else {
        let text = format!("relation \"{}\" does not exist", alter.relation);
        if alter.if_exists {
            context.inform(SqlState::UNDEFINED_TABLE, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
    };
    if relation.kind() != kind::SEQUENCE {
        let text = format!("\"{}\" is not a sequence", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    context.require_owner(&relation)?;
    let options = Options::read(context, &alter.options)?;
    change(context, &relation, &options)?;
    match &options.owned_by {
        Some(column) => own(context, relation.oid, column),
        None => Ok(()),
    }
}

/// Changes the options of an identity column's sequence.
pub(crate) fn alter_identity(context: &Context<'_>, sequence: Oid, items: &[DefinitionItem]) -> Result<()> {
    let relation = context.catalog().relation(sequence)?;
    change(context, &relation, &Options::read(context, items)?)
}

/// Gives an identity column's sequence another type.
pub(crate) fn set_type(context: &Context<'_>, sequence: Oid, ty: Oid) -> Result<()> {
    let relation = context.catalog().relation(sequence)?;
    change(context, &relation, &Options { type_: Some(ty), ..Options::default() })
}

fn change(context: &Context<'_>, relation: &Relation, options: &Options<'_>) -> Result<()> {
    if options.only_owner() {
        return Ok(());
    }
    let catalog = context.catalog();
    let old = catalog.sequence(relation.oid)?;
    let state = read_sequence(context.session.store, &*catalog.table(relation)?)?;
    let definition = options.define(Some((&old, state)), false)?;
    if definition.row != *old {
        let new = definition.row;
        let index = catalog::index::PG_SEQUENCE_SEQRELID_INDEX;
        catalog.change::<PgSequence>(index, &[relation.oid.into()], |row| *row = new)?;
        catalog.next_command()?;
    }
    if definition.state != state {
        renew(context, relation.oid, definition.state)?;
    }
    Ok(())
}

/// Lets a sequence begin again where it began: TRUNCATE … RESTART IDENTITY.
pub(crate) fn restart(context: &Context<'_>, sequence: Oid) -> Result<()> {
    let row = context.catalog().sequence(sequence)?;
    let state = SequenceRow { last_value: row.seqstart, log_count: 0, is_called: false };
    executor::lock_relation(context.session, sequence, 8)?;
    renew(context, sequence, state)
}

/// Gives a sequence new files with this state.
fn renew(context: &Context<'_>, sequence: Oid, state: SequenceRow) -> Result<()> {
    let catalog = context.catalog();
    executor::lock_relation(context.session, sequence, 8)?;
    catalog.new_files(sequence)?;
    catalog.change::<PgClass>(catalog::index::PG_CLASS_OID_INDEX, &[sequence.into()], |class| {
        class.relpages = 1;
        class.reltuples = 1.0;
    })?;
    catalog.next_command()?;
    let relation = catalog.relation(sequence)?;
    create_sequence(context.session.store, &*catalog.table(&relation)?, state)
}

/// `nextval('schema.sequence'::regclass)`.
pub(crate) fn next_value(context: &Context<'_>, sequence: Oid) -> Result<Expr> {
    let catalog = context.catalog();
    let relation = catalog.relation(sequence)?;
    let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
    let name = format!(
        "{}.{}",
        catalog::format::quote_identifier(&schema),
        catalog::format::quote_identifier(relation.name())
    );
    let text = format!("SELECT pg_catalog.nextval('{}'::pg_catalog.regclass)", name.replace('\'', "''"));
    let mut statements = parser::parse(&text)?;
    if let Some(RawStatement { statement: Statement::Select(select), .. }) = statements.pop()
        && let SelectBody::Simple(mut select) = select.body
        && let Some(target) = select.targets.pop()
    {
        return Ok(target.value);
    }
    Err(Error::internal("a call of nextval was expected"))
}

/// `OWNED BY table.column`, or `OWNED BY NONE`.
fn own(context: &Context<'_>, sequence: Oid, column: &ObjectName) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(sequence)?;
    // An identity column's sequence is a part of it.
    let key = [PgClass::RELATION.into(), sequence.into()];
    let depends = catalog.rows::<PgDepend>(catalog::index::PG_DEPEND_DEPENDER_INDEX, &key)?;
    if let Some(part) = depends.iter().find(|row| row.deptype == b'i' && row.refclassid == PgClass::RELATION) {
        let table = catalog.relation_name(part.refobjid)?.unwrap_or_default();
        let text = "cannot change ownership of identity sequence";
        let detail = format!("Sequence \"{}\" is linked to table \"{table}\".", relation.name());
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(detail));
    }
    let mut owner = None;
    if let Some((table, schema_parts)) = column.qualifiers.split_last() {
        let name = RelationName {
            schema: schema_parts.last().cloned(),
            database: schema_parts.iter().rev().nth(1).cloned(),
            name: table.clone(),
            location: column.location,
        };
        let table = context.open(&name, 1)?;
        if !matches!(table.kind(), kind::TABLE | kind::FOREIGN_TABLE | kind::VIEW | kind::PARTITIONED_TABLE) {
            let text = format!("sequence cannot be owned by relation \"{}\"", table.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(table.not_supported()));
        }
        let prerequisite = |text: &str| Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text);
        if table.class.relowner != relation.class.relowner {
            return Err(prerequisite("sequence must have same owner as table it is linked to"));
        }
        if table.class.relnamespace != relation.class.relnamespace {
            return Err(prerequisite("sequence must be in same schema as table it is linked to"));
        }
        owner = Some(Object::column(table.oid, context.column(&table, &column.name)?));
    } else if &*column.name != "none" {
        return Err(Error::new(SqlState::SYNTAX_ERROR, "invalid OWNED BY option")
            .hint("Specify OWNED BY table.column or OWNED BY NONE."));
    }
    catalog.disown_sequence(sequence)?;
    if let Some(owner) = owner {
        catalog.record_dependency(Object::relation(sequence), owner, Dependency::Auto)?;
    }
    catalog.next_command()
}

/// Makes the sequence of an identity column like another one.
pub(crate) fn copy_for_column(context: &Context<'_>, owner: Owner, type_: Oid, model: Oid) -> Result<()> {
    let sequence = create_for_column(context, owner, type_, &[])?;
    let row = PgSequence::clone(&*context.catalog().sequence(model)?);
    let key = [sequence.into()];
    let index = catalog::index::PG_SEQUENCE_SEQRELID_INDEX;
    let start = row.seqstart;
    context.catalog().change::<PgSequence>(index, &key, |own| *own = PgSequence { seqrelid: sequence, ..row })?;
    context.catalog().next_command()?;
    renew(context, sequence, SequenceRow { last_value: start, log_count: 0, is_called: false })
}

/// Makes a sequence logged or unlogged; it goes on where it is.
pub(crate) fn set_persistence(context: &Context<'_>, sequence: Oid, letter: u8) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(sequence)?;
    if relation.class.relpersistence == letter {
        return Ok(());
    }
    let state = read_sequence(context.session.store, &*catalog.table(&relation)?)?;
    catalog.alter_class(sequence, |class| class.relpersistence = letter)?;
    renew(context, sequence, state)
}
