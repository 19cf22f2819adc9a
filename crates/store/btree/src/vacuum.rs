//! Removing entries of dead rows, unlinking pages that became empty, and making them available again.
//!
//! Bulk deletion follows the leaves from left to right: entries that splits move only go to pages still ahead. It needs no
//! pins to be gone: a scan holds none, and an index-only scan looks at the visibility map under the leaf's lock.
//!
//! An empty leaf is taken out of the tree in one change that covers its two siblings and its parent:
//!
//! ```text
//!  parent   … │ s1 → P │ s2 → R │ …          … │ s1 → R │ …
//!  leaves     L ⇄ P ⇄ R                        L ⇄ R         P: deleted, right link → R
//! ```
//!
//! R takes over P's range of keys. The last child of a parent stays, even empty: its range could only go to a page under
//! another parent. Searches that were on the way to P find the mark and go right. P is recycled when every transaction
//! and snapshot of that time is gone.

use access::{IndexVacuumReport, Store};
use error::Result;
use ids::{BlockNumber, Fork, TupleId};
use storage::{Buffer, Image};

use crate::action::{Actions, Kind};
use crate::page::{Item, META_BLOCK, Node, SearchKey, USABLE, flags, inner_item, posting_item};
use crate::tree::{Goal, OwnedKey, Steps, Tree, carry_out, is_recyclable};

/// Removes the entries that `dead` says.
pub(crate) fn bulk_delete(
    tree: &Tree<'_>,
    dead: &(dyn Fn(TupleId) -> bool + Sync),
    pause: &(dyn Fn() -> Result<()> + Sync),
) -> Result<IndexVacuumReport> {
    let mut report = IndexVacuumReport::default();
    let Some(mut buffer) = tree.descend(Goal::At(SearchKey::FIRST), 0)? else { return Ok(report) };
    let mut steps = Steps::default();
    loop {
        pause()?;
        tree.store.storage.wal().make_room()?;
        steps.next(tree)?;
        let (right, empty) = clean_leaf(tree, &buffer, dead, &mut report)?;
        if empty && right.is_valid() && unlink(tree, &buffer)? {
            report.deleted_pages += 1;
        }
        if !right.is_valid() {
            break;
        }
        buffer = tree.read(right)?;
    }
    report.pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
    Ok(report)
}

/// Removes a leaf's dead entries. Answers its right sibling and whether it is empty.
fn clean_leaf(
    tree: &Tree<'_>,
    buffer: &Buffer,
    dead: &(dyn Fn(TupleId) -> bool + Sync),
    report: &mut IndexVacuumReport,
) -> Result<(BlockNumber, bool)> {
    let mut guard = buffer.exclusive();
    if guard.is_ignored() {
        return Ok((guard.right(), false));
    }
    let (mut actions, mut remove) = (Actions::new(), Vec::new());
    for line in guard.first_entry()..=guard.last_entry() {
        let item = guard.entry(line);
        let total = item.tids().len();
        let left: Vec<u64> = item.tids().filter(|&tid| !dead(TupleId::from_u64(tid))).collect();
        report.entries += left.len() as u64;
        report.removed_entries += (total - left.len()) as u64;
        if left.is_empty() {
            remove.push(line);
        } else if left.len() < total {
            let mut shorter = Vec::new();
            posting_item(&mut shorter, item.key(), &left);
            actions.replace(line, &shorter);
        }
    }
    if !remove.is_empty() {
        actions.remove(&remove);
    }
    if !actions.0.is_empty() {
        let mut change = tree.change(Kind::Vacuum);
        carry_out(&mut change, &mut guard, Image::Standard, &actions);
        tree.finish(change);
    }
    Ok((guard.right(), guard.entry_count() == 0 && !guard.has_flag(flags::ROOT)))
}

