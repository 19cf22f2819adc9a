//! Summaries against a plain map: put, replaced, grown until they move, removed, by one and by several at once; and redo of all of it.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use access::*;
use brin::RangeMap;
use common::*;
use ids::*;
use proptest::prelude::*;

fn new_index(bench: &Bench) -> Arc<Index> {
    let index = Index {
        oid: Oid(20000),
        name: "t_idx".into(),
        method: Method::Brin,
        options: vec![("pages_per_range".into(), "4".into())].into(),
        support: None,
        locator: locator(20000),
        persistence: Persistence::Permanent,
        fillfactor: 90,
        deduplicate: true,
        cache: IndexCache::default(),
        counters: Default::default(),
    };
    bench.engine.store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
    bench.engine.indexes.create(&bench.engine.store, &index).unwrap();
    Arc::new(index)
}

fn all(map: &RangeMap<'_>, ranges: u32) -> BTreeMap<u32, Vec<u8>> {
    let mut found = BTreeMap::new();
    map.each(ranges, |range, summary| {
        if let Some(summary) = summary {
            found.insert(range, summary.to_vec());
        }
        Ok(())
    })
    .unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn behaves_as_a_map(steps in proptest::collection::vec((prop_oneof![3 => 0..40u32, 1 => 1300..1400u32], 0..3usize, 1..900usize), 1..300)) {
        let bench = Bench::new();
        let index = new_index(&bench);
        let map = RangeMap { store: &bench.engine.store, index: &index };
        prop_assert_eq!(map.pages_per_range().unwrap(), 4);
        let mut model: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for (n, (range, what, length)) in steps.into_iter().enumerate() {
            let old = model.get(&range).cloned();
            prop_assert_eq!(&map.get(range).unwrap(), &old);
            match what {
                0 => {
                    prop_assert_eq!(map.remove(range).unwrap(), old.is_some());
                    model.remove(&range);
                }
                _ => {
                    let new = vec![n as u8; length];
                    // Whoever knows an older one is told so.
                    prop_assert!(!map.put(range, Some(b"never there"), &new).unwrap());
                    prop_assert!(map.put(range, old.as_deref(), &new).unwrap());
                    model.insert(range, new);
                }
            }
        }
        prop_assert_eq!(&all(&map, 2000), &model);
        prop_assert_eq!(bench.engine.indexes.verify(&bench.engine.store, &index).unwrap().entries, model.len() as u64);
        bench.check_redo_with(&[(wal::RmgrId::BRIN, brin::page::apply)]);
    }
}

#[test]
fn too_long_a_summary_is_refused() {
    let bench = Bench::new();
    let index = new_index(&bench);
    let map = RangeMap { store: &bench.engine.store, index: &index };
    let error = map.put(3, None, &[0; 9000]).unwrap_err();
    assert_eq!(error.state().to_string(), "54000");
    assert!(map.put(3, None, &[0; 8000]).unwrap());
    assert_eq!(map.get(3).unwrap().map(|summary| summary.len()), Some(8000));
}

#[test]
fn several_widen_summaries_at_once() {
    const PER_THREAD: u32 = 300;
    let bench = Bench::new();
    let index = new_index(&bench);
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let (bench, index) = (&bench, &index);
            scope.spawn(move || {
                let _client = bench.client();
                let map = RangeMap { store: &bench.engine.store, index };
                for n in 0..PER_THREAD {
                    let range = n.wrapping_mul(7) % 30;
                    loop {
                        let old = map.get(range).unwrap();
                        let mut new = old.clone().unwrap_or_default();
                        new.push(thread as u8);
                        if map.put(range, old.as_deref(), &new).unwrap() {
                            break;
                        }
                    }
                }
            });
        }
    });
    let map = RangeMap { store: &bench.engine.store, index: &index };
    let found = all(&map, 30);
    assert_eq!(found.len(), 30);
    assert!(found.values().all(|summary| summary.len() == 40));
    bench.check_redo_with(&[(wal::RmgrId::BRIN, brin::page::apply)]);
}
