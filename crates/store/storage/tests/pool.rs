//! The pool from the outside: pages come back as they were left, whatever the pool's size and whoever else is there.

use error::SqlState;
use ids::{BlockNumber, Fork, Lsn, Oid, RelFileLocator, TimelineId, Xid};
use shm::Layout;
use std::os::unix::fs::FileExt;
use std::path::Path;
use storage::*;
use wal::{RmgrId, Wal, WalConfig, faults};

fn open(directory: &Path, buffers: u32) -> Storage {
    for name in ["global", "base/5", "pg_wal"] {
        std::fs::create_dir_all(directory.join(name)).unwrap();
    }
    let mut wal_config = WalConfig::new(directory.join("pg_wal"));
    wal_config.segment_size = 1 << 20;
    wal_config.options.fsync = false;
    let mut config = StorageConfig::new(directory);
    config.buffers = buffers;
    config.fsync = false;
    let mut layout = Layout::new();
    let wal_request = Wal::layout(&mut layout, &wal_config);
    let request = Storage::layout(&mut layout, &config);
    let segment = layout.map().unwrap();
    let wal = Wal::attach(&segment, wal_request, &wal_config).unwrap();
    wal.start(TimelineId(1), Lsn(1 << 20), false).unwrap();
    Storage::attach(&segment, request, &config, &wal)
}

fn locator(file: u32) -> RelFileLocator {
    RelFileLocator::new(ids::oids::DEFAULT_TABLESPACE, Oid(5), Oid(file))
}

fn access() -> Access<'static> {
    Access::default()
}

/// Adds a page whose content depends on its number.
fn add(storage: &Storage, rel: RelFileLocator) -> BlockNumber {
    let new = storage.extend(rel, Fork::Main, 1, &access()).unwrap();
    put(storage, &new.buffer, &new.first.0.to_le_bytes());
    new.first
}

fn put(storage: &Storage, buffer: &Buffer, item: &[u8]) -> Lsn {
    let mut guard = buffer.exclusive();
    let mut change = storage.change(RmgrId::GENERIC, 0);
    let slot = change.page(&mut guard, Image::Standard);
    let page = change.page_mut(slot);
    if page.is_new() {
        page.init(0);
    }
    page.add_item(item).unwrap();
    change.block_data(slot, item);
    change.finish(Xid(3))
}

fn check(page: &Page, block: BlockNumber) {
    assert_eq!(page.item(page.line(1)), Some(&block.0.to_le_bytes()[..]), "page {block}");
}

#[test]
fn a_pool_smaller_than_the_data() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 32);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    assert_eq!(storage.create(rel, Fork::Main, Persistence::Permanent).unwrap_err().state(), SqlState::DUPLICATE_FILE);
    for n in 0..500 {
        assert_eq!(add(&storage, rel), BlockNumber(n));
    }
    assert_eq!(storage.block_count(rel, Fork::Main).unwrap(), 500);
    let bulk = Strategy::new(StrategyKind::BulkRead);
    for (round, strategy) in [None, Some(&bulk), None].into_iter().enumerate() {
        let access = Access { strategy, ..Access::default() };
        for n in 0..500 {
            let block = BlockNumber((n * 7 + round as u32) % 500);
            check(&storage.read(rel, Fork::Main, block, &access).unwrap().share(), block);
        }
    }
    let mut buffers = Vec::new();
    let mut next = 0;
    while next < 500 {
        storage.read_run(rel, Fork::Main, BlockNumber(next), 8, &access(), &mut buffers).unwrap();
        assert!(!buffers.is_empty());
        for buffer in buffers.drain(..) {
            assert_eq!(buffer.block(), BlockNumber(next));
            check(&buffer.share(), buffer.block());
            next += 1;
        }
    }
    // A run beyond the end stops there; a page beyond the end is an error.
    storage.read_run(rel, Fork::Main, BlockNumber(498), 8, &access(), &mut buffers).unwrap();
    assert!((1..=2).contains(&buffers.len()));
    buffers.clear();
    let error = storage.read(rel, Fork::Main, BlockNumber(500), &access()).unwrap_err();
    assert_eq!(error.state(), SqlState::DATA_CORRUPTED);
    assert_eq!(error.message(), "could not read blocks 500..500 in file \"base/5/16384\": read only 0 of 8192 bytes");
    // Every buffer pinned: an error, not a hang.
    let pinned: Vec<_> = (0..32).map_while(|n| storage.read(rel, Fork::Main, BlockNumber(n), &access()).ok()).collect();
    let error = storage.read(rel, Fork::Main, BlockNumber(100), &access()).unwrap_err();
    assert_eq!((pinned.len(), error.message()), (32, "no unpinned buffers available"));
    drop(pinned);
    storage.read(rel, Fork::Main, BlockNumber(100), &access()).unwrap();
}

