//! Searches against a plain list: points of a plane by boxes and by distance, texts by prefix; duplicates, nulls, builds, vacuum.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use access::search::{Distance, Match, Query, ScanKey, ScanTest};
use access::*;
use common::*;
use ids::*;
use proptest::prelude::*;
use spgist::cell::mix;
use spgist::{Cell, Class, SpgistClass, write_key};

/// Points with coordinates of 16 bits, 0 to 65535.
#[derive(Debug)]
struct Plane;

const WITHIN: u16 = 8;
const NEAR: u16 = 15;

fn interval(cell: Cell<'_>, number: usize) -> (f64, f64) {
    let (least, greatest) = cell.coordinate(0, 2, number);
    let value = |bytes: Vec<u8>, fill: u8| {
        let byte = |at: usize| *bytes.get(at).unwrap_or(&fill) as f64;
        byte(0) * 256.0 + byte(1)
    };
    (value(least, 0), value(greatest, 0xFF))
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

impl SpgistClass for Plane {
    fn consistent(&self, cell: Cell<'_>, _: u16, argument: &[u8]) -> error::Result<Match> {
        let (x, y, a) = (interval(cell, 0), interval(cell, 1), numbers(argument));
        Ok(Match::exact(x.1 >= a[0] && x.0 <= a[1] && y.1 >= a[2] && y.0 <= a[3]))
    }

    fn distance(&self, cell: Cell<'_>, _: u16, argument: &[u8]) -> error::Result<Distance> {
        let a = numbers(argument);
        let beside = |(low, high): (f64, f64), at: f64| (low - at).max(at - high).max(0.0);
        Ok(Distance { value: beside(interval(cell, 0), a[0]).hypot(beside(interval(cell, 1), a[1])), exact: true })
    }
}

/// Texts; the operators are "begins with" and "equals".
#[derive(Debug)]
struct Words;

const EQUALS: u16 = 3;

impl SpgistClass for Words {
    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> error::Result<Match> {
        let (least, greatest) = cell.interval(0);
        if cell.is_value() {
            return Ok(Match::exact(if strategy == EQUALS { least == argument } else { least.starts_with(argument) }));
        }
        if strategy == EQUALS && least.len() > argument.len() {
            return Ok(Match::No);
        }
        let length = argument.len().min(least.len());
        Ok(Match::lossy(least[..length] <= argument[..length] && argument[..length] <= greatest[..length]))
    }
}

struct Tree {
    bench: Bench,
    client: Client,
    index: Arc<Index>,
}

struct Sorted(std::vec::IntoIter<(Vec<u8>, u64)>, (Vec<u8>, u64));

impl SortedEntries for Sorted {
    fn next(&mut self) -> error::Result<Option<IndexEntry<'_>>> {
        let Some(next) = self.0.next() else { return Ok(None) };
        self.1 = next;
        Ok(Some(IndexEntry { key: &self.1.0, payload: &[], tid: TupleId::from_u64(self.1.1) }))
    }
}

impl Tree {
    fn new(class: impl SpgistClass + 'static) -> Tree {
        let bench = Bench::new();
        let client = bench.client();
        let index = Index {
            oid: Oid(20000),
            name: "t_idx".into(),
            method: Method::Spgist,
            locator: locator(20000),
            persistence: Persistence::Permanent,
            fillfactor: 80,
            deduplicate: true,
            options: Box::default(),
            support: Some(Arc::new(Class(Arc::new(class)))),
            cache: IndexCache::default(),
            counters: Default::default(),
        };
        bench.engine.store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
        Tree { bench, client, index: Arc::new(index) }
    }

    /// The first half by a build, the rest by insertion.
    fn fill(&mut self, codes: &[Option<Vec<u8>>]) {
        let key = |code: &Option<Vec<u8>>| {
            let mut key = Vec::new();
            write_key(code.as_deref(), &mut key);
            key
        };
        let half = codes.len() / 2;
        let mut entries: Vec<_> =
            codes[..half].iter().enumerate().map(|(n, code)| (key(code), tid(n).to_u64())).collect();
        entries.sort();
        let engine = &self.bench.engine;
        let built =
            engine.indexes.build(&engine.store, &self.index, &mut Sorted(entries.into_iter(), Default::default()));
        assert_eq!(built.unwrap(), half as u64);
        let table = &self.bench.table;
        self.client.begin();
        for (n, code) in codes.iter().enumerate().skip(half) {
            let entry = IndexEntry { key: &key(code), payload: &[], tid: tid(n) };
            let transaction = &self.client.session.transaction;
            let table = (engine.tables.as_ref(), table.as_ref());
            engine.indexes.insert(&engine.store, transaction, &self.index, table, entry, UniqueCheck::No).unwrap();
        }
        assert_eq!(engine.indexes.verify(&engine.store, &self.index).unwrap().entries, codes.len() as u64);
    }

    /// The rows' numbers and distances.
    fn search(&self, keys: Vec<ScanTest>, orders: Vec<ScanTest>) -> Vec<(usize, Option<f64>)> {
        let engine = &self.bench.engine;
        let mut scan = engine.indexes.scan(&engine.store, &self.index, IndexScanOptions::default()).unwrap();
        let all = |tests: Vec<ScanTest>| tests.into_iter().map(|test| ScanKey { column: 0, test }).collect();
        let query: access::Query = Arc::new(Query { keys: all(keys), orders: all(orders) });
        scan.search(&query).unwrap();
        let (mut entries, mut found) = (IndexEntries::default(), Vec::new());
        while scan.next(&mut entries).unwrap() {
            for (n, tid) in entries.tids.iter().enumerate() {
                found.push((number(*tid), entries.distances.get(n).copied()));
            }
        }
        found
    }

