//! The log from the outside: what goes in comes out, whatever the sizes, the rivals, the crash.

use ids::{BlockNumber, Fork, Lsn, Oid, PAGE_SIZE, RelFileLocator, TimelineId, Xid};
use shm::Layout;
use std::os::unix::fs::FileExt;
use std::path::Path;
use wal::{Compression, DecodedRecord, Image, ReadOutcome, Record, RmgrId, Wal, WalConfig, WalReader, faults};

const SEGMENT: u32 = 1 << 20;

fn config(directory: &Path) -> WalConfig {
    let mut config = WalConfig::new(directory);
    config.segment_size = SEGMENT;
    config.buffers = 64 << 10;
    config.system_identifier = 42;
    config
}

fn open(config: &WalConfig, end: Lsn, crashed: bool) -> Wal {
    let mut layout = Layout::new();
    let request = Wal::layout(&mut layout, config);
    let wal = Wal::attach(&layout.map().unwrap(), request, config).unwrap();
    wal.start(TimelineId(1), end, crashed).unwrap();
    wal
}

fn put(wal: &Wal, data: &[u8]) -> (Lsn, Lsn) {
    let mut record = Record::new(RmgrId::LOGICAL_MESSAGE, 0);
    record.data(data);
    wal.insert_at(&record, Xid(data.len() as u64)).unwrap()
}

fn read_all(directory: &Path, from: Lsn) -> (Vec<DecodedRecord>, Lsn, String) {
    let mut reader = WalReader::new(directory, SEGMENT, TimelineId(1), from).with_switch_record(RmgrId::XLOG, 0x40);
    let mut records = Vec::new();
    loop {
        match reader.read().unwrap() {
            ReadOutcome::Record(record) => records.push(record),
            ReadOutcome::End(end) => return (records, end.at, end.reason),
        }
    }
}

fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Records of all sizes, many longer than a page and some longer than the ring, with restarts in between.
    #[test]
    fn what_goes_in_comes_out(lengths in proptest::collection::vec(
        proptest::prop_oneof![4 => 0usize..300, 2 => 7_900usize..8_300, 1 => 60_000usize..200_000], 1..60),
        restart in 0usize..60)
    {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        let start = Lsn(SEGMENT as u64);
        let mut wal = open(&config, start, false);
        let mut places = Vec::new();
        for (n, &length) in lengths.iter().enumerate() {
            places.push(put(&wal, &bytes(n as u64, length)));
            if n == restart {
                let end = places[n].1;
                wal.flush(end);
                wal = open(&config, end, n % 2 == 0);
            }
        }
        wal.flush(wal.insert_position());
        let (records, end, reason) = read_all(directory.path(), start);
        proptest::prop_assert_eq!(records.len(), lengths.len());
        for (n, record) in records.iter().enumerate() {
            proptest::prop_assert_eq!((record.lsn, record.end), places[n]);
            proptest::prop_assert!(record.data() == bytes(n as u64, lengths[n]));
            proptest::prop_assert_eq!(record.xid, Xid(lengths[n] as u64));
        }
        proptest::prop_assert_eq!(end, wal.insert_position());
        proptest::prop_assert!(reason.contains("expected at least 24, got 0") || reason.starts_with("could not find")
            || reason.starts_with("invalid magic number 0000"), "{}", reason);
    }

    /// Garbage instead of the log's end never panics and never yields a record.
    #[test]
    fn garbage_is_the_end(seed: u64, keep in 0usize..4000, fill in 0usize..3) {
        let directory = tempfile::tempdir().unwrap();
        let wal = open(&config(directory.path()), Lsn(SEGMENT as u64), false);
        let places: Vec<_> = (0..40).map(|n| put(&wal, &bytes(n, 100))).collect();
        wal.flush(places[39].1);
        let file = directory.path().join(wal.file_name(Lsn(SEGMENT as u64)));
        let file = std::fs::File::options().write(true).open(file).unwrap();
        let garbage = match fill { 0 => bytes(seed, 20_000), 1 => vec![0; 20_000], _ => vec![0xFF; 20_000] };
        file.write_all_at(&garbage, 40 + keep as u64).unwrap();
        let whole = places.iter().filter(|(begin, _)| begin.0 + 124 - SEGMENT as u64 <= 40 + keep as u64).count();
        let (records, _, _) = read_all(directory.path(), Lsn(SEGMENT as u64));
        proptest::prop_assert_eq!(records.len(), whole);
    }
}

