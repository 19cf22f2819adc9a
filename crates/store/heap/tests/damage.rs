//! Damaged pages give errors or rows, never panics or endless loops. (Checksums find most damage before it comes so far.)

mod common;

use access::*;
use common::*;
use ids::*;
use proptest::prelude::*;
use storage::{Image, Unlogged};

/// Overwrites bytes of a page in the pool, keeping its header's bounds.
fn damage(bench: &Bench, block: u32, edits: &[(u16, u8)]) {
    let buffer = bench
        .engine
        .store
        .storage
        .read(bench.table.locator, Fork::Main, BlockNumber(block), &Default::default())
        .unwrap();
    let mut guard = buffer.exclusive();
    let mut change = bench.engine.store.storage.change(wal::RmgrId::HEAP, 0);
    let slot = change.page(&mut guard, Image::Never);
    let page = change.page_mut(slot);
    for &(at, byte) in edits {
        page[storage::page::PAGE_HEADER_SIZE + at as usize % (PAGE_SIZE - storage::page::PAGE_HEADER_SIZE)] = byte;
    }
    change.finish_unlogged(Unlogged::NotPermanent);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_page_does_no_harm(
        lines in proptest::collection::vec((0u16..400, any::<u8>()), 0..40),
        anywhere in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..200),
    ) {
        let bench = Bench::new();
        let client = bench.client();
        client.begin();
        let wide = "x".repeat(5000);
        let mut tids = client.insert_many((0..60).map(|n| row(n, if n % 20 == 0 { &wide } else { "text" }, 0)));
        for (n, tid) in tids.iter().enumerate().take(20) {
            client.update(*tid, &row(n as i32, "new", 1), n % 2 == 0);
        }
        client.commit();
        damage(&bench, 0, &lines);
        damage(&bench, 0, &anywhere);
        tids.extend((0..300).map(|n| TupleId::new(BlockNumber(0), n)));
        let store = &bench.engine.store;
        client.begin();
        let snapshot = client.session.transaction.snapshot().unwrap();
        for direction in [Direction::Forward, Direction::Backward] {
            let request =
                ScanRequest { snapshot: snapshot.clone(), projection: ALL.into(), direction, pages: Pages::All };
            let mut scan = bench.engine.tables.scan(store, &bench.table, request).unwrap();
            let mut batch = projected_batch(&bench.table.layout, &ALL);
            while let Ok(true) = scan.next(&mut batch) {
                batch.clear();
            }
        }
        let mut fetch = bench.engine.tables.fetch(store, &bench.table, snapshot.clone(), ALL.into());
        for &tid in &tids {
            for mode in [FetchMode::Index, FetchMode::Exact, FetchMode::Any] {
                let mut batch = projected_batch(&bench.table.layout, &ALL);
                let _ = fetch.fetch(&[tid], mode, &mut batch, &mut Vec::new());
            }
            let _ = bench.engine.tables.is_visible(store, &bench.table, tid, &snapshot);
            let _ = bench.engine.tables.entry_status(store, &client.session.transaction, &bench.table, tid);
        }
        let mut batch = projected_batch(&bench.table.layout, &ALL);
        let _ = bench.engine.tables.sample_page(store, &bench.table, BlockNumber(0), &ALL, &snapshot, &mut batch);
        drop((fetch, snapshot));
        client.commit();
    }
}
