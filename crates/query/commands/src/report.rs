//! What a statement did, as event triggers are told of it: a command tag and an object for each thing done.
//!
//! What a CREATE made is found among the rows that it wrote ([`catalog::watch`]), which is exact whatever it was named by; what an
//! ALTER changed, by its name where it names a relation, and among the rows otherwise.

use catalog::relation::kind;
use catalog::rows::*;
use catalog::watch::Command;
use catalog::{Object, index};
use error::Result;
use ids::Oid;
use parser::ast::{Grant, GrantObjects, ObjectKind, ObjectReference, RelationName, Statement};

use crate::Context;

/// How many rows were written before a statement; none if nobody watches.
pub(crate) fn start(context: &Context<'_>) -> Option<usize> {
    match context.catalog().is_watched() {
        true => context.catalog().with_watch(|watch| watch.touched.len()),
        false => None,
    }
}

/// Notes what a statement did, which has just been carried out; `from` is what [`start`] said before it.
pub(crate) fn note(context: &Context<'_>, statement: &Statement, from: Option<usize>) -> Result<()> {
    let Some(from) = from else { return Ok(()) };
    let tag = statement.name();
    if !crate::event_trigger::is_supported(tag) {
        return Ok(());
    }
    let catalog = context.catalog();
    let touched = catalog.with_watch(|watch| watch.touched.get(from..).map(<[_]>::to_vec)).flatten();
    let touched = touched.unwrap_or_default();
    let add = |object: Object| catalog.note_command(tag, object);
    let relation = |name: &RelationName| -> Result<()> {
        if let Some(oid) = context.find_relation(name)? {
            add(Object::relation(oid));
        }
        Ok(())
    };
    match statement {
        // These note for themselves, or only drop.
        Statement::CreateSchema(_)
        | Statement::Reindex(_)
        | Statement::CreateOperatorClass(_)
        | Statement::AlterOperatorFamily(_)
        | Statement::AlterTextSearchConfiguration(_)
        | Statement::Drop(_)
        | Statement::DropOwned(_)
        | Statement::DropUserMapping(_)
        | Statement::DropSubscription(_)
        | Statement::AlterTableMoveAll(_)
        | Statement::ImportForeignSchema(_) => {}
        Statement::CreateTable(create) => table(context, tag, &touched, create.partition_of.is_some())?,
        Statement::AlterTable(alter) => relation(&alter.relation.name)?,
        Statement::AlterSequence(alter) => relation(&alter.relation)?,
        Statement::RefreshMaterializedView(refresh) => relation(&refresh.relation)?,
        Statement::Grant(grant) => of_kind(context, tag, grant),
        Statement::AlterDefaultPrivileges(alter) => of_kind(context, tag, &alter.grant),
        Statement::Comment(comment) => {
            if let Some(object) = crate::comment::object(context, comment.kind, &comment.object)? {
                add(object);
            }
        }
        Statement::Rename(rename) if rename.kind == ObjectKind::Column => {
            if let (ObjectReference::Relation(table), name) = (&rename.object, &rename.new_name)
                && let Some(oid) = context.find_relation(&table.name)?
                && let Some(column) = catalog.relation(oid)?.column_by_name(name)
            {
                add(Object::column(oid, column.attnum));
            }
        }
        other => {
            let wanted = class_of(other);
            let mut found = touched.iter().filter(|(class, _)| wanted.is_none_or(|wanted| wanted == *class));
            let fits = |&&(class, oid): &&(Oid, Oid)| is_main(context, other, class, oid).unwrap_or(false);
            if let Some(&(class, oid)) = found.find(fits) {
                add(Object { class, oid, sub: 0 });
            }
        }
    }
    Ok(())
}

/// Whether an object is what a statement is about, rather than a part of it.
fn is_main(context: &Context<'_>, statement: &Statement, class: Oid, oid: Oid) -> Result<bool> {
    let catalog = context.catalog();
    Ok(match class {
        PgClass::RELATION => {
            let Some(row) = catalog.class(oid)? else { return Ok(false) };
            match statement {
                Statement::CreateIndex(_) => matches!(row.relkind, kind::INDEX | kind::PARTITIONED_INDEX),
                Statement::CreateSequence(_) => row.relkind == kind::SEQUENCE,
                _ => row.relkind != kind::TOAST,
            }
        }
        // Not the arrays, and of a range not the multirange.
        PgType::RELATION => catalog.find_type(oid)?.is_some_and(|row| row.typcategory != b'A' && row.typtype != b'm'),
        PgTrigger::RELATION => catalog.find_trigger(oid)?.is_some_and(|row| !row.tgisinternal),
        _ => true,
    })
}

