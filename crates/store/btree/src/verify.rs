//! Checks of a whole index, as amcheck does: the order on every page, high keys, links between siblings, downlinks.

use access::IndexVacuumReport;
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork};

use crate::page::{Node, SearchKey, compare, flags};
use crate::tree::{OwnedKey, Tree};

fn wrong(tree: &Tree<'_>, block: BlockNumber, what: &str) -> Error {
    Error::new(SqlState::INDEX_CORRUPTED, format!("index \"{}\" is damaged: {what}", tree.index.name))
        .detail(format!("The page is block {block}."))
}

/// A page as its parent describes it.
struct Expected {
    block: BlockNumber,
    low: OwnedKey,
}

/// Checks every level from the root down. The index must not change meanwhile.
pub(crate) fn verify(tree: &Tree<'_>) -> Result<IndexVacuumReport> {
    let pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
    let mut report = IndexVacuumReport { pages, ..IndexVacuumReport::default() };
    let meta = tree.meta()?;
    if !meta.root.is_valid() {
        return Ok(report);
    }
    let mut level = meta.level as u16;
    let mut expected = vec![Expected { block: meta.root, low: OwnedKey::default() }];
    loop {
        expected = verify_level(tree, level, &expected, meta.root, &mut report)?;
        if level == 0 {
            return Ok(report);
        }
        level -= 1;
    }
}

/// Checks the pages of one level; returns what the next one should be.
fn verify_level(
    tree: &Tree<'_>,
    level: u16,
    expected: &[Expected],
    root: BlockNumber,
    report: &mut IndexVacuumReport,
) -> Result<Vec<Expected>> {
    let mut children = Vec::new();
    let mut known = expected.iter().peekable();
    let Some(first) = expected.first() else { return Err(wrong(tree, root, "a level is empty")) };
    let (mut block, mut left, mut low) = (first.block, BlockNumber::INVALID, OwnedKey::default());
    let mut incomplete = false;
    let mut pages = 0;
    while block.is_valid() {
        pages += 1;
        if pages > report.pages {
            return Err(wrong(tree, block, "right links form a circle"));
        }
        let buffer = tree.read(block)?;
        let page = buffer.share();
        let fail = |what: &str| Err(wrong(tree, block, what));
        if page.is_new() || page.has_flag(flags::META) || page.is_ignored() {
            return fail("a link leads to a page that is no node");
        }
        if page.level() != level {
            return fail("a page is on the wrong level");
        }
        if page.left() != left {
            return fail("a left link does not lead to the left sibling");
        }
        if page.has_flag(flags::ROOT) != (block == root) {
            return fail("the root is not marked, or another page is");
        }
        match known.peek() {
            Some(expected) if expected.block == block => {
                if !expected.low.key.is_empty() && compare(expected.low.borrow(), low.borrow()).is_ne() {
                    return fail("a downlink's key is not the left sibling's high key");
                }
                known.next();
            }
            // The right half of a split whose downlink is missing.
            _ if incomplete => {}
            _ => return fail("a page has no downlink"),
        }
        let high = page.high_key();
        let mut last = low.clone();
        for line in page.first_entry()..=page.last_entry() {
            let item = page.entry(line);
            let first_of_inner = level > 0 && line == page.first_entry();
            let place = if level > 0 { item.separator() } else { item.first() };
            let place = if first_of_inner { last.borrow() } else { place };
            let order = compare(last.borrow(), place);
            // The first entry may be at the low fence itself; equal keys differ in their tids.
            if order.is_gt() || order.is_eq() && line > page.first_entry() {
                return fail("entries are out of order");
            }
            if let Some(high) = high
                && compare(place, high).is_ge()
            {
                return fail("an entry is not below the high key");
            }
            if level > 0 {
                let low = if first_of_inner { low.clone() } else { OwnedKey::from(place) };
                children.push(Expected { block: item.child(), low });
                last = OwnedKey::from(place);
                continue;
            }
            let tids: Vec<u64> = item.tids().collect();
            if tids.is_empty() || !tids.is_sorted_by(|a, b| a < b) {
                return fail("a posting list is out of order");
            }
            report.entries += tids.len() as u64;
            last = OwnedKey::from(SearchKey { key: item.key(), tid: item.last_tid() });
            if let Some(high) = high
                && compare(last.borrow(), high).is_ge()
            {
                return fail("a posting list is not below the high key");
            }
        }
        if level > 0 && page.entry_count() == 0 {
            return fail("an inner page is empty");
        }
        incomplete = page.has_flag(flags::INCOMPLETE_SPLIT);
        if let Some(high) = high {
            low.set(high);
        }
        left = block;
        block = page.right();
    }
    match known.next() {
        Some(missed) => Err(wrong(tree, missed.block, "a downlink leads to a page that is not on its level")),
        None => Ok(children),
    }
}
