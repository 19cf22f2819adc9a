//! Pruning: removing versions nobody can see from a page, without touching an index.
//!
//! ```text
//!  before                               after
//!  line 1 ─► v1 dead ─┐ HOT             line 1 ─redirect─┐
//!  line 2 ─► v2 dead ◄┘─┐ HOT           line 2   unused  │
//!  line 3 ─► v3 live ◄──┘               line 3 ─► v3 live◄┘
//!  line 4 ─► dead, no successor here    line 4   dead: index entries may point to it until vacuum
//! ```
//!
//! Any reader that comes by a page with something to prune does it, if it gets the page's exclusive lock without waiting.
//! Vacuum does the same with every page.
//!
//! # Differences from PostgreSQL
//!
//! PostgreSQL prunes only where nobody else has the page pinned, since a pin entitles to look at tuples without a lock. Here
//! nobody does that, and who holds on to a row's place has a snapshot that keeps the version there. So other pins do not
//! matter, and busy pages are pruned too.

use access::{Store, Table};
use error::{Error, Result, SqlState};
use ids::Xid;
use storage::{Buffer, Image, LineState, Page, PageMut};
use txn::Transactions;
use wal::RmgrId;

use crate::action::{Actions, Kind, Pruned};
use crate::place::{Heap, carry_out};
use crate::tuple::{Header, flags, offset_of, tuple_at, xid_of};
use crate::visibility::{Fate, Hints, deleter, fate, holders};

/// What there is to do on a page, and what is on it.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Lines to be changed.
    pub pruned: Pruned,
    /// Tuples to be frozen: line, flags to set, flags to clear.
    pub freeze: Vec<(u16, u16, u16)>,
    /// Every remaining tuple is visible to all.
    pub all_visible: bool,
    /// Every remaining tuple will be frozen, if `freeze` is done.
    pub all_frozen: bool,
    /// Tuples that are not dead to everyone, deleted by nobody committed.
    pub live: u32,
    /// Tuples that somebody may still see, though deleted.
    pub recently_dead: u32,
    /// Versions that go.
    pub removed: u32,
    /// Lines that are or become dead.
    pub dead_lines: Vec<u16>,
    /// Some line is in use.
    pub has_lines: bool,
}