#[test]
fn page_images_survive_with_hole_and_compression() {
    for compression in [Compression::Off, Compression::Lz4] {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path());
        config.options.compression = compression;
        let wal = open(&config, Lsn(SEGMENT as u64), false);
        let locator = RelFileLocator::new(Oid(1663), Oid(5), Oid(16384));
        let mut page = [0u8; PAGE_SIZE];
        page[12..14].copy_from_slice(&40u16.to_le_bytes());
        page[14..16].copy_from_slice(&8000u16.to_le_bytes());
        page[8000..].fill(7);
        wal.set_redo_position(Lsn(1));
        let log = |page: &[u8; PAGE_SIZE], how| {
            let mut record = Record::new(RmgrId::HEAP, 0);
            record.block(locator, Fork::Main, BlockNumber(9), how, Some(page));
            record.block_data(b"change").data(b"main");
            wal.insert(&record, Xid(3)).unwrap()
        };
        log(&page, Image::Standard);
        log(&page, Image::Whole);
        let mut newer = page;
        newer[0] = 2; // An LSN behind the redo position.
        log(&newer, Image::Standard);
        log(&newer, Image::Forced);
        let end = log(&page, Image::WillInit);
        wal.flush(end);
        let (records, _, _) = read_all(directory.path(), Lsn(SEGMENT as u64));
        let images: Vec<bool> = records.iter().map(|r| r.block(0).unwrap().has_image()).collect();
        assert_eq!(images, [true, true, false, true, false]);
        for record in &records {
            let mut restored = [1u8; PAGE_SIZE];
            let block = record.block(0).unwrap();
            assert_eq!((block.locator, block.block), (locator, BlockNumber(9)));
            if record.restore_image(0, &mut restored).unwrap() {
                assert_eq!(restored[8..], page[8..]);
                assert_eq!(record.block_data(0), b"");
                assert_eq!(block.image_is_compressed(), compression == Compression::Lz4);
            } else {
                assert_eq!(record.block_data(0), b"change");
            }
            assert_eq!(record.data(), b"main");
        }
        assert!(records[4].block(0).unwrap().will_init);
    }
}

/// Threads and processes insert and flush over a ring much smaller than what they write. Every record comes out once, and
/// whatever a flush confirmed was in the file by then.
#[test]
fn rivals_share_the_ring() {
    let directory = tempfile::tempdir().unwrap();
    let wal = open(&config(directory.path()), Lsn(SEGMENT as u64), false);
    let work = |wal: &Wal, who: u64| {
        for n in 0..400u64 {
            let length = [24, 100, 9_000, 333][(n % 4) as usize] + (who * 7) as usize;
            let mut data = bytes(who * 1000 + n, length);
            data[..8].copy_from_slice(&who.to_le_bytes());
            data[8..16].copy_from_slice(&n.to_le_bytes());
            let (_, end) = put(wal, &data);
            if n % 5 == who % 5 {
                wal.flush(end);
                assert!(wal.flushed() >= end);
            }
            if n == 200 && who == 1 {
                let mut switch = Record::new(RmgrId::XLOG, 0x40);
                switch.data(b"");
                let (_, end) = wal.switch_segment(&switch).unwrap();
                assert!(end.0.is_multiple_of(SEGMENT as u64));
            }
            if n % 100 == 50 {
                wal.begin_checkpoint(|redo| assert!(redo <= wal.insert_position()));
            }
        }
    };
    let children: Vec<i32> = (0..3)
        .map(|who| {
            let wal = wal.clone();
            sys::process::fork(move || {
                work(&wal, who);
                0
            })
            .unwrap()
        })
        .collect();
    std::thread::scope(|scope| {
        for who in 3..6 {
            let wal = wal.clone();
            scope.spawn(move || work(&wal, who));
        }
    });
    for child in children {
        assert!(matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(0)));
    }
    wal.flush(wal.insert_position());
    let (records, end, _) = read_all(directory.path(), Lsn(SEGMENT as u64));
    let mut next = [0u64; 6];
    let mut switches = 0;
    for record in records {
        if record.rmgr == RmgrId::XLOG {
            switches += 1;
            continue;
        }
        let word = |at: usize| u64::from_le_bytes(record.data()[at..at + 8].try_into().unwrap());
        let (who, n) = (word(0) as usize, word(8));
        assert_eq!(n, next[who], "records of one inserter are in order");
        assert!(record.data()[16..] == bytes(who as u64 * 1000 + n, record.data().len())[16..]);
        next[who] += 1;
    }
    assert_eq!(next, [400; 6]);
    assert_eq!(switches, 1);
    assert_eq!(end, wal.insert_position());
}

