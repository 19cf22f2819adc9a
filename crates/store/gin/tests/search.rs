//! Searches against plain sets: conditions of all shapes over random rows, many and few, before and after VACUUM, a bulk build and redo.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::*;
use common::*;
use gin::{GinCondition, GinPart, GinQuery, NO_PARTS, Presence, Test, VALUE};
use ids::*;
use proptest::prelude::*;

type Rows = BTreeMap<u64, BTreeSet<u8>>;

fn key(part: u8) -> Vec<u8> {
    // 40 parts share each prefix.
    vec![0, VALUE, b'a' + part / 40, part, 0]
}

fn new_index(bench: &Bench, file: u32) -> Arc<Index> {
    let index = Index {
        oid: Oid(file),
        name: "t_idx".into(),
        method: Method::Gin,
        options: Box::default(),
        support: None,
        locator: locator(file),
        persistence: Persistence::Permanent,
        fillfactor: 90,
        deduplicate: true,
        cache: IndexCache::default(),
        counters: Default::default(),
    };
    bench.engine.store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
    Arc::new(index)
}

fn entries(parts: &BTreeSet<u8>) -> Vec<Vec<u8>> {
    if parts.is_empty() { vec![vec![0, NO_PARTS]] } else { parts.iter().map(|&part| key(part)).collect() }
}

fn insert(client: &Client, index: &Arc<Index>, tid: TupleId, parts: &BTreeSet<u8>) {
    let (store, methods) = (&client.engine.store, &client.engine.indexes);
    for key in entries(parts) {
        let entry = IndexEntry { key: &key, payload: &[], tid };
        let table = (client.engine.tables.as_ref(), client.table.as_ref());
        methods.insert(store, &client.session.transaction, index, table, entry, UniqueCheck::No).unwrap();
    }
}

/// A condition over parts, and over prefixes of them.
#[derive(Clone, Debug)]
enum Formula {
    Part(u8),
    Prefix(u8),
    Not(Box<Formula>),
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
}

impl Formula {
    fn holds(&self, row: &BTreeSet<u8>) -> bool {
        match self {
            Formula::Part(part) => row.contains(part),
            Formula::Prefix(group) => row.iter().any(|part| part / 40 == *group),
            Formula::Not(inner) => !inner.holds(row),
            Formula::And(a, b) => a.holds(row) && b.holds(row),
            Formula::Or(a, b) => a.holds(row) || b.holds(row),
        }
    }

    fn parts(&self, found: &mut Vec<GinPart>) {
        match self {
            Formula::Part(part) => found.push(GinPart { key: key(*part), prefix: false }),
            Formula::Prefix(group) => found.push(GinPart { key: vec![0, VALUE, b'a' + group], prefix: true }),
            Formula::Not(inner) => inner.parts(found),
            Formula::And(a, b) | Formula::Or(a, b) => {
                a.parts(found);
                b.parts(found);
            }
        }
    }

    fn check(&self, parts: &mut std::slice::Iter<'_, Presence>) -> Presence {
        match self {
            Formula::Part(_) | Formula::Prefix(_) => *parts.next().unwrap(),
            Formula::Not(inner) => match inner.check(parts) {
                Presence::No => Presence::Yes,
                Presence::Maybe => Presence::Maybe,
                Presence::Yes => Presence::No,
            },
            Formula::And(a, b) => {
                let (a, b) = (a.check(parts), b.check(parts));
                a.min(b)
            }
            Formula::Or(a, b) => {
                let (a, b) = (a.check(parts), b.check(parts));
                a.max(b)
            }
        }
    }
}

impl Test for Formula {
    fn check(&self, parts: &[Presence]) -> Presence {
        self.check(&mut parts.iter())
    }
}

fn search(bench: &Bench, index: &Arc<Index>, formulas: &[Formula]) -> BTreeSet<u64> {
    let condition = |formula: &Formula| {
        let mut parts = Vec::new();
        formula.parts(&mut parts);
        GinCondition { column: 0, parts, test: Box::new(formula.clone()) }
    };
    let query: Query = Arc::new(GinQuery { conditions: formulas.iter().map(condition).collect() });
    let mut scan = bench.engine.indexes.scan(&bench.engine.store, index, IndexScanOptions::default()).unwrap();
    scan.search(&query).unwrap();
    let mut bitmap = TidBitmap::new(1 << 20);
    scan.collect(&mut bitmap).unwrap();
    let mut found = BTreeSet::new();
    for page in bitmap.pages() {
        match page {
            BitmapPage::Lines { tids, .. } => found.extend(tids.iter().map(|tid| tid.to_u64())),
            BitmapPage::Whole(block) => panic!("page {block:?} is not known line by line"),
        }
    }
    found
}

