//! Several sessions, as threads over one segment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use error::SqlState;
use ids::{Lsn, Oid, Xid};
use locks::{LockConfig, LockKind, LockManager, LockMode, LockOwner, LockTable, LockTag, LockTimeouts, LockWait};
use shm::{Capacity, Interrupt, Layout, Process, ProcessKind, Processes};

const DATABASE: Oid = Oid(5);

struct World {
    processes: Processes,
    table: LockTable,
}

fn world(config: impl Fn(u32) -> LockConfig) -> World {
    let capacity =
        Capacity { backends: 16, autovacuum_workers: 1, background_workers: 1, wal_senders: 1, auxiliary: 1 };
    let mut layout = Layout::new();
    let processes = Processes::layout(&mut layout, capacity);
    let locks = LockTable::layout(&mut layout, config(capacity.total()));
    let segment = layout.map().unwrap();
    let processes = Processes::attach(&segment, processes).unwrap();
    let table = LockTable::attach(&segment, locks, processes.clone());
    World { processes, table }
}

impl World {
    fn session(&self) -> (Arc<Process>, LockManager) {
        let process = Arc::new(self.processes.register(ProcessKind::Backend).unwrap());
        let locks = self.table.session(&process);
        locks.set_database(DATABASE);
        locks.set_timeouts(LockTimeouts { deadlock: Duration::from_millis(30), lock: Duration::ZERO });
        (process, locks)
    }
}

fn relation(n: u32) -> LockTag {
    LockTag::relation(DATABASE, Oid(n))
}

fn take(locks: &LockManager, tag: LockTag, mode: LockMode) -> error::Result<bool> {
    locks.acquire(LockOwner::Transaction, tag, mode, LockWait::Block)
}

fn attempt(locks: &LockManager, tag: LockTag, mode: LockMode) -> bool {
    locks.acquire(LockOwner::Transaction, tag, mode, LockWait::Try).unwrap()
}

fn wait_until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing happened");
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_queued(locks: &LockManager, number: u32) -> bool {
    locks.list().iter().any(|row| !row.granted && row.process.0 == number)
}

#[test]
fn modes_exclude_as_the_table_says() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let (_b, b) = world.session();
    // Relations can take the fast path, objects never: both must agree with the conflict table.
    for tag in [relation(100), LockTag::object(DATABASE, Oid(1259), Oid(7), 0)] {
        for first in LockMode::ALL {
            for second in LockMode::ALL {
                assert!(attempt(&a, tag, first));
                assert_eq!(attempt(&b, tag, second), !first.conflicts_with(second), "{first} then {second}");
                a.end_transaction(Lsn::INVALID);
                b.end_transaction(Lsn::INVALID);
            }
        }
    }
    assert!(a.list().is_empty(), "{:?}", a.list());
}

#[test]
fn the_fast_path_is_left_for_strong_locks() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let (_b, b) = world.session();
    assert!(attempt(&a, relation(1), LockMode::RowExclusive));
    assert!(attempt(&a, relation(1), LockMode::AccessShare));
    assert!(a.list().iter().all(|row| row.fast_path));
    assert!(!attempt(&b, relation(1), LockMode::Share));
    // Moved to the shared table, and still the holder's.
    assert_eq!(a.list().iter().filter(|row| row.granted && !row.fast_path).count(), 2);
    assert!(a.release(LockOwner::Transaction, relation(1), LockMode::RowExclusive));
    assert!(attempt(&b, relation(1), LockMode::Share));
    a.end_transaction(Lsn::INVALID);
    b.end_transaction(Lsn::INVALID);
    // And found again once the strong lock is gone.
    assert!(attempt(&a, relation(1), LockMode::RowExclusive));
    assert!(a.list()[0].fast_path);
    a.end_transaction(Lsn::INVALID);
    assert!(a.list().is_empty());
}

/// A counter that is only safe under the lock: read, let others run, write.
#[test]
fn exclusive_locks_exclude_under_load() {
    let world = world(LockConfig::new);
    let counter = AtomicU32::new(0);
    const THREADS: u32 = 6;
    const ROUNDS: u32 = 300;
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (world, counter) = (&world, &counter);
            scope.spawn(move || {
                let (_process, locks) = world.session();
                for round in 0..ROUNDS {
                    if (n + round) % 3 == 0 {
                        take(&locks, relation(9), LockMode::RowExclusive).unwrap();
                    } else {
                        take(&locks, relation(9), LockMode::AccessExclusive).unwrap();
                        let before = counter.load(Ordering::Relaxed);
                        thread::yield_now();
                        counter.store(before + 1, Ordering::Relaxed);
                    }
                    locks.end_transaction(Lsn::INVALID);
                }
            });
        }
    });
    let exclusive = (0..THREADS).flat_map(|n| (0..ROUNDS).map(move |r| (n + r) % 3 != 0)).filter(|e| *e).count();
    assert_eq!(counter.load(Ordering::Relaxed), exclusive as u32);
    let (_process, locks) = world.session();
    assert!(locks.list().is_empty(), "{:?}", locks.list());
}