    fn found(&self, keys: Vec<ScanTest>) -> Vec<usize> {
        let mut found: Vec<usize> = self.search(keys, vec![]).into_iter().map(|row| row.0).collect();
        found.sort_unstable();
        found
    }
}

fn tid(n: usize) -> TupleId {
    TupleId::new(BlockNumber(n as u32 / 100), (n % 100) as u16 + 1)
}

fn number(tid: TupleId) -> usize {
    tid.block.0 as usize * 100 + tid.offset as usize - 1
}

fn operator(strategy: u16, argument: &[f64]) -> ScanTest {
    let argument: Vec<u8> = argument.iter().flat_map(|number| number.to_le_bytes()).collect();
    ScanTest::Operator { strategy, argument: Some(argument.into()) }
}

fn point_code(&(x, y): &(u16, u16)) -> Vec<u8> {
    let mut code = Vec::new();
    mix(&[&x.to_be_bytes(), &y.to_be_bytes()], &mut code);
    code
}

fn points_case(points: &[Option<(u16, u16)>], boxes: &[(u16, u16, u16, u16)]) {
    let mut tree = Tree::new(Plane);
    tree.fill(&points.iter().map(|point| point.as_ref().map(point_code)).collect::<Vec<_>>());
    for &(x, y, width, height) in boxes {
        let (right, top) = (x.saturating_add(width), y.saturating_add(height));
        let inside = |&(px, py): &(u16, u16)| (x..=right).contains(&px) && (y..=top).contains(&py);
        let expected: Vec<usize> = (0..points.len()).filter(|&n| points[n].as_ref().is_some_and(inside)).collect();
        let within = operator(WITHIN, &[x as f64, right as f64, y as f64, top as f64]);
        assert_eq!(tree.found(vec![within.clone()]), expected);
        // Nearest first, once all of them and once those in the box.
        for (keys, mut expected) in [(vec![], (0..points.len()).collect()), (vec![within], expected)] {
            let distance = |n: usize| {
                points[n].map_or(f64::INFINITY, |(px, py)| (px as f64 - x as f64).hypot(py as f64 - top as f64))
            };
            let found = tree.search(keys, vec![operator(NEAR, &[x as f64, top as f64])]);
            for pair in found.windows(2) {
                assert!(pair[1].1.unwrap().is_nan() || pair[0].1 <= pair[1].1, "{pair:?}");
            }
            for &(n, own) in &found {
                assert!(own == Some(distance(n)) || points[n].is_none() && own.unwrap().is_nan());
            }
            let mut rows: Vec<usize> = found.iter().map(|row| row.0).collect();
            rows.sort_unstable();
            expected.sort_unstable();
            assert_eq!(rows, expected);
        }
    }
    let of_nulls: Vec<usize> = (0..points.len()).filter(|&n| points[n].is_none()).collect();
    assert_eq!(tree.found(vec![ScanTest::IsNull]), of_nulls);
    assert_eq!(tree.found(vec![ScanTest::IsNotNull]).len(), points.len() - of_nulls.len());
    assert_eq!(tree.found(vec![]).len(), points.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn points_are_found_in_boxes_and_by_distance(
        points in prop::collection::vec(prop::option::weighted(0.97, (0..400_u16, 0..400_u16)), 0..3000),
        scale in prop::sample::select(vec![1_u16, 160]),
        boxes in prop::collection::vec((0..400_u16, 0..400_u16, 0..120_u16, 0..120_u16), 1..6),
    ) {
        let points: Vec<_> = points.iter().map(|p| p.map(|(x, y)| (x * scale, y * scale))).collect();
        let boxes: Vec<_> = boxes.iter().map(|b| (b.0 * scale, b.1 * scale, b.2 * scale, b.3 * scale)).collect();
        points_case(&points, &boxes);
    }

    #[test]
    fn texts_are_found_by_their_prefixes(
        words in prop::collection::vec("[ab]{0,9}(\u{0}|é|ÿÿ)?", 0..1500),
        long in prop::collection::vec(1000..2000_usize, 0..20),
    ) {
        let mut words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
        words.extend(long.into_iter().map(|length| vec![b'a'; length]));
        let mut tree = Tree::new(Words);
        tree.fill(&words.iter().cloned().map(Some).collect::<Vec<_>>());
        let wanted: Vec<Vec<u8>> =
            [&b""[..], b"a", b"ab", b"bbbb", b"abab", b"c", &[b'a'; 1500]].iter().map(|w| w.to_vec()).collect();
        for prefix in wanted {
            let key = ScanTest::Operator { strategy: 28, argument: Some(prefix.clone().into()) };
            let found = tree.found(vec![key]);
            let expected: Vec<usize> = (0..words.len()).filter(|&n| words[n].starts_with(&prefix)).collect();
            // Of those that were cut off it is not known.
            prop_assert!(expected.iter().all(|n| found.binary_search(n).is_ok()));
            prop_assert!(found.iter().all(|&n| words[n].starts_with(&prefix) || words[n].len() >= 1024));
            let key = ScanTest::Operator { strategy: EQUALS, argument: Some(prefix.clone().into()) };
            let found = tree.found(vec![key]);
            prop_assert!((0..words.len()).all(|n| words[n] != prefix || found.binary_search(&n).is_ok()));
            prop_assert!(found.iter().all(|&n| words[n] == prefix || words[n].len() >= 1024));
        }
    }
}

#[test]
fn many_rows_with_one_value_come_once_each() {
    let points: Vec<_> = (0..4000_u16).map(|n| Some(if n % 3 == 0 { (7, 7) } else { (n % 5, 7) })).collect();
    points_case(&points, &[(0, 0, 10, 10), (7, 7, 0, 0), (3, 7, 1, 1)]);
}
