//! Temporary tables: what becomes of them when a transaction or the session ends.
//!
//! A temporary relation is a relation like any other, in a schema that belongs to one session (`pg_temp_N`, N being the session's number).
//! Its pages are in the shared pool and are never logged nor synced: they stay there as long as there is room, and go to its files
//! otherwise, so that a session's temporary tables may use all memory that others leave free.
//!
//! # Differences from PostgreSQL
//! There, temporary tables have buffers of the session's own (`temp_buffers`), whose memory is reserved apart and not given back, and
//! which no parallel worker can read.
//!
//! At the session's end all that is in its schema is dropped. What a crash leaves behind goes when the next session of that number
//! makes its first temporary object.

use std::cell::RefCell;

use catalog::relation::kind;
use catalog::{Catalog, DropBehavior, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::OnCommit;

use crate::Context;

/// The session's tables for which something is to be done at commit, in the order of their creation.
#[derive(Debug, Default)]
pub struct AtCommit(RefCell<Vec<(Oid, OnCommit)>>);

impl AtCommit {
    /// Notes what a new table says of ON COMMIT.
    pub(crate) fn note(&self, table: Oid, action: OnCommit) {
        if matches!(action, OnCommit::DeleteRows | OnCommit::Drop) {
            self.0.borrow_mut().push((table, action));
        }
    }

    /// What is to be done with a table.
    fn of(&self, table: Oid) -> OnCommit {
        let list = self.0.borrow();
        list.iter().find(|(oid, _)| *oid == table).map_or(OnCommit::Unspecified, |(_, action)| *action)
    }

    /// Whether nothing is to be done at commit.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// ON COMMIT stands only with temporary tables.
pub(crate) fn check(action: OnCommit, persistence: u8) -> Result<()> {
    if action != OnCommit::Unspecified && persistence != b't' {
        let text = "ON COMMIT can only be used on temporary tables";
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    Ok(())
}

/// Does what the session's temporary tables say of ON COMMIT; the transaction is about to commit.
///
/// # Errors
/// `0A000` for rows that a table keeps and that refer to rows that go.
pub fn before_commit(context: &Context<'_>) -> Result<()> {
    let catalog = context.catalog();
    let list = context.services.at_commit();
    // Tables whose creation was rolled back, or that were dropped meanwhile.
    let mut failure = None;
    list.0.borrow_mut().retain(|(table, _)| match catalog.find_relation(*table) {
        Ok(relation) => relation.is_some(),
        Err(error) => {
            failure = Some(error);
            true
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let actions = list.0.borrow().clone();
    let session = context.session;
    let mut emptied = Vec::new();
    for &(table, _) in actions.iter().filter(|(_, action)| *action == OnCommit::DeleteRows) {
        let mut tree = crate::inherit::tree(context, table, 0)?;
        tree.retain(|&member| member == table || list.of(member) != OnCommit::Drop);
        for member in tree {
            let relation = catalog.relation(member)?;
            if relation.kind() != kind::TABLE || emptied.contains(&member) {
                continue;
            }
            if session.tables.page_count(session.store, &*catalog.table(&relation)?)? > 0 {
                emptied.push(member);
            }
        }
    }
    for &table in &emptied {
        check_references(catalog, &*catalog.relation(table)?, &emptied)?;
    }
    for &table in &emptied {
        crate::truncate::empty(context, table)?;
    }
    let dropped: Vec<Oid> = actions.iter().filter(|entry| entry.1 == OnCommit::Drop).map(|entry| entry.0).collect();
    if !dropped.is_empty() {
        let objects: Vec<Object> = dropped.iter().map(|&table| Object::relation(table)).collect();
        catalog.drop_objects(&objects, DropBehavior::Cascade)?;
    }
    Ok(())
}

fn check_references(catalog: &Catalog, relation: &Relation, emptied: &[Oid]) -> Result<()> {
    if !relation.class.relhastriggers {
        return Ok(());
    }
    for trigger in &relation.triggers {
        let other = trigger.tgconstrrelid;
        if !trigger.is_of_foreign_key() || !other.is_valid() || emptied.contains(&other) {
            continue;
        }
        let constraint = catalog.constraint(trigger.tgconstraint)?;
        if constraint.confrelid != relation.oid {
            continue;
        }
        let other = catalog.relation(other)?;
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "unsupported ON COMMIT and foreign key combination")
            .detail(format!(
                "Table \"{}\" references \"{}\", but they do not have the same ON COMMIT setting.",
                other.name(),
                relation.name()
            )));
    }
    Ok(())
}

/// Drops all temporary objects of the session: at its end, and for DISCARD TEMP.
pub fn drop_all(context: &Context<'_>) -> Result<()> {
    let catalog = context.catalog();
    let Some(schema) = catalog.temporary_schema_if_any() else { return Ok(()) };
    if catalog.schema(schema)?.is_none() {
        return Ok(());
    }
    catalog.drop_contents(schema)
}
