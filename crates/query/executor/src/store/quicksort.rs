//! Quicksort as Bentley and McIlroy describe it ("Engineering a Sort Function", Software: Practice and Experience 23, 1993).
//!
//! Rows that compare equal come out in some order, and applications have learned which: that of PostgreSQL, whose sort in memory is
//! this algorithm, with a look first whether all is in order already. So sorts of rows for clients are done by it while they
//! are small ([`ROWS_MOST`]); `sort_unstable_by` of the standard library is faster on long ones.

use std::cmp::Ordering;

/// Longer inputs are better sorted by something else. It bounds what the quadratic worst case can cost, too.
pub(super) const ROWS_MOST: usize = 10_000;

/// Shorter pieces are sorted by insertion.
const INSERTION_BELOW: usize = 7;

/// From longer pieces the median is taken of nine.
const NINTHER_ABOVE: usize = 40;

/// Sorts. Equal items may change places, but always in the same way.
pub(super) fn sort<T: Copy>(mut items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    loop {
        if items.windows(2).all(|pair| compare(&pair[0], &pair[1]).is_le()) {
            return;
        }
        let len = items.len();
        if len < INSERTION_BELOW {
            for end in 1..len {
                let mut at = end;
                while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
                    items.swap(at - 1, at);
                    at -= 1;
                }
            }
            return;
        }
        let pivot = pivot(items, compare);
        items.swap(0, pivot);
        // Equal items gather at both ends: [equal | smaller | unknown | greater | equal].
        let (mut equal_end, mut low) = (1, 1);
        let (mut high, mut equal_start) = (len, len);
        loop {
            while low < high {
                match compare(&items[low], &items[0]) {
                    Ordering::Greater => break,
                    Ordering::Equal => {
                        items.swap(equal_end, low);
                        equal_end += 1;
                    }
                    Ordering::Less => {}
                }
                low += 1;
            }
            while low < high {
                match compare(&items[high - 1], &items[0]) {
                    Ordering::Less => break,
                    Ordering::Equal => {
                        equal_start -= 1;
                        items.swap(high - 1, equal_start);
                    }
                    Ordering::Greater => {}
                }
                high -= 1;
            }
            if low >= high {
                break;
            }
            items.swap(low, high - 1);
            low += 1;
            high -= 1;
        }
        // The equal ones go to the middle.
        let (smaller, greater) = (low - equal_end, equal_start - high);
        let moved = equal_end.min(smaller);
        swap_pieces(items, 0, low - moved, moved);
        let moved = greater.min(len - equal_start);
        swap_pieces(items, low, len - moved, moved);
        // The shorter piece by recursion, so that this stays shallow.
        let (before, rest) = items.split_at_mut(smaller);
        let start = rest.len() - greater;
        let after = &mut rest[start..];
        items = if before.len() <= after.len() {
            sort(before, compare);
            after
        } else {
            sort(after, compare);
            before
        };
    }
}

fn swap_pieces<T>(items: &mut [T], a: usize, b: usize, len: usize) {
    (0..len).for_each(|n| items.swap(a + n, b + n));
}

/// The place of the item to part the others by: the middle one, the median of three, or of three medians.
fn pivot<T>(items: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let len = items.len();
    let median = |a: usize, b: usize, c: usize| {
        let less = |a: usize, b: usize| compare(&items[a], &items[b]).is_lt();
        let greater = |a: usize, b: usize| compare(&items[a], &items[b]).is_gt();
        match less(a, b) {
            true if less(b, c) => b,
            true if less(a, c) => c,
            true => a,
            false if greater(b, c) => b,
            false if less(a, c) => a,
            false => c,
        }
    };
    let middle = len / 2;
    if len == INSERTION_BELOW {
        return middle;
    }
    let (first, last) = (0, len - 1);
    if len <= NINTHER_ABOVE {
        return median(first, middle, last);
    }
    let step = len / 8;
    median(
        median(first, first + step, first + 2 * step),
        median(middle - step, middle, middle + step),
        median(last - 2 * step, last - step, last),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_what_has_many_equal_items() {
        let mut seed = 7_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for len in (0..60).chain([200, 1000]) {
            for distinct in [1, 2, 5, 1000] {
                let mut items: Vec<(u64, u64)> = (0..len).map(|at| (random(distinct), at)).collect();
                let mut expected = items.clone();
                sort(&mut items, &|a, b| a.0.cmp(&b.0));
                assert!(items.is_sorted_by_key(|item| item.0), "{items:?}");
                items.sort_unstable();
                expected.sort_unstable();
                assert_eq!(items, expected, "no item is lost");
            }
        }
    }

    /// What PostgreSQL answers to `SELECT n FROM (VALUES …) ORDER BY key`.
    #[test]
    fn equal_items_come_as_from_postgresql() {
        let order = |keys: &[u32]| -> Vec<usize> {
            let mut items: Vec<(u32, usize)> = keys.iter().copied().zip(1..).collect();
            sort(&mut items, &|a, b| a.0.cmp(&b.0));
            items.into_iter().map(|item| item.1).collect()
        };
        assert_eq!(order(&[1, 2, 0, 3, 3, 1, 0, 0, 0, 3]), [7, 9, 3, 8, 1, 6, 2, 5, 4, 10]);
        assert_eq!(order(&[2, 1, 0, 0, 2, 2, 1, 1, 0, 0, 1, 0]), [10, 9, 3, 4, 12, 7, 2, 8, 11, 6, 5, 1]);
        assert_eq!(
            order(&[0, 2, 2, 1, 1, 2, 2, 2, 0, 4, 2, 3, 4, 1, 1, 1, 3, 2, 0, 4, 2, 0, 2, 4, 2, 4, 1, 3, 3, 4]),
            [
                19, 1, 9, 22, 16, 4, 5, 14, 15, 27, 11, 6, 18, 3, 21, 2, 23, 25, 8, 7, 17, 28, 29, 12, 24, 10, 20, 13,
                26, 30
            ]
        );
    }
}
