//! Clusters that die at random moments, and what recovery makes of them.
//!
//! Processes move amounts between accounts, each on a page of its own and both pages in one record, until they are killed. Whatever
//! happened, after recovery the sum is what it was, and every transfer that was flushed is there.

use error::Error;
use ids::{BlockNumber, Fork, Lsn, Oid, RelFileLocator, TimelineId, Xid};
use recovery::{Checkpointer, Context, Kind, Recovered, recover};
use shm::Layout;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::*;
use wal::{DecodedRecord, RmgrId, Wal, WalConfig, faults};

const SEGMENT: u32 = 1 << 20;
const ACCOUNTS: u32 = 60;
const WRITERS: u32 = 3;

/// Replays transfers: each page's data is its new balance.
struct Transfers;

impl ResourceManager for Transfers {
    fn id(&self) -> RmgrId {
        RmgrId::GENERIC
    }
    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> error::Result<()> {
        for id in 0..record.blocks().len() as u8 {
            context.read_for_redo(record, id)?.apply(|page| {
                set_balance(page, i64::from_le_bytes(record.block_data(id).try_into().unwrap()));
                Ok(())
            })?;
        }
        Ok(())
    }
    fn identify(&self, _info: u8) -> Option<&'static str> {
        Some("TRANSFER")
    }
    fn describe(&self, _record: &DecodedRecord, _text: &mut String) {}
}

/// The balance stands at both ends of the page, so that half a page cannot be taken for a whole one.
fn set_balance(page: &mut Page, balance: i64) {
    if page.is_new() {
        page.init(8);
        page.set_lower(48);
    }
    page[40..48].copy_from_slice(&balance.to_le_bytes());
    page.special_mut().copy_from_slice(&balance.to_le_bytes());
}

fn balance(page: &Page) -> i64 {
    let balance = i64::from_le_bytes(page[40..48].try_into().unwrap());
    assert_eq!(page.special(), balance.to_le_bytes(), "a page is torn");
    balance
}

fn rel() -> RelFileLocator {
    RelFileLocator::new(ids::oids::DEFAULT_TABLESPACE, Oid(5), Oid(20000))
}

/// What every writer confirms: the number of its transfers, on a page of its own, in the same record.
fn counter(writer: u32) -> BlockNumber {
    BlockNumber(ACCOUNTS + writer)
}

struct Cluster {
    context: Context,
    lines: Arc<Mutex<Vec<String>>>,
}

fn attach(directory: &Path, buffers: u32) -> Cluster {
    let mut wal_config = WalConfig::new(directory.join("pg_wal"));
    wal_config.segment_size = SEGMENT;
    wal_config.buffers = 128 << 10;
    wal_config.options.min_size = 2 << 20;
    wal_config.options.compression = wal::Compression::Lz4;
    let mut config = StorageConfig::new(directory);
    config.buffers = buffers;
    let mut layout = Layout::new();
    let wal_request = Wal::layout(&mut layout, &wal_config);
    let request = Storage::layout(&mut layout, &config);
    let segment = layout.map().unwrap();
    let wal = Wal::attach(&segment, wal_request, &wal_config).unwrap();
    let storage = Storage::attach(&segment, request, &config, &wal);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let context = Context {
        data_directory: directory.to_path_buf(),
        wal,
        storage,
        managers: vec![Arc::new(StorageManager), Arc::new(Transfers)],
        participants: vec![],
        log: Arc::new(move |e: Error| sink.lock().unwrap().push(e.message().to_string())),
    };
    Cluster { context, lines }
}

