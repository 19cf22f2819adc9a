//! Tables written anew with their rows' history: CLUSTER and VACUUM FULL.
//!
//! Every version that somebody may still see is copied with the ids of who made and who deleted it, so that a snapshot from before finds in the new
//! file what it would have found in the old one. What is dead to everybody stays behind; what everybody sees is frozen.
//!
//! ```text
//!  batch:  the table's columns … │ xmin i64 │ xmax i64 │ command i32 │ flags i32
//! ```
//!
//! The four columns behind the table's own are [`access::VERSION_REPRS`]; sorting carries them along, and only [`insert`] looks into them. Every version
//! gets a place and index entries of its own: there are no HOT chains in the new file. Values out of line are written anew by the transaction that copies;
//! those of a deleted version are deleted by its deleter, so that they go when it goes.
//!
//! Nobody else changes the table meanwhile. So what only locks a row is left out, unless it is the own transaction's, which has the whole table.
//!
//! # Differences from PostgreSQL
//!
//! Copies of updated versions do not lead to their successors: who still sees one and wants to change it is told that it was deleted, rather than updated.

use std::sync::Arc;

use access::{Projected, Row, Store, Table, VERSION_REPRS, VersionCounts};
use batch::{Batch, Column, DatumRef};
use error::{Error, Result};
use ids::{BlockNumber, CommandId, TupleId, Xid};
use txn::Transaction;

use crate::action::{Kind, NO_NEXT};
use crate::place::{Heap, Tuples};
use crate::tuple::{Header, base_for, flags, offset_of, strength_flags, tuple_at, xid_of};
use crate::visibility::{Fate, Hints, deleter, fate};
use crate::{CHUNK, read, toast};

/// What a version's flags keep of it, besides those that its body decides.
const KEPT: u16 = flags::XMIN_FROZEN | flags::COMBINED;

/// A version's own part of a batch.
#[derive(Clone, Copy)]
struct Version {
    xmin: Xid,
    /// Who deleted it; invalid if nobody did.
    xmax: Xid,
    command: CommandId,
    flags: u16,
}

impl Version {
    /// What is kept of a tuple; `None` if it is dead to everybody.
    fn of(store: &Store, base: Xid, line: u16, header: &Header) -> Result<Option<(Version, bool)>> {
        let transactions = &store.transactions;
        let mut keep = header.flags & KEPT;
        let (xmax, gone) = match fate(transactions, base, line, header, &mut Hints::new())? {
            Fate::Dead => return Ok(None),
            Fate::Live { by_all } => {
                if by_all {
                    keep |= flags::XMIN_FROZEN;
                }
                (Xid::INVALID, false)
            }
            Fate::RecentlyDead(xmax) => (xmax, true),
            Fate::BeingDeleted(xmax) => (xmax, false),
            Fate::BeingInserted(_) => (deleter(transactions, base, header).unwrap_or(Xid::INVALID), false),
        };
        keep |= match (xmax.is_valid(), header.has(flags::XMAX_MULTI)) {
            (false, _) => flags::XMAX_INVALID,
            (true, false) => header.flags & (flags::XMAX_COMMITTED | flags::XMAX_STRENGTH),
            (true, true) => strength_flags(access::LockStrength::Update),
        };
        Ok(Some((Version { xmin: xid_of(base, header.xmin), xmax, command: header.command, flags: keep }, gone)))
    }

    fn append_to(self, columns: &mut [Column]) {
        let values = [
            DatumRef::B8(self.xmin.0 as i64),
            DatumRef::B8(self.xmax.0 as i64),
            DatumRef::B4(self.command.0 as i32),
            DatumRef::B4(self.flags.into()),
        ];
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }

    fn read(columns: &[Column], row: u16) -> Result<Version> {
        let [xmin, xmax, command, own] = columns else {
            return Err(Error::internal("the rows to be copied come without their history"));
        };
        let row = row as usize;
        Ok(Version {
            xmin: Xid(xmin.b8()[row] as u64),
            xmax: Xid(xmax.b8()[row] as u64),
            command: CommandId(command.b4()[row] as u32),
            flags: own.b4()[row] as u16,
        })
    }
}

