//! Indexes that are made and dropped in several transactions, between which others are waited for instead of locked out.
//!
//! ```text
//!  1  the index is in the catalogs, not ready: nobody writes it, but updates already know which columns it has (no HOT update changes them)
//!     wait for whoever may write the table and does not know of it
//!  2  it is built of the rows that are there; then it is ready: whoever writes the table writes it
//!     wait for whoever may write the table and does not write the index
//!  3  rows that a snapshot of now sees and the index does not have are added
//!     wait for whoever has an older snapshot: to him rows may be visible that the index never got
//!  4  it is valid: queries may use it
//! ```
//!
//! A failure leaves an index that is not valid, to be dropped or built anew. Dropping goes the other way: not valid, then neither ready nor alive, then gone.
//! [`reindex`] does both: it makes an index, gives it the name and the place of another one, and drops that.
//!
//! Source: PostgreSQL's documentation of CREATE INDEX and DROP INDEX, "Building Indexes Concurrently".

use access::Method;
use catalog::relation::kind;
use catalog::rows::PgIndex;
use catalog::{Object, index};
use error::Result;
use ids::{Oid, Xid};
use locks::{LockKind, LockManager, LockMode, LockOwner, LockStatus, LockTag, LockWait};

use crate::Context;
use crate::index_build::{self, How};

mod reindex;

pub(crate) use reindex::{Rebuild, reindex};

/// An index that is made beside what others do.
#[derive(Clone, Copy)]
struct Building {
    table: Oid,
    index: Oid,
    method: Method,
}

/// A lock of the session, which holds from one transaction to the next ones.
struct Hold<'c> {
    locks: &'c LockManager,
    tag: LockTag,
}

impl<'c> Hold<'c> {
    fn of(context: &Context<'c>, relation: Oid) -> Result<Hold<'c>> {
        let locks = context.session.transaction.locks();
        let tag = LockTag::relation(context.catalog().database(), relation);
        locks.acquire(LockOwner::Session, tag, LockMode::ShareUpdateExclusive, LockWait::Block)?;
        Ok(Hold { locks, tag })
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.locks.release(LockOwner::Session, self.tag, LockMode::ShareUpdateExclusive);
    }
}

/// Makes a new index, which the current transaction put into the catalogs as neither ready nor valid, one that is.
///
/// # Errors
/// `23505` for duplicates, and those of the index's functions, of reading and waiting: the index stays as it is then.
pub(crate) fn build(context: &Context<'_>, table: Oid, index: Oid, method: Method) -> Result<()> {
    let _hold = Hold::of(context, table)?;
    fill(context, &[Building { table, index, method }])?;
    lock(context, table)?;
    change(context, index, |row| row.indisvalid = true)?;
    context.services.next_transaction()
}

/// Drops an index that the current transaction has locked against other changes.
///
/// # Errors
/// `2BP01` if other objects need it; those of waiting, after which it is not valid.
pub(crate) fn drop(context: &Context<'_>, table: Oid, index: Oid) -> Result<()> {
    context.catalog().check_drop(&[Object::relation(index)], catalog::DropBehavior::Restrict)?;
    let _hold = Hold::of(context, table)?;
    let _index = Hold::of(context, index)?;
    change(context, index, |row| row.indisvalid = false)?;
    context.services.next_transaction()?;
    bury(context, &[(table, index)])
}

/// Steps 2 and 3 for indexes, step by step for all of them, so that they wait together: in the end each has what all snapshots see, and is valid
/// once somebody says so, in the transaction that runs then. The tables are held by the session.
fn fill(context: &Context<'_>, new: &[Building]) -> Result<()> {
    context.services.next_transaction()?;
    wait_for_lockers(context, new.iter().map(|new| new.table), LockMode::Share)?;
    for new in new {
        lock(context, new.table)?;
        index_build::fill(context, new.table, new.index, How::Concurrently)?;
        change(context, new.index, |row| row.indisready = true)?;
        context.services.next_transaction()?;
    }
    wait_for_lockers(context, new.iter().map(|new| new.table), LockMode::Share)?;
    for new in new {
        lock(context, new.table)?;
        index_build::complete(context, new.table, new.index, new.method)?;
        context.services.next_transaction()?;
    }
    wait_for_snapshots(context, context.session.store.transactions.next_xid())
}

/// Drops indexes that are not valid any more: at first nobody writes them, then they are gone. The tables and the indexes are held by the session.
fn bury(context: &Context<'_>, old: &[(Oid, Oid)]) -> Result<()> {
    wait_for_lockers(context, old.iter().map(|old| old.0), LockMode::AccessExclusive)?;
    for &(table, index) in old {
        lock(context, table)?;
        change(context, index, |row| {
            row.indisready = false;
            row.indislive = false;
        })?;
    }
    context.services.next_transaction()?;
    wait_for_lockers(context, old.iter().map(|old| old.0), LockMode::AccessExclusive)?;
    let mut objects = Vec::new();
    for &(table, index) in old {
        lock(context, table)?;
        objects.push(Object::relation(index));
    }
    let notice = context.catalog().drop_objects(&objects, catalog::DropBehavior::Restrict)?;
    crate::constraint::notice(context, notice);
    Ok(())
}

/// Makes an index that a failure had left behind, and that has been built anew since, one like others.
pub(crate) fn mend(context: &Context<'_>, index: Oid) -> Result<()> {
    change(context, index, |row| {
        row.indisvalid = true;
        row.indisready = true;
        row.indislive = true;
    })
}

/// Locks the table for a transaction as [`Hold`] does from one to the next: others write on.
fn lock(context: &Context<'_>, table: Oid) -> Result<()> {
    executor::lock_relation(context.session, table, LockMode::ShareUpdateExclusive as u8)
}

fn change(context: &Context<'_>, index: Oid, how: impl Fn(&mut PgIndex)) -> Result<()> {
    context.catalog().change::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &[index.into()], how)?;
    context.catalog().next_command()
}

