//! The rules against the definition: random histories on a few items, in which whatever commits must have a serial order.

use std::collections::HashSet;

use super::graph::{Graph, Owner, SLOTS, SlotSet, Verdict};

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// An empty graph, in shared memory of its own.
fn graph() -> shm::CellMut<'static, Graph> {
    let mut layout = shm::Layout::new();
    let request = layout.one::<shm::LwCell<Graph>>("graph");
    layout.map().expect("memory").one(request).get().exclusive()
}

/// A transaction of the model: its snapshot is the number of commits that it sees.
#[derive(Clone, Default)]
struct Model {
    slot: usize,
    snapshot: usize,
    read_only: bool,
    reads: HashSet<usize>,
    writes: HashSet<usize>,
    /// Which version it read of each item: the committed writer's number, or none.
    read_versions: Vec<(usize, Option<usize>)>,
}

/// A committed transaction.
struct Done {
    reads: Vec<(usize, Option<usize>)>,
    writes: HashSet<usize>,
}

/// Runs a random history of `steps` and checks that what committed has a serial order. Answers (commits, failures).
fn history(seed: u64, steps: usize, items: usize, watched: bool) -> (usize, usize) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut graph = graph();
    let mut running: Vec<Model> = Vec::new();
    let mut done: Vec<Done> = Vec::new();
    // For each item, its committed writers in order.
    let mut versions: Vec<Vec<usize>> = vec![Vec::new(); items];
    // What ended members read, by slot: the notes.
    let mut notes: Vec<(usize, HashSet<usize>)> = Vec::new();
    // Commits by slot, to find the writer of a version.
    let mut writer_of: Vec<usize> = Vec::new();
    let mut failures = 0;
    for _ in 0..steps {
        if running.len() < 4 && random.below(3) == 0 {
            let read_only = watched && random.below(3) == 0;
            graph.settle(u64::MAX);
            let Some(slot) = graph.begin(Owner::default(), read_only) else { panic!("slots run out") };
            running.push(Model { slot, snapshot: done.len(), read_only, ..Model::default() });
            continue;
        }
        if running.is_empty() {
            continue;
        }
        let at = random.below(running.len());
        let mut failed = false;
        match random.below(6) {
            0 => {
                // Commit.
                let me = running[at].slot;
                if graph.is_safe(me) {
                    let model = running.swap_remove(at);
                    graph.abort(me);
                    done.push(Done { reads: model.read_versions, writes: model.writes });
                    writer_of.push(usize::MAX);
                    continue;
                }
                match graph.prepare(me) {
                    Verdict::Fine | Verdict::Doomed(_) => {
                        let model = running.swap_remove(at);
                        let number = done.len();
                        for &item in &model.writes {
                            versions[item].push(number);
                        }
                        graph.commit(me, number as u64 + 1, !model.writes.is_empty());
                        graph.settle(u64::MAX);
                        notes.push((me, model.reads));
                        done.push(Done { reads: model.read_versions, writes: model.writes });
                        writer_of.push(me);
                        if graph.retire() > 0 {
                            let (gone, moved) = graph.to_sweep();
                            notes.retain(|(slot, _)| !gone.contains(*slot));
                            graph.swept(&gone, &moved);
                        }
                    }
                    _ => failed = true,
                }
            }
            1..4 => {
                let item = random.below(items);
                let me = running[at].slot;
                let snapshot = running[at].snapshot;
                let own = running[at].writes.contains(&item);
                if !own {
                    let seen = versions[item].iter().rev().find(|&&number| number < snapshot).copied();
                    running[at].read_versions.push((item, seen));
                }
                running[at].reads.insert(item);
                // Whoever replaced what it reads: committed behind the snapshot, or running.
                let mut writers: Vec<usize> = versions[item]
                    .iter()
                    .filter(|&&number| number >= snapshot)
                    .map(|&number| writer_of[number])
                    .collect();
                writers.extend(running.iter().filter(|m| m.slot != me && m.writes.contains(&item)).map(|m| m.slot));
                for writer in writers {
                    if graph.is_running(me) && graph.is_concurrent(me, writer) {
                        failed |= !matches!(graph.conflict(me, writer, me), Verdict::Fine | Verdict::Doomed(_));
                    }
                }
            }
            _ => {
                let item = random.below(items);
                let me = running[at].slot;
                if running[at].read_only {
                    continue;
                }
                // The first updater wins.
                let snapshot = running[at].snapshot;
                if running.iter().any(|m| m.slot != me && m.writes.contains(&item)) {
                    continue;
                }
                if versions[item].iter().any(|&number| number >= snapshot) {
                    failed = true;
                } else {
                    running[at].writes.insert(item);
                    let mut readers: Vec<usize> =
                        notes.iter().filter(|(_, reads)| reads.contains(&item)).map(|(slot, _)| *slot).collect();
                    readers.extend(running.iter().filter(|m| m.reads.contains(&item)).map(|m| m.slot));
                    for reader in readers.into_iter().filter(|&reader| reader != me) {
                        if graph.is_concurrent(me, reader) && !failed {
                            failed |= !matches!(graph.conflict(reader, me, me), Verdict::Fine | Verdict::Doomed(_));
                        }
                    }
                }
            }
        }
        if failed {
            failures += 1;
            let model = running.swap_remove(at);
            graph.abort(model.slot);
        }
    }
    assert!(is_serializable(&done, &versions), "seed {seed}: the committed transactions have no serial order");
    (done.len(), failures)
}

