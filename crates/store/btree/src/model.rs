//! Pages against a sorted set: a chain of leaves with all that insertion does to them, but without a pool or locks.

use std::collections::BTreeSet;

use ids::BlockNumber;
use proptest::prelude::*;
use storage::Page;

use crate::action::{Actions, apply};
use crate::page::{Node, NodeMut, SearchKey, leaf_item};
use crate::split;

/// Leaves from left to right; a page's right link is its place in the list.
struct Leaves(Vec<Box<Page>>);

impl Leaves {
    fn new() -> Leaves {
        let mut page = Box::new(Page::zeroed());
        page.init_node(0, 0, BlockNumber::INVALID, BlockNumber::INVALID);
        Leaves(vec![page])
    }

    /// Carries out actions on a page and on a copy of it, as redo would.
    fn act(&mut self, n: usize, actions: &Actions) {
        let mut copy = self.0[n].clone();
        apply(&mut self.0[n], &actions.0).unwrap();
        apply(&mut copy, &actions.0).unwrap();
        assert!(copy.bytes() == self.0[n].bytes());
    }

    fn insert(&mut self, key: &[u8], tid: u64) {
        let place = SearchKey { key, tid };
        let n = self.0.iter().position(|page| !page.is_left_of(place, false)).unwrap();
        let mut item = Vec::new();
        leaf_item(&mut item, key, tid, &[]);
        for merged in [false, true] {
            let line = self.0[n].leaf_search(place);
            let inside = line <= self.0[n].last_entry() && {
                let found = self.0[n].entry(line);
                found.is_posting() && found.key() == key && found.first_tid() < tid
            };
            let mut actions = Actions::new();
            if inside && self.0[n].room() >= 6 {
                actions.add(line, tid);
            } else if !inside && self.0[n].room() >= item.len() + 4 {
                actions.insert(line, &item);
            }
            if !actions.0.is_empty() {
                return self.act(n, &actions);
            }
            if !merged {
                let mut merge = Actions::new();
                merge.merge();
                self.act(n, &merge);
            }
        }
        let line = self.0[n].leaf_search(place);
        let plan = split::choose(&self.0[n], line, &[], 90).unwrap();
        let (right_link, block) = (self.0[n].right(), BlockNumber(1000 + self.0.len() as u32));
        let mut right = Actions::new();
        right.init(0, 0, BlockNumber::INVALID, right_link).items(plan.right.iter().map(|item| &item[..]));
        let mut left = Actions::new();
        left.cut(plan.keep, block, &plan.high_key);
        self.act(n, &left);
        self.0.insert(n + 1, Box::new(Page::zeroed()));
        self.act(n + 1, &right);
        self.insert(key, tid);
    }

    fn entries(&self) -> Vec<(Vec<u8>, u64)> {
        let mut all = Vec::new();
        for page in &self.0 {
            for line in page.first_entry()..=page.last_entry() {
                let item = page.entry(line);
                all.extend(item.tids().map(|tid| (item.key().to_vec(), tid)));
                assert!(page.high_key().is_none_or(|high| (item.key(), item.last_tid()) < (high.key, high.tid)));
            }
        }
        all
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn leaves_hold_what_was_inserted(
        entries in proptest::collection::vec((0u32..200, 0usize..120, 1u64..5000), 1..1500)
    ) {
        let (mut leaves, mut model) = (Leaves::new(), BTreeSet::new());
        for (number, length, tid) in entries {
            // Few keys, so that lists grow; some long, so that pages split.
            let mut key = (number % 37).to_be_bytes().to_vec();
            key.extend(std::iter::repeat_n(b'x', length * (number % 3) as usize));
            if model.insert((key.clone(), tid)) {
                leaves.insert(&key, tid);
            }
        }
        prop_assert_eq!(leaves.entries(), model.iter().cloned().collect::<Vec<_>>());
        for (key, tid) in model.iter().step_by(17) {
            let place = SearchKey { key, tid: *tid };
            let page = leaves.0.iter().find(|page| !page.is_left_of(place, false)).unwrap();
            let line = page.leaf_search(place);
            let item = page.entry(line);
            prop_assert!(item.key() == key && item.tids().any(|t| t == *tid));
        }
    }

    #[test]
    fn separators_separate(a in proptest::collection::vec(0u8..3, 0..6), b in proptest::collection::vec(0u8..3, 0..6),
                           s in 1u64..5, t in 1u64..5) {
        let (left, right) = (SearchKey { key: &a, tid: s }, SearchKey { key: &b, tid: t });
        prop_assume!(crate::page::compare(left, right).is_lt());
        let between = crate::page::separator(left, right);
        prop_assert!(crate::page::compare(left, between).is_lt());
        prop_assert!(crate::page::compare(between, right).is_le());
    }

    #[test]
    fn damaged_actions_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut page = Box::new(Page::zeroed());
        page.init_node(0, 0, BlockNumber::INVALID, BlockNumber::INVALID);
        let _ = apply(&mut page, &bytes);
        let mut text = String::new();
        crate::action::describe(&bytes, &mut text);
    }
}