#[test]
fn damage_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 16);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    (0..100).for_each(|_| _ = add(&storage, rel));
    storage.write_dirty(false, |_| {}).unwrap();
    let file = std::fs::File::options().write(true).open(directory.path().join("base/5/16384")).unwrap();
    file.write_all_at(&[0xFF], 8192 * 3 + 8000).unwrap();
    let error = storage.read(rel, Fork::Main, BlockNumber(3), &access()).unwrap_err();
    assert_eq!(error.state(), SqlState::DATA_CORRUPTED);
    assert_eq!(error.message(), "invalid page in block 3 of relation \"base/5/16384\"");
    // Again, and for a scan that reads ahead over it: the pages before are fine.
    assert!(storage.read(rel, Fork::Main, BlockNumber(3), &access()).is_err());
    let mut buffers = Vec::new();
    storage.read_run(rel, Fork::Main, BlockNumber(1), 8, &access(), &mut buffers).unwrap();
    assert_eq!(buffers.len(), 2);
    let zero = Access { mode: ReadMode::ZeroOnError, ..Access::default() };
    assert!(storage.read(rel, Fork::Main, BlockNumber(3), &zero).unwrap().share().is_new());
}

#[test]
fn failing_files_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 16);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    let child = sys::process::fork(|| {
        (0..40).for_each(|_| _ = add(&storage, rel));
        faults::arm("storage.extend", faults::Fault::Fail(28), 1);
        let error = storage.extend(rel, Fork::Main, 1, &access()).err().unwrap();
        assert_eq!(error.state(), SqlState::DISK_FULL);
        assert_eq!(error.message(), "could not extend file \"base/5/16384\": No space left on device");
        faults::arm("storage.read", faults::Fault::Fail(5), 1);
        assert_eq!(storage.read(rel, Fork::Main, BlockNumber(0), &access()).unwrap_err().state(), SqlState::IO_ERROR);
        faults::arm("storage.write", faults::Fault::Short, 1);
        storage.write_dirty(true, |_| {}).unwrap();
        faults::arm("storage.write", faults::Fault::Fail(5), 1);
        add(&storage, rel);
        assert!(storage.write_dirty(true, |_| {}).is_err());
        storage.write_dirty(true, |_| {}).unwrap();
        (0..41).for_each(|n| {
            check(&storage.read(rel, Fork::Main, BlockNumber(n), &access()).unwrap().share(), BlockNumber(n))
        });
        0
    })
    .unwrap();
    assert!(matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(0)));
}

