//! The tree against a plain list, with intervals of numbers as keys: searches, orders by distance, vacuum, builds, threads, redo.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use access::*;
use common::*;
use gist::{Classes, Distance, GistClass, Match, Query, ScanTest};
use ids::*;
use proptest::prelude::*;

/// An interval, both ends included. Long keys have zeros behind.
type Interval = (u32, u32);

const OVERLAPS: u16 = 3;
const EQUALS: u16 = 18;
const NEAR: u16 = 15;

fn encode((low, high): Interval, padding: usize) -> Vec<u8> {
    let mut bytes = [low.to_be_bytes(), high.to_be_bytes()].concat();
    bytes.resize(8 + padding, 0);
    bytes
}

fn decode(bytes: &[u8]) -> Interval {
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (word(0), word(4))
}

fn gap(a: Interval, b: Interval) -> u32 {
    a.0.saturating_sub(b.1).max(b.0.saturating_sub(a.1))
}

/// Operator class of intervals.
#[derive(Debug)]
struct Intervals;

impl GistClass for Intervals {
    fn consistent(&self, key: &[u8], leaf: bool, strategy: u16, argument: &[u8]) -> error::Result<Match> {
        let (key, argument) = (decode(key), decode(argument));
        Ok(Match::exact(match (strategy, leaf) {
            (EQUALS, true) => key == argument,
            (EQUALS, false) => key.0 <= argument.0 && argument.1 <= key.1,
            _ => key.0 <= argument.1 && argument.0 <= key.1,
        }))
    }

    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> error::Result<()> {
        let low = keys.iter().map(|key| decode(key).0).min().unwrap();
        let high = keys.iter().map(|key| decode(key).1).max().unwrap();
        let longest = keys.iter().map(|key| key.len()).max().unwrap();
        out.extend_from_slice(&encode((low, high), longest - 8));
        Ok(())
    }

    fn penalty(&self, key: &[u8], new: &[u8]) -> error::Result<f64> {
        let (key, new) = (decode(key), decode(new));
        Ok(key.0.saturating_sub(new.0) as f64 + new.1.saturating_sub(key.1) as f64)
    }

    fn pick_split(&self, keys: &[&[u8]]) -> error::Result<Vec<bool>> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&n| decode(keys[n]));
        let mut right = vec![false; keys.len()];
        order[keys.len() / 2..].iter().for_each(|&n| right[n] = true);
        Ok(right)
    }

    fn distance(&self, key: &[u8], _leaf: bool, _strategy: u16, argument: &[u8]) -> error::Result<Distance> {
        Ok(Distance { value: gap(decode(key), decode(argument)) as f64, exact: true })
    }
}

struct Tree {
    bench: Bench,
    client: Client,
    index: Arc<Index>,
}

impl Tree {
    fn new() -> Tree {
        let tree = Tree::without_root();
        tree.bench.engine.indexes.create(&tree.bench.engine.store, &tree.index).unwrap();
        tree
    }

    fn without_root() -> Tree {
        let bench = Bench::new();
        let client = bench.client();
        let classes = Classes(Arc::new([Arc::new(Intervals), Arc::new(Intervals)]));
        let index = Index {
            oid: Oid(20000),
            name: "t_idx".into(),
            method: Method::Gist,
            locator: locator(20000),
            persistence: Persistence::Permanent,
            fillfactor: 90,
            deduplicate: false,
            options: Box::default(),
            support: Some(Arc::new(classes)),
            cache: IndexCache::default(),
            counters: Default::default(),
        };
        bench.engine.store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
        Tree { bench, client, index: Arc::new(index) }
    }

    fn query(&self, query: Query) -> Vec<(TupleId, Vec<f64>)> {
        let engine = &self.bench.engine;
        let options = IndexScanOptions { keys: true, ..IndexScanOptions::default() };
        let mut scan = engine.indexes.scan(&engine.store, &self.index, options).unwrap();
        let orders = query.orders.len();
        let query: access::Query = Arc::new(query);
        scan.search(&query).unwrap();
        let (mut entries, mut all) = (IndexEntries::default(), Vec::new());
        while scan.next(&mut entries).unwrap() {
            assert_eq!(entries.keys.len(), entries.len());
            for (n, tid) in entries.tids.iter().enumerate() {
                all.push((*tid, entries.distances[n * orders..(n + 1) * orders].to_vec()));
            }
        }
        all
    }

