//! The tree against a sorted map: insertions, duplicates, scans both ways, vacuum, bulk builds, threads, redo.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use access::*;
use common::*;
use ids::*;
use proptest::prelude::*;

struct Tree {
    bench: Bench,
    client: Client,
    index: Arc<Index>,
}

fn index_of(bench: &Bench, deduplicate: bool, file: u32) -> Arc<Index> {
    let index = Index {
        oid: Oid(file),
        name: "t_idx".into(),
        method: access::Method::Btree,
        options: Box::default(),
        support: None,
        locator: locator(file),
        persistence: Persistence::Permanent,
        fillfactor: 90,
        deduplicate,
        cache: IndexCache::default(),
        counters: Default::default(),
    };
    bench.engine.store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
    Arc::new(index)
}

impl Tree {
    fn new(deduplicate: bool) -> Tree {
        let bench = Bench::new();
        let client = bench.client();
        let index = index_of(&bench, deduplicate, 20000);
        bench.engine.indexes.create(&bench.engine.store, &index).unwrap();
        Tree { bench, client, index }
    }

    fn insert_as(&self, key: &[u8], tid: TupleId, check: UniqueCheck) -> error::Result<Inserted> {
        insert(&self.client, &self.index, key, &[], tid, check)
    }

    fn insert(&self, key: &[u8], tid: TupleId) {
        assert_eq!(self.insert_as(key, tid, UniqueCheck::No).unwrap(), Inserted::Done);
    }

    fn scan(&self, lower: Option<&[u8]>, upper: Option<&[u8]>, direction: Direction) -> Vec<(Vec<u8>, TupleId)> {
        scan(&self.bench, &self.index, KeyRange { lower, upper }, direction)
    }

    fn remove(&self, dead: &BTreeSet<(Vec<u8>, u64)>) -> IndexVacuumReport {
        let tids: BTreeSet<u64> = dead.iter().map(|entry| entry.1).collect();
        let store = &self.bench.engine.store;
        let report = self
            .bench
            .engine
            .indexes
            .bulk_delete(store, &self.index, &|tid| tids.contains(&tid.to_u64()), &|| Ok(()))
            .unwrap();
        self.bench.engine.indexes.vacuum_cleanup(store, &self.index).unwrap();
        report
    }

    fn verify(&self) -> IndexVacuumReport {
        self.bench.engine.indexes.verify(&self.bench.engine.store, &self.index).unwrap()
    }
}

fn insert(
    client: &Client,
    index: &Index,
    key: &[u8],
    payload: &[u8],
    tid: TupleId,
    check: UniqueCheck,
) -> error::Result<Inserted> {
    client.engine.indexes.insert(
        &client.engine.store,
        &client.session.transaction,
        index,
        (&*client.engine.tables, &client.table),
        IndexEntry { key, payload, tid },
        check,
    )
}

fn scan(bench: &Bench, index: &Arc<Index>, range: KeyRange<'_>, direction: Direction) -> Vec<(Vec<u8>, TupleId)> {
    let options = IndexScanOptions { keys: true, ..IndexScanOptions::default() };
    let mut scan = bench.engine.indexes.scan(&bench.engine.store, index, options).unwrap();
    scan.start(range, direction).unwrap();
    let mut entries = IndexEntries::default();
    let mut all = Vec::new();
    while scan.next(&mut entries).unwrap() {
        all.extend(entries.tids.iter().enumerate().map(|(n, &tid)| (entries.keys.get(n).to_vec(), tid)));
    }
    all
}

fn tid(n: u64) -> TupleId {
    TupleId::new(BlockNumber((n / 200) as u32), (n % 200 + 1) as u16)
}

