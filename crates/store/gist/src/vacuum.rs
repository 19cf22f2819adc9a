//! Removing entries of dead rows, taking empty leaves out of the tree, and making their pages available again.
//!
//! Vacuum walks the tree as a scan does, so that it misses no entry that a split moves meanwhile. An empty leaf loses its downlink and is marked
//! deleted in one change; it keeps its right link for those who are on the way to it, and is recycled when every transaction
//! and snapshot of that time is gone. (Links from the left stay: nobody who comes later follows them.) A parent keeps its last child.

use access::IndexVacuumReport;
use error::Result;
use ids::{BlockNumber, Fork, TupleId};
use storage::{Image, PageMut};

use crate::action::{Actions, Kind};
use crate::page::{Node, ROOT, USABLE, flags};
use crate::scan::Visit;
use crate::tree::{Tree, carry_out, is_recyclable};

/// Removes the entries that `dead` says.
pub(crate) fn bulk_delete(
    tree: &Tree<'_>,
    dead: &(dyn Fn(TupleId) -> bool + Sync),
    pause: &(dyn Fn() -> Result<()> + Sync),
) -> Result<IndexVacuumReport> {
    let mut report = IndexVacuumReport::default();
    let mut to_visit = vec![Visit::ROOT];
    while let Some(visit) = to_visit.pop() {
        pause()?;
        tree.store.storage.wal().make_room()?;
        let buffer = tree.read(visit.block)?;
        {
            let page = buffer.share();
            page.check().map_err(|error| tree.explain(error))?;
            if !page.is_leaf() {
                to_visit.extend(visit.right_of(&page));
                let stamp = page.stamp();
                let below = |entry: crate::page::Entry<'_>| Visit { block: entry.child(), stamp, parent: visit.block };
                to_visit.extend(page.entries().map(|(_, entry)| below(entry)));
                continue;
            }
        }
        let mut page = buffer.exclusive();
        if !page.is_leaf() {
            // The root, which got a level more.
            to_visit.push(visit);
            continue;
        }
        to_visit.extend(visit.right_of(&page));
        clean(tree, &mut page, dead, &mut report);
        let unfit = flags::DELETED | flags::INCOMPLETE_SPLIT;
        if page.line_count() == 0 && visit.block != ROOT && !page.has_flag(unfit) {
            report.deleted_pages += delete(tree, &mut page, visit)? as u32;
        }
    }
    report.pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
    Ok(report)
}

/// Removes a leaf's dead entries.
fn clean(
    tree: &Tree<'_>,
    page: &mut PageMut<'_>,
    dead: &(dyn Fn(TupleId) -> bool + Sync),
    report: &mut IndexVacuumReport,
) {
    let is_dead = |entry: crate::page::Entry<'_>| dead(TupleId::from_u64(entry.tid()));
    let remove: Vec<u16> = page.entries().filter(|(_, entry)| is_dead(*entry)).map(|(line, _)| line).collect();
    report.entries += page.line_count() as u64 - remove.len() as u64;
    report.removed_entries += remove.len() as u64;
    if !remove.is_empty() {
        let mut actions = Actions::new();
        actions.remove(&remove);
        let mut change = tree.change(Kind::Vacuum);
        carry_out(&mut change, page, Image::Standard, &actions);
        tree.finish(change);
    }
}

/// Takes an empty leaf out of the tree, if its downlink is where the walk found it, and not the last one there.
fn delete(tree: &Tree<'_>, page: &mut PageMut<'_>, visit: Visit) -> Result<bool> {
    let parent_buffer = tree.read(visit.parent)?;
    let mut parent = parent_buffer.exclusive();
    if parent.level() != 1 || parent.line_count() < 2 {
        return Ok(false);
    }
    let line = parent.entries().find(|(_, entry)| entry.child() == visit.block).map(|(line, _)| line);
    let Some(line) = line else { return Ok(false) };
    let (mut in_page, mut in_parent) = (Actions::new(), Actions::new());
    in_page.deleted(tree.store.transactions.next_xid());
    in_parent.remove(&[line]);
    let mut change = tree.change(Kind::DeletePage);
    carry_out(&mut change, page, Image::Standard, &in_page);
    carry_out(&mut change, &mut parent, Image::Standard, &in_parent);
    tree.finish(change);
    Ok(true)
}

/// Makes pages that can be used again known to the free space map.
pub(crate) fn cleanup(tree: &Tree<'_>) -> Result<IndexVacuumReport> {
    let pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
    let mut report = IndexVacuumReport { pages, ..IndexVacuumReport::default() };
    let map = tree.free_space_map();
    for block in (ROOT.0..pages).map(BlockNumber) {
        let buffer = tree.read(block)?;
        let page = buffer.share();
        if block != ROOT && is_recyclable(tree.store, &page) {
            drop(page);
            report.free_pages += 1;
            map.record(block, USABLE)?;
        } else if page.is_leaf() && !page.has_flag(flags::DELETED) {
            report.entries += page.line_count() as u64;
        }
    }
    map.vacuum()?;
    Ok(report)
}