    fn collected(&self, query: Query) -> u64 {
        let engine = &self.bench.engine;
        let mut scan = engine.indexes.scan(&engine.store, &self.index, IndexScanOptions::default()).unwrap();
        let query: access::Query = Arc::new(query);
        scan.search(&query).unwrap();
        scan.collect(&mut TidBitmap::new(1 << 20)).unwrap()
    }

    fn found(&self, column: usize, strategy: u16, argument: Interval) -> Vec<TupleId> {
        let mut tids: Vec<TupleId> = self
            .query(Query { keys: vec![operator(column, strategy, argument)], orders: vec![] })
            .into_iter()
            .map(|(tid, _)| tid)
            .collect();
        tids.sort_unstable();
        tids
    }

    fn remove(&self, dead: &(dyn Fn(TupleId) -> bool + Sync)) -> IndexVacuumReport {
        let engine = &self.bench.engine;
        let report = engine.indexes.bulk_delete(&engine.store, &self.index, dead, &|| Ok(())).unwrap();
        engine.indexes.vacuum_cleanup(&engine.store, &self.index).unwrap();
        report
    }

    fn verify(&self) -> IndexVacuumReport {
        self.bench.engine.indexes.verify(&self.bench.engine.store, &self.index).unwrap()
    }
}

fn operator(column: usize, strategy: u16, argument: Interval) -> gist::ScanKey {
    let argument = Some(encode(argument, 0).into());
    gist::ScanKey { column, test: ScanTest::Operator { strategy, argument } }
}

/// Two columns; the second is null now and then.
fn columns(first: Interval, second: Option<Interval>, padding: usize) -> Vec<u8> {
    let mut key = Vec::new();
    gist::write_column(Some(&encode(first, padding)), &mut key);
    gist::write_column(second.map(|second| encode(second, 0)).as_deref(), &mut key);
    key
}