#[test]
fn levels_and_sessions_own_locks() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let key = LockTag::advisory_one(DATABASE, 42);
    assert!(a.acquire(LockOwner::Session, key, LockMode::Exclusive, LockWait::Try).unwrap());
    assert!(attempt(&a, key, LockMode::Exclusive));
    a.begin_level();
    assert!(attempt(&a, relation(1), LockMode::Share));
    a.begin_level();
    assert!(attempt(&a, relation(2), LockMode::Share));
    assert!(attempt(&a, relation(3), LockMode::Share));
    a.end_level(true);
    assert!(a.holds(relation(2), LockMode::Share, false));
    a.begin_level();
    assert!(attempt(&a, relation(4), LockMode::Share));
    assert!(attempt(&a, relation(2), LockMode::Share));
    a.end_level(false);
    assert!(!a.holds(relation(4), LockMode::AccessShare, true));
    assert!(a.holds(relation(2), LockMode::AccessShare, true));
    a.end_level(false);
    assert!(!a.holds(relation(1), LockMode::Share, false) && !a.holds(relation(2), LockMode::Share, false));
    a.end_transaction(Lsn::INVALID);
    assert!(a.holds(key, LockMode::Exclusive, false));
    assert!(!a.release(LockOwner::Transaction, key, LockMode::Exclusive));
    assert!(a.release(LockOwner::Session, key, LockMode::Exclusive));
    assert!(!a.release(LockOwner::Session, key, LockMode::Exclusive));
    a.acquire(LockOwner::Session, key, LockMode::Share, LockWait::Try).unwrap();
    a.release_session_locks(LockKind::Advisory);
    assert!(a.list().is_empty());
}

#[test]
fn a_queue_is_served_in_order() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    take(&a, relation(1), LockMode::AccessShare).unwrap();
    let turn = AtomicU32::new(0);
    thread::scope(|scope| {
        let (p, b) = world.session();
        let number = p.number().0;
        let turn = &turn;
        scope.spawn(move || {
            let _p = p;
            take(&b, relation(1), LockMode::AccessExclusive).unwrap();
            assert_eq!(turn.fetch_add(1, Ordering::SeqCst), 0);
            b.end_transaction(Lsn::INVALID);
        });
        wait_until(|| is_queued(&a, number));
        // A reader does not overtake the queued writer, though the holder would not mind.
        let (p, c) = world.session();
        assert!(!attempt(&c, relation(1), LockMode::AccessShare));
        // But who holds it already does: the writer waits for him.
        assert!(attempt(&a, relation(1), LockMode::RowShare));
        let number = p.number().0;
        scope.spawn(move || {
            let _p = p;
            take(&c, relation(1), LockMode::AccessShare).unwrap();
            assert_eq!(turn.fetch_add(1, Ordering::SeqCst), 1);
            c.end_transaction(Lsn::INVALID);
        });
        wait_until(|| is_queued(&a, number));
        a.end_transaction(Lsn::INVALID);
    });
    assert_eq!(turn.load(Ordering::SeqCst), 2);
}

#[test]
fn waits_end_by_timeout_cancel_and_termination() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    take(&a, relation(1), LockMode::AccessExclusive).unwrap();
    let (b_process, b) = world.session();
    b.set_timeouts(LockTimeouts { deadlock: Duration::from_millis(5), lock: Duration::from_millis(40) });
    let error = take(&b, relation(1), LockMode::AccessShare).unwrap_err();
    assert_eq!(error.state(), SqlState::LOCK_NOT_AVAILABLE);
    assert_eq!(error.message(), "canceling statement due to lock timeout");

    b.set_timeouts(LockTimeouts::default());
    let number = b_process.number();
    thread::scope(|scope| {
        let b = &b;
        let waiter = scope.spawn(move || take(b, relation(1), LockMode::AccessExclusive).unwrap_err());
        wait_until(|| is_queued(&a, number.0));
        world.processes.interrupt(number, Interrupt::CANCEL);
        assert_eq!(waiter.join().unwrap().state(), SqlState::QUERY_CANCELED);
    });
    assert!(!is_queued(&a, number.0));
    // Nothing of the failed attempts is left: the fast path works again after the holder's end.
    a.end_transaction(Lsn::INVALID);
    assert!(attempt(&b, relation(1), LockMode::AccessShare));
    assert!(b.list()[0].fast_path);
}