/// Hands over every version that somebody may still see, page by page.
///
/// # Errors
/// Those of reading, and what `consume` says.
pub(crate) fn scan(
    store: &Store,
    table: &Arc<Table>,
    consume: &mut dyn FnMut(&mut Batch) -> Result<()>,
) -> Result<VersionCounts> {
    let heap = Heap::of(store, table);
    let projection: Vec<Projected> = (0..table.layout.len()).map(|k| Projected::Column(k as u16)).collect();
    let pages = store.storage.block_count(table.locator, ids::Fork::Main)?;
    let mut counts = VersionCounts { pages, ..VersionCounts::default() };
    let mut chosen = read::Chosen::default();
    let mut pending = Vec::new();
    for block in (0..pages).map(BlockNumber) {
        let mut batch = access::projected_batch(&table.layout, &projection);
        batch.columns.extend(VERSION_REPRS.map(Column::new));
        let (_, versions) = batch.columns.split_at_mut(projection.len());
        let buffer = heap.read(block)?;
        chosen.clear();
        {
            let page = buffer.share();
            let base = page.xid_base();
            for (line, pointer) in page.lines().filter(|(_, line)| line.is_normal()) {
                let (header, start, end) = tuple_at(&page, pointer).ok_or_else(|| read::out_of_page(line))?;
                let Some((version, gone)) = Version::of(store, base, line, &header)? else {
                    counts.removed += 1;
                    continue;
                };
                counts.recently_dead += u64::from(gone);
                version.append_to(versions);
                chosen.push(&table.layout, line, &header, start, end)?;
            }
            read::copy_out(table, &projection, &page, block, &chosen, &mut batch, &mut pending, |line| line, None)?;
        }
        counts.kept += chosen.len() as u64;
        batch.set_len(chosen.len());
        toast::resolve(store, table, &mut batch, &mut pending)?;
        if !batch.is_empty() {
            consume(&mut batch)?;
        }
    }
    Ok(counts)
}

/// Puts versions into a new file.
///
/// # Errors
/// `54000` for a row too wide for a page; those of extending the table.
pub(crate) fn insert(store: &Store, transaction: &Transaction, table: &Table, rows: &Batch) -> Result<()> {
    let own = transaction.xid()?;
    let heap = Heap::of(store, table);
    let (columns, versions) = rows.columns.split_at(table.layout.len().min(rows.columns.len()));
    let (mut tuples, mut places) = (Tuples::default(), Vec::<TupleId>::new());
    let mut alive = 0;
    for row in rows.rows().iter() {
        let mut version = Version::read(versions, row as u16)?;
        if version.flags & flags::XMIN_FROZEN == flags::XMIN_FROZEN && offset_of(base_for(own), version.xmin).is_none()
        {
            version.xmin = Xid::FROZEN;
        }
        let header =
            Header { xmin: 0, xmax: 0, command: version.command, next: NO_NEXT, natts: 0, flags: version.flags };
        let source = Row::Columns(columns, row);
        let value = |k: usize| toast::plain(source, k);
        let toasted = toast::encode(store, table, transaction, header, &value, &mut tuples.bytes)?;
        if let (true, Some(toasted)) = (version.xmax.is_valid(), &toasted) {
            toasted.delete_for(store, table, own, version.xmax, version.command)?;
        }
        alive += u64::from(!version.xmax.is_valid());
        tuples.ends.push(tuples.bytes.len());
        tuples.ids.push((version.xmin, version.xmax));
        if tuples.bytes.len() >= CHUNK {
            heap.place(&mut tuples, own, Kind::Insert, true, &mut places)?;
            places.clear();
            tuples.clear();
        }
    }
    heap.place(&mut tuples, own, Kind::Insert, true, &mut places)?;
    transaction.statistics().inserted(&table.counters, alive);
    Ok(())
}
