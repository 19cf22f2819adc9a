//! Several transactions at once: waits, re-checks, row locks of four strengths, deadlocks.

mod common;

use std::time::Duration;

use access::*;
use common::*;

#[test]
fn increments_are_not_lost() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    a.insert(&row(0, "", 0));
    a.commit();
    const THREADS: i64 = 4;
    const ROUNDS: i64 = 150;
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let client = bench.client();
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    client.begin();
                    // As a statement does: its snapshot keeps the versions it goes by from being pruned.
                    let snapshot = client.session.transaction.snapshot().unwrap();
                    let rows = client.rows_of(&snapshot, Direction::Forward);
                    let (mut tid, mut value) = (rows[0].3, rows[0].2);
                    loop {
                        match client.update(tid, &row(0, "", value + 1), false) {
                            Outcome::Done(_) => break,
                            Outcome::Conflict(conflict) => {
                                assert_eq!(conflict.kind, ConflictKind::Updated);
                                // The re-check: lock the newest version and look at it.
                                tid = conflict.next;
                                loop {
                                    match client.lock(tid, LockStrength::NoKeyUpdate, WaitPolicy::Block).unwrap() {
                                        Outcome::Done(()) => break,
                                        Outcome::Conflict(c) => {
                                            assert_eq!(c.kind, ConflictKind::Updated);
                                            tid = c.next;
                                        }
                                    }
                                }
                                value = client.fetch(&[tid], FetchMode::Any).0[0].2;
                            }
                        }
                    }
                    drop(snapshot);
                    client.commit();
                }
            });
        }
    });
    a.begin();
    let rows = a.rows();
    assert_eq!((rows.len(), rows[0].2), (1, THREADS * ROUNDS));
    a.commit();
    bench.check_redo();
}

#[test]
fn increments_that_follow_conflicts_are_not_lost() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    a.insert(&row(0, "", 0));
    a.commit();
    const THREADS: i64 = 4;
    const ROUNDS: i64 = 300;
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let client = bench.client();
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    client.begin();
                    // One snapshot for the statement, whatever it meets.
                    let snapshot = client.session.transaction.snapshot().unwrap();
                    let rows = client.rows_of(&snapshot, Direction::Forward);
                    let (mut tid, mut value) = (rows[0].3, rows[0].2);
                    loop {
                        let options = UpdateOptions {
                            crosscheck: None,
                            wait: WaitPolicy::Block,
                            indexed_changed: false,
                            key_changed: false,
                            kept: &[],
                        };
                        let outcome = client.engine.tables.update(
                            &client.engine.store,
                            &client.session.transaction,
                            &client.table,
                            tid,
                            &snapshot,
                            Row::Datums(&row(0, "", value + 1)),
                            options,
                        );
                        match outcome.unwrap() {
                            Outcome::Done(_) => break,
                            Outcome::Conflict(conflict) => {
                                assert_eq!(conflict.kind, ConflictKind::Updated);
                                tid = conflict.next;
                                value = client.fetch(&[tid], FetchMode::Any).0[0].2;
                            }
                        }
                    }
                    drop(snapshot);
                    client.commit();
                }
            });
        }
    });
    a.begin();
    let rows = a.rows();
    assert_eq!((rows.len(), rows[0].2), (1, THREADS * ROUNDS));
    a.commit();
}

#[test]
fn a_waiting_update_follows_the_first_one_or_goes_on_after_its_rollback() {
    for commit in [true, false] {
        let bench = Bench::new();
        let (a, b) = (bench.client(), bench.client());
        a.begin();
        let tid = a.insert(&row(1, "", 0));
        a.commit();
        a.begin();
        a.update(tid, &row(1, "a", 1), false);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                b.begin();
                let outcome = b.update(tid, &row(1, "b", 2), false);
                b.commit();
                outcome
            });
            std::thread::sleep(Duration::from_millis(60));
            assert!(!waiter.is_finished(), "the second update did not wait");
            if commit {
                a.commit();
            } else {
                a.abort();
            }
            let outcome = waiter.join().unwrap();
            let conflicts = matches!(outcome, Outcome::Conflict(Conflict { kind: ConflictKind::Updated, .. }));
            assert_eq!(conflicts, commit);
        });
    }
}

#[test]
fn row_locks_conflict_as_their_strengths_say() {
    use LockStrength::*;
    for held in [KeyShare, Share, NoKeyUpdate, Update] {
        for wanted in [KeyShare, Share, NoKeyUpdate, Update] {
            let bench = Bench::new();
            let (a, b) = (bench.client(), bench.client());
            a.begin();
            let tid = a.insert(&row(1, "", 0));
            a.commit();
            a.begin();
            b.begin();
            assert_eq!(a.lock(tid, held, WaitPolicy::Block).unwrap(), Outcome::Done(()));
            let skipped = b.lock(tid, wanted, WaitPolicy::Skip).unwrap();
            let blocked = matches!(skipped, Outcome::Conflict(Conflict { kind: ConflictKind::WouldBlock, .. }));
            assert_eq!(blocked, held.conflicts(wanted), "{held:?} {wanted:?}");
            if blocked {
                let error = b.lock(tid, wanted, WaitPolicy::Error).unwrap_err();
                assert_eq!(error.message(), "could not obtain lock on row in relation \"t\"");
                a.commit();
                assert_eq!(b.lock(tid, wanted, WaitPolicy::Error).unwrap(), Outcome::Done(()));
            } else {
                // Both hold it; a third who wants to delete it waits for both.
                let c = bench.client();
                c.begin();
                let update = |c: &Client| c.lock(tid, Update, WaitPolicy::Skip).unwrap();
                assert_ne!(update(&c), Outcome::Done(()));
                a.commit();
                assert_ne!(update(&c), Outcome::Done(()));
                b.commit();
                assert_eq!(update(&c), Outcome::Done(()));
                c.commit();
                continue;
            }
            b.commit();
            bench.check_redo();
        }
    }
}