/// `n` sessions each hold one thing and want the next one's: one of them must fail, with every link told.
fn circle(n: usize, tag: impl Fn(usize) -> LockTag + Sync) {
    let world = world(LockConfig::new);
    let sessions: Vec<_> = (0..n).map(|_| world.session()).collect();
    for (i, (_, locks)) in sessions.iter().enumerate() {
        take(locks, tag(i), LockMode::Exclusive).unwrap();
    }
    let failed = AtomicU32::new(0);
    thread::scope(|scope| {
        for i in 0..n {
            let (sessions, tag, failed) = (&sessions, &tag, &failed);
            scope.spawn(move || {
                let locks = &sessions[i].1;
                if let Err(error) = take(locks, tag((i + 1) % n), LockMode::Exclusive) {
                    failed.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(error.state(), SqlState::T_R_DEADLOCK_DETECTED);
                    assert_eq!(error.message(), "deadlock detected");
                    assert_eq!(error.fields().hint.as_deref(), Some("See server log for query details."));
                    let detail = error.fields().detail.clone().unwrap();
                    assert_eq!(detail.lines().count(), n, "{detail}");
                    let first = format!("waits for ExclusiveLock on {}; blocked by process ", tag((i + 1) % n));
                    assert!(detail.lines().next().unwrap().contains(&first), "{detail}");
                }
                locks.end_transaction(Lsn::INVALID);
            });
        }
    });
    assert_eq!(failed.load(Ordering::SeqCst), 1);
    assert!(sessions[0].1.list().is_empty());
}

#[test]
fn two_wait_for_each_other() {
    circle(2, |i| relation(i as u32 + 1));
}

#[test]
fn three_wait_for_each_other() {
    circle(3, |i| LockTag::object(DATABASE, Oid(1247), Oid(i as u32), 0));
}

/// Two readers both want to write: each holds what the other's wish conflicts with. Found without waiting for the timeout.
#[test]
fn two_upgrades_are_a_deadlock_at_once() {
    let world = world(LockConfig::new);
    let (a_process, a) = world.session();
    let (_b, b) = world.session();
    b.set_timeouts(LockTimeouts { deadlock: Duration::from_secs(60), lock: Duration::ZERO });
    a.set_timeouts(LockTimeouts { deadlock: Duration::from_secs(60), lock: Duration::ZERO });
    take(&a, relation(1), LockMode::Share).unwrap();
    take(&b, relation(1), LockMode::Share).unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| take(&a, relation(1), LockMode::AccessExclusive));
        wait_until(|| is_queued(&b, a_process.number().0));
        let error = take(&b, relation(1), LockMode::AccessExclusive).unwrap_err();
        assert_eq!(error.state(), SqlState::T_R_DEADLOCK_DETECTED);
        b.end_transaction(Lsn::INVALID);
        assert!(waiter.join().unwrap().unwrap());
    });
}

/// A circle that goes through the order of a queue is opened by changing the order, not by an error:
/// B queues for 1 behind A's lock; C (holding 2) queues for 1 behind B; B's holder A wants 2.
#[test]
fn a_soft_circle_is_opened() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let (b_process, b) = world.session();
    let (c_process, c) = world.session();
    let (one, two) = (LockTag::object(DATABASE, Oid(1), Oid(1), 0), LockTag::object(DATABASE, Oid(1), Oid(2), 0));
    take(&a, one, LockMode::AccessShare).unwrap();
    take(&c, two, LockMode::Exclusive).unwrap();
    b.set_timeouts(LockTimeouts { deadlock: Duration::from_secs(60), lock: Duration::ZERO });
    c.set_timeouts(LockTimeouts { deadlock: Duration::from_secs(60), lock: Duration::ZERO });
    let opened = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            take(&b, one, LockMode::AccessExclusive).unwrap();
            assert!(opened.load(Ordering::SeqCst));
            b.end_transaction(Lsn::INVALID);
        });
        wait_until(|| is_queued(&a, b_process.number().0));
        scope.spawn(|| {
            // Conflicts with B's wish only: it passes B once that opens the circle.
            take(&c, one, LockMode::AccessShare).unwrap();
            opened.store(true, Ordering::SeqCst);
            c.end_transaction(Lsn::INVALID);
        });
        wait_until(|| is_queued(&a, c_process.number().0));
        take(&a, two, LockMode::Exclusive).unwrap();
        a.end_transaction(Lsn::INVALID);
    });
    assert!(a.list().is_empty());
}