/// A process dies in the middle of a write: what was flushed before is there, and the log can be continued.
#[test]
fn a_torn_write_ends_the_log_cleanly() {
    for pass in [1, 2, 5, 9] {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path());
        let wal = open(&config, Lsn(SEGMENT as u64), false);
        let child = sys::process::fork(|| {
            faults::arm("wal.write", faults::Fault::Torn, pass);
            for n in 0..100 {
                let (_, end) = put(&wal, &bytes(n, 3_000 + 777 * n as usize));
                wal.flush(end);
                std::fs::write(directory.path().join("confirmed"), (n + 1).to_string()).unwrap();
            }
            0
        })
        .unwrap();
        assert!(!matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(_)));
        let confirmed: usize =
            std::fs::read_to_string(directory.path().join("confirmed")).map_or(0, |text| text.parse().unwrap());
        assert_eq!(confirmed as u64, pass - 1);
        let (records, end, _) = read_all(directory.path(), Lsn(SEGMENT as u64));
        assert!(records.len() >= confirmed);
        let wal = open(&config, end, true);
        put(&wal, b"after");
        wal.flush(wal.insert_position());
        let (again, _, reason) = read_all(directory.path(), Lsn(SEGMENT as u64));
        assert_eq!(again.len(), records.len() + 1, "{reason}");
        assert_eq!(again.last().unwrap().data(), b"after");
    }
}

/// A failed sync ends the process: it must not be tried again.
#[test]
fn a_failed_sync_is_fatal() {
    for (point, fault) in [("wal.sync", faults::Fault::Fail(5)), ("wal.write", faults::Fault::Fail(28))] {
        let directory = tempfile::tempdir().unwrap();
        let wal = open(&config(directory.path()), Lsn(SEGMENT as u64), false);
        let child = sys::process::fork(|| {
            wal::on_panic(|_| {});
            let (_, end) = put(&wal, b"one");
            wal.flush(end);
            faults::arm(point, fault, 1);
            let (_, end) = put(&wal, b"two");
            wal.flush(end);
            0
        })
        .unwrap();
        assert!(!matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(_)));
    }
}

/// With a full disk changes are refused before they begin; what must not fail still finds room, and more comes when there is.
#[test]
fn a_full_disk_is_found_out_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let full = directory.path().join("full");
    let wal = open(&config(directory.path()), Lsn(SEGMENT as u64), false);
    let child = sys::process::fork(|| {
        wal::on_panic(|_| {});
        faults::arm_while("wal.create", faults::Fault::Fail(28), &full);
        wal.make_room().unwrap();
        std::fs::write(&full, "").unwrap();
        let mut inserted = 0;
        let error = loop {
            match wal.make_room() {
                Ok(()) => {
                    inserted += {
                        let (start, end) = put(&wal, &bytes(1, 50_000));
                        end.0 - start.0
                    }
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error.state(), error::SqlState::DISK_FULL);
        assert!(inserted < 2 * SEGMENT as u64, "{inserted}");
        for n in 0..60 {
            let (_, end) = put(&wal, &bytes(n, 50_000));
            wal.flush(end);
        }
        assert!(wal.make_room().is_err());
        std::fs::remove_file(&full).unwrap();
        wal.make_room().unwrap();
        assert!(wal.has_room());
        0
    })
    .unwrap();
    assert!(matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(0)));
}

/// A short write is completed.
#[test]
fn a_short_write_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let wal = open(&config(directory.path()), Lsn(SEGMENT as u64), false);
    let child = sys::process::fork(|| {
        faults::arm("wal.write", faults::Fault::Short, 1);
        put(&wal, &bytes(1, 50_000));
        wal.flush(wal.insert_position());
        0
    })
    .unwrap();
    assert!(matches!(sys::process::wait(child).unwrap(), sys::process::Exit::Code(0)));
    let (records, _, _) = read_all(directory.path(), Lsn(SEGMENT as u64));
    assert_eq!(records.len(), 1);
}

#[test]
fn old_segments_are_used_again_and_not_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path());
    let wal = open(&config, Lsn(SEGMENT as u64), false);
    for n in 0..50 {
        put(&wal, &bytes(n, 100_000));
    }
    let redo = wal.insert_position();
    wal.flush(redo);
    let before = std::fs::read_dir(directory.path()).unwrap().count();
    let removed = wal.remove_old_segments(redo, 3 << 20).unwrap();
    assert_eq!(removed.recycled + removed.removed, 4);
    assert!(removed.recycled >= 2);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), before - removed.removed as usize);
    let more: Vec<_> = (0..11).map(|n| put(&wal, &bytes(100 + n, 90_000))).collect();
    wal.flush(more[10].1);
    let (records, end, _) = read_all(directory.path(), redo);
    assert_eq!(records.len(), 11);
    assert_eq!(end, wal.insert_position());
    // The record before one is found from its segment's beginning, or the one before.
    let mut reader = WalReader::new(directory.path(), SEGMENT, TimelineId(1), redo);
    assert_eq!(reader.previous(more[10].0).unwrap(), Some(more[9].0));
    assert_eq!(reader.find_first(Lsn(more[3].0.0 + 1)).unwrap().unwrap(), more[4].0);
}
