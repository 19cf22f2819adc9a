//! Rows come and go as transactions say: visibility, HOT, pruning, vacuum, TOAST, and redo of all that.

mod common;

use access::*;
use batch::Datum;
use common::*;
use ids::*;

#[test]
fn inserted_rows_are_seen_by_later_commands_and_after_commit_by_others() {
    let bench = Bench::new();
    let (a, b) = (bench.client(), bench.client());
    a.begin();
    a.insert(&row(1, "one", 10));
    a.insert(&[Datum::B4(2), Datum::Null, Datum::Null]);
    assert_eq!(a.numbers(), [1, 2]);
    b.begin();
    assert_eq!(b.numbers(), []);
    a.commit();
    assert_eq!(b.numbers(), [1, 2]);
    b.commit();
    a.begin();
    a.insert(&row(3, "three", 30));
    a.abort();
    b.begin();
    let rows = b.rows();
    assert_eq!(rows.iter().map(|r| (r.0, r.1.as_str(), r.2)).collect::<Vec<_>>(), [(1, "one", 10), (2, "NULL", -1)]);
    b.commit();
    bench.check_redo();
}

#[test]
fn a_statement_does_not_see_its_own_work() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    a.insert(&row(1, "", 0));
    let before = a.session.transaction.snapshot().unwrap();
    let tid = a.rows()[0].3;
    a.update(tid, &row(2, "", 0), false);
    // The cursor's older snapshot still sees the old version of the row that the same transaction made and replaced.
    assert_eq!(a.rows_of(&before, Direction::Forward)[0].0, 1);
    assert_eq!(a.numbers(), [2]);
    a.delete(a.rows()[0].3);
    assert_eq!(a.numbers(), []);
    assert_eq!(a.rows_of(&before, Direction::Forward)[0].0, 1);
    drop(before);
    a.commit();
}

#[test]
fn repeatable_read_keeps_its_view() {
    let bench = Bench::new();
    let (a, b) = (bench.client(), bench.client());
    a.begin();
    let tid = a.insert(&row(1, "old", 0));
    a.commit();
    b.begin_repeatable();
    assert_eq!(b.rows()[0].1, "old");
    a.begin();
    assert!(matches!(a.update(tid, &row(1, "new", 0), false), Outcome::Done(Updated { hot: true, .. })));
    a.commit();
    assert_eq!(b.rows()[0].1, "old");
    let Outcome::Conflict(conflict) = b.update(tid, &row(1, "mine", 0), false) else { panic!("no conflict") };
    assert_eq!(conflict.kind, ConflictKind::Updated);
    b.abort();
    b.begin();
    let (rows, found) = b.fetch(&[conflict.next], FetchMode::Exact);
    assert_eq!((rows[0].1.as_str(), &found[..]), ("new", &[Fetched::Row][..]));
    b.commit();
}

#[test]
fn savepoints_take_back_updates() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    let tid = a.insert(&row(1, "kept", 0));
    a.session.transaction.savepoint("s").unwrap();
    a.update(tid, &row(1, "undone", 0), false);
    assert_eq!(a.rows()[0].1, "undone");
    a.session.transaction.rollback_to("s").unwrap();
    assert_eq!(a.rows()[0].1, "kept");
    assert!(matches!(a.update(tid, &row(1, "again", 0), false), Outcome::Done(_)));
    a.commit();
    a.begin();
    assert_eq!(a.rows().iter().map(|r| r.1.as_str()).collect::<Vec<_>>(), ["again"]);
    a.commit();
}

#[test]
fn hot_chains_are_followed_and_pruned() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    let root = a.insert(&row(1, "v0", 0));
    a.commit();
    let mut tid = root;
    for n in 1..2000 {
        a.begin();
        let Outcome::Done(updated) = a.update(tid, &row(1, &format!("v{n}"), n), false) else { panic!("conflict") };
        assert!(updated.hot, "update {n} was not heap-only");
        tid = updated.tid;
        a.commit();
        a.begin();
        let (rows, found) = a.fetch(&[root], FetchMode::Index);
        assert_eq!((rows.len(), rows[0].2, found[0]), (1, n, Fetched::Row));
        a.commit();
    }
    // One page served two thousand versions.
    assert_eq!(bench.engine.tables.page_count(&bench.engine.store, &bench.table).unwrap(), 1);
    assert_eq!(root.block, tid.block);
    bench.check_redo();
}