/// Processes and threads add to the same pages, over a pool with room for few of them; a checkpointer and a background writer
/// write meanwhile. No addition is lost.
#[test]
fn rivals_share_the_pool() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 64);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    let pages = 100u32;
    for _ in 0..pages {
        let new = storage.extend(rel, Fork::Main, 1, &access()).unwrap();
        put(&storage, &new.buffer, &[0; 8]);
    }
    let work = |seed: u64| {
        let mut random = seed;
        for _ in 0..3000 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let block = BlockNumber((random >> 33) as u32 % pages);
            let buffer = storage.read(rel, Fork::Main, block, &access()).unwrap();
            let mut guard = buffer.exclusive();
            let mut change = storage.change(RmgrId::GENERIC, 0);
            let slot = change.page(&mut guard, Image::Standard);
            let line = change.page_mut(slot).line(1);
            let item = change.page_mut(slot).item_mut(line).unwrap();
            let count = u64::from_le_bytes(item[..8].try_into().unwrap()) + 1;
            item[..8].copy_from_slice(&count.to_le_bytes());
            change.finish(Xid(3));
        }
    };
    let children: Vec<i32> = (0..3)
        .map(|seed| {
            sys::process::fork(move || {
                work(seed);
                0
            })
            .unwrap()
        })
        .collect();
    std::thread::scope(|scope| {
        for seed in 3..5 {
            scope.spawn(move || work(seed));
        }
        scope.spawn(|| {
            let mut seen = 0;
            for n in 0..50 {
                if n % 10 == 0 {
                    storage.wal().begin_checkpoint(|_| {});
                    storage.write_dirty(false, |_| {}).unwrap();
                    storage.sync_files();
                }
                storage.write_ahead(&mut seen, 2.0, 100).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
    });
    for child in children {
        assert!(matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(0)));
    }
    let mut sum = 0;
    for block in 0..pages {
        let buffer = storage.read(rel, Fork::Main, BlockNumber(block), &access()).unwrap();
        let page = buffer.share();
        sum += u64::from_le_bytes(page.item(page.line(1)).unwrap().try_into().unwrap());
    }
    assert_eq!(sum, 5 * 3000);
}

#[test]
fn relations_shrink_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 128);
    let (rel, other) = (locator(16384), locator(16385));
    for rel in [rel, other] {
        storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
        (0..50).for_each(|_| _ = add(&storage, rel));
    }
    let map = FreeSpaceMap::new(&storage, rel, Persistence::Permanent);
    map.record_range(BlockNumber(0), 50, 3000).unwrap();
    storage.truncate(rel, 10, Persistence::Permanent).unwrap();
    assert_eq!(storage.block_count(rel, Fork::Main).unwrap(), 10);
    assert!(storage.read_cached(rel, Fork::Main, BlockNumber(10)).is_none());
    assert!(map.find(2900).unwrap().unwrap().0 < 10);
    assert_eq!(add(&storage, rel), BlockNumber(10));
    check(&storage.read(rel, Fork::Main, BlockNumber(10), &access()).unwrap().share(), BlockNumber(10));

    let cycle = storage.begin_unlink_cycle();
    storage.unlink(&[rel]);
    assert!(storage.read_cached(rel, Fork::Main, BlockNumber(3)).is_none());
    assert_eq!(std::fs::metadata(directory.path().join("base/5/16384")).unwrap().len(), 0);
    assert!(!directory.path().join("base/5/16384_fsm").exists());
    storage.end_unlink_cycle(cycle);
    assert!(directory.path().join("base/5/16384").exists(), "the name is kept for one more checkpoint");
    let cycle = storage.begin_unlink_cycle();
    storage.end_unlink_cycle(cycle);
    assert!(!directory.path().join("base/5/16384").exists());
    (0..50).for_each(|n| {
        check(&storage.read(other, Fork::Main, BlockNumber(n), &access()).unwrap().share(), BlockNumber(n))
    });
    storage.write_dirty(true, |_| {}).unwrap();
}

#[test]
fn the_free_space_map_finds_and_forgets() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 64);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    storage.extend(rel, Fork::Main, 8, &access()).unwrap();
    let map = FreeSpaceMap::new(&storage, rel, Persistence::Permanent);
    assert_eq!(map.find(100).unwrap(), None);
    map.record(BlockNumber(5), 500).unwrap();
    assert_eq!((map.find(400).unwrap(), map.find(501).unwrap()), (Some(BlockNumber(5)), None));
    assert_eq!(map.get(BlockNumber(5)).unwrap(), 480);
    map.record(BlockNumber(2), 8000).unwrap();
    assert_eq!(map.record_and_find(BlockNumber(2), 0, 400).unwrap(), Some(BlockNumber(5)));
    // A page that does not exist is forgotten.
    map.record(BlockNumber(4_000_000), 8000).unwrap();
    assert_eq!(map.find(7000).unwrap(), None);
    assert_eq!(map.get(BlockNumber(4_000_000)).unwrap(), 0);
    // A damaged map heals: nonsense in the upper levels leads a search astray only once.
    for block in 0..2 {
        let buffer = storage.read(rel, Fork::FreeSpace, BlockNumber(block), &access()).unwrap();
        let mut guard = buffer.exclusive();
        let mut change = storage.change(RmgrId::GENERIC, 0);
        let slot = change.page(&mut guard, Image::Never);
        change.page_mut(slot)[32..].fill(255);
        change.finish_unlogged(Unlogged::SelfHealing);
    }
    assert_eq!(map.find(8000).unwrap(), None);
    map.vacuum().unwrap();
    assert_eq!(map.find(400).unwrap(), Some(BlockNumber(5)));
}