fn agrees(bench: &Bench, index: &Arc<Index>, rows: &Rows, formulas: &[Formula]) {
    let wanted: BTreeSet<u64> =
        rows.iter().filter(|(_, row)| formulas.iter().all(|f| f.holds(row))).map(|(tid, _)| *tid).collect();
    assert_eq!(search(bench, index, formulas), wanted, "{formulas:?}");
}

fn formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![4 => (0..120u8).prop_map(Formula::Part), 1 => (0..3u8).prop_map(Formula::Prefix)];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(|f| Formula::Not(Box::new(f))),
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Formula::And(Box::new(a), Box::new(b))),
            3 => (inner.clone(), inner).prop_map(|(a, b)| Formula::Or(Box::new(a), Box::new(b))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn searches_find_what_a_scan_of_the_rows_does(
        rows in proptest::collection::vec(proptest::collection::btree_set(prop_oneof![1 => 0..120u8, 2 => 0..4u8], 0..6), 1..400),
        queries in proptest::collection::vec(proptest::collection::vec(formula(), 1..3), 10),
        dead in 2..9u64,
    ) {
        let bench = Bench::new();
        let client = bench.client();
        let index = new_index(&bench, 20000);
        bench.engine.indexes.create(&bench.engine.store, &index).unwrap();
        client.begin();
        let mut model = Rows::new();
        for (n, parts) in rows.into_iter().enumerate() {
            let tid = TupleId::new(BlockNumber(n as u32 / 20), (n % 20 + 1) as u16);
            insert(&client, &index, tid, &parts);
            model.insert(tid.to_u64(), parts);
        }
        client.commit();
        queries.iter().for_each(|query| agrees(&bench, &index, &model, query));
        let gone = |tid: TupleId| tid.to_u64().is_multiple_of(dead);
        bench.engine.indexes.bulk_delete(&bench.engine.store, &index, &gone, &|| Ok(())).unwrap();
        model.retain(|tid, _| !gone(TupleId::from_u64(*tid)));
        queries.iter().for_each(|query| agrees(&bench, &index, &model, query));
        bench.engine.indexes.verify(&bench.engine.store, &index).unwrap();
        bench.check_redo();
    }
}

#[test]
fn a_rare_part_leads_and_the_others_are_stepped_over() {
    let bench = Bench::new();
    let index = new_index(&bench, 20000);
    let mut sorter = EntrySorter::new(64 << 20, std::env::temp_dir());
    let mut model = Rows::new();
    for n in 0..60_000u64 {
        let mut parts = BTreeSet::from([0]);
        if n % 9_000 == 17 {
            parts.insert(100);
        }
        let tid = TupleId::new(BlockNumber((n / 100) as u32), (n % 100 + 1) as u16);
        for key in entries(&parts) {
            sorter.push(IndexEntry { key: &key, payload: &[], tid }, false).unwrap();
        }
        model.insert(tid.to_u64(), parts);
    }
    sorter.sort();
    let mut sorted = access::sorter::merge(vec![sorter]).unwrap();
    struct Entries<'a>(&'a mut access::sorter::Sorted);
    impl SortedEntries for Entries<'_> {
        fn next(&mut self) -> error::Result<Option<IndexEntry<'_>>> {
            Ok(self.0.next_marked()?.map(|(entry, _)| entry))
        }
    }
    bench.engine.indexes.build(&bench.engine.store, &index, &mut Entries(&mut sorted)).unwrap();
    let (rare, frequent) = (Formula::Part(100), Formula::Part(0));
    agrees(&bench, &index, &model, &[Formula::And(Box::new(rare.clone()), Box::new(frequent.clone()))]);
    agrees(&bench, &index, &model, &[rare.clone(), frequent.clone()]);
    agrees(&bench, &index, &model, &[Formula::Or(Box::new(rare), Box::new(frequent.clone()))]);
    agrees(&bench, &index, &model, &[Formula::Not(Box::new(frequent))]);
}