#[test]
fn updates_move_to_other_pages_when_theirs_is_full() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    let wide = "x".repeat(500);
    let tids = a.insert_many((0..15).map(|n| row(n, &wide, 0)));
    a.commit();
    a.begin();
    let mut moved = 0;
    for (n, tid) in tids.iter().enumerate() {
        let Outcome::Done(updated) = a.update(*tid, &row(n as i32, &wide, 1), false) else { panic!("conflict") };
        moved += !updated.hot as i32;
    }
    assert!(moved > 10);
    assert_eq!(a.numbers(), (0..15).collect::<Vec<_>>());
    assert!(a.rows().iter().all(|r| r.2 == 1));
    a.commit();
    bench.check_redo();
}

#[test]
fn wide_values_come_back_whole() {
    let bench = Bench::new();
    let a = bench.client();
    let mut noise = 12345u64;
    let mut random = |n: usize| -> String {
        (0..n)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                char::from(b' ' + (noise % 95) as u8)
            })
            .collect()
    };
    let compressible = "abc".repeat(30_000);
    let (medium, large) = (random(3_000), random(300_000));
    a.begin();
    a.insert(&row(1, &compressible, 0));
    a.insert(&row(2, &medium, 0));
    let tid = a.insert(&row(3, &large, 0));
    let texts = |a: &Client| a.rows().into_iter().map(|r| r.1).collect::<Vec<_>>();
    assert!(texts(&a) == [&compressible[..], &medium, &large]);
    a.commit();
    // An update that keeps the value takes its pointer over.
    let toast_pages = || bench.engine.store.storage.block_count(bench.table.toast.unwrap(), Fork::Main).unwrap();
    let before = toast_pages();
    a.begin();
    let options = UpdateOptions {
        crosscheck: None,
        wait: WaitPolicy::Block,
        indexed_changed: false,
        key_changed: false,
        kept: &[1],
    };
    assert!(matches!(a.update_as(tid, &row(3, &large, 7), options), Ok(Outcome::Done(_))));
    a.commit();
    assert_eq!(toast_pages(), before);
    a.begin();
    let rows = a.rows();
    assert!(rows[2].1 == large && rows[2].2 == 7);
    // Deleted rows' chunks go with them.
    a.delete(rows[2].3);
    a.commit();
    let mut chunks = bench.client();
    chunks.table = std::sync::Arc::new(heap::toast_table_of(&bench.table).unwrap().unwrap());
    let report = chunks.vacuum(&[]);
    assert!(report.removed_rows > 100, "{report:?}");
    a.begin();
    assert!(texts(&a) == [&compressible[..], &medium]);
    a.commit();
    bench.check_redo();
}

#[test]
fn rows_too_wide_are_refused() {
    let bench = Bench::with(100, vec![ColumnShape::new(batch::Repr::Bytes, -1)]);
    let a = bench.client();
    a.begin();
    let wide = [Datum::text(&"x".repeat(9000))];
    let error = bench
        .engine
        .tables
        .insert(&bench.engine.store, &a.session.transaction, &bench.table, Row::Datums(&wide), InsertOptions::default())
        .unwrap_err();
    assert_eq!((error.state().code(), error.message()), ("54000", "row is too big: size 9026, maximum size 8160"));
    a.abort();
}

#[test]
fn vacuum_frees_marks_and_truncates() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    let tids = a.insert_many((0..10_000).map(|n| row(n, "some text", n as i64)));
    a.commit();
    let pages = bench.engine.tables.page_count(&bench.engine.store, &bench.table).unwrap();
    let report = a.vacuum(&[]);
    // The last extension may have added a few pages more than were filled.
    assert_eq!(
        (report.live_rows, report.removed_rows, report.all_visible_pages),
        (10_000.0, 0, report.all_frozen_pages)
    );
    assert!((64..=pages).contains(&report.all_visible_pages) && pages < 80, "{report:?}");
    a.begin();
    for tid in &tids[2000..] {
        assert_eq!(a.delete(*tid), Outcome::Done(()));
    }
    a.commit();
    let report = a.vacuum(&[]);
    assert_eq!(report.removed_rows, 8000);
    assert!(report.pages < pages / 4, "{report:?}");
    a.begin();
    assert_eq!(a.numbers(), (0..2000).collect::<Vec<_>>());
    // Scans skip nothing and go both ways.
    let snapshot = a.session.transaction.snapshot().unwrap();
    let mut backward = a.rows_of(&snapshot, Direction::Backward);
    backward.reverse();
    assert_eq!(backward, a.rows_of(&snapshot, Direction::Forward));
    drop(snapshot);
    a.commit();
    bench.check_redo();
}