/// What initdb does: directories, control file, first segment, first checkpoint.
fn create(directory: &Path) {
    for name in ["global", "base/5", "pg_wal"] {
        std::fs::create_dir_all(directory.join(name)).unwrap();
    }
    let cluster = attach(directory, 64);
    let control = ControlFile {
        system_identifier: 7,
        segment_size: SEGMENT,
        checksums: true,
        checkpoint_record: CheckpointRecord {
            redo: Lsn(SEGMENT as u64),
            timeline: TimelineId(1),
            ..Default::default()
        },
        ..Default::default()
    };
    control.write(directory).unwrap();
    cluster.context.wal.start(TimelineId(1), Lsn(SEGMENT as u64), false).unwrap();
    let storage = &cluster.context.storage;
    storage.create(rel(), Fork::Main, Persistence::Permanent).unwrap();
    for n in 0..ACCOUNTS + WRITERS {
        let new = storage.extend(rel(), Fork::Main, 1, &Access::default()).unwrap();
        assert_eq!(new.first, BlockNumber(n));
        let mut guard = new.buffer.exclusive();
        let mut change = storage.change(RmgrId::GENERIC, 0);
        let slot = change.page(&mut guard, Image::WillInit);
        let first = if n < ACCOUNTS { 1000 } else { 0i64 };
        set_balance(change.page_mut(slot), first);
        change.block_data(slot, &first.to_le_bytes());
        change.finish(Xid::INVALID);
    }
    Checkpointer::new(cluster.context.clone()).unwrap().run(Kind::Shutdown, "shutdown immediate", &mut |_| {}).unwrap();
}

fn transfers(storage: Storage, writer: u32, seed: u64, confirmed: &Path) {
    let mut random = seed | 1;
    let mut next = |below: u32| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 33) as u32 % below
    };
    let get = |block| storage.read(rel(), Fork::Main, block, &Access::default()).unwrap();
    loop {
        let (a, b) = (next(ACCOUNTS), next(ACCOUNTS));
        if a == b {
            continue;
        }
        let amount = next(100) as i64;
        // Pages are locked in ascending order.
        let (low, high) = (BlockNumber(a.min(b)), BlockNumber(a.max(b)));
        let buffers = [get(low), get(high), get(counter(writer))];
        let [mut low, mut high, mut count] = buffers.each_ref().map(|buffer| buffer.exclusive());
        let new = [balance(&low) - amount, balance(&high) + amount, balance(&count) + 1];
        let mut change = storage.change(RmgrId::GENERIC, 0);
        for (guard, new) in [&mut low, &mut high, &mut count].into_iter().zip(new) {
            let slot = change.page(guard, Image::Standard);
            set_balance(change.page_mut(slot), new);
            change.block_data(slot, &new.to_le_bytes());
        }
        let lsn = change.finish(Xid::INVALID);
        drop((low, high, count));
        if next(4) == 0 {
            storage.wal().flush(lsn);
            std::fs::write(confirmed, new[2].to_string()).unwrap();
        }
    }
}

fn check(cluster: &Cluster, confirmed: &Path) {
    let storage = &cluster.context.storage;
    let read = |block| balance(&storage.read(rel(), Fork::Main, block, &Access::default()).unwrap().share());
    let sum: i64 = (0..ACCOUNTS).map(|n| read(BlockNumber(n))).sum();
    assert_eq!(sum, 1000 * ACCOUNTS as i64, "log: {:#?}", cluster.lines.lock().unwrap());
    for writer in 0..WRITERS {
        let path = confirmed.join(writer.to_string());
        let expected: i64 = std::fs::read_to_string(path).map_or(0, |text| text.parse().unwrap_or(0));
        assert!(
            read(counter(writer)) >= expected,
            "writer {writer} lost transfers: {:#?}",
            cluster.lines.lock().unwrap()
        );
    }
}

