//! What a row costs in the store, without SQL: run with `cargo bench -p btree`.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use access::*;
use batch::{Batch, Repr};
use common::*;
use ids::*;

const ROWS: usize = 1_000_000;

fn report(what: &str, start: Instant, count: usize) {
    let ns = start.elapsed().as_nanos() as f64 / count as f64;
    println!("{what:50} {ns:9.1} ns each  {:12.0} per second", 1e9 / ns);
}

fn scatter(n: usize) -> usize {
    let mut x = n as u64;
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ x >> 31) as usize % ROWS
}

fn main() {
    let bench = Bench::sized(50_000);
    let client = bench.client();
    let store = &bench.engine.store;
    let tables = &bench.engine.tables;
    let indexes = &bench.engine.indexes;

    client.begin();
    let start = Instant::now();
    let mut batch = Batch::new([Repr::B4, Repr::Bytes, Repr::B8]);
    let mut tids = Vec::with_capacity(ROWS);
    for from in (0..ROWS).step_by(1000) {
        batch.clear();
        for n in from..from + 1000 {
            batch.columns[0].push(batch::DatumRef::B4(n as i32));
            batch.columns[1].push(batch::DatumRef::Bytes(b"some text of usual length"));
            batch.columns[2].push(batch::DatumRef::B8(n as i64));
        }
        batch.set_len(1000);
        let transaction = &client.session.transaction;
        tables.insert_batch(store, transaction, &bench.table, &batch, InsertOptions::default(), &mut tids).unwrap();
    }
    report("rows inserted in batches", start, ROWS);
    client.commit();

    for (name, projection) in [
        ("rows scanned, one int4", vec![Projected::Column(0)]),
        ("rows scanned, int4 and int8", vec![Projected::Column(0), Projected::Column(2)]),
        ("rows scanned, text", vec![Projected::Column(1)]),
        ("rows scanned, nothing (count(*))", vec![]),
    ] {
        for round in ["first", "again"] {
            client.begin();
            let snapshot = client.session.transaction.snapshot().unwrap();
            let request = ScanRequest {
                snapshot: snapshot.clone(),
                projection: projection.clone().into(),
                direction: Direction::Forward,
                pages: Pages::All,
            };
            let start = Instant::now();
            let mut scan = tables.scan(store, &bench.table, request).unwrap();
            let mut batch = projected_batch(&bench.table.layout, &projection);
            let mut rows = 0;
            while scan.next(&mut batch).unwrap() {
                rows += black_box(&batch).len();
                batch.clear();
            }
            assert_eq!(rows, ROWS);
            report(&format!("{name}, {round}"), start, ROWS);
            drop(snapshot);
            client.commit();
        }
    }

    let index = Arc::new(Index {
        oid: Oid(20000),
        name: "i".into(),
        method: access::Method::Btree,
        options: Box::default(),
        support: None,
        locator: locator(20000),
        persistence: Persistence::Permanent,
        fillfactor: 90,
        deduplicate: true,
        cache: IndexCache::default(),
        counters: Default::default(),
    });
    store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
    let start = Instant::now();
    let mut sorter = access::EntrySorter::new(256 << 20, "/tmp");
    for (n, tid) in tids.iter().enumerate() {
        sorter.push(IndexEntry { key: &(n as u32).to_be_bytes(), payload: &[], tid: *tid }, false).unwrap();
    }
    sorter.sort();
    indexes.build(store, &index, &mut access::sorter::merge(vec![sorter]).unwrap()).unwrap();
    report("index entries sorted and built", start, ROWS);

    client.begin();
    let mut scan = indexes.scan(store, &index, IndexScanOptions::default()).unwrap();
    let projection: Arc<[Projected]> = [Projected::Column(2)].into();
    let snapshot = client.session.transaction.snapshot().unwrap();
    let mut fetch = tables.fetch(store, &bench.table, snapshot.clone(), projection);
    let mut batch = Batch::new([Repr::B8]);
    let (mut entries, mut found) = (IndexEntries::default(), Vec::new());
    let start = Instant::now();
    const POINTS: usize = 1_000_000;
    for n in 0..POINTS {
        let key = scatter(n) as u32;
        let (lower, upper) = (key.to_be_bytes(), (key + 1).to_be_bytes());
        scan.start(KeyRange { lower: Some(&lower), upper: Some(&upper) }, Direction::Forward).unwrap();
        batch.clear();
        found.clear();
        while scan.next(&mut entries).unwrap() {
            fetch.fetch(&entries.tids, FetchMode::Index, &mut batch, &mut found).unwrap();
        }
        assert_eq!(batch.columns[0].b8(), [key as i64]);
    }
    report("rows looked up through the index", start, POINTS);
    drop((scan, fetch, snapshot));
    client.commit();

    const UPDATES: usize = 200_000;
    client.begin();
    let start = Instant::now();
    let mut hot = 0;
    for n in 0..UPDATES {
        let at = scatter(n);
        let snapshot = client.session.transaction.snapshot().unwrap();
        let row = row(at as i32, "some text of usual length", n as i64);
        let options = UpdateOptions {
            crosscheck: None,
            wait: WaitPolicy::Block,
            indexed_changed: false,
            key_changed: false,
            kept: &[],
        };
        let transaction = &client.session.transaction;
        let outcome = tables.update(store, transaction, &bench.table, tids[at], &snapshot, Row::Datums(&row), options);
        if let Outcome::Done(updated) = outcome.unwrap() {
            hot += updated.hot as usize;
            tids[at] = updated.tid;
        }
        drop(snapshot);
        client.next_command();
    }
    report(&format!("rows updated ({hot} of {UPDATES} heap-only)"), start, UPDATES);
    client.commit();

    client.begin();
    let start = Instant::now();
    for n in 0..UPDATES {
        let key = (ROWS + scatter(n)) as u32;
        let entry =
            IndexEntry { key: &key.to_be_bytes(), payload: &[], tid: TupleId::new(BlockNumber(1 << 20), n as u16 | 1) };
        let transaction = &client.session.transaction;
        indexes.insert(store, transaction, &index, (&**tables, &bench.table), entry, UniqueCheck::No).unwrap();
    }
    report("index entries inserted at random", start, UPDATES);
    client.commit();

    let start = Instant::now();
    let vacuumed = client.vacuum(&[]);
    report(&format!("rows vacuumed ({} removed)", vacuumed.removed_rows), start, ROWS);
}
