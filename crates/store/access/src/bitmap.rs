//! Sets of row places, collected from indexes and read from the table in its own order.
//!
//! An index scan by a bitmap has two halves. First every index that takes part puts the places it found into a [`TidBitmap`]
//! ([`crate::IndexScan::collect`]); bitmaps of several indexes are united or intersected. Then the table is read page by page, each page once and in
//! ascending order, whatever the order of the keys was.
//!
//! The set has a budget of memory. As long as it suffices a page has a bit for each line; once it does not, whole pages take the place of their lines
//! ([`BitmapPage::Whole`]), and what is read from them must be checked against the conditions again. So must pages whose index could not tell for
//! certain ([`TidBitmap::add_uncertain`]): methods that store less than the value say so for each place.

use std::collections::BTreeMap;

use ids::{BlockNumber, TupleId};

/// Lines of a page that have a bit; a page with a line beyond them is taken as a whole.
const LINES: usize = 320;
const WORDS: usize = LINES / 64;

/// Bytes that a page with bits takes, the map's share included.
const PAGE_BYTES: usize = std::mem::size_of::<Lines>() + 24;

/// Pages in a block of whole pages.
const CHUNK: u32 = 256;

/// Lines of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lines {
    bits: [u64; WORDS],
    /// The index could not tell for certain.
    uncertain: bool,
}

impl Lines {
    const NONE: Lines = Lines { bits: [0; WORDS], uncertain: false };

    fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }
}

/// A set of row places.
#[derive(Clone, Debug)]
pub struct TidBitmap {
    pages: BTreeMap<u32, Lines>,
    /// Pages of which every row belongs, as far as is known: a bit each, by chunks.
    whole: BTreeMap<u32, [u64; CHUNK as usize / 64]>,
    pages_max: usize,
}

/// A page that a bitmap names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BitmapPage {
    /// Some of its lines.
    Lines {
        /// The page.
        block: BlockNumber,
        /// Places on it, ascending.
        tids: Vec<TupleId>,
        /// What is found there must be checked against the conditions.
        recheck: bool,
    },
    /// Perhaps any of its rows: all must be checked.
    Whole(BlockNumber),
}

impl TidBitmap {
    /// An empty set that takes about `memory` bytes at most (and no less than room for 16 pages).
    pub fn new(memory: usize) -> TidBitmap {
        TidBitmap { pages: BTreeMap::new(), whole: BTreeMap::new(), pages_max: (memory / PAGE_BYTES).max(16) }
    }

    /// Whether no place belongs to it.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.whole.is_empty()
    }

    /// Adds places, in any order; neighbours on one page cost little.
    pub fn add(&mut self, tids: &[TupleId]) {
        self.add_with(tids, false);
    }

    /// Adds places of which the index does not know whether they meet the conditions.
    pub fn add_uncertain(&mut self, tids: &[TupleId]) {
        self.add_with(tids, true);
    }

    /// Makes all its places uncertain.
    pub fn doubt(&mut self) {
        self.pages.values_mut().for_each(|lines| lines.uncertain = true);
    }

    fn add_with(&mut self, tids: &[TupleId], uncertain: bool) {
        for same_page in tids.chunk_by(|a, b| a.block == b.block) {
            let block = same_page[0].block.0;
            if self.is_whole(block) {
                continue;
            }
            if same_page.iter().any(|tid| tid.offset as usize >= LINES) {
                self.add_whole(BlockNumber(block));
                continue;
            }
            let lines = self.pages.entry(block).or_insert(Lines::NONE);
            lines.uncertain |= uncertain;
            for tid in same_page {
                lines.bits[tid.offset as usize / 64] |= 1 << (tid.offset % 64);
            }
        }
        self.shrink();
    }

    /// Adds all rows of a page.
    pub fn add_whole(&mut self, block: BlockNumber) {
        self.pages.remove(&block.0);
        let chunk = self.whole.entry(block.0 / CHUNK).or_default();
        chunk[(block.0 % CHUNK) as usize / 64] |= 1 << (block.0 % 64);
    }

    fn is_whole(&self, block: u32) -> bool {
        !self.whole.is_empty()
            && self
                .whole
                .get(&(block / CHUNK))
                .is_some_and(|chunk| chunk[(block % CHUNK) as usize / 64] >> (block % 64) & 1 == 1)
    }

    /// Takes pages as wholes until the rest fits: half of what is allowed, so that it does not happen for each addition.
    fn shrink(&mut self) {
        if self.pages.len() <= self.pages_max {
            return;
        }
        let surplus = self.pages.len() - self.pages_max / 2;
        let blocks: Vec<u32> = self.pages.keys().copied().take(surplus).collect();
        blocks.into_iter().for_each(|block| self.add_whole(BlockNumber(block)));
    }

    /// Adds what the other set has.
    pub fn unite(&mut self, other: &TidBitmap) {
        for (&chunk, bits) in &other.whole {
            each_bit(bits, |at| self.add_whole(BlockNumber(chunk * CHUNK + at)));
        }
        for (&block, lines) in &other.pages {
            if self.is_whole(block) {
                continue;
            }
            let own = self.pages.entry(block).or_insert(Lines::NONE);
            own.uncertain |= lines.uncertain;
            own.bits.iter_mut().zip(lines.bits).for_each(|(to, from)| *to |= from);
        }
        self.shrink();
    }

    /// Keeps what the other set has, too.
    pub fn intersect(&mut self, other: &TidBitmap) {
        self.pages.retain(|&block, lines| {
            if let Some(theirs) = other.pages.get(&block) {
                lines.bits.iter_mut().zip(theirs.bits).for_each(|(to, from)| *to &= from);
                lines.uncertain |= theirs.uncertain;
            } else if other.is_whole(block) {
                lines.uncertain = true;
            } else {
                return false;
            }
            !lines.is_empty()
        });
        let mut kept: BTreeMap<u32, [u64; CHUNK as usize / 64]> = BTreeMap::new();
        for (&chunk, bits) in &self.whole {
            each_bit(bits, |at| {
                let block = chunk * CHUNK + at;
                if other.is_whole(block) {
                    kept.entry(chunk).or_default()[at as usize / 64] |= 1 << (at % 64);
                } else if let Some(lines) = other.pages.get(&block) {
                    self.pages.insert(block, Lines { uncertain: true, ..*lines });
                }
            });
        }
        self.whole = kept;
        self.shrink();
    }

    /// The pages, in ascending order.
    pub fn pages(self) -> impl Iterator<Item = BitmapPage> + Send {
        let mut exact = self.pages.into_iter().peekable();
        let mut whole = self
            .whole
            .into_iter()
            .flat_map(|(chunk, bits)| {
                let mut blocks = Vec::new();
                each_bit(&bits, |at| blocks.push(chunk * CHUNK + at));
                blocks
            })
            .peekable();
        std::iter::from_fn(move || match (exact.peek(), whole.peek()) {
            (Some((block, _)), Some(next)) if next < block => whole.next().map(|b| BitmapPage::Whole(BlockNumber(b))),
            (Some(_), _) => exact.next().map(|(block, lines)| {
                let block = BlockNumber(block);
                let mut tids = Vec::new();
                each_bit(&lines.bits, |at| tids.push(TupleId::new(block, at as u16)));
                BitmapPage::Lines { block, tids, recheck: lines.uncertain }
            }),
            (None, _) => whole.next().map(|block| BitmapPage::Whole(BlockNumber(block))),
        })
    }
}

