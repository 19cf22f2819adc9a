//! Transactions of several sessions, as threads over one segment, with a real log below them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use engine::{Engine, EngineConfig, Session};
use error::SqlState;
use ids::{CommandId, Lsn, RelFileLocator, Xid};
use locks::LockTimeouts;
use shm::{Capacity, Layout, ProcessKind, Processes};
use storage::{CheckpointParticipant, RedoContext};
use txn::{ActiveSnapshot, Isolation, MultiXactMember, RowLockMode, Snapshot, XidStatus};
use wal::{ReadOutcome, WalReader};

fn session(engine: &Engine) -> Session {
    let session = engine.session(ProcessKind::Backend).unwrap();
    session.locks.set_timeouts(LockTimeouts { deadlock: Duration::from_millis(10), lock: Duration::ZERO });
    session
}

fn begin(session: &Session) {
    session.transaction.begin(Isolation::ReadCommitted).unwrap();
}

/// Something like a row: its versions, newest last, each with its writer.
#[derive(Default)]
struct Row(Mutex<Vec<(Xid, i64)>>);

impl Row {
    fn read(&self, engine: &Engine, snapshot: &Snapshot) -> i64 {
        let versions = self.0.lock().unwrap().clone();
        let seen = |xid| snapshot.is_own(xid) || snapshot.sees(engine.transactions(), xid).unwrap();
        versions.iter().rev().find(|(xid, _)| seen(*xid)).map_or(0, |(_, value)| *value)
    }

    /// Adds to the newest version, waiting for its writer; rolled-back versions are dropped.
    fn add(&self, engine: &Engine, session: &Session, amount: i64) -> error::Result<()> {
        let own = session.transaction.xid()?;
        loop {
            let newest = {
                let mut versions = self.0.lock().unwrap();
                while let Some(&(xid, _)) = versions.last() {
                    if session.transaction.is_own(xid) || engine.transactions().status(xid)? != XidStatus::Aborted {
                        break;
                    }
                    versions.pop();
                }
                let newest = versions.last().copied().unwrap_or((Xid::FROZEN, 0));
                if session.transaction.is_own(newest.0)
                    || matches!(engine.transactions().status(newest.0)?, XidStatus::Committed(_))
                {
                    versions.push((own, newest.1 + amount));
                    return Ok(());
                }
                newest.0
            };
            session.transaction.wait_for(newest)?;
        }
    }
}

