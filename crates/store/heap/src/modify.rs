//! Updating, deleting and locking rows.
//!
//! Each is a loop around one attempt. An attempt locks the pages it needs, looks at the row, and either changes it or says
//! what it needs first ([`Step`]): another transaction's end, a page with room, the visibility map's page, a moved
//! base. All page locks are released before any of that is fetched, and the next attempt looks at everything anew. Two heap
//! pages are locked in the order of their numbers.
//!
//! Who must wait for a row first takes the heavyweight lock on its place, so that waiters are served in order.

use access::{Conflict, ConflictKind, LockStrength, Outcome, Row, Store, Table, UpdateOptions, Updated, WaitPolicy};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, CommandId, TupleId, Xid};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use storage::{Buffer, Image, Page, VisibilityMap};
use txn::{MultiXactMember, Snapshot, Transaction, XidStatus};
use wal::RmgrId;

use crate::action::{Actions, Kind, NO_NEXT};
use crate::place::{Finder, Heap, Tuples, carry_out, clear_map, line_for, room_for_tuple};
use crate::toast;
use crate::tuple::{HEADER_SIZE, Header, base_for, flags, offset_of, strength_flags, tuple_at, xid_of};
use crate::visibility::{
    ForUpdate, Hints, Judge, commands, deleter, for_update, holders, lock_strength, row_lock_mode,
};

/// What an attempt came to.
enum Step<T> {
    Done(T),
    Conflict(Conflict),
    /// These transactions hold the row.
    Wait(Vec<MultiXactMember>),
    /// The new version does not fit its page: it needs another.
    NeedRoom {
        free: usize,
    },
    /// The page that was found for the new version has no room either.
    NoRoomThere {
        free: usize,
    },
    /// The visibility map's page for this block has to be pinned.
    NeedMap(BlockNumber),
    /// An id is out of the page's range.
    MoveBase(BlockNumber),
}

/// A row to be changed, and everything an attempt needs to know.
pub(crate) struct Modify<'a> {
    pub store: &'a Store,
    pub transaction: &'a Transaction,
    pub table: &'a Table,
    pub snapshot: &'a Snapshot,
    pub tid: TupleId,
    pub wait: WaitPolicy,
    /// What is being done, for the context line: `updating`, `deleting`, `locking`.
    pub doing: &'static str,
}

/// The heavyweight lock on a row's place, released when dropped.
struct QueueLock<'a> {
    transaction: &'a Transaction,
    tag: LockTag,
    mode: LockMode,
}

impl Drop for QueueLock<'_> {
    fn drop(&mut self) {
        self.transaction.locks().release(LockOwner::Transaction, self.tag, self.mode);
    }
}

/// What the header of the old version becomes.
struct NewXmax {
    xmax: u32,
    flags: u16,
}

