//! INSERT, UPDATE and DELETE.
//!
//! The source gives the rows; this operator changes the table and its indexes, checks constraints, tells triggers, and makes
//! the raw columns of RETURNING. It runs its source to the end even if nobody reads RETURNING.
//!
//! - [`target`]: the table with its constraints and indexes, and what holds for each new row.
//! - [`insert`]: new rows, batch by batch; ON CONFLICT row by row.
//! - [`change`]: UPDATE and DELETE, which may meet rows that another transaction has changed since.

mod change;
pub(crate) mod insert;
mod target;

use batch::{Batch, Column, DatumRef, Repr};
use error::{Error, Result};
use ids::TupleId;
use planner::plan::{Command, ModifyTable};

use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;

pub(super) fn build(builder: &Builder<'_>, modify: &ModifyTable) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let source = builder.stage(&modify.source)?;
    let target = target::Target::open(builder, &modify.target)?;
    let extra = reprs(&modify.source.output[modify.source.output.len() - modify.extra..]);
    let returning = Returning::new(&target, &extra, modify.returning);
    let raw = returning.forms();
    let common = Common { source, target, returning, counted: modify.counted, done: false };
    Ok(match modify.command {
        Command::Insert => (Box::new(insert::Insert::new(common, modify)?) as Box<dyn Operator>, raw),
        Command::Update => (Box::new(change::Update::new(builder, common, modify)?), raw),
        Command::Delete => (Box::new(change::Delete::new(builder, common, modify)?), raw),
        _ => return Err(Error::not_implemented("MERGE")),
    })
}

/// What all commands have.
struct Common {
    source: Stage,
    target: target::Target,
    returning: Returning,
    counted: bool,
    done: bool,
}

impl Common {
    fn count(&self, rows: u64, run: &mut Run<'_>) {
        if self.counted {
            run.state.processed += rows;
        }
    }
}

/// The raw columns of RETURNING: the new row, the old row, the system columns of both, and the source's extra columns.
struct Returning {
    wanted: bool,
    columns: Vec<Repr>,
    extra: Vec<Repr>,
    table: ids::Oid,
}

impl Returning {
    fn new(target: &target::Target, extra: &[Repr], wanted: bool) -> Returning {
        Returning { wanted, columns: target.open.reprs(), extra: extra.to_vec(), table: target.open.table.oid }
    }

    fn forms(&self) -> Vec<Repr> {
        if !self.wanted {
            return Vec::new();
        }
        let system = [Repr::Bytes, Repr::B4, Repr::Bytes, Repr::B4];
        let table = self.columns.iter().chain(&self.columns).copied();
        table.chain(system).chain(self.extra.iter().copied()).collect()
    }

    /// Adds a row: the new and the old version, each with its place, and the row of the source's batch that it comes
    /// from. Where there is no old version its columns are null; DELETE shows the old row as the default version.
    fn push(
        &self,
        out: &mut Batch,
        new: Option<(&[Column], usize, TupleId)>,
        old: Option<(&[Column], usize, TupleId)>,
        source: (&Batch, usize),
    ) {
        if !self.wanted {
            return;
        }
        let width = self.columns.len();
        let mut version = |from: usize, version: Option<(&[Column], usize, TupleId)>| {
            for n in 0..width {
                let value = version.map_or(DatumRef::Null, |(columns, row, _)| columns[n].get(row));
                out.columns[from + n].push(value);
            }
        };
        version(0, new.or(old));
        version(width, old);
        for (n, version) in [new.or(old), old].into_iter().enumerate() {
            let (tid, table) = match version {
                Some((_, _, tid)) => (Some(access::tid_bytes(tid)), DatumRef::B4(self.table.0 as i32)),
                None => (None, DatumRef::Null),
            };
            out.columns[2 * width + 2 * n].push(tid.as_ref().map_or(DatumRef::Null, |tid| DatumRef::Bytes(tid)));
            out.columns[2 * width + 2 * n + 1].push(table);
        }
        let (batch, row) = source;
        let first = batch.columns.len() - self.extra.len();
        for n in 0..self.extra.len() {
            out.columns[2 * width + 4 + n].push(batch.columns[first + n].get(row));
        }
        out.set_len(out.len() + 1);
    }
}