/// Money moves between accounts in all ways transactions can end; every snapshot sees the same sum, and a session sees its
/// own commits at once.
#[test]
fn snapshots_see_constant_sums() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let accounts: Vec<Row> = (0..8).map(|_| Row::default()).collect();
    let stop = AtomicBool::new(false);
    let (commits, deadlocks, sums) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for seed in 0..4u64 {
            let (engine, accounts, stop) = (&engine, &accounts, &stop);
            let (commits, deadlocks) = (&commits, &deadlocks);
            scope.spawn(move || {
                let session = session(engine);
                let own = Row::default();
                let mut count = 0;
                let mut state = seed * 7919 + 1;
                let mut random = move |n: u64| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) % n
                };
                while !stop.load(Ordering::Relaxed) {
                    begin(&session);
                    let (from, to, amount) = (random(8) as usize, random(8) as usize, random(100) as i64);
                    let in_subtransaction = random(3) == 0;
                    let moved = (|| {
                        accounts[from].add(engine, &session, -amount)?;
                        if in_subtransaction {
                            session.transaction.savepoint("s")?;
                            accounts[to].add(engine, &session, amount + 1)?;
                            session.transaction.rollback_to("s")?;
                        }
                        accounts[to].add(engine, &session, amount)?;
                        own.add(engine, &session, 1)
                    })();
                    match moved {
                        Err(error) => {
                            assert_eq!(error.state(), SqlState::T_R_DEADLOCK_DETECTED, "{error:?}");
                            deadlocks.fetch_add(1, Ordering::Relaxed);
                            session.transaction.abort();
                        }
                        Ok(()) if random(5) == 0 => session.transaction.abort(),
                        Ok(()) => {
                            session.transaction.commit(random(2) == 0).unwrap();
                            count += 1;
                            commits.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    begin(&session);
                    assert_eq!(own.read(engine, &session.transaction.snapshot().unwrap()), count, "own commits");
                    session.transaction.commit(true).unwrap();
                }
            });
        }
        for isolation in [Isolation::ReadCommitted, Isolation::RepeatableRead] {
            let (engine, accounts, stop, sums) = (&engine, &accounts, &stop, &sums);
            scope.spawn(move || {
                let session = session(engine);
                while !stop.load(Ordering::Relaxed) {
                    session.transaction.begin(isolation).unwrap();
                    let before = engine.transactions().last_horizon();
                    let snapshot = session.transaction.snapshot().unwrap();
                    assert!(snapshot.xmin >= before, "a snapshot below a horizon");
                    for xid in (snapshot.xmin.0.saturating_sub(30)..snapshot.xmin.0).map(Xid) {
                        // Ended, and visible to this snapshot if it committed.
                        let status = engine.transactions().status(xid).unwrap();
                        let ended = match status {
                            XidStatus::Running => false,
                            XidStatus::Aborted => true,
                            XidStatus::Committed(lsn) => lsn <= snapshot.visible,
                        };
                        assert!(ended, "{xid} is {status:?}, below {} at {}", snapshot.xmin, snapshot.visible);
                    }
                    let sum = || accounts.iter().map(|row| row.read(engine, &snapshot)).collect::<Vec<_>>();
                    let first = sum();
                    assert_eq!(first.iter().sum::<i64>(), 0, "{first:?}");
                    assert!(engine.transactions().oldest_visible() <= snapshot.xmin);
                    assert_eq!(first, sum(), "a snapshot does not change");
                    if isolation == Isolation::RepeatableRead {
                        let again = session.transaction.snapshot().unwrap();
                        assert_eq!((again.visible, again.xmin), (snapshot.visible, snapshot.xmin));
                    }
                    sums.fetch_add(1, Ordering::Relaxed);
                    drop(snapshot);
                    session.transaction.commit(true).unwrap();
                }
            });
        }
        // Somebody must flush for those who commit asynchronously.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                engine.wal.flush_in_background();
                engine.transactions().advance();
                thread::sleep(Duration::from_millis(1));
            }
        });
        thread::sleep(Duration::from_millis(1500));
        stop.store(true, Ordering::Relaxed);
    });
    assert!(commits.load(Ordering::Relaxed) > 100 && sums.load(Ordering::Relaxed) > 100);
    // With everybody gone, nothing holds the bound or the horizon back.
    engine.wal.flush(engine.wal.insert_position());
    engine.transactions().advance();
    let last = session(&engine);
    begin(&last);
    let xid = last.transaction.xid().unwrap();
    last.transaction.commit(true).unwrap();
    assert!(engine.transactions().oldest_running() > xid);
    assert!(engine.transactions().oldest_visible() > xid && engine.transactions().is_removable(xid));
}

#[test]
fn a_snapshot_holds_the_horizon() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let (a, b) = (session(&engine), session(&engine));
    begin(&a);
    let snapshot = a.transaction.snapshot().unwrap();
    begin(&b);
    let xid = b.transaction.xid().unwrap();
    b.transaction.commit(true).unwrap();
    assert!(!snapshot.sees(engine.transactions(), xid).unwrap());
    assert!(!engine.transactions().is_removable(xid));
    let later: ActiveSnapshot = a.transaction.snapshot().unwrap();
    assert!(later.sees(engine.transactions(), xid).unwrap());
    let kept = snapshot.register_again();
    drop(snapshot);
    assert!(!engine.transactions().is_removable(xid));
    drop(kept);
    assert!(engine.transactions().is_removable(xid), "the later snapshot sees it");
    drop(later);
    a.transaction.commit(true).unwrap();
}