/// A number that looks random.
fn scatter(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

fn check_against(tree: &Tree, model: &BTreeSet<(Vec<u8>, u64)>) {
    let all: Vec<_> = model.iter().map(|(key, tid)| (key.clone(), TupleId::from_u64(*tid))).collect();
    assert_eq!(tree.verify().entries, all.len() as u64);
    assert!(tree.scan(None, None, Direction::Forward) == all);
    let backward = tree.scan(None, None, Direction::Backward);
    assert!(backward.iter().rev().eq(all.iter()));
    let mut bounds: Vec<&[u8]> = model.iter().step_by(model.len() / 7 + 1).map(|(key, _)| &key[..]).collect();
    bounds.push(b"\xFF");
    for pair in bounds.windows(2) {
        let (lower, upper) = (pair[0], pair[1]);
        let expected: Vec<_> = all.iter().filter(|(key, _)| &key[..] >= lower && &key[..] < upper).cloned().collect();
        assert!(tree.scan(Some(lower), Some(upper), Direction::Forward) == expected);
        let mut backward = tree.scan(Some(lower), Some(upper), Direction::Backward);
        backward.reverse();
        assert!(backward == expected);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert { from: u64, count: u64, distinct: u64, length: usize },
    Remove { nth: usize },
    RemoveRange { lower: u64, upper: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u64..100_000, 1u64..900, 1u64..2000, 0usize..300)
            .prop_map(|(from, count, distinct, length)| Step::Insert { from, count, distinct, length }),
        1 => (2usize..5).prop_map(|nth| Step::Remove { nth }),
        1 => (0u64..2000, 0u64..2000).prop_map(|(lower, upper)| Step::RemoveRange { lower, upper }),
    ]
}

fn key_of(n: u64, distinct: u64, length: usize) -> Vec<u8> {
    let number = scatter(n) % distinct;
    let mut key = format!("{number:06}").into_bytes();
    key.resize(key.len() + length % (number as usize % 7 * 40 + 1), b'x');
    key
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn behaves_as_a_sorted_set(steps in proptest::collection::vec(step(), 1..8), deduplicate: bool) {
        let tree = Tree::new(deduplicate);
        tree.client.begin();
        let mut model: BTreeSet<(Vec<u8>, u64)> = BTreeSet::new();
        let mut used = BTreeSet::new();
        for step in steps {
            match step {
                Step::Insert { from, count, distinct, length } => {
                    for n in from..from + count {
                        let key = key_of(n, distinct, length);
                        if used.insert(tid(n)) {
                            model.insert((key.clone(), tid(n).to_u64()));
                            tree.insert(&key, tid(n));
                        }
                    }
                }
                Step::Remove { nth } => {
                    let dead = model.iter().enumerate().filter(|(n, _)| n % nth != 0).map(|(_, e)| e.clone()).collect();
                    remove(&tree, &mut model, &mut used, dead);
                }
                Step::RemoveRange { lower, upper } => {
                    let range = format!("{lower:06}").into_bytes()..format!("{upper:06}").into_bytes();
                    let dead = model.iter().filter(|(key, _)| range.contains(key)).cloned().collect();
                    remove(&tree, &mut model, &mut used, dead);
                }
            }
        }
        check_against(&tree, &model);
        tree.client.commit();
        tree.bench.check_redo();
    }
}

fn remove(
    tree: &Tree,
    model: &mut BTreeSet<(Vec<u8>, u64)>,
    used: &mut BTreeSet<TupleId>,
    dead: BTreeSet<(Vec<u8>, u64)>,
) {
    assert_eq!(tree.remove(&dead).removed_entries, dead.len() as u64);
    for entry in dead {
        used.remove(&TupleId::from_u64(entry.1));
        model.remove(&entry);
    }
}

#[test]
fn an_empty_index_has_nothing_and_pages_are_deleted_and_used_again() {
    let tree = Tree::new(false);
    assert!(tree.scan(None, None, Direction::Forward).is_empty());
    assert!(tree.scan(None, None, Direction::Backward).is_empty());
    let mut pages = 0;
    for round in 0..6u64 {
        tree.client.begin();
        let mut entries = BTreeSet::new();
        for n in 0..20_000u64 {
            // Rounds go through the keys from left to right, as queues do.
            let key = (round * 20_000 + n).to_be_bytes();
            tree.insert(&key, tid(n));
            entries.insert((key.to_vec(), tid(n).to_u64()));
        }
        tree.client.commit();
        let report = tree.remove(&entries);
        assert_eq!(report.removed_entries, 20_000);
        assert!(report.deleted_pages > 50, "{report:?}");
        tree.verify();
        // Deleted pages can be used again once the next transaction has come and gone.
        tree.client.begin();
        tree.client.session.transaction.xid().unwrap();
        tree.client.commit();
        tree.remove(&BTreeSet::new());
        if round == 1 {
            pages = tree.verify().pages;
        }
    }
    assert!(tree.verify().pages < pages + pages / 4, "{} then {}", pages, tree.verify().pages);
    tree.bench.check_redo();
}

#[test]
fn ascending_keys_fill_pages() {
    let tree = Tree::new(true);
    tree.client.begin();
    for n in 0..50_000u64 {
        tree.insert(&n.to_be_bytes(), tid(n));
    }
    let report = tree.verify();
    // 90 % of a page holds about 367 entries of 20 bytes.
    assert!(report.pages < 50_000 / 340, "{report:?}");
    let one = tree.scan(Some(&777u64.to_be_bytes()), Some(&778u64.to_be_bytes()), Direction::Forward);
    assert_eq!(one, [(777u64.to_be_bytes().to_vec(), tid(777))]);
    tree.client.commit();
}

#[test]
fn equal_keys_share_one() {
    let sizes = [true, false].map(|deduplicate| {
        let tree = Tree::new(deduplicate);
        tree.client.begin();
        for n in 0..30_000u64 {
            tree.insert(format!("status {}", scatter(n) % 3).as_bytes(), tid(n));
        }
        let report = tree.verify();
        assert_eq!(report.entries, 30_000);
        let ones = tree.scan(Some(b"status 1"), Some(b"status 2"), Direction::Forward);
        assert_eq!(ones.len(), (0..30_000).filter(|&n| scatter(n) % 3 == 1).count());
        assert!(ones.is_sorted());
        tree.client.commit();
        report.pages
    });
    assert!(sizes[0] * 2 < sizes[1], "{sizes:?}");
}

struct Numbers {
    next: u64,
    end: u64,
    key: Vec<u8>,
    distinct: u64,
}

impl SortedEntries for Numbers {
    fn next(&mut self) -> error::Result<Option<IndexEntry<'_>>> {
        if self.next == self.end {
            return Ok(None);
        }
        self.key = (self.next * self.distinct / self.end).to_be_bytes().to_vec();
        self.next += 1;
        Ok(Some(IndexEntry { key: &self.key, payload: &[], tid: tid(self.next - 1) }))
    }
}

