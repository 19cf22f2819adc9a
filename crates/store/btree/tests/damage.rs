//! Damaged index pages give errors or entries, never panics or endless loops.

#[path = "../../heap/tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use access::*;
use common::*;
use ids::*;
use proptest::prelude::*;
use storage::{Image, Unlogged};

fn damage(bench: &Bench, index: &Index, block: u32, edits: &[(u16, u8)]) {
    let storage = &bench.engine.store.storage;
    let buffer = storage.read(index.locator, Fork::Main, BlockNumber(block), &Default::default()).unwrap();
    let mut guard = buffer.exclusive();
    let mut change = storage.change(wal::RmgrId::BTREE, 0);
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
    fn a_damaged_index_does_no_harm(
        which in 0u32..8,
        lines in proptest::collection::vec((0u16..600, any::<u8>()), 0..40),
        links in proptest::collection::vec((8136u16..8160, 0u8..8), 0..12),
        anywhere in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..100),
    ) {
        let bench = Bench::new();
        let client = bench.client();
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
        let (store, indexes) = (&bench.engine.store, &bench.engine.indexes);
        store.storage.create(index.locator, Fork::Main, Persistence::Permanent).unwrap();
        indexes.create(store, &index).unwrap();
        client.begin();
        for n in 0..3000u32 {
            let entry = IndexEntry {
                key: &(n.wrapping_mul(2654435761) % 700).to_be_bytes(),
                payload: &[],
                tid: TupleId::new(BlockNumber(n / 100), (n % 100 + 1) as u16),
            };
            let transaction = &client.session.transaction;
            indexes.insert(store, transaction, &index, (&*bench.engine.tables, &bench.table), entry, UniqueCheck::No).unwrap();
        }
        let blocks = store.storage.block_count(index.locator, Fork::Main).unwrap();
        let edits: Vec<(u16, u8)> =
            lines.into_iter().chain(links).chain(anywhere).collect();
        damage(&bench, &index, which % blocks, &edits);
        for direction in [Direction::Forward, Direction::Backward] {
            let mut scan = indexes.scan(store, &index, IndexScanOptions { keys: true, payloads: true, ..Default::default() }).unwrap();
            scan.start(KeyRange::default(), direction).unwrap();
            let mut entries = IndexEntries::default();
            // A circle of pages with entries is the caller's to interrupt.
            for _ in 0..1000 {
                if !scan.next(&mut entries).unwrap_or(false) {
                    break;
                }
            }
        }
        let _ = indexes.verify(store, &index);
        let range = KeyRange { lower: Some(b"\0\0\0\x10"), upper: Some(b"\0\0\0\xF0") };
        let _ = indexes.estimate(store, &index, range);
        let _ = indexes.split_keys(store, &index, 10);
        client.commit();
    }
}