impl<'a> Modify<'a> {
    fn heap(&self) -> Heap<'a> {
        Heap::of(self.store, self.table)
    }

    /// Runs attempts until one is done or meets a conflict.
    fn run<T>(
        &self,
        strength: LockStrength,
        mut attempt: impl FnMut(&Buffer, Option<&Buffer>, &[Buffer]) -> Result<Step<T>>,
    ) -> Result<Outcome<T>> {
        let heap = self.heap();
        let xid = self.transaction.xid()?;
        self.store.storage.wal().make_room()?;
        let buffer = heap.read(self.tid.block)?;
        let mut other: Option<Buffer> = None;
        let mut maps: Vec<Buffer> = Vec::new();
        let mut queue: Option<QueueLock<'_>> = None;
        let mut finder: Option<Finder<'_>> = None;
        loop {
            match attempt(&buffer, other.as_ref(), &maps)? {
                Step::Done(done) => return Ok(Outcome::Done(done)),
                Step::Conflict(conflict) => return Ok(Outcome::Conflict(conflict)),
                Step::Wait(members) => match self.wait_for(&members, strength, &mut queue)? {
                    true => {}
                    false => return Ok(Outcome::Conflict(self.conflict(ConflictKind::WouldBlock, members[0].xid))),
                },
                Step::NeedRoom { free } => {
                    let finder = finder.get_or_insert_with(|| {
                        heap.target
                            .compare_exchange(
                                self.tid.block.0,
                                u32::MAX,
                                std::sync::atomic::Ordering::Relaxed,
                                std::sync::atomic::Ordering::Relaxed,
                            )
                            .ok();
                        Finder::new(heap, false)
                    });
                    other = Some(self.other_page(finder, free)?);
                }
                Step::NoRoomThere { free } => {
                    if let (Some(finder), Some(full)) = (&mut finder, other.take()) {
                        finder.no_room(full.block(), room_free(&full), free)?;
                        other = Some(self.other_page(finder, free)?);
                    }
                }
                Step::NeedMap(block) => {
                    let map = heap.visibility_map().pin(block)?;
                    maps.retain(|m| m.block() != map.block());
                    maps.push(map);
                }
                Step::MoveBase(block) => {
                    let page = heap.read(block)?;
                    crate::prune::move_base(&heap, &mut page.exclusive(), xid)?;
                }
            }
        }
    }

    /// A page with room for `length` bytes, other than the row's own.
    fn other_page(&self, finder: &mut Finder<'_>, length: usize) -> Result<Buffer> {
        loop {
            let found = finder.next_page(length, length)?;
            if found.block() != self.tid.block {
                return Ok(found);
            }
            finder.no_room(found.block(), 0, length)?;
        }
    }

    /// Waits for those of `members` that conflict; false if the policy is not to wait.
    fn wait_for(
        &self,
        members: &[MultiXactMember],
        strength: LockStrength,
        queue: &mut Option<QueueLock<'a>>,
    ) -> Result<bool> {
        match self.wait {
            WaitPolicy::Skip => return Ok(false),
            WaitPolicy::Error => {
                return Err(Error::new(
                    SqlState::LOCK_NOT_AVAILABLE,
                    format!("could not obtain lock on row in relation \"{}\"", self.table.name),
                ));
            }
            WaitPolicy::Block => {}
        }
        let context = |error: Error| {
            error.context(format!("while {} tuple {} in relation \"{}\"", self.doing, self.tid, self.table.name))
        };
        // Who holds the row already must not queue behind those who wait for it.
        if queue.is_none() && !members.iter().any(|member| self.transaction.is_own(member.xid)) {
            let tag = LockTag::tuple(self.table.database, self.table.oid, self.tid);
            let mode = match strength {
                LockStrength::KeyShare => LockMode::AccessShare,
                LockStrength::Share => LockMode::RowShare,
                LockStrength::NoKeyUpdate => LockMode::Exclusive,
                LockStrength::Update => LockMode::AccessExclusive,
            };
            let locks = self.transaction.locks();
            locks.acquire(LockOwner::Transaction, tag, mode, LockWait::Block).map_err(context)?;
            *queue = Some(QueueLock { transaction: self.transaction, tag, mode });
        }
        for member in members {
            if lock_strength(member.mode).conflicts(strength) && !self.transaction.is_own(member.xid) {
                self.transaction.wait_for(member.xid).map_err(context)?;
            }
        }
        Ok(true)
    }

    fn conflict(&self, kind: ConflictKind, xmax: Xid) -> Conflict {
        Conflict { kind, next: self.tid, xmax, command: CommandId::INVALID }
    }

    /// Looks at the row: its header and the bounds of its bytes if the change can go on.
    fn look(
        &self,
        page: &Page,
        strength: LockStrength,
        crosscheck: Option<&Snapshot>,
    ) -> Result<Result<(Header, usize, usize), Step<std::convert::Infallible>>> {
        let Some((header, start, end)) = tuple_at(page, page.line(self.tid.offset)) else {
            // The row was there when it was read, and has been deleted and removed since.
            return Ok(Err(Step::Conflict(self.conflict(ConflictKind::Deleted, Xid::INVALID))));
        };
        let base = page.xid_base();
        // Commands before the current one are seen.
        let command = self.transaction.command();
        let stop = |kind, xmax| Ok(Err(Step::Conflict(self.conflict(kind, xmax))));
        match for_update(self.transaction, self.snapshot, command, base, &header)? {
            ForUpdate::Free => {}
            ForUpdate::Invisible => return stop(ConflictKind::Invisible, Xid::INVALID),
            ForUpdate::SelfModified(command) => {
                let xmax = deleter(&self.store.transactions, base, &header).unwrap_or(Xid::INVALID);
                let next = header.successor().unwrap_or(self.tid);
                let kind = ConflictKind::SelfModified;
                return Ok(Err(Step::Conflict(Conflict { kind, next, xmax, command })));
            }
            ForUpdate::Changed(xmax) => {
                // A change that left the keys alone does not keep a key-share lock out; but the newest version is the
                // one to be locked.
                let kind = if header.successor().is_some() { ConflictKind::Updated } else { ConflictKind::Deleted };
                let next = header.successor().unwrap_or(self.tid);
                // Who goes on with what that commit made must not take a snapshot from before it, though it may not be flushed yet.
                if let XidStatus::Committed(commit) = self.store.transactions.status(xmax)? {
                    self.transaction.depend_on(commit);
                }
                return Ok(Err(Step::Conflict(Conflict { kind, next, xmax, command: CommandId::INVALID })));
            }
            ForUpdate::Held(members) => {
                let blocks =
                    |m: &&MultiXactMember| !self.transaction.is_own(m.xid) && lock_strength(m.mode).conflicts(strength);
                if members.iter().any(|m| blocks(&m)) {
                    return Ok(Err(Step::Wait(members)));
                }
            }
        }
        if let Some(crosscheck) = crosscheck {
            let mut judge = Judge::new(crosscheck, &self.store.transactions);
            if !judge.sees(base, self.tid.offset, &header, &mut Hints::new())? {
                return stop(ConflictKind::Updated, Xid::INVALID);
            }
        }
        Ok(Ok((header, start, end)))
    }

    /// What `xmax` becomes when this transaction joins those who hold the row. `None` if an id is out of the page's range.
    fn join(&self, base: Xid, header: &Header, strength: LockStrength, updates: bool) -> Result<Option<NewXmax>> {
        let xid = self.transaction.xid()?;
        let transactions = &self.store.transactions;
        let mut members = Vec::new();
        let mut mode = row_lock_mode(strength);
        for member in holders(transactions, base, header)? {
            let own = self.transaction.is_own(member.xid);
            if member.xid == xid {
                mode = mode.max(member.mode);
            } else if own || transactions.status(member.xid)? == txn::XidStatus::Running {
                members.push(member);
            }
        }
        let others_update = members.iter().any(|m| m.updates);
        let mut new = (lock_strength(mode) as u16) << flags::XMAX_STRENGTH_SHIFT;
        let id = if members.is_empty() {
            xid
        } else {
            members.push(MultiXactMember { xid, mode, updates });
            new |= flags::XMAX_MULTI;
            let strongest = members.iter().map(|m| m.mode).max().unwrap_or(mode);
            new = new & !flags::XMAX_STRENGTH | strength_flags(lock_strength(strongest));
            Xid(self.transaction.make_multixact(&members)?.0)
        };
        if !updates && !others_update {
            new |= flags::XMAX_LOCK_ONLY;
        }
        if !updates && others_update {
            new |= header.flags & flags::HOT_UPDATED;
        }
        Ok(offset_of(base, id).map(|xmax| NewXmax { xmax, flags: new }))
    }

    /// The header of a version that this transaction deletes or replaces.
    fn ended(&self, base: Xid, mut header: Header, new: NewXmax, command: CommandId, next: TupleId) -> Header {
        let created = commands(self.snapshot, &header).0;
        let own = !header.is_frozen() && self.transaction.is_own(xid_of(base, header.xmin));
        header.flags &= !(flags::XMAX_ALL | flags::COMBINED);
        header.flags |= new.flags;
        header.xmax = new.xmax;
        header.next = next;
        header.command = command;
        if own {
            header.command = self.transaction.combine_commands(created, command);
            header.flags |= flags::COMBINED;
        }
        header
    }

    /// Deletes the row.
    pub fn delete(&self, crosscheck: Option<&Snapshot>) -> Result<Outcome> {
        let strength = LockStrength::Update;
        let xid = self.transaction.xid()?;
        let command = self.transaction.command_for_write();
        let mut external: Option<(Vec<u8>, Header)> = None;
        let outcome = self.run(strength, |buffer, _, maps| {
            let mut guard = buffer.exclusive();
            let (header, start, end) = match self.look(&guard, strength, crosscheck)? {
                Ok(found) => found,
                Err(step) => return Ok(step.cast()),
            };
            let Some(map) = map_for(&guard, self.tid.block, maps) else { return Ok(Step::NeedMap(self.tid.block)) };
            let base = guard.xid_base();
            let Some(new) = self.join(base, &header, strength, true)? else {
                return Ok(Step::MoveBase(self.tid.block));
            };
            let ended = self.ended(base, header, new, command, NO_NEXT);
            if header.has(flags::HAS_EXTERNAL) {
                external = Some((guard[start + HEADER_SIZE..end].to_vec(), header));
            }
            let mut actions = Actions::new();
            actions.xmax(self.tid.offset, &ended);
            if map.is_some() {
                actions.visible(false);
            }
            let mut map_guard = map.map(Buffer::exclusive);
            let mut change = self.store.storage.change(RmgrId::HEAP, Kind::Delete as u8);
            carry_out(&mut change, &mut guard, Image::Standard, &actions);
            if let Some(map_guard) = &mut map_guard {
                clear_map(&mut change, map_guard, &[self.tid.block]);
            }
            change.finish_for(self.table.persistence, xid);
            Ok(Step::Done(()))
        })?;
        if let (Outcome::Done(()), Some((body, header))) = (&outcome, &external) {
            self.delete_external(body, header, &[], xid, command)?;
        }
        if matches!(outcome, Outcome::Done(())) {
            self.transaction.statistics().deleted(&self.table.counters);
        }
        Ok(outcome)
    }

    fn delete_external(&self, body: &[u8], header: &Header, kept: &[u16], xid: Xid, command: CommandId) -> Result<()> {
        let natts = header.natts as usize;
        match self.table.layout.view(body, natts, header.has(flags::HAS_NULLS)) {
            Some(view) => toast::delete(self.store, self.table, &view, natts, kept, xid, command),
            None => Err(Error::corrupted("a tuple is too short for its columns")),
        }
    }

    /// Replaces the row.
    pub fn update(&self, row: Row<'_>, options: UpdateOptions<'_>) -> Result<Outcome<Updated>> {
        let strength = if options.key_changed { LockStrength::Update } else { LockStrength::NoKeyUpdate };
        let xid = self.transaction.xid()?;
        let command = self.transaction.command_for_write();
        // A version's values never change, so they can be read and the new version made before the row is locked.
        let old = self.read_stored()?;
        let old_view = old.as_ref().and_then(|(header, body)| {
            self.table.layout.view(body, header.natts as usize, header.has(flags::HAS_NULLS))
        });
        let value = |k: usize| match &old_view {
            Some(view) if options.kept.contains(&(k as u16)) => match view.get(k) {
                Ok(field @ (access::Field::Compressed(_) | access::Field::External(_))) => field,
                _ => toast::plain(row, k),
            },
            _ => toast::plain(row, k),
        };
        let header = Header { xmin: 0, xmax: 0, command, next: NO_NEXT, natts: 0, flags: flags::XMAX_INVALID };
        let mut tuples = Tuples::default();
        let toasted = toast::encode(self.store, self.table, self.transaction, header, &value, &mut tuples.bytes)?;
        let length = tuples.bytes.len();
        let result = self.run(strength, |buffer, other, maps| {
            self.try_update(buffer, other, maps, &mut tuples.bytes, length, strength, command, options)
        });
        let done = matches!(result, Ok(Outcome::Done(_)));
        if let (false, Some(toasted)) = (done, &toasted) {
            toasted.undo(self.store, self.table, xid, command)?;
        }
        if let (true, Some((header, body))) = (done, &old)
            && header.has(flags::HAS_EXTERNAL)
        {
            // Only what the new version took over as it was lives on.
            let taken = |k: u16| {
                let field = value(k as usize);
                toasted.as_ref().is_none_or(|t| t.field(k as usize, field) == field)
            };
            let taken: Vec<u16> = options.kept.iter().copied().filter(|&k| taken(k)).collect();
            self.delete_external(body, header, &taken, xid, command)?;
        }
        if let Ok(Outcome::Done(updated)) = &result {
            let new_page = updated.tid.block != self.tid.block;
            self.transaction.statistics().updated(&self.table.counters, updated.hot, new_page);
        }
        result
    }

    /// The old version's header and body, if some of its values are compressed or out of line.
    fn read_stored(&self) -> Result<Option<(Header, Vec<u8>)>> {
        if self.table.toast.is_none() {
            return Ok(None);
        }
        let buffer = self.heap().read(self.tid.block)?;
        let page = buffer.share();
        let found = tuple_at(&page, page.line(self.tid.offset));
        let toasted = found.filter(|(header, _, _)| header.has(flags::HAS_EXTERNAL | flags::HAS_COMPRESSED));
        Ok(toasted.map(|(header, start, end)| (header, page[start + HEADER_SIZE..end].to_vec())))
    }

    fn try_update(
        &self,
        buffer: &Buffer,
        other: Option<&Buffer>,
        maps: &[Buffer],
        tuple: &mut [u8],
        length: usize,
        strength: LockStrength,
        command: CommandId,
        options: UpdateOptions<'_>,
    ) -> Result<Step<Updated>> {
        let xid = self.transaction.xid()?;
        let block = self.tid.block;
        let (mut guard, mut other_guard);
        match other {
            Some(other) if other.block() < block => {
                other_guard = Some(other.exclusive());
                guard = buffer.exclusive();
            }
            other => {
                guard = buffer.exclusive();
                other_guard = other.map(Buffer::exclusive);
            }
        }
        let (header, _, _) = match self.look(&guard, strength, options.crosscheck)? {
            Ok(found) => found,
            Err(step) => return Ok(step.cast()),
        };
        let base = guard.xid_base();
        let here = line_for(&guard, length);
        let (new_block, new_line, new_base) = match (here, other, &other_guard) {
            (Some(line), _, _) => (block, line, base),
            (None, Some(other), Some(there)) => {
                let new = there.is_new();
                let line = if new { Some(1) } else { line_for(there, length) };
                let Some(line) = line else { return Ok(Step::NoRoomThere { free: length }) };
                (other.block(), line, if new { base_for(xid) } else { there.xid_base() })
            }
            (None, _, _) => return Ok(Step::NeedRoom { free: length }),
        };
        let same_page = new_block == block;
        let hot = same_page && !options.indexed_changed;
        let Some(map) = map_for(&guard, block, maps) else { return Ok(Step::NeedMap(block)) };
        let mut new_map = None;
        if let (false, Some(there)) = (same_page, &other_guard) {
            let Some(found) = map_for(there, new_block, maps) else { return Ok(Step::NeedMap(new_block)) };
            new_map = found;
        }
        let Some(xmin) = offset_of(new_base, xid) else { return Ok(Step::MoveBase(new_block)) };
        let Some(new) = self.join(base, &header, strength, true)? else { return Ok(Step::MoveBase(block)) };
        // Whoever else locks the old version locks the new one too.
        let mut new_header = Header::read(tuple).ok_or_else(|| Error::internal("a tuple without header"))?;
        new_header.xmin = xmin;
        new_header.xmax = 0;
        new_header.flags &= !(flags::XMAX_ALL | flags::HEAP_ONLY);
        new_header.flags |= if hot { flags::HEAP_ONLY } else { 0 };
        let lockers = new.flags & flags::XMAX_MULTI != 0;
        if lockers && header.has(flags::XMAX_LOCK_ONLY) {
            let Some(xmax) = offset_of(new_base, xid_of(base, header.xmax)) else {
                return Ok(Step::MoveBase(new_block));
            };
            new_header.xmax = xmax;
            let keep = flags::XMAX_MULTI | flags::XMAX_LOCK_ONLY | flags::XMAX_STRENGTH;
            new_header.flags |= header.flags & keep;
        } else {
            new_header.flags |= flags::XMAX_INVALID;
        }
        new_header.write(tuple);
        let mut ended = self.ended(base, header, new, command, TupleId::new(new_block, new_line));
        if hot {
            ended.flags |= flags::HOT_UPDATED;
        }

        let mut old_actions = Actions::new();
        old_actions.xmax(self.tid.offset, &ended);
        if map.is_some() {
            old_actions.visible(false);
        }
        let mut new_actions = Actions::new();
        let other_is_new = other_guard.as_ref().is_some_and(|g| g.is_new());
        if same_page {
            old_actions.insert(new_line, tuple);
        } else {
            old_actions.full();
            if other_is_new {
                new_actions.init(new_base);
            }
            new_actions.insert(new_line, tuple);
            if new_map.is_some() {
                new_actions.visible(false);
            }
        }
        // Map pages too are locked in the order of their numbers; often both heap pages have the same one.
        let one_map = map.is_some() && map.map(Buffer::block) == new_map.map(Buffer::block);
        let new_map = new_map.filter(|_| !one_map);
        let (mut map_guard, mut new_map_guard);
        if new_map.map(Buffer::block) < map.map(Buffer::block) {
            new_map_guard = new_map.map(Buffer::exclusive);
            map_guard = map.map(Buffer::exclusive);
        } else {
            map_guard = map.map(Buffer::exclusive);
            new_map_guard = new_map.map(Buffer::exclusive);
        }
        let kind = if hot { Kind::HotUpdate } else { Kind::Update };
        let mut change = self.store.storage.change(RmgrId::HEAP, kind as u8);
        if let (false, Some(there)) = (same_page, &mut other_guard) {
            carry_out(&mut change, there, if other_is_new { Image::WillInit } else { Image::Standard }, &new_actions);
        }
        carry_out(&mut change, &mut guard, Image::Standard, &old_actions);
        if let Some(map_guard) = &mut map_guard {
            let blocks = [block, new_block];
            clear_map(&mut change, map_guard, &blocks[..1 + one_map as usize]);
        }
        if let Some(map_guard) = &mut new_map_guard {
            clear_map(&mut change, map_guard, &[new_block]);
        }
        change.finish_for(self.table.persistence, xid);
        if !same_page {
            self.table.cache.target.store(new_block.0, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(Step::Done(Updated { tid: TupleId::new(new_block, new_line), hot }))
    }

    /// Locks the row. A version that another transaction replaced without touching its keys can still be locked for key share;
    /// then the newer versions are locked, too.
    pub fn lock(&self, strength: LockStrength) -> Result<Outcome> {
        let mut follow = None;
        let outcome = self.run(strength, |buffer, _, _| {
            let mut guard = buffer.exclusive();
            let (header, _, _) = match self.look(&guard, strength, None)? {
                Ok(found) => found,
                Err(Step::Conflict(conflict)) if conflict.kind == ConflictKind::Updated => {
                    // Its newer versions are what others will want to change.
                    if self.allows(&guard, conflict.xmax, strength)? {
                        follow = Some((conflict.next, conflict.xmax));
                        return Ok(Step::Done(()));
                    }
                    return Ok(Step::Conflict(conflict));
                }
                Err(step) => return Ok(step.cast()),
            };
            if self.hold(&mut guard, header, strength)? {
                let updater = deleter(&self.store.transactions, guard.xid_base(), &header);
                follow = header.successor().zip(updater);
                return Ok(Step::Done(()));
            }
            Ok(Step::MoveBase(self.tid.block))
        })?;
        match (&outcome, follow) {
            (Outcome::Done(()), Some((next, creator))) => self.lock_newer(next, creator, strength),
            _ => Ok(outcome),
        }
    }

    /// Whether the version's change by `updater` leaves room for a lock of this strength.
    fn allows(&self, page: &Page, updater: Xid, strength: LockStrength) -> Result<bool> {
        let Some((header, _, _)) = tuple_at(page, page.line(self.tid.offset)) else { return Ok(false) };
        let held = holders(&self.store.transactions, page.xid_base(), &header)?;
        Ok(held.iter().any(|m| m.updates && m.xid == updater && !lock_strength(m.mode).conflicts(strength)))
    }

    /// Adds this transaction to those that hold a version; false if an id is out of the page's range.
    fn hold(&self, guard: &mut storage::PageMut<'_>, header: Header, strength: LockStrength) -> Result<bool> {
        let base = guard.xid_base();
        let mode = row_lock_mode(strength);
        let held = holders(&self.store.transactions, base, &header)?;
        if held.iter().any(|m| m.mode >= mode && self.transaction.is_own(m.xid)) {
            return Ok(true);
        }
        let Some(new) = self.join(base, &header, strength, false)? else { return Ok(false) };
        let mut locked = header;
        locked.xmax = new.xmax;
        locked.flags = header.flags & !flags::XMAX_ALL | new.flags;
        if new.flags & flags::XMAX_LOCK_ONLY != 0 {
            locked.next = NO_NEXT;
        }
        let mut actions = Actions::new();
        actions.xmax(self.tid.offset, &locked);
        // A locked row is as visible as before: the page's mark and the map stay.
        let mut change = self.store.storage.change(RmgrId::HEAP, Kind::Lock as u8);
        carry_out(&mut change, guard, Image::Standard, &actions);
        change.finish_for(self.table.persistence, self.transaction.xid()?);
        Ok(true)
    }

    /// Locks the versions from `next` on, the first of which `creator` made; a conflict if the row was changed further in a way that
    /// does not go with the lock.
    fn lock_newer(&self, next: TupleId, creator: Xid, strength: LockStrength) -> Result<Outcome> {
        let mut newer = Some((next, creator));
        while let Some((tid, creator)) = newer.take() {
            let version = Modify { tid, ..*self };
            let outcome = version.run(strength, |buffer, _, _| {
                newer = None;
                let transactions = &self.store.transactions;
                let mut guard = buffer.exclusive();
                let base = guard.xid_base();
                let Some((header, _, _)) = tuple_at(&guard, guard.line(tid.offset)) else {
                    return Ok(Step::Done(()));
                };
                // The chain ends where the line was used anew, or where who made the version rolled back.
                if xid_of(base, header.xmin) != creator
                    || transactions.status(creator)? == txn::XidStatus::Aborted && !self.transaction.is_own(creator)
                {
                    return Ok(Step::Done(()));
                }
                let held = holders(transactions, base, &header)?;
                let mut waits = Vec::new();
                for member in &held {
                    let conflicts = lock_strength(member.mode).conflicts(strength);
                    if self.transaction.is_own(member.xid) {
                        continue;
                    }
                    match transactions.status(member.xid)? {
                        txn::XidStatus::Running if conflicts => waits.push(*member),
                        txn::XidStatus::Committed(_) if member.updates => {
                            let Some(next) = header.successor().filter(|_| !conflicts) else {
                                let kind = match header.successor() {
                                    Some(_) => ConflictKind::Updated,
                                    None => ConflictKind::Deleted,
                                };
                                let next = header.successor().unwrap_or(tid);
                                let command = CommandId::INVALID;
                                return Ok(Step::Conflict(Conflict { kind, next, xmax: member.xid, command }));
                            };
                            newer = Some((next, member.xid));
                            return Ok(Step::Done(()));
                        }
                        _ => {}
                    }
                }
                if !waits.is_empty() {
                    return Ok(Step::Wait(waits));
                }
                if !version.hold(&mut guard, header, strength)? {
                    return Ok(Step::MoveBase(tid.block));
                }
                newer = header.successor().zip(deleter(transactions, base, &header));
                Ok(Step::Done(()))
            })?;
            if let Outcome::Conflict(_) = outcome {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Done(()))
    }
}

impl Step<std::convert::Infallible> {
    fn cast<T>(self) -> Step<T> {
        match self {
            Step::Done(never) => match never {},
            Step::Conflict(conflict) => Step::Conflict(conflict),
            Step::Wait(members) => Step::Wait(members),
            Step::NeedRoom { free } => Step::NeedRoom { free },
            Step::NoRoomThere { free } => Step::NoRoomThere { free },
            Step::NeedMap(block) => Step::NeedMap(block),
            Step::MoveBase(block) => Step::MoveBase(block),
        }
    }
}

/// The visibility map's page that a change of `page` must clear, if it must: `Some(None)` for no need, `None` if it is not
/// pinned yet.
fn map_for<'m>(page: &Page, block: BlockNumber, maps: &'m [Buffer]) -> Option<Option<&'m Buffer>> {
    if !page.is_all_visible() {
        return Some(None);
    }
    maps.iter().find(|map| map.block() == VisibilityMap::map_block(block)).map(Some)
}

fn room_free(buffer: &Buffer) -> usize {
    room_for_tuple(&buffer.share())
}