#[test]
fn bulk_builds_hold_every_entry_and_go_on_growing() {
    for (count, distinct) in [(0, 1), (1, 1), (300, 300), (60_000, 60_000), (60_000, 100)] {
        let bench = Bench::new();
        let client = bench.client();
        let index = index_of(&bench, true, 20001);
        let mut entries = Numbers { next: 0, end: count, key: Vec::new(), distinct };
        let store = &bench.engine.store;
        assert_eq!(bench.engine.indexes.build(store, &index, &mut entries).unwrap(), count);
        assert_eq!(bench.engine.indexes.verify(store, &index).unwrap().entries, count);
        client.begin();
        for n in 0..500u64 {
            let key = (scatter(n) % distinct).to_be_bytes();
            insert(&client, &index, &key, &[], tid(count + n), UniqueCheck::No).unwrap();
        }
        client.commit();
        assert_eq!(bench.engine.indexes.verify(store, &index).unwrap().entries, count + 500);
        assert_eq!(scan(&bench, &index, KeyRange::default(), Direction::Forward).len() as u64, count + 500);
        let estimate = bench.engine.indexes.estimate(store, &index, KeyRange::default()).unwrap();
        assert!(count < 1000 || (0.5..2.0).contains(&(estimate.entries / (count + 500) as f64)), "{estimate:?}");
        let keys = bench.engine.indexes.split_keys(store, &index, 4).unwrap();
        assert!(keys.is_sorted() && (count < 60_000 || (1..=8).contains(&keys.len())), "{}", keys.len());
        bench.check_redo();
    }
}

#[test]
fn payloads_and_long_keys() {
    let tree = Tree::new(false);
    tree.client.begin();
    for n in 0..200u64 {
        let mut key = vec![(n % 5) as u8; 1500];
        key.extend_from_slice(&scatter(n).to_be_bytes());
        insert(&tree.client, &tree.index, &key, &n.to_be_bytes(), tid(n), UniqueCheck::No).unwrap();
    }
    assert_eq!(tree.verify().entries, 200);
    let options = IndexScanOptions { payloads: true, ..IndexScanOptions::default() };
    let mut scan = tree.bench.engine.indexes.scan(&tree.bench.engine.store, &tree.index, options).unwrap();
    scan.start(KeyRange::default(), Direction::Forward).unwrap();
    let (mut entries, mut seen) = (IndexEntries::default(), 0);
    while scan.next(&mut entries).unwrap() {
        for (n, place) in entries.tids.iter().enumerate() {
            let number = u64::from_be_bytes(entries.payloads.get(n).try_into().unwrap());
            assert_eq!(tid(number), *place);
            seen += 1;
        }
    }
    assert_eq!(seen, 200);
    let error = tree.insert_as(&[7; 3000], tid(1000), UniqueCheck::No).unwrap_err();
    assert_eq!(error.state().code(), "54000");
    assert_eq!(error.message(), "index row size 3008 exceeds btree version 4 maximum 2704 for index \"t_idx\"");
    tree.client.commit();
}