fn insert(client: &Client, index: &Index, key: &[u8], tid: TupleId) -> error::Result<Inserted> {
    client.engine.indexes.insert(
        &client.engine.store,
        &client.session.transaction,
        index,
        (&*client.engine.tables, &client.table),
        IndexEntry { key, payload: b"beside", tid },
        UniqueCheck::No,
    )
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

fn interval(n: u64, space: u32) -> Interval {
    let low = (scatter(n) % space as u64) as u32;
    (low, low + (scatter(n + 1) % 20) as u32)
}

type Model = BTreeMap<TupleId, (Interval, Option<Interval>)>;

fn check_against(tree: &Tree, model: &Model) {
    assert_eq!(tree.verify().entries, model.len() as u64);
    for n in 0..12u64 {
        let wanted = (scatter(n) as u32 % 12_000, scatter(n) as u32 % 12_000 + 100 * n as u32);
        let overlaps = |a: Interval| a.0 <= wanted.1 && wanted.0 <= a.1;
        let first: Vec<TupleId> = model.iter().filter(|(_, row)| overlaps(row.0)).map(|(tid, _)| *tid).collect();
        assert_eq!(tree.found(0, OVERLAPS, wanted), first);
        let query = Query { keys: vec![operator(0, OVERLAPS, wanted)], orders: vec![] };
        assert_eq!(tree.collected(query), first.len() as u64);
        let second: Vec<TupleId> =
            model.iter().filter(|(_, row)| row.1.is_some_and(overlaps)).map(|(t, _)| *t).collect();
        assert_eq!(tree.found(1, OVERLAPS, wanted), second);
    }
    for (tid, (first, _)) in model.iter().step_by(model.len() / 9 + 1) {
        assert!(tree.found(0, EQUALS, *first).contains(tid));
    }
    let nulls = gist::ScanKey { column: 1, test: ScanTest::IsNull };
    let found = tree.query(Query { keys: vec![nulls], orders: vec![] });
    assert_eq!(found.len(), model.values().filter(|row| row.1.is_none()).count());
    // Nearest first, ties and nulls in any order.
    let from = (5000, 5001);
    for column in [0, 1] {
        let found = tree.query(Query { keys: vec![], orders: vec![operator(column, NEAR, from)] });
        let distance = |row: &(Interval, Option<Interval>)| {
            let of = if column == 0 { Some(row.0) } else { row.1 };
            of.map_or(f64::INFINITY, |of| gap(of, from) as f64)
        };
        let mut expected: Vec<f64> = model.values().map(distance).collect();
        expected.sort_by(f64::total_cmp);
        let got: Vec<f64> = found.iter().map(|(_, d)| if d[0].is_nan() { f64::INFINITY } else { d[0] }).collect();
        assert_eq!(got, expected);
        assert!(found.iter().zip(&got).all(|((tid, _), got)| distance(&model[tid]) == *got));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert { from: u64, count: u64, space: u32, padding: usize },
    Remove { nth: u64 },
    RemoveBetween { low: u32, high: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..1_000_000u64, 1..900u64, prop_oneof![Just(10u32), Just(10_000u32)], prop_oneof![Just(0usize), Just(300), Just(1200)])
            .prop_map(|(from, count, space, padding)| Step::Insert { from, count: count.min(900_000 / (padding as u64 + 400)), space, padding }),
        1 => (1..4u64).prop_map(|nth| Step::Remove { nth }),
        1 => (0..9000u32, 0..9000u32).prop_map(|(low, more)| Step::RemoveBetween { low, high: low + more }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_is_as_good_as_a_list(steps in proptest::collection::vec(step(), 1..8)) {
        let tree = Tree::new();
        let mut model = Model::new();
        let mut next = 0;
        tree.client.begin();
        for step in steps {
            match step {
                Step::Insert { from, count, space, padding } => {
                    for n in from..from + count {
                        let first = interval(n, space);
                        let second = (n % 5 != 0).then(|| interval(n ^ 77, 10_000));
                        let key = columns(first, second, padding);
                        insert(&tree.client, &tree.index, &key, tid(next)).unwrap();
                        model.insert(tid(next), (first, second));
                        next += 1;
                    }
                }
                Step::Remove { nth } => {
                    let gone = |tid: TupleId| tid.to_u64().is_multiple_of(nth);
                    tree.remove(&gone);
                    model.retain(|tid, _| !gone(*tid));
                }
                Step::RemoveBetween { low, high } => {
                    let gone: Vec<TupleId> =
                        model.iter().filter(|(_, row)| row.0.0 >= low && row.0.0 < high).map(|(tid, _)| *tid).collect();
                    tree.remove(&|tid| gone.binary_search(&tid).is_ok());
                    model.retain(|tid, _| gone.binary_search(tid).is_err());
                }
            }
            check_against(&tree, &model);
        }
        tree.client.commit();
        tree.bench.check_redo_with(&[(wal::RmgrId::GIST, gist::action::apply)]);
    }
}

/// Entries as a build takes them.
struct Given(Vec<(Vec<u8>, Vec<u8>, TupleId)>, usize);

impl SortedEntries for Given {
    fn next(&mut self) -> error::Result<Option<IndexEntry<'_>>> {
        self.1 += 1;
        let entry = self.0.get(self.1 - 1);
        Ok(entry.map(|(key, payload, tid)| IndexEntry { key, payload, tid: *tid }))
    }
}

#[test]
fn builds_are_packed_if_there_is_an_order() {
    for (ordered, count) in [(true, 0u64), (true, 20), (true, 20_000), (false, 5_000)] {
        let tree = Tree::without_root();
        let mut model = Model::new();
        let mut given: Vec<_> = (0..count)
            .map(|n| {
                let (first, second) = (interval(n, 10_000), Some(interval(n ^ 77, 10_000)));
                model.insert(tid(n), (first, second));
                let order = if ordered { first.0.to_be_bytes().to_vec() } else { Vec::new() };
                (order, [&columns(first, second, 0)[..], b"beside"].concat(), tid(n))
            })
            .collect();
        given.sort();
        tree.client.begin();
        let engine = &tree.bench.engine;
        assert_eq!(engine.indexes.build(&engine.store, &tree.index, &mut Given(given, 0)).unwrap(), count);
        check_against(&tree, &model);
        let pages = tree.verify().pages;
        // 36 bytes an entry, 201 to a page of which nine tenths are used.
        assert!(!ordered || pages as u64 <= count / 195 + 3, "{count} entries on {pages} pages");
        for n in count..count + 500 {
            let (first, second) = (interval(n, 10_000), None);
            insert(&tree.client, &tree.index, &columns(first, second, 0), tid(n)).unwrap();
            model.insert(tid(n), (first, second));
        }
        check_against(&tree, &model);
        tree.client.commit();
        tree.bench.check_redo_with(&[(wal::RmgrId::GIST, gist::action::apply)]);
    }
}

#[test]
fn emptied_pages_are_used_again() {
    let tree = Tree::new();
    let mut pages = 0;
    for round in 0..9u64 {
        tree.client.begin();
        // Transaction ids are the clock by which pages become free.
        tree.client.insert(&row(round as i32, "", 0));
        for n in 0..4000 {
            let key = columns(interval(n, 10_000), Some(interval(round, 10_000)), 0);
            insert(&tree.client, &tree.index, &key, tid(n)).unwrap();
        }
        tree.client.commit();
        let report = tree.remove(&|_| true);
        assert_eq!(report.removed_entries, 4000);
        assert!(report.deleted_pages > 10, "{report:?}");
        assert_eq!(tree.verify().entries, 0);
        // What a vacuum takes out of the tree, the one after the next can give away.
        if round == 4 {
            pages = tree.verify().pages;
        }
    }
    assert!(tree.verify().pages <= pages + pages / 8, "{} pages after {pages}", tree.verify().pages);
    tree.bench.check_redo_with(&[(wal::RmgrId::GIST, gist::action::apply)]);
}

#[test]
fn too_long_is_an_error() {
    let tree = Tree::new();
    tree.client.begin();
    let error = insert(&tree.client, &tree.index, &columns((1, 2), None, 2000), tid(1)).unwrap_err();
    assert_eq!(error.state(), error::SqlState::PROGRAM_LIMIT_EXCEEDED);
    tree.client.commit();
}

#[test]
fn threads_insert_search_and_vacuum_together() {
    let tree = Tree::new();
    let stop = AtomicBool::new(false);
    const PER_THREAD: u64 = 8_000;
    std::thread::scope(|scope| {
        let (tree, stop) = (&tree, &stop);
        let writers: Vec<_> = (0..3u64)
            .map(|thread| {
                let client = tree.bench.client();
                scope.spawn(move || {
                    client.begin();
                    for n in 0..PER_THREAD {
                        let number = thread * PER_THREAD + n;
                        let key = columns(interval(number, 10_000), None, 40);
                        insert(&client, &tree.index, &key, tid(number)).unwrap();
                    }
                    client.commit();
                })
            })
            .collect();
        let searching = scope.spawn(move || {
            let (mut before, mut near_before) = (Vec::new(), 0);
            while !stop.load(Relaxed) {
                // Rows at odd lines are never removed: what a search found, a later one finds too, and once.
                let kept =
                    |tids: Vec<TupleId>| -> Vec<TupleId> { tids.into_iter().filter(|t| t.offset % 2 == 1).collect() };
                let found = kept(tree.found(0, OVERLAPS, (2000, 6000)));
                assert!(found.windows(2).all(|two| two[0] != two[1]), "a row was found twice");
                let missing = before.iter().filter(|tid| found.binary_search(tid).is_err()).count();
                assert_eq!(missing, 0, "of {}", before.len());
                before = found;
                let query = Query { keys: vec![], orders: vec![operator(0, NEAR, (3000, 3000))] };
                let mut near = kept(tree.query(query).into_iter().map(|(tid, _)| tid).collect());
                near.sort_unstable();
                assert!(near.windows(2).all(|two| two[0] != two[1]), "a row was found twice");
                assert!(near.len() >= near_before);
                near_before = near.len();
            }
        });
        let cleaning = scope.spawn(move || {
            while !stop.load(Relaxed) {
                tree.remove(&|tid| tid.offset.is_multiple_of(2));
            }
        });
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        stop.store(true, Relaxed);
        results.into_iter().for_each(|result| result.unwrap());
        searching.join().unwrap();
        cleaning.join().unwrap();
    });
    tree.remove(&|tid| tid.offset.is_multiple_of(2));
    assert_eq!(tree.verify().entries, 3 * PER_THREAD / 2);
    tree.bench.check_redo_with(&[(wal::RmgrId::GIST, gist::action::apply)]);
}

/// A split whose second step is missing, as a crash between the two leaves it, is found by searches and completed by whoever inserts.
#[test]
fn a_split_that_a_crash_interrupted_is_completed() {
    let tree = Tree::new();
    tree.client.begin();
    let mut model = Model::new();
    for n in 0..3000u64 {
        let first = interval(n, 10_000);
        insert(&tree.client, &tree.index, &columns(first, None, 0), tid(n)).unwrap();
        model.insert(tid(n), (first, None));
    }
    tree.client.commit();
    // Replay the log up to each split's first record, and look at the index as it is then.
    let wal = &tree.bench.engine.wal;
    wal.flush(wal.insert_position());
    let mut reader =
        wal::WalReader::new(wal.directory(), wal.segment_size(), wal.timeline(), tree.bench.engine.first_lsn());
    let mut records = Vec::new();
    while let wal::ReadOutcome::Record(record) = reader.read().unwrap() {
        if record.rmgr == wal::RmgrId::GIST {
            records.push(record.info);
        }
    }
    let splits: Vec<usize> =
        (0..records.len()).filter(|&n| records[n] == gist::action::Kind::Split as u8).map(|n| n + 1).collect();
    assert!(splits.len() > 10);
    for &stop in splits.iter().step_by(splits.len() / 6) {
        let copy = Tree::without_root();
        let mut reader =
            wal::WalReader::new(wal.directory(), wal.segment_size(), wal.timeline(), tree.bench.engine.first_lsn());
        let storage = &copy.bench.engine.store.storage;
        let mut done = 0;
        while let wal::ReadOutcome::Record(record) = reader.read().unwrap() {
            if record.rmgr != wal::RmgrId::GIST {
                continue;
            }
            if done == stop {
                break;
            }
            done += 1;
            for (id, block) in record.blocks().iter().enumerate() {
                while block.block.0 >= storage.block_count(copy.index.locator, Fork::Main).unwrap() {
                    storage.extend(copy.index.locator, Fork::Main, 1, &Default::default()).unwrap();
                }
                let buffer = storage.read(copy.index.locator, Fork::Main, block.block, &Default::default()).unwrap();
                let mut guard = buffer.exclusive();
                let mut change = storage.change(wal::RmgrId::GIST, record.info);
                let slot = change.page(&mut guard, storage::Image::Forced);
                let page = change.page_mut(slot);
                if block.has_image() && block.apply_image {
                    assert!(record.restore_image(id as u8, page).unwrap());
                } else {
                    gist::action::apply(page, record.block_data(id as u8)).unwrap();
                }
                change.finish(Xid::INVALID);
            }
        }
        let entries = copy.verify().entries;
        copy.client.begin();
        for n in 3000..5000u64 {
            insert(&copy.client, &copy.index, &columns(interval(n, 10_000), None, 0), tid(n)).unwrap();
        }
        copy.client.commit();
        assert_eq!(copy.verify().entries, entries + 2000);
        let all = copy.found(0, OVERLAPS, (0, u32::MAX));
        assert_eq!(all.len() as u64, entries + 2000);
    }
    check_against(&tree, &model);
}