/// Takes an empty leaf out of the tree, if that can be done; see the module. False if not.
fn unlink(tree: &Tree<'_>, buffer: &Buffer) -> Result<bool> {
    let block = buffer.block();
    let (high, mut left_block) = {
        let page = buffer.share();
        let Some(high) = page.high_key() else { return Ok(false) };
        (OwnedKey::from(high), page.left())
    };
    // Locks go from left to right, then up. The left sibling may have been split since.
    let mut left_buffer;
    let mut left_guard = None;
    for _ in 0..8 {
        if !left_block.is_valid() {
            break;
        }
        left_buffer = tree.read(left_block)?;
        let page = left_buffer.share();
        if page.is_ignored() {
            return Ok(false);
        }
        if page.right() == block {
            drop(page);
            left_guard = Some(left_buffer);
            break;
        }
        left_block = page.right();
    }
    if left_block.is_valid() && left_guard.is_none() {
        return Ok(false);
    }
    let left_buffer = left_guard;
    let mut left = left_buffer.as_ref().map(Buffer::exclusive);
    if left.as_ref().is_some_and(|l| l.right() != block || l.is_ignored() || l.has_flag(flags::INCOMPLETE_SPLIT)) {
        return Ok(false);
    }
    let mut page = buffer.exclusive();
    let unfit = flags::INCOMPLETE_SPLIT | flags::ROOT | flags::DELETED | flags::HALF_DEAD;
    if page.entry_count() > 0 || page.is_rightmost() || page.has_flag(unfit) || page.left() != left_block {
        return Ok(false);
    }
    let right_block = page.right();
    let right_buffer = tree.read(right_block)?;
    let mut right = right_buffer.exclusive();
    if right.left() != block || right.is_ignored() {
        return Ok(false);
    }
    // The downlink to the page is the last one before its high key.
    let Some(mut parent_buffer) = tree.descend(Goal::Before(high.borrow()), 1)? else { return Ok(false) };
    let mut steps = Steps::default();
    let mut parent = loop {
        steps.next(tree)?;
        let guard = parent_buffer.exclusive();
        if !guard.is_ignored() && !guard.is_left_of(high.borrow(), true) {
            break guard;
        }
        let next = guard.right();
        drop(guard);
        if !next.is_valid() {
            return Ok(false);
        }
        parent_buffer = tree.read(next)?;
    };
    let line = parent.inner_search(high.borrow(), true);
    if line >= parent.last_entry()
        || parent.entry(line).child() != block
        || parent.entry(line + 1).child() != right_block
    {
        return Ok(false);
    }
    let mut downlink = Vec::new();
    inner_item(&mut downlink, parent.entry(line).separator(), right_block);
    let (mut in_parent, mut in_page, mut in_left, mut in_right) =
        (Actions::new(), Actions::new(), Actions::new(), Actions::new());
    in_parent.replace(line, &downlink).remove(&[line + 1]);
    in_page.deleted(tree.store.transactions.next_xid());
    in_left.right(right_block);
    in_right.left(left_block);
    let mut change = tree.change(Kind::UnlinkPage);
    if let Some(left) = &mut left {
        // Its high key stays: it is the lower end of the range that the right sibling takes over.
        carry_out(&mut change, left, Image::Standard, &in_left);
    }
    carry_out(&mut change, &mut page, Image::Standard, &in_page);
    carry_out(&mut change, &mut right, Image::Standard, &in_right);
    carry_out(&mut change, &mut parent, Image::Standard, &in_parent);
    tree.finish(change);
    tree.page_moved(block, right_block);
    Ok(true)
}

/// Makes pages that can be used again known to the free space map.
pub(crate) fn cleanup(tree: &Tree<'_>) -> Result<IndexVacuumReport> {
    let Store { storage, .. } = tree.store;
    let pages = storage.block_count(tree.index.locator, Fork::Main)?;
    let mut report = IndexVacuumReport { pages, ..IndexVacuumReport::default() };
    let map = tree.free_space_map();
    for block in (META_BLOCK.0 + 1..pages).map(BlockNumber) {
        let buffer = tree.read(block)?;
        let page = buffer.share();
        if is_recyclable(tree.store, &page) {
            drop(page);
            report.free_pages += 1;
            map.record(block, USABLE)?;
        } else if page.is_leaf() && !page.is_ignored() {
            let items = page.first_entry()..=page.last_entry();
            report.entries += items.map(|line| Item::tids(page.entry(line)).len() as u64).sum::<u64>();
        }
    }
    map.vacuum()?;
    Ok(report)
}