#[test]
fn unique_insertions_see_live_rows_and_wait_for_running_ones() {
    let tree = Tree::new(true);
    let (a, b) = (&tree.client, tree.bench.client());
    a.begin();
    let first = a.insert(&row(1, "", 0));
    let check = |client: &Client, tid| insert(client, &tree.index, b"key", &[], tid, UniqueCheck::Yes);
    assert_eq!(check(a, first).unwrap(), Inserted::Done);
    // The own, uncommitted row counts.
    let second = a.insert(&row(2, "", 0));
    assert_eq!(check(a, second).unwrap(), Inserted::Duplicate(first));
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            b.begin();
            let mine = b.insert(&row(3, "", 0));
            let result = check(&b, mine).unwrap();
            b.commit();
            (mine, result)
        });
        std::thread::sleep(std::time::Duration::from_millis(60));
        assert!(!waiter.is_finished(), "the second insertion did not wait");
        a.abort();
        assert_eq!(waiter.join().unwrap().1, Inserted::Done);
    });
    // Now b's row is live; deleted in this transaction it no longer counts.
    a.begin();
    let live = a.rows()[0].3;
    let fourth = a.insert(&row(4, "", 0));
    assert_eq!(check(a, fourth).unwrap(), Inserted::Duplicate(live));
    assert_eq!(insert(a, &tree.index, b"key", &[], fourth, UniqueCheck::Partial).unwrap(), Inserted::MaybeDuplicate);
    assert_eq!(insert(a, &tree.index, b"key", &[], fourth, UniqueCheck::Existing).unwrap(), Inserted::Duplicate(live));
    a.delete(live);
    assert_eq!(insert(a, &tree.index, b"key", &[], fourth, UniqueCheck::Existing).unwrap(), Inserted::Done);
    a.commit();
}

#[test]
fn only_one_of_many_gets_a_unique_key() {
    let tree = Tree::new(true);
    let wins = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = tree.bench.client();
            let (wins, index) = (&wins, &tree.index);
            scope.spawn(move || {
                for n in 0..100i32 {
                    client.begin();
                    let tid = client.insert(&row(n, "", thread));
                    match insert(&client, index, &n.to_be_bytes(), &[], tid, UniqueCheck::Yes).unwrap() {
                        Inserted::Done if (n + thread as i32) % 3 == 0 => client.abort(),
                        Inserted::Done => {
                            wins.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            client.commit();
                        }
                        _ => client.abort(),
                    }
                }
            });
        }
    });
    tree.client.begin();
    let mut numbers = tree.client.numbers();
    let count = numbers.len();
    numbers.dedup();
    assert_eq!((numbers.len(), count as u32), (count, wins.into_inner()));
    tree.client.commit();
    tree.verify();
}