fn each_bit(words: &[u64], mut f: impl FnMut(u32)) {
    for (n, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            f(n as u32 * 64 + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tid(block: u32, offset: u16) -> TupleId {
        TupleId::new(BlockNumber(block), offset)
    }

    fn places(bitmap: &TidBitmap) -> Vec<(u32, u16)> {
        let mut all = Vec::new();
        for page in bitmap.clone().pages() {
            match page {
                BitmapPage::Lines { tids, .. } => all.extend(tids.iter().map(|t| (t.block.0, t.offset))),
                BitmapPage::Whole(block) => all.push((block.0, 0)),
            }
        }
        all
    }

    #[test]
    fn places_come_out_in_the_order_of_the_table() {
        let mut bitmap = TidBitmap::new(1 << 20);
        bitmap.add(&[tid(7, 3), tid(2, 9), tid(7, 1), tid(2, 9)]);
        assert_eq!(places(&bitmap), [(2, 9), (7, 1), (7, 3)]);
    }

    #[test]
    fn sets_are_united_and_intersected() {
        let mut a = TidBitmap::new(1 << 20);
        a.add(&[tid(1, 1), tid(1, 2), tid(2, 1)]);
        let mut b = TidBitmap::new(1 << 20);
        b.add(&[tid(1, 2), tid(3, 1)]);
        let mut both = a.clone();
        both.intersect(&b);
        assert_eq!(places(&both), [(1, 2)]);
        a.unite(&b);
        assert_eq!(places(&a), [(1, 1), (1, 2), (2, 1), (3, 1)]);
    }

    #[test]
    fn a_set_without_memory_names_whole_pages() {
        let mut small = TidBitmap::new(0);
        for block in 0..1000 {
            small.add(&[tid(block, 5)]);
        }
        let pages: Vec<_> = small.clone().pages().collect();
        assert_eq!(pages.len(), 1000);
        assert!(pages.iter().filter(|page| matches!(page, BitmapPage::Lines { .. })).count() <= 16);
        let blocks: Vec<u32> = pages
            .iter()
            .map(|page| match page {
                BitmapPage::Lines { block, .. } | BitmapPage::Whole(block) => block.0,
            })
            .collect();
        assert!(blocks.is_sorted());
        // What another set knows line by line is not lost, but has to be checked.
        let mut exact = TidBitmap::new(1 << 20);
        exact.add(&[tid(3, 5), tid(2000, 1)]);
        small.intersect(&exact);
        let page = BitmapPage::Lines { block: BlockNumber(3), tids: vec![tid(3, 5)], recheck: true };
        assert_eq!(small.pages().collect::<Vec<_>>(), [page]);
    }

    #[test]
    fn a_line_without_a_bit_makes_its_page_whole() {
        let mut bitmap = TidBitmap::new(1 << 20);
        bitmap.add(&[tid(4, 1), tid(4, LINES as u16)]);
        assert_eq!(bitmap.pages().collect::<Vec<_>>(), [BitmapPage::Whole(BlockNumber(4))]);
    }
}