#[test]
fn subtransactions() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let transactions = engine.transactions();
    let (a, b) = (session(&engine), session(&engine));
    let t = &a.transaction;
    begin(&a);
    t.savepoint("one").unwrap();
    t.savepoint("two").unwrap();
    let two = t.xid().unwrap();
    let top = t.top_xid().unwrap();
    assert!(top < two, "parents have smaller ids");
    assert!(t.is_own(top) && t.is_own(two));
    assert_eq!(transactions.top_of(two).unwrap(), top);
    assert_eq!(transactions.status(two).unwrap(), XidStatus::Running);
    assert_eq!(t.level(), 3);
    t.release("two").unwrap();
    let one = t.xid().unwrap();
    assert!(t.is_own(two));
    assert!(t.snapshot().unwrap().is_own(two) && t.snapshot().unwrap().is_own(one));

    // Somebody waits for the inner one, whose parent rolls back: that ends the wait, though the transaction goes on.
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            begin(&b);
            let status = b.transaction.wait_for(two).unwrap();
            b.transaction.commit(true).unwrap();
            status
        });
        let start = Instant::now();
        while !b.locks.list().iter().any(|row| !row.granted) {
            assert!(start.elapsed() < Duration::from_secs(10));
            thread::yield_now();
        }
        t.rollback_to("one").unwrap();
        assert_eq!(waiter.join().unwrap(), XidStatus::Aborted);
    });
    assert_eq!(transactions.status(one).unwrap(), XidStatus::Aborted);
    assert!(!t.is_own(one) && !t.is_own(two) && t.is_own(top));
    let again = t.xid().unwrap();
    assert!(again > two);
    let error = t.release("two").unwrap_err();
    assert_eq!(
        (error.state(), error.message()),
        (SqlState::S_E_INVALID_SPECIFICATION, "savepoint \"two\" does not exist")
    );
    // A failed statement undoes the level; rolling back to the savepoint makes it usable again.
    t.fail();
    assert_eq!(transactions.status(again).unwrap(), XidStatus::Aborted);
    assert_eq!(t.level(), 2);
    t.rollback_to("one").unwrap();
    let kept = t.xid().unwrap();
    t.commit(true).unwrap();
    let XidStatus::Committed(lsn) = transactions.status(top).unwrap() else { panic!("committed") };
    assert_eq!(transactions.status(kept).unwrap(), XidStatus::Committed(lsn));
    assert_eq!(transactions.status(two).unwrap(), XidStatus::Aborted);
    assert!(!t.is_running());
}

#[test]
fn commands_and_their_pairs() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let a = session(&engine);
    let t = &a.transaction;
    begin(&a);
    t.next_command().unwrap();
    assert_eq!(t.command(), CommandId(0), "nothing was written");
    let first = t.command_for_write();
    t.next_command().unwrap();
    let second = t.command_for_write();
    assert_eq!((first, second), (CommandId(0), CommandId(1)));
    let both = t.combine_commands(first, second);
    assert_eq!(t.combine_commands(first, second), both);
    let other = t.combine_commands(second, CommandId(2));
    assert_ne!(both, other);
    let snapshot = t.snapshot().unwrap();
    assert_eq!(snapshot.commands(both), (first, second));
    assert_eq!(t.commands(other), (second, CommandId(2)));
    drop(snapshot);
    t.abort();
}

#[test]
fn two_transactions_that_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let sessions = [session(&engine), session(&engine)];
    let xids: Vec<Xid> = sessions
        .iter()
        .map(|s| {
            begin(s);
            s.transaction.xid().unwrap()
        })
        .collect();
    let errors = AtomicU64::new(0);
    thread::scope(|scope| {
        for me in 0..2 {
            let (sessions, xids, errors) = (&sessions, &xids, &errors);
            scope.spawn(move || match sessions[me].transaction.wait_for(xids[1 - me]) {
                Ok(status) => {
                    assert_eq!(status, XidStatus::Aborted);
                    sessions[me].transaction.commit(true).unwrap();
                }
                Err(error) => {
                    assert_eq!(error.state(), SqlState::T_R_DEADLOCK_DETECTED);
                    errors.fetch_add(1, Ordering::SeqCst);
                    sessions[me].transaction.abort();
                }
            });
        }
    });
    assert_eq!(errors.load(Ordering::SeqCst), 1);
}

/// The store as a restarted server finds it: a new segment over the same directory, and the log replayed.
fn restart(directory: &Path, configure: impl FnOnce(&mut EngineConfig)) -> Engine {
    let mut config = EngineConfig::small(directory, Capacity::small(16));
    config.wal.segment_size = 1 << 20;
    config.wal.buffers = 1 << 20;
    config.wal.options.fsync = false;
    config.storage.buffers = 64;
    configure(&mut config);
    let mut layout = Layout::new();
    let processes = Processes::layout(&mut layout, config.capacity);
    let request = Engine::layout(&mut layout, &config);
    let segment = layout.map().unwrap();
    let processes = Processes::attach(&segment, processes).unwrap();
    let engine = Engine::attach(&segment, request, config, &processes).unwrap();
    engine.transactions().start_from(&engine.first_checkpoint()).unwrap();
    let timeline = engine.wal.timeline();
    let mut reader = WalReader::new(engine.wal.directory(), 1 << 20, timeline, engine.first_lsn());
    let context = RedoContext::new(engine.storage(), &engine.wal);
    let managers = engine.resource_managers();
    let end = loop {
        match reader.read().unwrap() {
            ReadOutcome::Record(record) => {
                let manager = managers.iter().find(|m| m.id() == record.rmgr).unwrap();
                assert!(manager.identify(record.info).is_some(), "{record:?}");
                let mut text = String::new();
                manager.describe(&record, &mut text);
                assert!(!text.is_empty());
                manager.redo(&context, &record).unwrap();
                engine.wal.set_replayed(record.end);
            }
            ReadOutcome::End(end) => break end.at,
        }
    };
    engine.wal.start(timeline, end, true).unwrap();
    for manager in &managers {
        manager.end_redo(&context).unwrap();
    }
    engine
}