#[test]
fn a_transaction_is_waited_for() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let (b_process, b) = world.session();
    let runs = AtomicBool::new(true);
    let is_running = || Ok(runs.load(Ordering::SeqCst));
    let (top, sub) = (Xid(1 << 40), Xid(1 << 40 | 5));
    a.publish_transaction(top);
    assert!(!b.wait_for_transaction(top, sub, LockWait::Try, &is_running).unwrap());
    thread::scope(|scope| {
        let b = &b;
        let is_running = &is_running;
        let waiter = scope.spawn(move || b.wait_for_transaction(top, sub, LockWait::Block, is_running));
        wait_until(|| is_queued(&a, b_process.number().0));
        let rows = a.list();
        let waiting = rows.iter().find(|row| !row.granted).unwrap();
        assert_eq!((waiting.tag, waiting.mode), (LockTag::transaction(sub), LockMode::Share));
        assert!(waiting.wait_start.is_some());
        runs.store(false, Ordering::SeqCst);
        a.announce_end([top, sub].into_iter(), Lsn(77), true);
        assert!(waiter.join().unwrap().unwrap());
    });
    assert_eq!(b.seen(), Lsn(77));
    assert!(b.list().is_empty());
}

/// The waits for transactions are in the same graph: two transactions wait for each other's end.
#[test]
fn transactions_deadlock() {
    let world = world(LockConfig::new);
    let sessions = [world.session(), world.session()];
    sessions[0].1.publish_transaction(Xid(10));
    sessions[1].1.publish_transaction(Xid(11));
    let errors = AtomicU32::new(0);
    let ended = [AtomicBool::new(false), AtomicBool::new(false)];
    thread::scope(|scope| {
        for me in 0..2 {
            let (sessions, errors, ended) = (&sessions, &errors, &ended);
            scope.spawn(move || {
                let locks = &sessions[me].1;
                let (own, other) = (Xid(10 + me as u64), Xid(11 - me as u64));
                let runs = || Ok(!ended[1 - me].load(Ordering::SeqCst));
                if let Err(error) = locks.wait_for_transaction(other, other, LockWait::Block, &runs) {
                    assert_eq!(error.state(), SqlState::T_R_DEADLOCK_DETECTED);
                    let detail = error.fields().detail.clone().unwrap();
                    assert!(detail.contains(&format!("waits for ShareLock on transaction {other}; ")), "{detail}");
                    errors.fetch_add(1, Ordering::SeqCst);
                }
                ended[me].store(true, Ordering::SeqCst);
                locks.announce_end([own].into_iter(), Lsn::INVALID, true);
            });
        }
    });
    assert_eq!(errors.load(Ordering::SeqCst), 1);
}

#[test]
fn a_full_table_is_an_error_and_no_more() {
    let world = world(|processes| LockConfig { locks_per_process: 1, ..LockConfig::new(processes) });
    let (_a, a) = world.session();
    let mut taken = 0;
    let error = loop {
        match take(&a, LockTag::advisory_one(DATABASE, taken), LockMode::Exclusive) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100_000);
    };
    assert_eq!(error.state(), SqlState::OUT_OF_MEMORY);
    assert_eq!(error.message(), "out of shared memory");
    assert_eq!(error.fields().hint.as_deref(), Some("You might need to increase \"max_locks_per_transaction\"."));
    a.end_transaction(Lsn::INVALID);
    assert!(a.list().is_empty());
    for key in 0..taken {
        take(&a, LockTag::advisory_one(DATABASE, key), LockMode::Exclusive).unwrap();
    }
}

/// Who takes a lock after a commit that is not flushed must see that commit.
#[test]
fn released_locks_tell_of_unflushed_commits() {
    let world = world(LockConfig::new);
    let (_a, a) = world.session();
    let (_b, b) = world.session();
    take(&a, LockTag::advisory_one(DATABASE, 1), LockMode::Exclusive).unwrap();
    a.end_transaction(Lsn(100));
    assert_eq!(b.seen(), Lsn::INVALID);
    take(&b, LockTag::advisory_one(DATABASE, 1), LockMode::Share).unwrap();
    assert_eq!(b.seen(), Lsn(100));
    // Weak after strong.
    take(&a, relation(1), LockMode::AccessExclusive).unwrap();
    a.end_transaction(Lsn(200));
    take(&b, relation(1), LockMode::AccessShare).unwrap();
    assert_eq!(b.seen(), Lsn(200));
    b.end_transaction(Lsn::INVALID);
    // Strong after weak.
    take(&a, relation(2), LockMode::RowExclusive).unwrap();
    a.announce_end(std::iter::empty(), Lsn(300), true);
    a.end_transaction(Lsn(300));
    take(&b, relation(2), LockMode::Share).unwrap();
    assert_eq!(b.seen(), Lsn(300));
}