/// Whether the graph of all dependencies among committed transactions has no cycle.
fn is_serializable(done: &[Done], versions: &[Vec<usize>]) -> bool {
    let mut after: Vec<HashSet<usize>> = vec![HashSet::new(); done.len()];
    for (number, one) in done.iter().enumerate() {
        for &item in &one.writes {
            let at = versions[item].iter().position(|&v| v == number).expect("its own version");
            if at > 0 {
                after[versions[item][at - 1]].insert(number);
            }
        }
        for &(item, seen) in &one.reads {
            let next = match seen {
                None => versions[item].first(),
                Some(writer) => {
                    after[writer].insert(number);
                    let at = versions[item].iter().position(|&v| v == writer).expect("a version that was read");
                    versions[item].get(at + 1)
                }
            };
            if let Some(&next) = next.filter(|&&next| next != number) {
                after[number].insert(next);
            }
        }
    }
    // 0: not seen, 1: on the path, 2: done.
    let mut color = vec![0u8; done.len()];
    fn visit(at: usize, after: &[HashSet<usize>], color: &mut [u8]) -> bool {
        color[at] = 1;
        for &next in &after[at] {
            if next != at && (color[next] == 1 || color[next] == 0 && !visit(next, after, color)) {
                return false;
            }
        }
        color[at] = 2;
        true
    }
    (0..done.len()).all(|at| color[at] != 0 || visit(at, &after, &mut color))
}

#[test]
fn whatever_commits_has_a_serial_order() {
    let (mut commits, mut failures) = (0, 0);
    for seed in 1..600 {
        let (c, f) = history(seed, 200, 2 + seed as usize % 4, seed % 2 == 0);
        commits += c;
        failures += f;
    }
    // Otherwise it would prove nothing, or cost too much.
    assert!(commits > 2000 && failures > 500 && failures < commits * 3, "{commits} commits, {failures} failures");
}

#[test]
fn write_skew_stops_one_of_two() {
    let mut graph = graph();
    let (a, b) = (graph.begin(Owner::default(), false).unwrap(), graph.begin(Owner::default(), false).unwrap());
    assert_eq!(graph.conflict(a, b, a), Verdict::Fine);
    assert_eq!(graph.conflict(b, a, b), Verdict::Fine);
    // Nobody has committed: nobody is stopped. The first to commit stops the other.
    assert_eq!(graph.prepare(a), Verdict::Doomed(b));
    graph.commit(a, 1, true);
    assert_eq!(graph.prepare(b), Verdict::Pivot);
}

#[test]
fn readers_are_safe_when_writers_end_well() {
    let mut graph = graph();
    let writer = graph.begin(Owner::default(), false).unwrap();
    let reader = graph.begin(Owner::default(), true).unwrap();
    assert!(graph.is_undecided(reader));
    assert!(graph.commit(writer, 1, true));
    assert!(graph.is_safe(reader));
    // With nobody writing, a snapshot is safe at once.
    graph.settle(u64::MAX);
    let alone = graph.begin(Owner::default(), true).unwrap();
    assert!(graph.is_safe(alone));
}

#[test]
fn slots_never_run_out_while_transactions_end() {
    let mut graph = graph();
    // One that runs all the time keeps all others in memory.
    let old = graph.begin(Owner::default(), false).unwrap();
    for n in 1..SLOTS as u64 * 3 {
        let slot = loop {
            graph.settle(u64::MAX);
            match graph.begin(Owner::default(), false) {
                Some(slot) => break slot,
                None => {
                    if graph.retire() == 0 {
                        graph.merge();
                    }
                    let (gone, moved) = graph.to_sweep();
                    assert!(!gone.is_empty() || !moved.is_empty());
                    graph.swept(&gone, &moved);
                }
            }
        };
        graph.set_xid(slot, 100 + n);
        graph.conflict(slot, old, slot);
        graph.prepare(slot);
        graph.commit(slot, n, true);
    }
    // What was merged is still found, and still a conflict.
    let merged = graph.find(101, Some(1)).unwrap().expect("the first");
    assert!(graph.is_concurrent(old, merged));
    assert!(graph.is_doomed(old) || graph.conflict(old, merged, old) != Verdict::Fine);
    graph.abort(old);
    graph.settle(u64::MAX);
    graph.retire();
    let (gone, moved) = graph.to_sweep();
    graph.swept(&gone, &moved);
    assert!(graph.used() == &SlotSet::default(), "all is forgotten when nobody runs");
}