#[test]
fn what_an_old_snapshot_sees_is_not_removed() {
    let bench = Bench::new();
    let (a, b) = (bench.client(), bench.client());
    a.begin();
    let tids = a.insert_many((0..100).map(|n| row(n, "", 0)));
    a.commit();
    b.begin_repeatable();
    assert_eq!(b.numbers().len(), 100);
    a.begin();
    tids.iter().for_each(|&tid| assert_eq!(a.delete(tid), Outcome::Done(())));
    a.commit();
    let report = a.vacuum(&[]);
    assert_eq!((report.removed_rows, report.recently_dead_rows), (0, 100));
    assert_eq!(b.numbers().len(), 100);
    b.commit();
    assert_eq!(a.vacuum(&[]).removed_rows, 100);
}

#[test]
fn parallel_workers_share_the_pages() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    a.insert_many((0..20_000).map(|n| row(n, "text", 0)));
    let snapshot = a.session.transaction.snapshot().unwrap();
    let end = BlockNumber(bench.engine.tables.page_count(&bench.engine.store, &bench.table).unwrap());
    let cursor = std::sync::Arc::new(PageCursor::new(end, 3));
    let mut all: Vec<i32> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let pages = Pages::Shared(cursor.clone());
                let request = ScanRequest {
                    snapshot: snapshot.clone(),
                    projection: [Projected::Column(0)].into(),
                    direction: Direction::Forward,
                    pages,
                };
                let mut scan = bench.engine.tables.scan(&bench.engine.store, &bench.table, request).unwrap();
                scope.spawn(move || {
                    let mut batch = batch::Batch::new([batch::Repr::B4]);
                    let mut numbers = Vec::new();
                    while scan.next(&mut batch).unwrap() {
                        numbers.extend_from_slice(batch.columns[0].b4());
                        batch.clear();
                    }
                    numbers
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.sort();
    assert_eq!(all, (0..20_000).collect::<Vec<_>>());
    drop(snapshot);
    a.commit();
}

#[test]
fn speculative_insertions_can_be_taken_back() {
    let bench = Bench::new();
    let a = bench.client();
    a.begin();
    let options = InsertOptions { speculative: Some(7), ..InsertOptions::default() };
    let values = [row(1, "", 0), row(2, "", 0)];
    let tids = values.each_ref().map(|values| {
        let transaction = &a.session.transaction;
        bench
            .engine
            .tables
            .insert(&bench.engine.store, transaction, &bench.table, Row::Datums(values), options)
            .unwrap()
    });
    let other = bench.client();
    other.begin();
    let status = bench
        .engine
        .tables
        .entry_status(&bench.engine.store, &other.session.transaction, &bench.table, tids[0])
        .unwrap();
    assert!(matches!(status, EntryStatus::Pending { speculative: 7, .. }));
    for (tid, confirm) in tids.into_iter().zip([true, false]) {
        let transaction = &a.session.transaction;
        bench.engine.tables.finish_speculative(&bench.engine.store, transaction, &bench.table, tid, confirm).unwrap();
    }
    a.next_command();
    assert_eq!(a.numbers(), [1]);
    a.commit();
    assert_eq!(other.numbers(), [1]);
    other.commit();
    bench.check_redo();
}

#[test]
fn pages_hold_ids_that_are_far_apart() {
    let bench = Bench::new();
    let (a, old) = (bench.client(), bench.client());
    a.begin();
    let tids = a.insert_many((0..50).map(|n| row(n, "early", 0)));
    a.commit();
    a.begin();
    a.delete(tids[49]);
    a.abort();
    // Ten billion transactions later: no offset from the pages' old base reaches that far.
    let mut numbers = bench.engine.first_checkpoint();
    numbers.next_xid = Xid(10_000_000_000);
    storage::CheckpointParticipant::start_from(bench.engine.transactions(), &numbers).unwrap();
    bench.engine.transactions().open();
    a.begin();
    assert!(a.session.transaction.xid().unwrap() >= Xid(10_000_000_000));
    assert!(matches!(a.update(tids[0], &row(0, "late", 1), false), Outcome::Done(Updated { hot: true, .. })));
    assert_eq!(a.delete(tids[1]), Outcome::Done(()));
    a.insert(&row(50, "late", 1));
    assert_eq!(a.lock(tids[2], LockStrength::Update, WaitPolicy::Error).unwrap(), Outcome::Done(()));
    old.begin();
    assert_eq!(old.numbers(), (0..50).collect::<Vec<_>>());
    a.commit();
    let expected: Vec<i32> = (0..51).filter(|n| *n != 1).collect();
    assert_eq!(old.numbers(), expected);
    old.commit();
    assert_eq!(a.vacuum(&[]).removed_rows, 2);
    bench.check_redo();
}
