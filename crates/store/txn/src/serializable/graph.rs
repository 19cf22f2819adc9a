//! Who read what whom overwrote, and whether that can end in a cycle: the rules, on plain data.
//!
//! A *conflict* `R → W` says that R read a version (or the absence of one) that W, running at the same time, replaced: in any equivalent
//! serial order R comes before W. Every cycle among snapshot transactions has two such conflicts in a row,
//!
//! ```text
//!      T1 ──► T2 ──► T3        T1 may be T3; T2 is the pivot
//! ```
//!
//! in which T3 commits before the other two (Fekete and others, "Making Snapshot Isolation Serializable", 2005). So it is enough
//! never to let such a structure come to be. This is the algorithm of Cahill, Röhm and Fekete ("Serializable Isolation for
//! Snapshot Databases", 2008) with the refinements of Ports and Grittner ("Serializable Snapshot Isolation in PostgreSQL", 2012):
//!
//! - nobody is stopped before T3 has (all but) committed; then the pivot is, or, where it has committed already, T1: so who tries
//!   again does not fail for the same reason;
//! - where T1 only reads, the structure is dangerous only if T3 committed before T1's snapshot;
//! - a reader whose concurrent writers have all ended without such a conflict has a *safe* snapshot, and needs no watching;
//! - who has committed is remembered as long as somebody runs who began before.
//!
//! # Representation
//!
//! Members have one of [`SLOTS`] slots; conflicts are a matrix of bits, kept in both directions. Times are numbers of one clock.
//! When slots run out, the oldest committed members are merged into one, slot 0, that stands for all of them: every question about
//! it is answered for the worst of them, which can only stop more, never less.

use ids::Xid;

/// Members at most, slot 0 included.
pub const SLOTS: usize = 1024;
const WORDS: usize = SLOTS / 64;

/// Stands for members that were merged.
pub const MERGED: usize = 0;

shm::shared! {
    /// A set of slots.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SlotSet {
        words: [u64; WORDS],
    }

    /// Whose transaction it is.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Owner {
        /// The server process; zero: several.
        pub pid: i32,
        /// The virtual transaction id: the process's number, and which of its transactions.
        pub process: u32,
        /// See `process`.
        pub virtual_count: u32,
    }

    /// A transaction.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Member {
        /// One of [`state`].
        state: u32,
        /// Whether it declared, or turned out, to write nothing: 1 or 0.
        read_only: u32,
        /// Whether it must not commit: 1 or 0.
        doomed: u32,
        /// Whether it does nothing until its snapshot is known to be safe: 1 or 0.
        waiting: u32,
        /// Whether it is prepared to be ended by another session: 1 or 0.
        two_phase: u32,
        unused: u32,
        /// Whose it is.
        pub owner: Owner,
        /// Its id; zero: it has none.
        xid: u64,
        /// The end of its commit record.
        lsn: u64,
        /// When its snapshot was taken.
        snapshot: u64,
        /// When nothing could stop it any more.
        prepared: u64,
        /// When it had committed.
        ended: u64,
        /// Snapshots taken from here on see it.
        visible: u64,
        /// Of a committed member: when the first of those whom it precedes, and who had committed before it, prepared. `u64::MAX`: there is none.
        earliest_out: u64,
    }

    /// All members and their conflicts.
    pub struct Graph {
        clock: u64,
        /// Slots in use.
        used: SlotSet,
        members: [Member; SLOTS],
        /// For each writer, its readers: `R → W`.
        readers: [SlotSet; SLOTS],
        /// For each reader, its writers.
        writers: [SlotSet; SLOTS],
        /// For each read-only member, the writers whose ends decide whether its snapshot is safe.
        watched: [SlotSet; SLOTS],
        /// Members whose reads are not known in detail: they conflict with every write.
        pub everything: SlotSet,
        /// Log positions of the commits that were merged: the first and the last.
        merged_lsn: [u64; 2],
        /// Whether somebody is removing the reads of slots that are to be free: 1 or 0.
        pub sweeping: u32,
    }
}

/// What a slot is used for.
pub mod state {
    // Zero: nothing.
    /// Runs.
    pub const RUNNING: u32 = 1;
    /// About to commit: it will not be stopped.
    pub const PREPARED: u32 = 2;
    /// Committed; some new snapshot may not see it yet.
    pub const UNSETTLED: u32 = 3;
    /// Committed, and seen by every new snapshot.
    pub const COMMITTED: u32 = 4;
    /// Of no consequence any more; its reads may still be noted.
    pub const OBSOLETE: u32 = 5;
    /// Merged into slot 0; its reads may still be noted under its own.
    pub const MERGED: u32 = 6;
    /// Runs on, on a safe snapshot.
    pub const SAFE: u32 = 7;
}

