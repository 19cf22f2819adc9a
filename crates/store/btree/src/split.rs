//! Where to split a page.

use error::Result;
use storage::Page;
use storage::page::LINE_POINTER_SIZE;

use crate::page::{Item, Node, SearchKey, USABLE, damaged, inner_item, separator};
use ids::BlockNumber;

/// How a page is split.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Entries of the old page that stay.
    pub keep: u16,
    /// The line on the left page before which the new item goes, if it goes there.
    pub insert_left: Option<u16>,
    /// The left page's high key.
    pub high_key: Vec<u8>,
    /// The right page's items, its high key first unless it is rightmost.
    pub right: Vec<Vec<u8>>,
}

/// Chooses where to split `page` so that `new` (none, if empty) fits before its line `line`. Splits of the last leaf by
/// an entry at its end leave the left page as full as `fillfactor` says, others make halves; near the best point, the one with
/// the shortest separator wins.
pub(crate) fn choose(page: &Page, line: u16, new: &[u8], fillfactor: u8) -> Result<Plan> {
    let first = page.first_entry();
    let mut items: Vec<&[u8]> = (first..=page.last_entry()).map(|n| page.entry(n).0).collect();
    let at = (line - first) as usize;
    if !new.is_empty() {
        items.insert(at, new);
    }
    let leaf = page.is_leaf();
    let high = if page.is_rightmost() { 0 } else { page.entry(1).0.len() + LINE_POINTER_SIZE };
    let sizes: Vec<usize> = items.iter().map(|item| item.len() + LINE_POINTER_SIZE).collect();
    let total: usize = sizes.iter().sum();
    let at_end = page.is_rightmost() && at + 1 == items.len();
    let share = match (at_end, leaf) {
        (true, true) => fillfactor.clamp(10, 100) as usize,
        (true, false) => 70,
        _ => 50,
    };
    let target = total * share / 100;
    let key = |n: usize| {
        let (left, right) = (Item(items[n - 1]), Item(items[n]));
        if leaf { separator(left.last(), right.first()) } else { right.separator() }
    };
    // Feasible points with their distance from the target.
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    let mut left = 0;
    for n in 1..items.len() {
        left += sizes[n - 1];
        let mut item = key(n).key.len() + 6 + LINE_POINTER_SIZE;
        item += if key(n).tid != 0 { 6 } else { 0 };
        let right = total - left + high;
        if left + item <= USABLE && right <= USABLE {
            candidates.push((left.abs_diff(target), n));
        }
    }
    candidates.sort_unstable();
    let Some(&(best, _)) = candidates.first() else { return Err(damaged("no point to split a page at")) };
    let window = best + USABLE / 32;
    let (_, n) = candidates
        .iter()
        .copied()
        .take_while(|&(distance, _)| distance <= window)
        .min_by_key(|&(distance, n)| (key(n).key.len() + key(n).tid.min(1) as usize * 6, distance))
        .unwrap_or(candidates[0]);
    let mut high_key = Vec::new();
    inner_item(&mut high_key, key(n), BlockNumber::INVALID);
    let mut right = Vec::with_capacity(items.len() - n + 1);
    if !page.is_rightmost() {
        right.push(page.entry(1).0.to_vec());
    }
    for (m, item) in items[n..].iter().enumerate() {
        if m == 0 && !leaf {
            // The first entry of an inner page stands before everything: its key is not needed.
            let mut bare = Vec::new();
            inner_item(&mut bare, SearchKey::FIRST, Item(item).child());
            right.push(bare);
        } else {
            right.push(item.to_vec());
        }
    }
    let new_goes_left = !new.is_empty() && at < n;
    Ok(Plan {
        keep: (n - new_goes_left as usize) as u16,
        // The left page has a high key as line 1 afterwards.
        insert_left: new_goes_left.then_some(at as u16 + 2),
        high_key,
        right,
    })
}