/// Waits until all transactions have ended that hold a lock on one of the tables, now, that conflicts with `mode`; and until what they and those before them
/// did is visible. Locks are released when a commit is in the log, and it is visible when the log is flushed: so is what this session has just
/// committed, which whoever locks the tables from now on must see.
fn wait_for_lockers(context: &Context<'_>, tables: impl Iterator<Item = Oid>, mode: LockMode) -> Result<()> {
    let wal = context.session.store.storage.wal();
    wal.flush(wal.insert_position());
    let locks = context.session.transaction.locks();
    let own = context.session.transaction.process().number();
    let mut seen = Vec::new();
    for table in tables {
        if seen.contains(&table) {
            continue;
        }
        seen.push(table);
        let all = locks.list();
        for held in awaited(context, &all, table, mode)? {
            // Without a number its transaction has just ended.
            if held.process != own && held.virtual_count != 0 {
                locks.wait_for_virtual_transaction(held.process.0, held.virtual_count, LockWait::Block)?;
            }
        }
    }
    wal.flush(wal.insert_position());
    Ok(())
}

/// The locks on a table that conflict with `mode`. A TOAST table is written under the lock of its table: there those count that are held by transactions
/// that have changed something.
fn awaited<'l>(
    context: &Context<'_>,
    all: &'l [LockStatus],
    table: Oid,
    mode: LockMode,
) -> Result<impl Iterator<Item = &'l LockStatus>> {
    let catalog = context.catalog();
    let main = match catalog.find_relation(table)? {
        Some(relation) if relation.kind() == kind::TOAST => catalog.table_of_toast(table)?,
        _ => None,
    };
    let tag = LockTag::relation(catalog.database(), table);
    let main = main.map(|main| LockTag::relation(catalog.database(), main));
    let has_changed = |process| {
        let id =
            |held: &LockStatus| held.process == process && held.tag.kind() == LockKind::Transaction && held.granted;
        all.iter().any(id)
    };
    Ok(all.iter().filter(move |held| {
        let counts = held.tag == tag
            || main.as_ref() == Some(&held.tag)
                && LockMode::Share.conflicts_with(held.mode)
                && has_changed(held.process);
        counts && held.granted && mode.conflicts_with(held.mode)
    }))
}

/// Waits until all transactions have ended that have a snapshot, now, to which `limit` was still to come. Those that have locks in other databases only
/// do not count.
fn wait_for_snapshots(context: &Context<'_>, limit: Xid) -> Result<()> {
    let session = context.session;
    let (locks, database) = (session.transaction.locks(), context.catalog().database());
    let own = session.transaction.process().number();
    let has_snapshot = |process| {
        let xmin = session.store.transactions.published_xmin(process);
        xmin.is_valid() && xmin <= limit
    };
    let all = locks.list();
    for held in all.iter().filter(|held| held.tag.kind() == LockKind::VirtualTransaction && held.granted) {
        let mut databases = all
            .iter()
            .filter(|other| other.process == held.process && other.tag.kind() == LockKind::Relation)
            .filter_map(|other| other.tag.database().filter(|database| database.is_valid()))
            .peekable();
        let elsewhere = databases.peek().is_some() && databases.all(|other| other != database);
        if held.process != own && held.virtual_count != 0 && !elsewhere && has_snapshot(held.process) {
            locks.wait_for_virtual_transaction(held.process.0, held.virtual_count, LockWait::Block)?;
        }
    }
    Ok(())
}