/// What a new conflict, or the wish to commit, leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// This other member must not commit; it is marked.
    Doomed(usize),
    /// Who asks must not go on: it is the pivot.
    Pivot,
    /// Who asks must not go on: this committed transaction is the pivot.
    PivotIs(u64),
    /// Who asks must not commit: a pivot that is about to commit reads what it wrote.
    PreparedPivot,
}

/// The answer is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl SlotSet {
    pub fn insert(&mut self, slot: usize) {
        self.words[slot / 64] |= 1 << (slot % 64);
    }

    pub fn remove(&mut self, slot: usize) {
        self.words[slot / 64] &= !(1 << (slot % 64));
    }

    pub fn contains(&self, slot: usize) -> bool {
        self.words[slot / 64] >> (slot % 64) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Removes all of `other`; whether there were any.
    pub fn subtract(&mut self, other: &SlotSet) -> bool {
        let mut any = false;
        for (word, gone) in self.words.iter_mut().zip(other.words) {
            any |= *word & gone != 0;
            *word &= !gone;
        }
        any
    }

    pub fn union(&mut self, other: &SlotSet) {
        self.words.iter_mut().zip(other.words).for_each(|(word, more)| *word |= more);
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let words = self.words;
        (0..WORDS).flat_map(move |n| {
            let mut word = words[n];
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                (word != 0).then(|| {
                    word &= word - 1;
                    n * 64 + bit
                })
            })
        })
    }
}

impl Graph {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub fn member(&self, slot: usize) -> &Member {
        &self.members[slot]
    }

    pub fn used(&self) -> &SlotSet {
        &self.used
    }

    fn is(&self, slot: usize, states: &[u32]) -> bool {
        states.contains(&self.members[slot].state)
    }

    fn is_committed(&self, slot: usize) -> bool {
        self.is(slot, &[state::UNSETTLED, state::COMMITTED])
    }

    fn is_prepared(&self, slot: usize) -> bool {
        self.is_committed(slot) || self.is(slot, &[state::PREPARED])
    }

    /// Whether it runs and may be stopped.
    pub fn is_running(&self, slot: usize) -> bool {
        self.is(slot, &[state::RUNNING])
    }

    fn is_read_only(&self, slot: usize) -> bool {
        self.members[slot].read_only != 0
    }

    pub fn is_doomed(&self, slot: usize) -> bool {
        self.members[slot].doomed != 0
    }

    /// Whether the member's snapshot turned out safe.
    pub fn is_safe(&self, slot: usize) -> bool {
        self.is(slot, &[state::SAFE])
    }

    /// The slot that answers for `slot`.
    pub fn resolve(&self, slot: usize) -> usize {
        if self.is(slot, &[state::MERGED]) { MERGED } else { slot }
    }

    /// Takes a slot for a new member; its snapshot is to be taken now. `None`: all are in use.
    pub fn begin(&mut self, owner: Owner, read_only: bool) -> Option<usize> {
        let slot = (1..SLOTS).find(|&slot| !self.used.contains(slot))?;
        self.used.insert(slot);
        self.members[slot] = Member {
            state: state::RUNNING,
            read_only: read_only.into(),
            snapshot: self.clock,
            prepared: u64::MAX,
            ended: u64::MAX,
            visible: u64::MAX,
            earliest_out: u64::MAX,
            owner,
            ..Member::default()
        };
        if read_only {
            let writers = self.used.iter().filter(|&other| {
                self.is(other, &[state::RUNNING, state::PREPARED, state::UNSETTLED]) && !self.is_read_only(other)
            });
            let mut watched = SlotSet::default();
            writers.for_each(|other| watched.insert(other));
            self.watched[slot] = watched;
            if watched.is_empty() {
                self.members[slot].state = state::SAFE;
            }
        }
        Some(slot)
    }

    /// The member writes under this id.
    pub fn set_xid(&mut self, slot: usize, xid: u64) {
        self.members[slot].xid = xid;
    }

    /// The member's commit record ends at `lsn`.
    pub fn set_lsn(&mut self, slot: usize, lsn: u64) {
        self.members[slot].lsn = lsn;
    }