#[test]
fn hints_log_the_page_once_after_a_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 64);
    let wal = storage.wal();
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    add(&storage, rel);
    storage.write_dirty(true, |_| {}).unwrap();
    wal.begin_checkpoint(|_| {});
    let buffer = storage.read(rel, Fork::Main, BlockNumber(0), &access()).unwrap();
    let before = wal.insert_position();
    assert!(buffer.hint(|_| false));
    assert_eq!(wal.insert_position(), before);
    let hint = |page: &mut Page| {
        page.set_prune_xid(page.prune_xid() + 1);
        true
    };
    assert!(buffer.hint(hint));
    assert!(wal.insert_position() > before);
    let logged = wal.insert_position();
    storage.write_dirty(true, |_| {}).unwrap();
    assert!(buffer.hint(hint));
    assert_eq!(wal.insert_position(), logged);
    let shared = buffer.share();
    assert!(!buffer.hint(|_| panic!("the lock is not free")));
    drop(shared);
    let second = buffer.clone();
    assert!(buffer.try_cleanup().is_none());
    drop(second);
    assert!(buffer.try_cleanup().is_some());
}

#[test]
fn a_cleanup_lock_waits_for_other_pins() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 64);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    add(&storage, rel);
    let released = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = storage.read(rel, Fork::Main, BlockNumber(0), &access()).unwrap();
        let released = &released;
        scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            released.store(true, std::sync::atomic::Ordering::SeqCst);
            drop(other);
        });
        let buffer = storage.read(rel, Fork::Main, BlockNumber(0), &access()).unwrap();
        let guard = buffer.cleanup();
        assert!(released.load(std::sync::atomic::Ordering::SeqCst));
        drop(guard);
    });
}

#[test]
fn an_abandoned_change_ends_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 64);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    for panics in [false, true] {
        let block = add(&storage, rel); // One for each: who dies in a change leaves its page locked.
        let child = sys::process::fork(|| {
            wal::on_panic(|_| {});
            std::panic::set_hook(Box::new(|_| {}));
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let buffer = storage.read(rel, Fork::Main, block, &access()).unwrap();
                let mut guard = buffer.exclusive();
                let mut change = storage.change(RmgrId::GENERIC, 0);
                let _ = change.page(&mut guard, Image::Standard);
                assert!(!panics, "in a critical section");
                drop(change);
            }));
            0
        })
        .unwrap();
        assert!(!matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(_)));
    }
}

/// Some make a relation longer, others use its last page as soon as they see it: nothing that was written is overwritten.
#[test]
fn nobody_writes_over_the_end_of_a_growing_relation() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path(), 256);
    let rel = locator(16384);
    storage.create(rel, Fork::Main, Persistence::Permanent).unwrap();
    storage.extend(rel, Fork::Main, 1, &access()).unwrap();
    let items = std::sync::atomic::AtomicU32::new(0);
    let add = |buffer: &Buffer| {
        let mut guard = buffer.exclusive();
        if !guard.is_new() && guard.free_space() < 100 {
            return;
        }
        let mut change = storage.change(RmgrId::GENERIC, 0);
        let slot = change.page(&mut guard, Image::Standard);
        if change.page_mut(slot).is_new() {
            change.page_mut(slot).init(0);
        }
        change.page_mut(slot).add_item(&[7; 50]).unwrap();
        change.finish(Xid(3));
        items.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        for who in 0..4u32 {
            let (add, storage) = (&add, &storage);
            scope.spawn(move || {
                for n in 0..400 {
                    if (n + who).is_multiple_of(3) {
                        add(&storage.extend(rel, Fork::Main, 1 + n % 3, &access()).unwrap().buffer);
                    } else {
                        let last = BlockNumber(storage.block_count(rel, Fork::Main).unwrap() - 1);
                        add(&storage.read(rel, Fork::Main, last, &access()).unwrap());
                    }
                }
            });
        }
    });
    let pages = storage.block_count(rel, Fork::Main).unwrap();
    let count = |n| storage.read(rel, Fork::Main, BlockNumber(n), &access()).unwrap().share().line_count() as u32;
    assert_eq!((0..pages).map(count).sum::<u32>(), items.into_inner());
}