/// Finds out what there is to do on a page. With `no_indexes` dead lines become unused at once.
pub(crate) fn plan(transactions: &Transactions, page: &Page, no_indexes: bool, hints: &mut Hints) -> Result<Plan> {
    let base = page.xid_base();
    let count = page.line_count();
    let mut fates: Vec<Option<(Header, Fate)>> = Vec::with_capacity(count as usize + 1);
    fates.push(None);
    for (line, pointer) in page.lines() {
        fates.push(match tuple_at(page, pointer) {
            Some((header, _, _)) => Some((header, fate(transactions, base, line, &header, hints)?)),
            None if pointer.is_normal() => return Err(crate::read::out_of_page(line)),
            None => None,
        });
    }
    let mut plan = Plan { all_visible: true, all_frozen: true, ..Plan::default() };
    let mut visited = vec![false; count as usize + 1];
    let dead_line = |plan: &mut Plan, line: u16| match no_indexes {
        true => plan.pruned.unused.push(line),
        false => {
            plan.pruned.dead.push(line);
            plan.dead_lines.push(line);
        }
    };
    let mut chain: Vec<u16> = Vec::new();
    for (root, pointer) in page.lines() {
        chain.clear();
        let mut next = match pointer.state() {
            LineState::Unused => continue,
            LineState::Dead => {
                match no_indexes {
                    true => plan.pruned.unused.push(root),
                    false => plan.dead_lines.push(root),
                }
                continue;
            }
            LineState::Redirect => pointer.offset(),
            LineState::Normal => match &fates[root as usize] {
                Some((header, _)) if !header.has(flags::HEAP_ONLY) => root,
                _ => continue,
            },
        };
        let redirect = pointer.state() == LineState::Redirect;
        // Versions of the chain that go: up to the last one that is dead.
        let mut goes = 0;
        let mut expected: Option<Xid> = None;
        while next != 0 && next <= count && !visited[next as usize] {
            let Some((header, fate)) = &fates[next as usize] else { break };
            if (redirect || !chain.is_empty()) != header.has(flags::HEAP_ONLY) {
                break;
            }
            if expected.is_some_and(|xmax| !header.is_frozen() && xmax != xid_of(base, header.xmin)) {
                break;
            }
            visited[next as usize] = true;
            chain.push(next);
            match fate {
                Fate::Dead => goes = chain.len(),
                Fate::RecentlyDead(_) => {}
                _ => break,
            }
            if !header.has(flags::HOT_UPDATED) {
                break;
            }
            expected = deleter(transactions, base, header);
            next = header.successor().map_or(0, |s| s.offset);
        }
        if chain.is_empty() {
            // A redirect that leads nowhere.
            dead_line(&mut plan, root);
            continue;
        }
        if goes == 0 {
            continue;
        }
        plan.removed += goes as u32;
        let heap_only = if redirect { &chain[..goes] } else { &chain[1..goes] };
        plan.pruned.unused.extend_from_slice(heap_only);
        if goes == chain.len() {
            dead_line(&mut plan, root);
        } else {
            plan.pruned.redirects.push((root, chain[goes]));
        }
    }
    // Heap-only versions of rolled back updates hang on no chain.
    for line in 1..=count {
        if let Some((header, Fate::Dead)) = &fates[line as usize]
            && header.has(flags::HEAP_ONLY)
            && !visited[line as usize]
        {
            plan.pruned.unused.push(line);
            plan.removed += 1;
        }
    }
    let gone: std::collections::HashSet<u16> = plan
        .pruned
        .unused
        .iter()
        .chain(&plan.pruned.dead)
        .chain(plan.pruned.redirects.iter().map(|(from, _)| from))
        .copied()
        .collect();
    for line in 1..=count {
        let Some((header, fate)) = &fates[line as usize] else {
            plan.has_lines |= !page.line(line).is_unused() && !gone.contains(&line);
            continue;
        };
        if gone.contains(&line) {
            continue;
        }
        plan.has_lines = true;
        match fate {
            Fate::Live { by_all } => {
                plan.live += 1;
                plan.all_visible &= by_all;
                note_freeze(&mut plan, transactions, base, line, header, *by_all)?;
            }
            Fate::BeingInserted(_) | Fate::BeingDeleted(_) => {
                plan.live += 1;
                plan.all_visible = false;
            }
            Fate::RecentlyDead(_) => {
                plan.recently_dead += 1;
                plan.all_visible = false;
            }
            // Dead, but its chain begins with versions that are not: stays for now.
            Fate::Dead => plan.all_visible = false,
        }
    }
    plan.has_lines |= !plan.pruned.redirects.is_empty() || !plan.dead_lines.is_empty();
    plan.all_visible &= plan.dead_lines.is_empty();
    plan.all_frozen &= plan.all_visible;
    Ok(plan)
}

fn note_freeze(
    plan: &mut Plan,
    transactions: &Transactions,
    base: Xid,
    line: u16,
    header: &Header,
    by_all: bool,
) -> Result<()> {
    let mut set = 0;
    if !header.is_frozen() {
        if !by_all {
            plan.all_frozen = false;
            return Ok(());
        }
        set |= flags::XMIN_FROZEN;
    }
    if !header.has_no_xmax() {
        // A lock, or a deletion that was rolled back: for good once all who hold it have ended.
        let horizon = transactions.oldest_running();
        if holders(transactions, base, header)?.iter().all(|member| member.xid < horizon) {
            set |= flags::XMAX_INVALID;
        } else {
            plan.all_frozen = false;
        }
    }
    if set != 0 {
        plan.freeze.push((line, set, if set & flags::XMAX_INVALID != 0 { flags::HOT_UPDATED } else { 0 }));
    }
    Ok(())
}

/// Whether a reader, who has the page locked, should [`on_access`] prune it after: it is nearly full, and its oldest deleter's
/// work is done with.
#[inline]
pub(crate) fn is_worthwhile(store: &Store, table: &Table, page: &Page) -> bool {
    page.prune_xid() != 0 && is_full(table, page) && is_removable(store, page)
}

fn is_full(table: &Table, page: &Page) -> bool {
    let keep = (ids::PAGE_SIZE * (100 - table.fillfactor.clamp(10, 100) as usize) / 100).max(ids::PAGE_SIZE / 10);
    page.flags() & storage::page::page_flags::FULL != 0 || page.exact_free_space() < keep
}