    /// The member that wrote as `xid`, or whose commit record, which is also that of its subtransactions, ends at `lsn`.
    ///
    /// # Errors
    /// Somebody is between its commit record and [`Graph::set_lsn`]: ask again.
    pub fn find(&self, xid: u64, lsn: Option<u64>) -> Result<Option<usize>, Busy> {
        let mut busy = false;
        for slot in self.used.iter() {
            let member = &self.members[slot];
            if member.state != state::OBSOLETE && (member.xid == xid || lsn.is_some_and(|lsn| member.lsn == lsn)) {
                return Ok(Some(self.resolve(slot)));
            }
            busy |= member.state == state::PREPARED && member.two_phase == 0 && member.xid != 0 && member.lsn == 0;
        }
        match lsn {
            Some(_) if busy => Err(Busy),
            Some(lsn) if self.used.contains(MERGED) => {
                Ok((self.merged_lsn[0]..=self.merged_lsn[1]).contains(&lsn).then_some(MERGED))
            }
            _ => Ok(None),
        }
    }

    /// Whether the member waits, prepared, for a session that ends it.
    pub fn set_two_phase(&mut self, slot: usize, on: bool) {
        self.members[slot].two_phase = on.into();
    }

    /// The id of a member that waits, prepared, for a session that ends it.
    pub fn two_phase(&self, slot: usize) -> Option<Xid> {
        (self.members[slot].two_phase != 0).then_some(Xid(self.members[slot].xid))
    }

    /// Whose transaction it is; what is prepared is no process's.
    pub fn owner(&self, slot: usize) -> Owner {
        if self.members[slot].two_phase != 0 { Owner::default() } else { self.members[slot].owner }
    }

    /// The member that waits, prepared, and wrote as `xid`.
    pub fn find_two_phase(&self, xid: u64) -> Option<usize> {
        self.used.iter().find(|&slot| self.members[slot].two_phase != 0 && self.members[slot].xid == xid)
    }

    /// Takes a slot for a member that was prepared before the server started. With whom it was in conflict is forgotten; so let there be
    /// one of all those who had committed (slot 0, before everybody), with conflicts in both directions, and conflicts between
    /// all that were prepared. `None`: all slots are in use.
    pub fn restore(&mut self, xid: u64) -> Option<usize> {
        let slot = self.begin(Owner::default(), false)?;
        if !self.used.contains(MERGED) {
            self.used.insert(MERGED);
            self.members[MERGED] = Member {
                state: state::COMMITTED,
                prepared: self.tick(),
                ended: self.tick(),
                visible: self.tick(),
                earliest_out: u64::MAX,
                ..Member::default()
            };
            self.merged_lsn = [u64::MAX, 0];
        }
        let prepared = self.tick();
        let member = &mut self.members[slot];
        (member.state, member.two_phase, member.xid) = (state::PREPARED, 1, xid);
        (member.snapshot, member.prepared) = (0, prepared);
        for other in self.used.iter().filter(|&other| other != slot) {
            for (reader, writer) in [(slot, other), (other, slot)] {
                self.writers[reader].insert(writer);
                self.readers[writer].insert(reader);
            }
        }
        Some(slot)
    }

    /// Whether `other` counts for `me`: it runs, or `me`'s snapshot does not see it.
    pub fn is_concurrent(&self, me: usize, other: usize) -> bool {
        match self.members[other].state {
            state::RUNNING | state::PREPARED | state::UNSETTLED => true,
            state::COMMITTED => self.members[other].visible > self.members[me].snapshot,
            _ => false,
        }
    }

    /// `reader` read what `writer` replaced; one of them is `me`.
    pub fn conflict(&mut self, reader: usize, writer: usize, me: usize) -> Verdict {
        if reader == writer
            || self.writers[reader].contains(writer)
            || self.is_doomed(if me == reader { writer } else { reader })
        {
            return Verdict::Fine;
        }
        if self.is_read_only(reader)
            && self.is_committed(writer)
            && self.members[reader].snapshot < self.members[writer].earliest_out
        {
            // It can come first of all.
            return Verdict::Fine;
        }
        if self.is_dangerous(reader, writer) {
            let verdict = self.resolve_danger(writer, me);
            if !matches!(verdict, Verdict::Doomed(_)) {
                self.members[me].doomed = 1;
                return verdict;
            }
            self.writers[reader].insert(writer);
            self.readers[writer].insert(reader);
            return verdict;
        }
        self.writers[reader].insert(writer);
        self.readers[writer].insert(reader);
        Verdict::Fine
    }

    fn resolve_danger(&mut self, writer: usize, me: usize) -> Verdict {
        if writer == me {
            Verdict::Pivot
        } else if self.is_prepared(writer) {
            Verdict::PivotIs(self.members[writer].xid)
        } else {
            self.members[writer].doomed = 1;
            Verdict::Doomed(writer)
        }
    }

