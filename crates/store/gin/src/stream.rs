//! The rows that have one part, in the order of their places.
//!
//! Of a key they stand in the tree in that order, and a stream reads a leaf at a time; told that nothing before some place is wanted, it descends
//! there anew instead of reading what lies between. Keys that share a prefix have their rows in no common order: their places are
//! collected into a bitmap first, which may know pages only as wholes if it has no more memory.

use std::iter::Peekable;
use std::sync::Arc;

use access::{
    BitmapPage, Direction, Index, IndexAm, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Store, TidBitmap,
    key_successor,
};
use btree::BtreeAm;
use error::Result;
use ids::{BlockNumber, TupleId};

use crate::{GinPart, Presence};

/// Bytes of the bitmap of keys with a common prefix.
const MEMORY: usize = 8 << 20;

type Pages = Peekable<Box<dyn Iterator<Item = BitmapPage> + Send>>;

/// Where a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At a row.
    Row(TupleId),
    /// At a page, any of whose rows may have the part.
    Page(BlockNumber),
    /// Behind the last.
    End,
}

impl Next {
    /// The first place that it may stand for.
    pub fn first(self) -> Option<TupleId> {
        match self {
            Next::Row(tid) => Some(tid),
            Next::Page(block) => Some(TupleId::new(block, 0)),
            Next::End => None,
        }
    }
}

/// The rows of one part.
pub(crate) struct Stream {
    source: Source,
    /// How many there are, roughly.
    pub estimate: f64,
}

enum Source {
    Key { scan: Box<dyn IndexScan>, entries: IndexEntries, at: usize, ended: bool },
    Many { pages: Pages, tids: Vec<TupleId>, at: usize },
}

impl Stream {
    /// At the first row.
    pub fn open(store: &Store, index: &Arc<Index>, options: &IndexScanOptions, part: &GinPart) -> Result<Stream> {
        let mut upper = part.key.clone();
        let bounded = key_successor(&mut upper);
        let range = KeyRange { lower: Some(&part.key), upper: bounded.then_some(&upper[..]) };
        let mut scan = BtreeAm.scan(store, index, options.clone())?;
        let estimate = BtreeAm.estimate(store, index, range)?.entries;
        scan.start(range, Direction::Forward)?;
        let source = match part.prefix {
            true => Source::many(&mut *scan)?,
            false => Source::Key { scan, entries: IndexEntries::default(), at: 0, ended: false },
        };
        let mut stream = Stream { source, estimate };
        stream.fill()?;
        Ok(stream)
    }

    /// All rows that have an entry of a column, whatever it is.
    pub fn whole(store: &Store, index: &Arc<Index>, options: &IndexScanOptions, column: u8) -> Result<Stream> {
        let (lower, upper) = ([column], column.checked_add(1).map(|next| [next]));
        let range = KeyRange { lower: Some(&lower), upper: upper.as_ref().map(|upper| &upper[..]) };
        let mut scan = BtreeAm.scan(store, index, options.clone())?;
        scan.start(range, Direction::Forward)?;
        let mut stream = Stream { source: Source::many(&mut *scan)?, estimate: f64::INFINITY };
        stream.fill()?;
        Ok(stream)
    }

    /// Reads on, if what was read is used up.
    fn fill(&mut self) -> Result<()> {
        match &mut self.source {
            Source::Key { scan, entries, at, ended } => {
                while *at == entries.tids.len() && !*ended {
                    *at = 0;
                    *ended = !scan.next(entries)?;
                }
            }
            Source::Many { pages, tids, at } => {
                while *at == tids.len() {
                    match pages.peek() {
                        Some(BitmapPage::Lines { .. }) => {
                            if let Some(BitmapPage::Lines { tids: next, .. }) = pages.next() {
                                (*tids, *at) = (next, 0);
                            }
                        }
                        _ => break,
                    }
                }
            }
        }
        Ok(())
    }

    /// Where it is.
    pub fn next(&mut self) -> Next {
        match &mut self.source {
            Source::Key { entries, at, .. } => entries.tids.get(*at).map_or(Next::End, |&tid| Next::Row(tid)),
            Source::Many { pages, tids, at } => match (tids.get(*at), pages.peek()) {
                (Some(&tid), _) => Next::Row(tid),
                (None, Some(BitmapPage::Whole(block))) => Next::Page(*block),
                (None, _) => Next::End,
            },
        }
    }

    /// Leaves all rows before a place behind.
    pub fn skip_to(&mut self, tid: TupleId) -> Result<()> {
        loop {
            match &mut self.source {
                Source::Key { scan, entries, at, ended } => {
                    let rest = &entries.tids[*at..];
                    if rest.last().is_none_or(|&last| last < tid) {
                        if *ended {
                            *at = entries.tids.len();
                            return Ok(());
                        }
                        // What comes next is on another leaf, perhaps one far off.
                        scan.skip_to(tid)?;
                        *at = entries.tids.len();
                    } else {
                        *at += rest.partition_point(|&own| own < tid);
                        return Ok(());
                    }
                }
                Source::Many { pages, tids, at } => {
                    *at += tids[*at..].partition_point(|&own| own < tid);
                    if *at < tids.len() {
                        return Ok(());
                    }
                    match pages.peek() {
                        Some(BitmapPage::Whole(block)) if *block < tid.block => {
                            pages.next();
                            continue;
                        }
                        Some(BitmapPage::Lines { .. }) => {}
                        _ => return Ok(()),
                    }
                }
            }
            self.fill()?;
        }
    }

    /// Whether a row has the part. The stream goes to its place.
    pub fn has(&mut self, tid: TupleId) -> Result<Presence> {
        self.skip_to(tid)?;
        Ok(match self.next() {
            Next::Row(own) if own == tid => Presence::Yes,
            Next::Page(block) if block == tid.block => Presence::Maybe,
            _ => Presence::No,
        })
    }
}

impl Source {
    fn many(scan: &mut dyn IndexScan) -> Result<Source> {
        let mut bitmap = TidBitmap::new(MEMORY);
        scan.collect(&mut bitmap)?;
        let pages: Box<dyn Iterator<Item = BitmapPage> + Send> = Box::new(bitmap.pages());
        Ok(Source::Many { pages: pages.peekable(), tids: Vec::new(), at: 0 })
    }
}