fn is_removable(store: &Store, page: &Page) -> bool {
    store.transactions.is_removable(xid_of(page.xid_base(), page.prune_xid()))
}

/// Prunes a page that a reader came by, if nobody else has it locked. Failures do not concern the reader.
#[cold]
pub(crate) fn on_access(store: &Store, table: &Table, buffer: &Buffer) {
    if store.storage.wal().has_room()
        && let Some(mut guard) = buffer.try_exclusive()
    {
        let _ = prune(&Heap::of(store, table), &mut guard);
    }
}

/// Removes what nobody can see from a page.
pub(crate) fn prune(heap: &Heap<'_>, guard: &mut PageMut<'_>) -> Result<Plan> {
    let plan = plan(&heap.store.transactions, guard, false, &mut Hints::new())?;
    if !plan.pruned.is_empty() {
        let mut actions = Actions::new();
        actions.prune(&plan.pruned);
        let mut change = heap.store.storage.change(RmgrId::HEAP, Kind::Prune as u8);
        carry_out(&mut change, guard, Image::Standard, &actions);
        change.finish_for(heap.persistence, Xid::INVALID);
    }
    Ok(plan)
}

/// Moves the base of a page's ids so that `xid` is in range. What is older than every snapshot is frozen first.
///
/// # Errors
/// `54000` if a running transaction's id is four billion below `xid`.
pub(crate) fn move_base(heap: &Heap<'_>, guard: &mut PageMut<'_>, xid: Xid) -> Result<()> {
    let transactions = &heap.store.transactions;
    let base = guard.xid_base();
    let mut headers = Vec::new();
    let mut oldest = xid;
    for (line, pointer) in guard.lines() {
        let Some((mut header, _, _)) = tuple_at(guard, pointer) else { continue };
        match fate(transactions, base, line, &header, &mut Hints::new())? {
            Fate::Dead if xid_of(base, header.xmin).is_normal() && header.has_no_deleter() => {
                // Rolled back: the mark says so, the id is no longer needed.
                header.flags = header.flags & !flags::XMIN_FROZEN | flags::XMIN_ABORTED;
                header.xmin = 0;
            }
            Fate::Live { by_all: true } => {
                header.flags |= flags::XMIN_FROZEN;
                header.xmin = Xid::FROZEN.0 as u32;
                let running = transactions.oldest_running();
                if holders(transactions, base, &header)?.iter().all(|member| member.xid < running) {
                    header.flags = header.flags & !(flags::XMAX_ALL) | flags::XMAX_INVALID;
                    header.xmax = 0;
                }
            }
            _ => {}
        }
        let (xmin, xmax) = (xid_of(base, header.xmin), xid_of(base, header.xmax));
        for id in [xmin, xmax].into_iter().filter(|id| id.is_normal()) {
            oldest = oldest.min(id);
        }
        headers.push((pointer, header, xmin, xmax));
    }
    // As far up as the oldest id allows, and not farther than leaves room below `xid`.
    let new = Xid(oldest.0.saturating_sub(Xid::FIRST_NORMAL.0).min(crate::tuple::base_for(xid).0));
    let error = || Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "a page holds transaction ids too far apart");
    offset_of(new, xid).ok_or_else(error)?;
    for (_, header, xmin, xmax) in &mut headers {
        header.xmin = offset_of(new, *xmin).ok_or_else(error)?;
        header.xmax = offset_of(new, *xmax).ok_or_else(error)?;
    }
    let prune = offset_of(new, xid_of(base, guard.prune_xid())).unwrap_or(Xid::FIRST_NORMAL.0 as u32);
    let prune = if guard.prune_xid() == 0 { 0 } else { prune };
    let mut change = heap.store.storage.change(RmgrId::HEAP, Kind::Rebase as u8);
    let slot = change.page(guard, Image::Forced);
    let page = change.page_mut(slot);
    page.set_xid_base(new);
    page.set_prune_xid(prune);
    for (pointer, header, _, _) in headers {
        if let Some(tuple) = page.item_mut(pointer) {
            header.write(tuple);
        }
    }
    change.finish_for(heap.persistence, xid);
    Ok(())
}
