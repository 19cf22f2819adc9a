//! Searching: which rows have the parts that conditions ask for.
//!
//! Each part has a stream of rows in the order of their places, and conditions are checked place by place. Not every row of every stream is
//! looked at: of one condition those parts are chosen as *leading* without any of which it cannot hold, the rarest that do. Only rows of leading
//! streams can be answers; the other streams are asked about these alone, and step over everything between. So `rare & frequent`
//! costs what `rare` does. A condition that may hold without any part (`NOT x`) leads by all rows of its column; that is
//! done only if there is no other.
//!
//! Source: the PostgreSQL documentation on GIN's ternary consistent functions; skipping after "fast scan" there.

use std::sync::Arc;

use access::{Direction, Index, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Query, Store, TidBitmap};
use error::{Error, Result};
use ids::TupleId;

use crate::stream::{Next, Stream};
use crate::{GinCondition, GinQuery, Presence};

/// Places between two additions to the answer.
const PORTION: usize = 1024;

/// A scan. It gives bitmaps only.
pub struct GinScan {
    store: Store,
    index: Arc<Index>,
    options: IndexScanOptions,
    query: Option<Arc<GinQuery>>,
}

impl GinScan {
    pub(crate) fn new(store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> GinScan {
        let options = IndexScanOptions { keys: false, payloads: false, all_visible_of: None, ..options };
        GinScan { store: store.clone(), index: index.clone(), options, query: None }
    }
}

impl IndexScan for GinScan {
    fn start(&mut self, _: KeyRange<'_>, _: Direction) -> Result<()> {
        Err(Error::internal("an inverted index has no ranges of keys"))
    }

    fn search(&mut self, query: &Query) -> Result<()> {
        let query =
            Arc::clone(query).downcast().map_err(|_| Error::internal("this is no query of an inverted index"))?;
        self.query = Some(query);
        Ok(())
    }

    fn next(&mut self, _: &mut IndexEntries) -> Result<bool> {
        Err(Error::internal("an inverted index gives bitmaps only"))
    }

    fn collect(&mut self, bitmap: &mut TidBitmap) -> Result<u64> {
        let query = self.query.take().ok_or_else(|| Error::internal("a scan was not started"))?;
        let mut conditions = Vec::with_capacity(query.conditions.len());
        for condition in &query.conditions {
            let open = |part| Stream::open(&self.store, &self.index, &self.options, part);
            let streams = condition.parts.iter().map(open).collect::<Result<Vec<_>>>()?;
            let known = vec![Presence::No; streams.len()];
            conditions.push(Running { condition, known, streams, whole: None, leading: None });
        }
        let mut led: Option<(usize, f64)> = None;
        for (at, running) in conditions.iter_mut().enumerate() {
            running.leading = running.choose();
            if let Some(leading) = &running.leading {
                let rows = leading.iter().map(|&part| running.streams[part].estimate).sum();
                if led.is_none_or(|(_, least)| rows < least) {
                    led = Some((at, rows));
                }
            }
        }
        let leader = match led {
            Some((leader, _)) => leader,
            None => {
                // Nothing narrows it down: any row that has an entry in each column.
                for running in &mut conditions {
                    let column = running.condition.column;
                    running.whole = Some(Stream::whole(&self.store, &self.index, &self.options, column)?);
                }
                0
            }
        };
        if conditions.is_empty() {
            return Ok(0);
        }
        search(&mut conditions, leader, bitmap)
    }

    fn kill(&mut self, _: &[u32]) -> Result<()> {
        Ok(())
    }
}

/// A condition being checked.
struct Running<'q> {
    condition: &'q GinCondition,
    /// Of its parts.
    streams: Vec<Stream>,
    /// Of all rows whose column is not null, if no condition can lead.
    whole: Option<Stream>,
    known: Vec<Presence>,
    /// Parts of which a row must have one.
    leading: Option<Vec<usize>>,
}

impl Running<'_> {
    /// The rarest parts without any of which the condition cannot hold; none if it can hold without any part.
    fn choose(&self) -> Option<Vec<usize>> {
        let mut parts: Vec<usize> = (0..self.streams.len()).collect();
        parts.sort_by(|&a, &b| self.streams[a].estimate.total_cmp(&self.streams[b].estimate));
        // That it cannot hold without the first n parts is the case from some n on.
        let mut known = vec![Presence::Maybe; parts.len()];
        if self.condition.test.check(&known) == Presence::No {
            return Some(Vec::new());
        }
        for (n, &part) in parts.iter().enumerate() {
            known[part] = Presence::No;
            if self.condition.test.check(&known) == Presence::No {
                parts.truncate(n + 1);
                return Some(parts);
            }
        }
        None
    }

    /// Whether the condition holds of a row.
    fn holds(&mut self, tid: TupleId) -> Result<Presence> {
        for (known, stream) in self.known.iter_mut().zip(&mut self.streams) {
            *known = stream.has(tid)?;
        }
        let holds = self.condition.test.check(&self.known);
        Ok(match &mut self.whole {
            Some(whole) => holds.min(whole.has(tid)?),
            // Without any of its parts the row may have no value at all.
            None if self.leading.is_none() => holds.min(Presence::Maybe),
            None => holds,
        })
    }
}

/// Adds the rows that meet all conditions, of which one leads; how many there are.
fn search(conditions: &mut [Running<'_>], leader: usize, bitmap: &mut TidBitmap) -> Result<u64> {
    let (mut certain, mut uncertain, mut count) = (Vec::new(), Vec::new(), 0);
    let mut from = TupleId::new(ids::BlockNumber(0), 0);
    loop {
        let running = &mut conditions[leader];
        let mut next = Next::End;
        let leading = running.leading.as_deref().unwrap_or_default();
        let parts = running.streams.iter_mut().enumerate().filter(|(part, _)| leading.contains(part));
        for stream in parts.map(|(_, stream)| stream).chain(&mut running.whole) {
            stream.skip_to(from)?;
            let here = stream.next();
            // A page goes before its rows.
            if let Some(first) = here.first()
                && next.first().is_none_or(|least| first < least)
            {
                next = here;
            }
        }
        match next {
            Next::End => break,
            Next::Page(block) => {
                bitmap.add_whole(block);
                count += 1;
                from = TupleId::new(ids::BlockNumber(block.0 + 1), 0);
            }
            Next::Row(tid) => {
                let mut met = Presence::Yes;
                for running in conditions.iter_mut() {
                    met = met.min(running.holds(tid)?);
                    if met == Presence::No {
                        break;
                    }
                }
                match met {
                    Presence::No => {}
                    Presence::Maybe => uncertain.push(tid),
                    Presence::Yes => certain.push(tid),
                }
                from = TupleId::from_u64(tid.to_u64() + 1);
            }
        }
        if certain.len() + uncertain.len() >= PORTION {
            count += give(&mut certain, &mut uncertain, bitmap);
        }
    }
    Ok(count + give(&mut certain, &mut uncertain, bitmap))
}

fn give(certain: &mut Vec<TupleId>, uncertain: &mut Vec<TupleId>, bitmap: &mut TidBitmap) -> u64 {
    let count = certain.len() + uncertain.len();
    bitmap.add(certain);
    bitmap.add_uncertain(uncertain);
    certain.clear();
    uncertain.clear();
    count as u64
}