#[test]
fn threads_insert_scan_and_vacuum_together() {
    let tree = Tree::new(true);
    let stop = std::sync::atomic::AtomicBool::new(false);
    const PER_THREAD: u64 = 12_000;
    std::thread::scope(|scope| {
        let (tree, stop) = (&tree, &stop);
        let writers: Vec<_> = (0..3u64)
            .map(|thread| {
                let client = tree.bench.client();
                scope.spawn(move || {
                    client.begin();
                    for n in 0..PER_THREAD {
                        let number = thread * PER_THREAD + n;
                        let key = (scatter(number) % 9000).to_be_bytes();
                        insert(&client, &tree.index, &key, &[], tid(number), UniqueCheck::No).unwrap();
                    }
                    client.commit();
                })
            })
            .collect();
        let scanning = scope.spawn(move || {
            let mut before = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for direction in [Direction::Forward, Direction::Backward] {
                    let all = scan(&tree.bench, &tree.index, KeyRange::default(), direction);
                    // Rows at odd lines are never removed, so a later scan sees at least as many of them.
                    let kept = all.iter().filter(|(_, tid)| tid.offset % 2 == 1).count();
                    assert!(kept >= before, "{kept} after {before}");
                    before = kept;
                    let sorted = match direction {
                        Direction::Forward => all.is_sorted_by(|a, b| a < b),
                        Direction::Backward => all.is_sorted_by(|a, b| a > b),
                    };
                    assert!(sorted);
                }
            }
        });
        let cleaning = scope.spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let store = &tree.bench.engine.store;
                let dead = |tid: TupleId| tid.offset.is_multiple_of(2);
                tree.bench.engine.indexes.bulk_delete(store, &tree.index, &dead, &|| Ok(())).unwrap();
                tree.bench.engine.indexes.vacuum_cleanup(store, &tree.index).unwrap();
            }
        });
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        results.into_iter().for_each(|result| result.unwrap());
        scanning.join().unwrap();
        cleaning.join().unwrap();
    });
    let store = &tree.bench.engine.store;
    tree.bench.engine.indexes.bulk_delete(store, &tree.index, &|tid| tid.offset.is_multiple_of(2), &|| Ok(())).unwrap();
    assert_eq!(tree.verify().entries, 3 * PER_THREAD / 2);
    tree.bench.check_redo();
}

#[test]
fn killed_entries_are_passed_by_and_make_room() {
    let tree = Tree::new(false);
    tree.client.begin();
    for n in 0..300u64 {
        tree.insert(&n.to_be_bytes(), tid(n));
    }
    let mut scan = tree.bench.engine.indexes.scan(&tree.bench.engine.store, &tree.index, Default::default()).unwrap();
    scan.start(KeyRange::default(), Direction::Forward).unwrap();
    let mut entries = IndexEntries::default();
    assert!(scan.next(&mut entries).unwrap());
    assert_eq!(entries.len(), 300);
    scan.kill(&(0..200).collect::<Vec<_>>()).unwrap();
    assert_eq!(tree.scan(None, None, Direction::Forward).len(), 100);
    assert_eq!(tree.scan(None, None, Direction::Backward).len(), 100);
    let before = tree.verify().pages;
    for n in 0..250u64 {
        tree.insert(&(n * 1000).to_be_bytes(), tid(1000 + n));
    }
    assert_eq!(tree.verify().pages, before);
    tree.client.commit();
    tree.bench.check_redo();
}

#[test]
fn vacuum_of_a_table_cleans_its_index() {
    let tree = Tree::new(true);
    let client = &tree.client;
    client.begin();
    let tids = client.insert_many((0..5000).map(|n| row(n, "text", 0)));
    tids.iter().enumerate().for_each(|(n, tid)| tree.insert(&(n as u32).to_be_bytes(), *tid));
    client.commit();
    client.begin();
    tids.iter().step_by(2).for_each(|tid| assert_eq!(client.delete(*tid), Outcome::Done(())));
    client.commit();
    let indexes: [(Arc<dyn IndexAm>, Arc<Index>); 1] = [(tree.bench.engine.indexes.clone(), tree.index.clone())];
    let report = client.vacuum(&indexes);
    assert_eq!((report.removed_rows, report.index_scans), (2500, 1));
    assert_eq!(tree.verify().entries, 2500);
    // The freed lines are used again, and an index-only scan knows what is visible to all.
    client.begin();
    let (rows, found) = client.fetch(&tids, FetchMode::Index);
    assert_eq!((rows.len(), found.iter().filter(|f| **f == Fetched::Row).count()), (2500, 2500));
    let options = IndexScanOptions {
        all_visible_of: Some((tree.bench.engine.tables.clone(), tree.bench.table.clone())),
        ..IndexScanOptions::default()
    };
    let mut scan = tree.bench.engine.indexes.scan(&tree.bench.engine.store, &tree.index, options).unwrap();
    scan.start(KeyRange::default(), Direction::Forward).unwrap();
    let mut entries = IndexEntries::default();
    assert!(scan.next(&mut entries).unwrap());
    assert!(entries.all_visible.len() == entries.len() && entries.all_visible.iter().all(|v| *v));
    let again = client.insert_many((0..1000).map(|n| row(10_000 + n, "text", 0)));
    assert!(again.iter().any(|tid| tids.contains(tid)), "freed lines were not used again");
    client.commit();
    tree.bench.check_redo();
}