#[test]
fn a_crash_keeps_what_was_flushed_and_only_that() {
    let directory = tempfile::tempdir().unwrap();
    let dropped = RelFileLocator::new(ids::oids::DEFAULT_TABLESPACE, ids::oids::POSTGRES, ids::Oid(20000));
    let (committed, sub, aborted, lost, running, multi, members, commit_lsn);
    {
        // Pages of the log reach the disk only when flushed: the engine is left as it is, like a killed server.
        let engine = Engine::scratch(directory.path()).unwrap();
        let s = session(&engine);
        begin(&s);
        committed = s.transaction.xid().unwrap();
        s.transaction.savepoint("s").unwrap();
        sub = s.transaction.xid().unwrap();
        engine.storage().create(dropped, storage::Fork::Main, storage::Persistence::Permanent).unwrap();
        engine.storage().extend(dropped, storage::Fork::Main, 1, &storage::Access::default()).unwrap();
        s.transaction.drop_at_commit(dropped);
        members = vec![
            MultiXactMember { xid: committed, mode: RowLockMode::KeyShare, updates: false },
            MultiXactMember { xid: sub, mode: RowLockMode::NoKeyUpdate, updates: true },
        ];
        multi = s.transaction.make_multixact(&members).unwrap();
        assert!(multi.0 > sub.0);
        assert_eq!(engine.transactions().members(multi).unwrap(), members);
        s.transaction.commit(true).unwrap();
        assert_eq!(engine.storage().block_count(dropped, storage::Fork::Main).unwrap(), 0);
        let XidStatus::Committed(lsn) = engine.transactions().status(committed).unwrap() else { panic!("committed") };
        commit_lsn = lsn;
        begin(&s);
        aborted = s.transaction.xid().unwrap();
        s.transaction.abort();
        let r = session(&engine);
        begin(&r);
        running = r.transaction.xid().unwrap();
        engine.wal.flush(engine.wal.insert_position());
        begin(&s);
        lost = s.transaction.xid().unwrap();
        s.transaction.commit(false).unwrap();
        begin(&s);
        let own = s.transaction.snapshot().unwrap();
        assert!(own.sees(engine.transactions(), lost).unwrap(), "the own asynchronous commit");
        begin(&session(&engine));
        std::mem::forget((s.clone(), r.clone()));
    }
    let engine = restart(directory.path(), |_| ());
    let status = |xid| engine.transactions().status(xid).unwrap();
    assert_eq!(status(committed), XidStatus::Committed(commit_lsn));
    assert_eq!(status(sub), XidStatus::Committed(commit_lsn));
    assert_eq!(status(aborted), XidStatus::Aborted);
    assert_eq!(status(running), XidStatus::Aborted);
    assert_eq!(status(lost), XidStatus::Aborted);
    assert_eq!(engine.transactions().members(multi).unwrap(), members);
    assert!(commit_lsn <= engine.transactions().watermark());
    let s = session(&engine);
    begin(&s);
    assert!(s.transaction.xid().unwrap() > lost, "ids are not used again");
    let snapshot = s.transaction.snapshot().unwrap();
    assert!(snapshot.sees(engine.transactions(), committed).unwrap());
    assert!(!snapshot.sees(engine.transactions(), lost).unwrap());
    drop(snapshot);
    s.transaction.commit(true).unwrap();
}

