//! A random part of a table: pages (SYSTEM) or rows (BERNOULLI), each picked on its own with the probability that is asked for.
//!
//! Whether a page or row is picked depends on its place and a seed alone, by a hash: so a sample can be had again (REPEATABLE), and the scan of the inner side of a
//! join sees the same rows each time.

use std::sync::Arc;

use access::{Pages, Projected, ScanRequest, TableScan};
use batch::{Batch, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, TupleId};
use planner::plan::Sample;

use super::{Builder, Operator};
use crate::expression::{Compiled, compile};
use crate::relation::OpenTable;
use crate::run::Run;

struct SampleScan {
    scan: Box<dyn TableScan>,
    share: Compiled,
    seed: Option<Compiled>,
    by_page: bool,
    pages: u32,
    /// What is picked: hashes below this, and the seed; none before the first row.
    picked: Option<(u64, u32)>,
    /// A seed of the statement's own.
    own_seed: Option<u32>,
    block: u32,
    inside: bool,
    wide: Batch,
}

pub(super) fn build(
    builder: &Builder<'_>,
    table: &OpenTable,
    request: ScanRequest,
    sample: &Sample,
    forms: Vec<Repr>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let session = builder.session;
    let by_page = sample.handler == planner::sample::SYSTEM;
    // A row's place tells whether it is picked.
    let projection: Arc<[Projected]> = request.projection.iter().copied().chain([Projected::RowId]).collect();
    let wide = Batch::new(forms.iter().copied().chain([Repr::B8]));
    let pages = session.tables.page_count(session.store, &table.table)?;
    let request = ScanRequest { projection, ..request };
    let [share] = &sample.args[..] else { return Err(Error::internal("a sample without its share")) };
    let operator = SampleScan {
        scan: session.tables.scan(session.store, &table.table, request)?,
        share: compile(share)?,
        seed: sample.repeatable.as_ref().map(compile).transpose()?,
        by_page,
        pages,
        picked: None,
        own_seed: None,
        block: 0,
        inside: false,
        wide,
    };
    Ok((Box::new(operator), forms))
}

impl SampleScan {
    fn start(&mut self, run: &mut Run<'_>) -> Result<(u64, u32)> {
        let share = self.share.value(run)?;
        let Some(share) = float4(&share) else {
            let text = "TABLESAMPLE parameter cannot be null";
            return Err(Error::new(SqlState::INVALID_TABLESAMPLE_ARGUMENT, text));
        };
        if !(0.0..=100.0).contains(&share) {
            let text = "sample percentage must be between 0 and 100";
            return Err(Error::new(SqlState::INVALID_TABLESAMPLE_ARGUMENT, text));
        }
        let seed = match &mut self.seed {
            Some(seed) => {
                let value = seed.value(run)?;
                let Datum::B8(bits) = value else {
                    let text = "TABLESAMPLE REPEATABLE parameter cannot be null";
                    return Err(Error::new(SqlState::INVALID_TABLESAMPLE_REPEAT, text));
                };
                types::hash::float(f64::from_bits(bits as u64))
            }
            None => *self.own_seed.get_or_insert_with(|| run.env().random() as u32),
        };
        let below = ((u64::from(u32::MAX) + 1) as f64 * (share / 100.0)).round_ties_even() as u64;
        Ok((below, seed))
    }
}

fn float4(value: &Datum) -> Option<f64> {
    match value {
        Datum::B4(bits) => Some(f64::from(f32::from_bits(*bits as u32))),
        _ => None,
    }
}

fn hash(words: &[u32]) -> u64 {
    let mut bytes = [0_u8; 12];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    u64::from(types::hash::bytes(&bytes[..words.len() * 4]))
}

impl Operator for SampleScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let (below, seed) = match self.picked {
            Some(picked) => picked,
            None => {
                let picked = self.start(run)?;
                self.picked = Some(picked);
                picked
            }
        };
        loop {
            run.session.check_interrupts()?;
            if self.by_page && !self.inside {
                while self.block < self.pages && hash(&[self.block, seed]) >= below {
                    self.block += 1;
                }
                if self.block >= self.pages {
                    return Ok(false);
                }
                self.scan.restrict(Pages::Range(BlockNumber(self.block), BlockNumber(self.block + 1)))?;
                self.block += 1;
                self.inside = true;
            }
            self.wide.clear();
            if !self.scan.next(&mut self.wide)? {
                if !self.by_page {
                    return Ok(false);
                }
                self.inside = false;
                continue;
            }
            let places = &self.wide.columns[self.wide.columns.len() - 1];
            let rows: Vec<u16> = (0..self.wide.len())
                .filter(|&row| {
                    let place = match places.get(row) {
                        DatumRef::B8(place) => place as u64,
                        _ => 0,
                    };
                    let tid = TupleId::from_u64(place);
                    self.by_page || hash(&[tid.block.0, u32::from(tid.offset), seed]) < below
                })
                .map(|row| row as u16)
                .collect();
            if rows.is_empty() {
                continue;
            }
            for (to, from) in out.columns.iter_mut().zip(&self.wide.columns) {
                to.append(from, batch::Rows::Some(&rows));
            }
            out.set_len(rows.len());
            return Ok(true);
        }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        (self.picked, self.block, self.inside) = (None, 0, false);
        self.scan.rescan()
    }
}