    /// Whether `reader → writer` completes a dangerous structure.
    fn is_dangerous(&self, reader: usize, writer: usize) -> bool {
        let members = &self.members;
        // The writer is a pivot that has committed behind its T3.
        if self.is_committed(writer) && members[writer].earliest_out != u64::MAX {
            return true;
        }
        // The writer is a pivot: reader → writer → T3, and T3 is the first to commit.
        let first = |t3: usize| {
            self.is_prepared(t3)
                && members[t3].prepared <= members[reader].ended
                && members[t3].prepared <= members[writer].ended
                && (!self.is_read_only(reader) || members[t3].prepared <= members[reader].snapshot)
        };
        if self.writers[writer].iter().any(first) {
            return true;
        }
        // The reader is a pivot: T1 → reader → writer, and the writer is the first to commit.
        let after = |t1: usize| {
            (!self.is_committed(t1) || members[t1].ended >= members[writer].prepared)
                && (!self.is_read_only(t1) || members[t1].snapshot >= members[writer].prepared)
        };
        self.is_prepared(writer) && !self.is_read_only(reader) && self.readers[reader].iter().any(after)
    }

    /// The member wants to commit. After `Fine` or `Doomed` nobody stops it any more.
    pub fn prepare(&mut self, me: usize) -> Verdict {
        if self.is_doomed(me) {
            return Verdict::Pivot;
        }
        let mut verdict = Verdict::Fine;
        for pivot in self.readers[me].iter() {
            if self.is_committed(pivot) || self.is_doomed(pivot) {
                continue;
            }
            let dangerous = self.readers[pivot]
                .iter()
                .any(|t1| t1 == me || !self.is_committed(t1) && !self.is_read_only(t1) && !self.is_doomed(t1));
            if dangerous {
                if self.is_prepared(pivot) {
                    self.members[me].doomed = 1;
                    return Verdict::PreparedPivot;
                }
                self.members[pivot].doomed = 1;
                verdict = Verdict::Doomed(pivot);
            }
        }
        let now = self.tick();
        self.members[me].prepared = now;
        self.members[me].state = state::PREPARED;
        verdict
    }

    /// The member has committed; with `wrote` false it wrote nothing, and `lsn` is zero. Answers whether a reader's fate was decided.
    pub fn commit(&mut self, me: usize, lsn: u64, wrote: bool) -> bool {
        let now = self.tick();
        let earliest =
            self.writers[me].iter().filter(|&t3| self.is_committed(t3)).map(|t3| self.members[t3].prepared).min();
        let member = &mut self.members[me];
        member.state = state::UNSETTLED;
        member.ended = now;
        member.lsn = lsn;
        if !wrote {
            member.read_only = 1;
        } else {
            member.earliest_out = earliest.unwrap_or(u64::MAX);
        }
        self.decide_readers(me)
    }

    /// The member has rolled back; what it read is forgotten already. Answers as [`Graph::commit`].
    pub fn abort(&mut self, me: usize) -> bool {
        self.members[me].earliest_out = u64::MAX;
        let decided = self.decide_readers(me);
        self.unlink(me);
        self.free(me);
        decided
    }

    /// `ended` has ended: what does that say of the snapshots that were taken while it ran?
    fn decide_readers(&mut self, ended: usize) -> bool {
        let mut decided = false;
        for reader in self.used.iter() {
            if !self.is_running(reader) || !self.watched[reader].contains(ended) {
                continue;
            }
            self.watched[reader].remove(ended);
            if self.members[ended].earliest_out <= self.members[reader].snapshot {
                // It precedes somebody whom the reader sees, and the reader does not see it.
                self.watched[reader] = SlotSet::default();
                decided = true;
            } else if self.watched[reader].is_empty() {
                self.unlink(reader);
                self.members[reader].state = state::SAFE;
                decided = true;
            }
        }
        decided
    }

    /// Whether nothing is known yet about the reader's snapshot.
    pub fn is_undecided(&self, slot: usize) -> bool {
        self.is_running(slot) && !self.watched[slot].is_empty()
    }

    /// From now on the reader does nothing until its snapshot is known to be safe.
    pub fn wait(&mut self, slot: usize) {
        self.members[slot].waiting = 1;
    }

    /// Whether the reader waits for a safe snapshot.
    pub fn is_waiting(&self, slot: usize) -> bool {
        self.members[slot].waiting != 0 && self.is_undecided(slot)
    }