/// One life of the cluster: recovers, works, dies. The server is a child, so that its memory is gone with it.
fn live(directory: &Path, confirmed: &Path, round: u64, fault: Option<(&str, faults::Fault, u64)>) {
    let server = sys::process::fork(|| {
        wal::on_panic(|_| {});
        let cluster = attach(directory, 24);
        recover(&cluster.context, || Ok(())).unwrap();
        check(&cluster, confirmed);
        let storage = cluster.context.storage;
        let writers: Vec<i32> = (0..WRITERS)
            .map(|writer| {
                let path = confirmed.join(writer.to_string());
                sys::process::fork(move || {
                    sys::process::on_parent_death(sys::signal::Signal::Kill);
                    if let (Some((name, fault, pass)), 0) = (fault, writer) {
                        faults::arm(name, fault, pass);
                    }
                    transfers(storage, writer, round * 31 + writer as u64 + 1, &path);
                    0
                })
                .unwrap()
            })
            .collect();
        let kill = || writers.iter().for_each(|&pid| drop(sys::process::kill(pid, sys::signal::Signal::Kill)));
        let mut checkpointer = Checkpointer::new(cluster.context.clone()).unwrap();
        let until = std::time::Instant::now() + Duration::from_millis(30 + round * 37 % 80);
        while std::time::Instant::now() < until && writers.iter().all(|&pid| sys::process::exists(pid)) {
            if checkpointer.run(Kind::Online, "force", &mut |_| std::thread::sleep(Duration::from_micros(300))).is_err()
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(3));
            // A writer that died in a change leaves its locks: a checkpoint would wait for them for ever.
            if sys::process::reap().is_some() {
                break;
            }
        }
        kill();
        faults::die()
    })
    .unwrap();
    // A checkpoint that met a dead writer's lock hangs, as the real server's would until the postmaster kills it.
    let until = std::time::Instant::now() + Duration::from_secs(5);
    let watch = std::thread::spawn(move || {
        while std::time::Instant::now() < until && sys::process::exists(server) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = sys::process::kill(server, sys::signal::Signal::Kill);
    });
    assert!(!matches!(sys::process::wait(server).unwrap(), sys::process::Exit::Code(_)), "the server failed a check");
    watch.join().unwrap();
}

fn survivor(directory: &Path, confirmed: &Path) -> (Recovered, Vec<String>) {
    let cluster = attach(directory, 256);
    let recovered = recover(&cluster.context, || Ok(())).unwrap();
    check(&cluster, confirmed);
    let lines = cluster.lines.lock().unwrap().clone();
    (recovered, lines)
}

#[test]
fn kills_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let confirmed = tempfile::tempdir().unwrap();
    create(directory.path());
    for round in 0..12 {
        live(directory.path(), confirmed.path(), round, None);
    }
    let (recovered, lines) = survivor(directory.path(), confirmed.path());
    assert!(recovered.crashed);
    assert!(lines[0].starts_with("database system was interrupted; last known up at "), "{lines:?}");
    assert_eq!(lines[1], "database system was not properly shut down; automatic recovery in progress");
    assert!(lines.last().unwrap().starts_with("checkpoint complete: wrote "));
}

#[test]
fn torn_pages_and_torn_log_are_mended() {
    let directory = tempfile::tempdir().unwrap();
    let confirmed = tempfile::tempdir().unwrap();
    create(directory.path());
    for round in 0..10u64 {
        let name = if round % 3 == 2 { "wal.write" } else { "storage.write" };
        let fault = (name, faults::Fault::Torn, 1 + round * 13 % 40);
        live(directory.path(), confirmed.path(), round + 100, Some(fault));
    }
    survivor(directory.path(), confirmed.path());
}

#[test]
fn recovery_can_die_too() {
    let directory = tempfile::tempdir().unwrap();
    let confirmed = tempfile::tempdir().unwrap();
    create(directory.path());
    live(directory.path(), confirmed.path(), 7, None);
    for (name, pass) in
        [("storage.write", 1), ("storage.write", 9), ("wal.write", 1), ("storage.control", 1), ("storage.control", 2)]
    {
        let dying = sys::process::fork(|| {
            let cluster = attach(directory.path(), 24);
            faults::arm(name, faults::Fault::Kill, pass);
            recover(&cluster.context, || Ok(())).unwrap();
            0
        })
        .unwrap();
        sys::process::wait(dying).unwrap();
    }
    survivor(directory.path(), confirmed.path());
}

