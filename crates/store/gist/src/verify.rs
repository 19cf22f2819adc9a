//! Checks of a whole index: levels, links, and that every key covers what is below it.

use std::collections::HashSet;

use access::IndexVacuumReport;
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork};

use crate::key;
use crate::page::{Node, flags};
use crate::scan::Visit;
use crate::tree::Tree;

fn wrong(tree: &Tree<'_>, block: BlockNumber, what: &str) -> Error {
    Error::new(SqlState::INDEX_CORRUPTED, format!("index \"{}\" is damaged: {what}", tree.index.name))
        .detail(format!("The page is block {block}."))
}

/// Checks everything that can be reached from the root. The index must not change meanwhile.
pub(crate) fn verify(tree: &Tree<'_>) -> Result<IndexVacuumReport> {
    let pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
    let mut report = IndexVacuumReport { pages, ..IndexVacuumReport::default() };
    // What is to be visited, with the level and the columns that its downlink says.
    let mut to_visit: Vec<(Visit, Option<(u16, Vec<u8>)>)> = vec![(Visit::ROOT, None)];
    let mut seen = HashSet::new();
    while let Some((visit, expected)) = to_visit.pop() {
        let block = visit.block;
        if !seen.insert(block) {
            return Err(wrong(tree, block, "two links lead to one page"));
        }
        let buffer = tree.read(block)?;
        let page = buffer.share();
        page.check().map_err(|error| tree.explain(error))?;
        if page.has_flag(flags::DELETED) {
            return Err(wrong(tree, block, "a link leads to a deleted page"));
        }
        let level = page.level();
        if expected.as_ref().is_some_and(|(expected, _)| *expected != level) {
            return Err(wrong(tree, block, "a page is on another level than its parent says"));
        }
        if let Some(right) = visit.right_of(&page) {
            // Its split is not complete: what the left half's downlink covers need not be all.
            to_visit.push((right, expected.clone()));
        }
        if level > 0 && page.line_count() == 0 {
            return Err(wrong(tree, block, "an inner page is empty"));
        }
        for (_, entry) in page.entries() {
            if let Some((_, columns)) = &expected
                && key::widened(tree.classes, columns, entry.body())?.is_some()
            {
                return Err(wrong(tree, block, "a downlink does not cover an entry below it"));
            }
            if level > 0 {
                let below = Visit { block: entry.child(), stamp: page.stamp(), parent: block };
                to_visit.push((below, Some((level - 1, entry.body().to_vec()))));
            } else {
                report.entries += 1;
            }
        }
    }
    Ok(report)
}