    /// Those whose ends decide about the reader's snapshot.
    pub fn watched(&self, slot: usize) -> &SlotSet {
        &self.watched[slot]
    }

    /// The log is visible to new snapshots up to `watermark`.
    pub fn settle(&mut self, watermark: u64) {
        for slot in self.used.iter() {
            if self.is(slot, &[state::UNSETTLED]) && self.members[slot].lsn <= watermark {
                self.members[slot].visible = self.tick();
                self.members[slot].state = state::COMMITTED;
            }
        }
    }

    /// Marks those who are concurrent with nobody that runs. Answers how many slots wait to be swept.
    pub fn retire(&mut self) -> usize {
        let floor = self
            .used
            .iter()
            .filter(|&slot| self.is(slot, &[state::RUNNING, state::PREPARED]))
            .map(|slot| self.members[slot].snapshot)
            .min()
            .unwrap_or(u64::MAX);
        let mut waiting = 0;
        for slot in self.used.iter() {
            if self.is(slot, &[state::COMMITTED]) && self.members[slot].visible <= floor {
                self.unlink(slot);
                self.members[slot].state = state::OBSOLETE;
            }
            waiting += self.is(slot, &[state::OBSOLETE, state::MERGED]) as usize;
        }
        waiting
    }

    /// Merges the oldest half of the committed members into slot 0.
    pub fn merge(&mut self) {
        let mut committed: Vec<usize> =
            self.used.iter().filter(|&slot| slot != MERGED && self.is(slot, &[state::COMMITTED])).collect();
        committed.sort_unstable_by_key(|&slot| self.members[slot].visible);
        committed.truncate(committed.len().div_ceil(2));
        for slot in committed {
            let one = self.members[slot];
            if self.is(MERGED, &[state::COMMITTED]) {
                let all = &mut self.members[MERGED];
                all.prepared = all.prepared.min(one.prepared);
                all.ended = all.ended.max(one.ended);
                all.visible = all.visible.max(one.visible);
                all.earliest_out = all.earliest_out.min(one.earliest_out);
                all.read_only &= one.read_only;
                all.snapshot = all.snapshot.max(one.snapshot);
                if one.lsn != 0 {
                    self.merged_lsn = [self.merged_lsn[0].min(one.lsn), self.merged_lsn[1].max(one.lsn)];
                }
            } else {
                self.used.insert(MERGED);
                self.members[MERGED] = Member { xid: 0, lsn: 0, owner: Owner::default(), ..one };
                self.merged_lsn = if one.lsn == 0 { [u64::MAX, 0] } else { [one.lsn; 2] };
            }
            let (readers, writers) = (self.readers[slot], self.writers[slot]);
            self.unlink(slot);
            for reader in readers.iter().filter(|&reader| reader != MERGED) {
                self.writers[reader].insert(MERGED);
                self.readers[MERGED].insert(reader);
            }
            for writer in writers.iter().filter(|&writer| writer != MERGED) {
                self.readers[writer].insert(MERGED);
                self.writers[MERGED].insert(writer);
            }
            self.members[slot].state = state::MERGED;
        }
    }

    /// Whose reads a sweep removes, and whose it moves to slot 0.
    pub fn to_sweep(&self) -> (SlotSet, SlotSet) {
        let (mut gone, mut moved) = (SlotSet::default(), SlotSet::default());
        for slot in self.used.iter() {
            match self.members[slot].state {
                state::OBSOLETE => gone.insert(slot),
                state::MERGED => moved.insert(slot),
                _ => {}
            }
        }
        (gone, moved)
    }

    /// The sweep is done.
    pub fn swept(&mut self, gone: &SlotSet, moved: &SlotSet) {
        if moved.iter().any(|slot| self.everything.contains(slot)) {
            self.everything.insert(MERGED);
        }
        gone.iter().chain(moved.iter()).for_each(|slot| self.free(slot));
    }

    /// Gives back the slot of a member that ended and whose reads are forgotten.
    pub fn free(&mut self, slot: usize) {
        self.watched[slot] = SlotSet::default();
        self.members[slot] = Member::default();
        self.everything.remove(slot);
        self.used.remove(slot);
    }

    /// Removes its conflicts.
    fn unlink(&mut self, slot: usize) {
        for writer in std::mem::take(&mut self.writers[slot]).iter() {
            self.readers[writer].remove(slot);
        }
        for reader in std::mem::take(&mut self.readers[slot]).iter() {
            self.writers[reader].remove(slot);
        }
    }
}
