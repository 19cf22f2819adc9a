//! What the store can do without the floors above: `cargo run --release -p storage --example throughput [DIRECTORY]`.
//!
//! Three numbers to hold beside PostgreSQL's: commits per second with several processes (each changes three random pages, and
//! flushes), the time of a page's look-up that hits, and bytes per second of a bulk load.

use ids::{BlockNumber, Fork, Lsn, Oid, RelFileLocator, TimelineId, Xid};
use shm::Layout;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use storage::*;
use wal::{RmgrId, Wal, WalConfig};

fn open(directory: &Path) -> Storage {
    for name in ["global", "base/5", "pg_wal"] {
        std::fs::create_dir_all(directory.join(name)).unwrap();
    }
    let wal_config = WalConfig::new(directory.join("pg_wal"));
    let config = StorageConfig::new(directory);
    let mut layout = Layout::new();
    let wal_request = Wal::layout(&mut layout, &wal_config);
    let request = Storage::layout(&mut layout, &config);
    let segment = layout.map().unwrap();
    let wal = Wal::attach(&segment, wal_request, &wal_config).unwrap();
    wal.start(TimelineId(1), Lsn(16 << 20), false).unwrap();
    Storage::attach(&segment, request, &config, &wal)
}

fn locator(file: u32) -> RelFileLocator {
    RelFileLocator::new(ids::oids::DEFAULT_TABLESPACE, Oid(5), Oid(file))
}

fn change(storage: &Storage, block: u32, bytes: &[u8]) -> Lsn {
    let buffer = storage.read(locator(1), Fork::Main, BlockNumber(block), &Access::default()).unwrap();
    let mut guard = buffer.exclusive();
    let mut change = storage.change(RmgrId::GENERIC, 0);
    let slot = change.page(&mut guard, Image::Standard);
    change.page_mut(slot)[100..100 + bytes.len()].copy_from_slice(bytes);
    change.block_data(slot, bytes);
    change.finish(Xid(3))
}

fn main() {
    let directory = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into).join("oliphant-throughput");
    let _ = std::fs::remove_dir_all(&directory);
    let storage = open(&directory);
    let wal = storage.wal();
    storage.create(locator(1), Fork::Main, Persistence::Permanent).unwrap();
    let pages = 10_000u32;
    for _ in 0..pages / 50 {
        storage.extend(locator(1), Fork::Main, 50, &Access::default()).unwrap();
    }
    for block in 0..pages {
        let buffer = storage.read(locator(1), Fork::Main, BlockNumber(block), &Access::default()).unwrap();
        let mut guard = buffer.exclusive();
        let mut change = storage.change(RmgrId::GENERIC, 0);
        let slot = change.page(&mut guard, Image::WillInit);
        change.page_mut(slot).init(8);
        change.page_mut(slot).set_lower(2000);
        change.finish(Xid(3));
    }
    wal.flush(wal.insert_position());

    let rounds = 5_000_000u32;
    let started = Instant::now();
    for n in 0..rounds {
        let block = BlockNumber(n.wrapping_mul(7919) % pages);
        let buffer = storage.read(locator(1), Fork::Main, block, &Access::default()).unwrap();
        std::hint::black_box(buffer.share().lsn());
    }
    println!("look-up, share, release: {:.0} ns", started.elapsed().as_nanos() as f64 / rounds as f64);

    let started = Instant::now();
    for n in 0..1_000_000u32 {
        change(&storage, n.wrapping_mul(7919) % pages, &[n as u8; 100]);
    }
    println!("logged change of 100 bytes: {:.0} ns", started.elapsed().as_nanos() as f64 / 1e6);
    wal.flush(wal.insert_position());

    for clients in [1, 2, 8, 32] {
        let statistics = wal.statistics();
        let (syncs, time) = (statistics.syncs.load(Relaxed), Duration::from_secs(3));
        let path = directory.join("counts");
        let _ = std::fs::remove_file(&path);
        let children: Vec<i32> = (0..clients)
            .map(|client| {
                let path = path.clone();
                sys::process::fork(move || {
                    let until = Instant::now() + time;
                    let (mut random, mut count) = (client as u32 * 977 + 1, 0u64);
                    while Instant::now() < until {
                        for _ in 0..4 {
                            random = random.wrapping_mul(1664525).wrapping_add(1013904223);
                            change(&storage, (random >> 8) % pages, &[count as u8; 80]);
                        }
                        let mut commit = wal::Record::new(RmgrId::XACT, 0);
                        commit.data(&[0; 32]);
                        let lsn = storage.wal().insert(&commit, Xid(3)).unwrap();
                        storage.wal().flush(lsn);
                        count += 1;
                    }
                    use std::io::Write;
                    let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
                    writeln!(file, "{count}").unwrap();
                    0
                })
                .unwrap()
            })
            .collect();
        children.into_iter().for_each(|child| drop(sys::process::wait(child)));
        let total: u64 = std::fs::read_to_string(&path).unwrap().lines().map(|line| line.parse::<u64>().unwrap()).sum();
        println!(
            "{clients} clients: {:.0} commits/s, {:.0} syncs/s",
            total as f64 / time.as_secs_f64(),
            (statistics.syncs.load(Relaxed) - syncs) as f64 / time.as_secs_f64()
        );
    }

    // A bulk load: pages of 70 tuples, one record each, 300 MB.
    storage.create(locator(2), Fork::Main, Persistence::Permanent).unwrap();
    let ring = Strategy::new(StrategyKind::BulkWrite);
    let access = Access { strategy: Some(&ring), ..Access::default() };
    let started = Instant::now();
    let mut data = Vec::new();
    let mut left = 38_400u32;
    while left > 0 {
        let extended = storage.extend(locator(2), Fork::Main, 64, &access).unwrap();
        for n in 0..extended.count.min(left) {
            let block = BlockNumber(extended.first.0 + n);
            let buffer = storage.read(locator(2), Fork::Main, block, &access).unwrap();
            let mut guard = buffer.exclusive();
            let mut change = storage.change(RmgrId::GENERIC, 0);
            let slot = change.page(&mut guard, Image::WillInit);
            let page = change.page_mut(slot);
            page.init(0);
            data.clear();
            for row in 0..70u8 {
                page.add_item(&[row; 104]);
                data.extend_from_slice(&[row; 104]);
            }
            change.block_data(slot, &data);
            change.finish(Xid(3));
        }
        left -= extended.count.min(left);
    }
    wal.flush(wal.insert_position());
    println!("bulk load of 300 MB of pages: {:.2} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let mut seen = 0;
    let mut buffers = Vec::new();
    let ring = Strategy::new(StrategyKind::BulkRead);
    let access = Access { strategy: Some(&ring), ..Access::default() };
    while seen < 38_400 {
        storage.read_run(locator(2), Fork::Main, BlockNumber(seen), 16, &access, &mut buffers).unwrap();
        for buffer in buffers.drain(..) {
            std::hint::black_box(buffer.share().line_count());
            seen += 1;
        }
    }
    println!("sequential scan of 300 MB (from the system's cache): {:.2} s", started.elapsed().as_secs_f64());
    let _ = std::fs::remove_dir_all(&directory);
}