/// The catalog of what a statement makes; none if any will do.
fn class_of(statement: &Statement) -> Option<Oid> {
    Some(match statement {
        Statement::CreateIndex(_)
        | Statement::CreateView(_)
        | Statement::CreateSequence(_)
        | Statement::CreateTableAs(_)
        | Statement::Select(_) => PgClass::RELATION,
        Statement::CreateTrigger(_) => PgTrigger::RELATION,
        Statement::CreateRule(_) => PgRewrite::RELATION,
        Statement::CreatePolicy(_) | Statement::AlterPolicy(_) => PgPolicy::RELATION,
        Statement::CreateStatistics(_) | Statement::AlterStatistics(_) => PgStatisticExt::RELATION,
        Statement::CreateDomain(_)
        | Statement::AlterDomain(_)
        | Statement::CreateCompositeType(_)
        | Statement::CreateEnum(_)
        | Statement::CreateRange(_)
        | Statement::AlterType(_) => PgType::RELATION,
        Statement::CreateFunction(_) | Statement::AlterFunction(_) => PgProc::RELATION,
        Statement::Define(define) => match define.kind {
            ObjectKind::Aggregate => PgProc::RELATION,
            ObjectKind::Operator => PgOperator::RELATION,
            ObjectKind::Type => PgType::RELATION,
            ObjectKind::Collation => PgCollation::RELATION,
            ObjectKind::TextSearchConfiguration => PgTsConfig::RELATION,
            ObjectKind::TextSearchDictionary => PgTsDict::RELATION,
            ObjectKind::TextSearchParser => PgTsParser::RELATION,
            ObjectKind::TextSearchTemplate => PgTsTemplate::RELATION,
            _ => return None,
        },
        Statement::CreateExtension(_) => PgExtension::RELATION,
        Statement::CreateServer(_) => PgForeignServer::RELATION,
        _ => return None,
    })
}

/// A table, with the sequences and indexes that were made for it.
fn table(context: &Context<'_>, tag: &'static str, touched: &[(Oid, Oid)], is_partition: bool) -> Result<()> {
    let catalog = context.catalog();
    let (mut tables, mut sequences, mut indexes) = (Vec::new(), Vec::new(), Vec::new());
    let mut references = false;
    for &(class, oid) in touched {
        match class {
            PgClass::RELATION => {
                let Some(row) = catalog.class(oid)? else { continue };
                let list = match row.relkind {
                    kind::SEQUENCE => &mut sequences,
                    kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE => &mut tables,
                    kind::INDEX | kind::PARTITIONED_INDEX => {
                        let index = catalog.index_row(oid)?;
                        let of = catalog.class(index.indrelid)?;
                        match of.is_some_and(|of| of.relkind != kind::TOAST) && !is_partition {
                            true => &mut indexes,
                            false => continue,
                        }
                    }
                    _ => continue,
                };
                if !list.contains(&oid) {
                    list.push(oid);
                }
            }
            PgConstraint::RELATION => {
                let row = catalog.row::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[oid.into()])?;
                references |= row.is_some_and(|row| row.contype == b'f' && tables.contains(&row.conrelid));
            }
            _ => {}
        }
    }
    // Parents are touched after the table itself is there.
    let Some(&table) = tables.first() else { return Ok(()) };
    let note = |tag, oid: Oid| catalog.note_command(tag, Object::relation(oid));
    sequences.iter().for_each(|&oid| note("CREATE SEQUENCE", oid));
    note(tag, table);
    indexes.iter().for_each(|&oid| note("CREATE INDEX", oid));
    if references {
        note("ALTER TABLE", table);
    }
    sequences.iter().for_each(|&oid| note("ALTER SEQUENCE", oid));
    Ok(())
}

/// GRANT and its like name kinds of objects only.
fn of_kind(context: &Context<'_>, tag: &'static str, grant: &Grant) {
    let kind = match &grant.objects {
        GrantObjects::Objects { kind, .. }
        | GrantObjects::AllInSchema { kind, .. }
        | GrantObjects::Defaults { kind } => match kind {
            ObjectKind::ForeignServer => "FOREIGN SERVER",
            kind => kind.word(),
        },
        GrantObjects::Parameters(_) => return,
    };
    context.catalog().with_watch(|watch| watch.commands.push(Command { tag, object: None, kind: Some(kind) }));
}