#[test]
fn a_clean_shutdown_needs_no_redo() {
    let directory = tempfile::tempdir().unwrap();
    let confirmed = tempfile::tempdir().unwrap();
    create(directory.path());
    let cluster = attach(directory.path(), 64);
    let recovered = recover(&cluster.context, || Ok(())).unwrap();
    assert_eq!((recovered.crashed, recovered.records), (false, 0));
    assert_eq!(ControlFile::read(directory.path()).unwrap().state, ClusterState::InProduction);
    let mut checkpointer = Checkpointer::new(cluster.context.clone()).unwrap();
    checkpointer.run(Kind::Shutdown, "shutdown immediate", &mut |_| {}).unwrap();
    assert!(!checkpointer.is_needed());
    let control = ControlFile::read(directory.path()).unwrap();
    assert_eq!((control.state, control.checkpoint), (ClusterState::ShutDown, control.checkpoint_record.redo));
    let (_, lines) = survivor(directory.path(), confirmed.path());
    assert!(lines[0].starts_with("database system was shut down at ") && lines.len() == 1, "{lines:?}");
}

/// Relations that were dropped or cut after their pages were changed: the log tells of pages that are gone.
#[test]
fn dropped_relations_do_not_stop_recovery() {
    let directory = tempfile::tempdir().unwrap();
    create(directory.path());
    let server = sys::process::fork(|| {
        let cluster = attach(directory.path(), 64);
        recover(&cluster.context, || Ok(())).unwrap();
        let (storage, wal) = (cluster.context.storage, &cluster.context.wal);
        for n in 0..3 {
            let other = RelFileLocator { file: Oid(30000 + n), ..rel() };
            storage.create(other, Fork::Main, Persistence::Permanent).unwrap();
            for _ in 0..5 {
                let new = storage.extend(other, Fork::Main, 1, &Access::default()).unwrap();
                for how in [Image::WillInit, Image::Never] {
                    let mut guard = new.buffer.exclusive();
                    let mut change = storage.change(RmgrId::GENERIC, 0);
                    let slot = change.page(&mut guard, how);
                    set_balance(change.page_mut(slot), 5);
                    change.block_data(slot, &5i64.to_le_bytes());
                    change.finish(Xid::INVALID);
                }
            }
            match n {
                0 => storage.truncate(other, 2, Persistence::Permanent).unwrap(),
                1 => {
                    storage.truncate(other, 0, Persistence::Permanent).unwrap();
                    storage.unlink(&[other]);
                }
                _ => {}
            }
        }
        wal.flush(wal.insert_position());
        faults::die()
    })
    .unwrap();
    sys::process::wait(server).unwrap();
    let cluster = attach(directory.path(), 64);
    recover(&cluster.context, || Ok(())).unwrap();
    let storage = &cluster.context.storage;
    let count = |n: u32| storage.block_count(RelFileLocator { file: Oid(30000 + n), ..rel() }, Fork::Main).unwrap();
    assert_eq!([count(0), count(1), count(2)], [2, 0, 5]);
    let other = RelFileLocator { file: Oid(30002), ..rel() };
    for n in 0..5 {
        assert_eq!(balance(&storage.read(other, Fork::Main, BlockNumber(n), &Access::default()).unwrap().share()), 5);
    }
}

#[test]
fn a_missing_page_that_nothing_explains_stops_recovery() {
    let directory = tempfile::tempdir().unwrap();
    let confirmed = tempfile::tempdir().unwrap();
    create(directory.path());
    let server = sys::process::fork(|| {
        let cluster = attach(directory.path(), 64);
        recover(&cluster.context, || Ok(())).unwrap();
        let (storage, wal) = (cluster.context.storage, &cluster.context.wal);
        let buffer = storage.read(rel(), Fork::Main, BlockNumber(3), &Access::default()).unwrap();
        let mut guard = buffer.exclusive();
        let mut change = storage.change(RmgrId::GENERIC, 0);
        let slot = change.page(&mut guard, Image::Never);
        set_balance(change.page_mut(slot), 1000);
        change.block_data(slot, &1000i64.to_le_bytes());
        wal.flush(change.finish(Xid::INVALID));
        faults::die()
    })
    .unwrap();
    sys::process::wait(server).unwrap();
    let file = directory.path().join("base/5/20000");
    let saved = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let cluster = attach(directory.path(), 64);
    let error = recover(&cluster.context, || Ok(())).unwrap_err();
    assert_eq!(error.message(), "WAL contains references to invalid pages");
    std::fs::write(&file, saved).unwrap();
    survivor(directory.path(), confirmed.path());
}
