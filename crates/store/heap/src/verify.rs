//! Checks of a table's pages, as amcheck's `verify_heapam` makes them: line pointers, headers, bodies, chains, values out of line.

use std::sync::Arc;

use access::{Projected, Store, Table, TableFault};
use error::Result;
use ids::{BlockNumber, Xid};
use storage::{LineState, Page};

use crate::place::Heap;
use crate::read::{self, Chosen};
use crate::toast;
use crate::tuple::{HEADER_SIZE, Header, flags, tuple_at, xid_of};
use crate::visibility::{Fate, Hints, deleter, fate};

/// What was found on one page.
struct Checker<'a> {
    store: &'a Store,
    table: &'a Table,
    block: BlockNumber,
    next_xid: Xid,
    faults: &'a mut Vec<TableFault>,
}

impl Checker<'_> {
    fn fault(&mut self, line: u16, message: String) {
        self.faults.push(TableFault { block: self.block, line, column: None, message });
    }

    /// Checks one line; whether it is a tuple that can be read.
    fn line(&mut self, page: &Page, line: u16) -> bool {
        let (pointer, count) = (page.line(line), page.line_count());
        match pointer.state() {
            LineState::Unused | LineState::Dead => return false,
            LineState::Redirect => {
                let to = pointer.offset();
                if to == 0 || to > count {
                    self.fault(line, format!("line pointer redirection to item at offset {to} is out of 1..{count}"));
                } else if !tuple_at(page, page.line(to)).is_some_and(|(header, _, _)| header.has(flags::HEAP_ONLY)) {
                    self.fault(line, format!("redirected line pointer points to a non-heap-only tuple at offset {to}"));
                }
                return false;
            }
            LineState::Normal => (),
        }
        let Some((header, start, end)) = tuple_at(page, pointer) else {
            self.fault(
                line,
                format!("line pointer to {} bytes at {} leaves the page", pointer.length(), pointer.offset()),
            );
            return false;
        };
        let columns = self.table.layout.len();
        if header.natts as usize > columns {
            self.fault(
                line,
                format!("number of attributes {} exceeds maximum {columns} expected for table", header.natts),
            );
            return false;
        }
        let body = page.get(start + HEADER_SIZE..end).unwrap_or(&[]);
        if self.table.layout.view(body, header.natts as usize, header.has(flags::HAS_NULLS)).is_none() {
            self.fault(
                line,
                format!("a tuple of {} bytes is too short for its {} attributes", end - start, header.natts),
            );
            return false;
        }
        self.ids(page, line, &header) && self.chain(page, line, &header)
    }

    /// Checks who made and who deleted a version.
    fn ids(&mut self, page: &Page, line: u16, header: &Header) -> bool {
        let base = page.xid_base();
        let known = |offset: u32| xid_of(base, offset) < self.next_xid;
        let (xmin, xmax) = (known(header.xmin), header.has_no_xmax() || known(header.xmax));
        for (name, offset, known) in [("xmin", header.xmin, xmin), ("xmax", header.xmax, xmax)] {
            if !known {
                let (xid, next) = (xid_of(base, offset), self.next_xid);
                self.fault(line, format!("{name} {xid} equals or exceeds next valid transaction ID {next}"));
            }
        }
        if !(xmin && xmax) {
            return false;
        }
        if page.is_all_visible() {
            match fate(&self.store.transactions, base, line, header, &mut Hints::new()) {
                Ok(Fate::Live { .. }) => (),
                // A deletion that was begun after the page was last seen to be all visible clears the mark first.
                Ok(other) => self.fault(line, format!("the page is marked all-visible but the tuple is {other:?}")),
                Err(error) => self.fault(line, error.message().to_string()),
            }
        }
        true
    }

    /// Checks that a heap-only successor is one.
    fn chain(&mut self, page: &Page, line: u16, header: &Header) -> bool {
        if !header.has(flags::HOT_UPDATED) || header.has(flags::XMAX_INVALID) {
            return true;
        }
        let Some(next) = header.successor() else {
            self.fault(line, "a tuple that was updated has no successor".into());
            return true;
        };
        if next.block != self.block || next.offset > page.line_count() {
            self.fault(line, format!("a heap-only update leads to {next:?}, which is not on its page"));
            return true;
        }
        let base = page.xid_base();
        if let Some((after, _, _)) = tuple_at(page, page.line(next.offset))
            && let Some(xmax) = deleter(&self.store.transactions, base, header)
            && xid_of(base, after.xmin) == xmax
            && !after.has(flags::HEAP_ONLY)
        {
            self.fault(line, format!("tuple was updated to produce a non-heap-only tuple at offset {}", next.offset));
        }
        true
    }
}

/// Checks one page; with `toast`, also that all values of live rows can be read.
pub(crate) fn page(
    store: &Store,
    table: &Arc<Table>,
    block: BlockNumber,
    check_toast: bool,
    faults: &mut Vec<TableFault>,
) -> Result<()> {
    let heap = Heap::of(store, table);
    let marked = heap.visibility_map().get(block, &mut None)?.all_visible;
    let next_xid = store.transactions.next_xid();
    let buffer = heap.read(block)?;
    let projection: Arc<[Projected]> = (0..table.layout.len() as u16).map(Projected::Column).collect();
    let mut rows = Vec::new();
    let unmarked;
    {
        let page = buffer.share();
        let mut checker = Checker { store, table, block, next_xid, faults };
        if page.is_new() {
            return Ok(());
        }
        unmarked = marked && !page.is_all_visible();
        for line in 1..=page.line_count() {
            if !checker.line(&page, line) || !check_toast {
                continue;
            }
            let Some((header, start, end)) = tuple_at(&page, page.line(line)) else { continue };
            let live = fate(&store.transactions, page.xid_base(), line, &header, &mut Hints::new());
            if !matches!(live, Ok(Fate::Live { .. })) {
                continue;
            }
            let (mut chosen, mut pending) = (Chosen::default(), Vec::new());
            let mut row = access::projected_batch(&table.layout, &projection);
            let copied = chosen.push(&table.layout, line, &header, start, end).and_then(|()| {
                read::copy_out(table, &projection, &page, block, &chosen, &mut row, &mut pending, |line| line, None)
            });
            match copied {
                Ok(()) if pending.is_empty() => (),
                Ok(()) => rows.push((line, row, pending)),
                Err(error) => checker.fault(line, error.message().to_string()),
            }
        }
    }
    drop(buffer);
    // Both marks are cleared in one step; who looked in between finds the map cleared now.
    if unmarked && heap.visibility_map().get(block, &mut None)?.all_visible {
        let message = "the visibility map calls the page all-visible, the page does not".into();
        faults.push(TableFault { block, line: 0, column: None, message });
    }
    for (line, mut row, mut pending) in rows {
        row.set_len(1);
        if let Err(error) = toast::resolve(store, table, &mut row, &mut pending) {
            faults.push(TableFault { block, line, column: None, message: error.message().to_string() });
        }
    }
    Ok(())
}