#[test]
fn a_key_share_lock_lets_updates_of_other_columns_pass_and_survives_them() {
    let bench = Bench::new();
    let (a, b, c) = (bench.client(), bench.client(), bench.client());
    a.begin();
    let tid = a.insert(&row(1, "", 0));
    a.commit();
    a.begin();
    a.lock(tid, LockStrength::KeyShare, WaitPolicy::Error).unwrap();
    b.begin();
    let Outcome::Done(updated) = b.update(tid, &row(1, "new", 0), false) else { panic!("the update had to wait") };
    b.commit();
    // The lock holds on the new version too.
    c.begin();
    let skipped = c.lock(updated.tid, LockStrength::Update, WaitPolicy::Skip).unwrap();
    assert!(matches!(skipped, Outcome::Conflict(Conflict { kind: ConflictKind::WouldBlock, .. })));
    a.commit();
    assert_eq!(c.delete(updated.tid), Outcome::Done(()));
    c.commit();
    a.begin();
    assert_eq!(a.numbers(), []);
    a.commit();
}

#[test]
fn a_key_share_lock_joins_a_running_update() {
    let bench = Bench::new();
    let (a, b, c) = (bench.client(), bench.client(), bench.client());
    a.begin();
    let tid = a.insert(&row(1, "old", 0));
    a.commit();
    a.begin();
    let Outcome::Done(updated) = a.update(tid, &row(1, "new", 0), false) else { panic!("conflict") };
    b.begin();
    assert_eq!(b.lock(tid, LockStrength::KeyShare, WaitPolicy::Error).unwrap(), Outcome::Done(()));
    a.commit();
    c.begin();
    assert_eq!(c.rows()[0].1, "new");
    let skipped = c.lock(updated.tid, LockStrength::Update, WaitPolicy::Skip).unwrap();
    assert!(matches!(skipped, Outcome::Conflict(Conflict { kind: ConflictKind::WouldBlock, .. })));
    b.commit();
    assert_eq!(c.lock(updated.tid, LockStrength::Update, WaitPolicy::Skip).unwrap(), Outcome::Done(()));
    c.commit();
    bench.check_redo();
}

#[test]
fn deadlocks_end() {
    let bench = Bench::new();
    let (a, b) = (bench.client(), bench.client());
    a.begin();
    let tids = a.insert_many([row(1, "", 0), row(2, "", 0)]);
    a.commit();
    a.begin();
    b.begin();
    a.update(tids[0], &row(1, "a", 0), false);
    b.update(tids[1], &row(2, "b", 0), false);
    let options = UpdateOptions {
        crosscheck: None,
        wait: WaitPolicy::Block,
        indexed_changed: false,
        key_changed: false,
        kept: &[],
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let result = b.update_as(tids[0], &row(1, "b", 0), options);
            match &result {
                Ok(_) => b.commit(),
                Err(_) => b.abort(),
            }
            result.map(|_| ())
        });
        let mine = a.update_as(tids[1], &row(2, "a", 0), options);
        match &mine {
            Ok(_) => a.commit(),
            Err(_) => a.abort(),
        }
        let errors: Vec<_> = [mine.map(|_| ()), other.join().unwrap()].into_iter().filter_map(Result::err).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].state().code(), "40P01");
        let context = errors[0].fields().context.clone().unwrap();
        assert!(context.starts_with("while updating tuple (0,"), "{context}");
        assert!(context.ends_with("in relation \"t\""), "{context}");
    });
}

#[test]
fn readers_writers_and_vacuum_together() {
    let bench = Bench::with(80, columns());
    let a = bench.client();
    a.begin();
    a.insert_many((0..300).map(|n| row(n, "text of the row", 0)));
    a.commit();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (bench, stop) = (&bench, &stop);
        let writers: Vec<_> = (0..2)
            .map(|half| {
                let client = bench.client();
                scope.spawn(move || {
                    // Each writer moves its own rows; the sum over all rows changes only by whole transactions.
                    for round in 0..120 {
                        client.begin();
                        let snapshot = client.session.transaction.snapshot().unwrap();
                        let rows = client.rows_of(&snapshot, Direction::Forward);
                        let mine: Vec<_> = rows.into_iter().filter(|r| r.0 % 2 == half).collect();
                        assert_eq!(mine.len(), 150);
                        for r in mine.iter().skip(round % 7).step_by(9) {
                            assert!(matches!(
                                client.update(r.3, &row(r.0, &r.1, r.2 + 1), round % 3 == 0),
                                Outcome::Done(_)
                            ));
                        }
                        drop(snapshot);
                        if round % 5 == 0 { client.abort() } else { client.commit() }
                    }
                })
            })
            .collect();
        let reader = bench.client();
        let reading = scope.spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                reader.begin();
                assert_eq!(reader.numbers(), (0..300).collect::<Vec<_>>());
                reader.commit();
            }
        });
        let cleaner = bench.client();
        let cleaning = scope.spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                cleaner.vacuum_as(&[], false);
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        reading.join().unwrap();
        cleaning.join().unwrap();
    });
    bench.check_redo();
}
