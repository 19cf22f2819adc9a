//! A random sample of a table's rows.
//!
//! In two stages, as in PostgreSQL: pages are chosen at random (Knuth's algorithm S, *The Art of Computer Programming* 3.4.2: in the
//! order of the file, each with the probability that makes the number come out right), and of the rows on them a reservoir of the
//! wanted size is kept (algorithm L: Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", ACM TOMS 1994).

use std::sync::Arc;

use access::{Projected, Table, projected_batch};
use batch::Column;
use error::Result;
use executor::Session;
use ids::BlockNumber;

use crate::vacuum::cost::CostDelay;

/// What was found.
#[derive(Default)]
pub(super) struct Sample {
    /// Values of the sampled columns, in the order in which the rows stand in the table.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub rows: usize,
    /// Pages of the table, and how many of them were looked at.
    pub pages: u32,
    pub scanned_pages: u32,
    /// Rows on those.
    pub live: u64,
    pub dead: u64,
    /// Rows in the whole table, estimated.
    pub total_rows: f64,
    pub total_dead: f64,
}

impl Sample {
    /// Adds the rows of another table of a tree, whose columns are these.
    pub fn append(&mut self, other: Sample) {
        if self.columns.is_empty() {
            self.columns = other.columns;
        } else {
            for (to, from) in self.columns.iter_mut().zip(&other.columns) {
                (0..from.len()).for_each(|row| to.push(from.get(row)));
            }
        }
        self.rows += other.rows;
        self.pages = self.pages.saturating_add(other.pages);
        self.scanned_pages = self.scanned_pages.saturating_add(other.scanned_pages);
        self.live += other.live;
        self.dead += other.dead;
        self.total_rows += other.total_rows;
        self.total_dead += other.total_dead;
    }
}

/// Uniform random numbers above 0 and below 1.
struct Uniform<'a>(&'a Session<'a>);

impl Uniform<'_> {
    fn next(&self) -> f64 {
        ((self.0.env().random() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// Which rows the reservoir takes.
struct Reservoir {
    size: usize,
    slots: Vec<u32>,
    /// Rows seen so far, and the next that is taken once the reservoir is full.
    seen: u64,
    next: u64,
    weight: f64,
}

impl Reservoir {
    fn new(size: usize) -> Reservoir {
        Reservoir { size, slots: Vec::new(), seen: 0, next: 0, weight: 1.0 }
    }

    fn skip(&mut self, uniform: &Uniform<'_>) {
        self.weight *= (uniform.next().ln() / self.size as f64).exp();
        let skipped = (uniform.next().ln() / (1.0 - self.weight).ln()).floor();
        self.next = self.seen.saturating_add(1).saturating_add(if skipped < 1e18 { skipped as u64 } else { 1 << 60 });
    }

    /// Whether the next row is taken; it then gets position `at`.
    fn offer(&mut self, at: u32, uniform: &Uniform<'_>) -> bool {
        self.seen += 1;
        if self.slots.len() < self.size {
            self.slots.push(at);
            if self.slots.len() == self.size {
                self.skip(uniform);
            }
            return true;
        }
        if self.seen < self.next {
            return false;
        }
        let victim = (uniform.next() * self.size as f64) as usize;
        self.slots[victim.min(self.size - 1)] = at;
        self.skip(uniform);
        true
    }
}

/// Takes a sample of at most `size` rows. `progress` is told how far it is.
pub(super) fn take(
    session: &Session<'_>,
    table: &Arc<Table>,
    projection: &[Projected],
    size: usize,
    cost: &CostDelay,
    progress: &dyn Fn(usize, i64),
) -> Result<Sample> {
    let pages = session.tables.page_count(session.store, table)?;
    let snapshot = session.transaction.latest_snapshot()?;
    let uniform = Uniform(session);
    let mut batch = projected_batch(&table.layout, projection);
    let columns = batch.columns.iter().map(|column| Column::new(column.repr())).collect();
    let mut sample = Sample { columns, pages, ..Sample::default() };
    let mut reservoir = Reservoir::new(size);
    let wanted = pages.min(u32::try_from(size).unwrap_or(u32::MAX));
    progress(1, wanted as i64);
    let mut stored = 0;
    for block in 0..pages {
        let (left, remaining) = (wanted - sample.scanned_pages, pages - block);
        if left == 0 {
            break;
        }
        if left < remaining && uniform.next() * remaining as f64 >= left as f64 {
            continue;
        }
        cost.pause()?;
        batch.clear();
        let block = BlockNumber(block);
        let (live, dead) =
            session.tables.sample_page(session.store, table, block, projection, &snapshot, &mut batch)?;
        sample.scanned_pages += 1;
        sample.live += live as u64;
        sample.dead += dead as u64;
        for row in 0..live as usize {
            if reservoir.offer(stored, &uniform) {
                for (to, from) in sample.columns.iter_mut().zip(&batch.columns) {
                    to.push(from.get(row));
                }
                stored += 1;
            }
        }
        progress(2, sample.scanned_pages as i64);
    }
    // What fell out of the reservoir again goes.
    let mut chosen = reservoir.slots;
    chosen.sort_unstable();
    for column in &mut sample.columns {
        let mut kept = Column::new(column.repr());
        chosen.iter().for_each(|&row| kept.push(column.get(row as usize)));
        *column = kept;
    }
    sample.rows = chosen.len();
    if sample.scanned_pages > 0 {
        let scale = pages as f64 / sample.scanned_pages as f64;
        sample.total_rows = (sample.live as f64 * scale).round();
        sample.total_dead = (sample.dead as f64 * scale).round();
    }
    Ok(sample)
}