/// More ids than the cache has room for; then a checkpoint, and a restart that reads the files only.
#[test]
fn statuses_outlive_the_cache_and_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut outcomes: Vec<(Xid, bool)> = Vec::new();
    let multi;
    let members;
    let record = {
        let (engine, (), _) =
            Engine::scratch_with(directory.path(), |config| config.transactions.status_pages = 1, |_| ()).unwrap();
        let s = session(&engine);
        for n in 0..40_000u64 {
            begin(&s);
            let xid = s.transaction.xid().unwrap();
            let commits = n % 3 != 0;
            if commits {
                s.transaction.commit(false).unwrap();
            } else {
                s.transaction.abort();
            }
            outcomes.push((xid, commits));
        }
        begin(&s);
        members =
            vec![MultiXactMember { xid: s.transaction.xid().unwrap(), mode: RowLockMode::Share, updates: false }; 3000];
        multi = s.transaction.make_multixact(&members).unwrap();
        s.transaction.commit(true).unwrap();
        let check = |engine: &Engine| {
            for &(xid, commits) in outcomes.iter().step_by(97).chain(outcomes.iter().rev().step_by(89)) {
                let status = engine.transactions().status(xid).unwrap();
                assert_eq!(matches!(status, XidStatus::Committed(_)), commits, "{xid}");
            }
            assert_eq!(engine.transactions().members(multi).unwrap(), members);
        };
        check(&engine);
        let mut record = engine.first_checkpoint();
        for participant in engine.checkpoint_participants() {
            participant.fill(&mut record);
            participant.flush().unwrap();
        }
        assert!(record.next_xid > outcomes.last().unwrap().0);
        record
    };
    let mut config = EngineConfig::small(directory.path(), Capacity::small(16));
    config.wal.segment_size = 1 << 20;
    let mut layout = Layout::new();
    let processes = Processes::layout(&mut layout, config.capacity);
    let request = Engine::layout(&mut layout, &config);
    let segment = layout.map().unwrap();
    let processes = Processes::attach(&segment, processes).unwrap();
    let engine = Engine::attach(&segment, request, config, &processes).unwrap();
    engine.transactions().start_from(&record).unwrap();
    engine.transactions().open();
    for &(xid, commits) in &outcomes {
        let status = engine.transactions().status(xid).unwrap();
        assert_eq!(matches!(status, XidStatus::Committed(_)), commits, "{xid}");
    }
    assert_eq!(engine.transactions().members(multi).unwrap(), members);
    assert_eq!(engine.transactions().next_xid(), record.next_xid);
}

/// Asynchronous commits one after the other must not hold the lower bound back for ever.
#[test]
fn the_bound_follows_asynchronous_commits() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let s = session(&engine);
    let mut last_flushed = Lsn::INVALID;
    let mut lag = 0;
    for n in 0..2000u64 {
        begin(&s);
        let xid = s.transaction.xid().unwrap();
        s.transaction.commit(false).unwrap();
        if n % 10 == 0 {
            last_flushed = engine.wal.insert_position();
            engine.wal.flush(last_flushed);
        }
        lag = lag.max(xid.0 - engine.transactions().oldest_running().0.min(xid.0));
    }
    assert!(lag < 50, "{lag} behind");
    assert!(engine.wal.flushed() >= last_flushed);
}

#[test]
fn participants_are_told_in_order() {
    #[derive(Default)]
    struct Listener(Mutex<Vec<String>>);
    impl txn::Participant for Listener {
        fn before_commit(&self, transaction: &txn::Transaction) -> error::Result<()> {
            self.0.lock().unwrap().push(format!("before commit at level {}", transaction.level()));
            Ok(())
        }
        fn committed(&self, invalidations: &[u8]) {
            self.0.lock().unwrap().push(format!("committed {invalidations:?}"));
        }
        fn aborted(&self) {
            self.0.lock().unwrap().push("aborted".into());
        }
        fn subcommitted(&self, level: u32) {
            self.0.lock().unwrap().push(format!("subcommitted {level}"));
        }
        fn subaborted(&self, level: u32) {
            self.0.lock().unwrap().push(format!("subaborted {level}"));
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::scratch(directory.path()).unwrap();
    let s = session(&engine);
    let listener = Arc::new(Listener::default());
    s.transaction.register(listener.clone());
    let told = || std::mem::take(&mut *listener.0.lock().unwrap());
    begin(&s);
    s.transaction.invalidate(&[1]);
    s.transaction.savepoint("a").unwrap();
    s.transaction.invalidate(&[2]);
    s.transaction.savepoint("b").unwrap();
    s.transaction.invalidate(&[3]);
    s.transaction.rollback_to("b").unwrap();
    s.transaction.commit(false).unwrap();
    assert_eq!(
        told(),
        ["subaborted 3", "before commit at level 3", "subcommitted 3", "subcommitted 2", "committed [1, 2]"]
    );
    // With invalidations the commit was flushed although it was to be asynchronous.
    assert_eq!(engine.wal.flushed(), engine.wal.insert_position());
    begin(&s);
    s.transaction.fail();
    assert_eq!(told(), ["aborted"]);
}
