//! Who sees a row version, and what may be done to it.
//!
//! Three questions, three answers:
//!
//! - [`Judge::sees`]: does this snapshot see it? (reads)
//! - [`for_update`]: may it be updated, deleted or locked, or who stands in the way? (writes)
//! - [`fate`]: is it of use to anybody? (pruning, vacuum)
//!
//! What is found out about a transaction's end is noted in [`Hints`] and set on the page after its lock was released, so
//! that the next reader need not ask again. A hint repeats what the commit log says, and only what can no longer
//! be lost in a crash ([`Transactions::may_hint`]).

use error::Result;
use ids::{CommandId, MultiXactId, Xid};
use storage::{Buffer, Page, PageMut};
use txn::{MultiXactMember, Snapshot, Transaction, Transactions, XidStatus};

use crate::tuple::{Header, flags, tuple_at, xid_of};

/// Hints to be set on a page.
#[derive(Debug, Default)]
pub struct Hints(Vec<Hint>);

#[derive(Clone, Copy, Debug)]
struct Hint {
    line: u16,
    flags: u16,
    xmin: u32,
    xmax: u32,
}

impl Hints {
    /// None.
    pub fn new() -> Hints {
        Hints::default()
    }

    #[inline]
    fn note(&mut self, line: u16, header: &Header, flags: u16) {
        match self.0.last_mut() {
            Some(last) if last.line == line => last.flags |= flags,
            _ => self.0.push(Hint { line, flags, xmin: header.xmin, xmax: header.xmax }),
        }
    }

    /// Sets them, if the page's lock is free, and forgets them. The page may have changed since: a hint is set only on a tuple
    /// with the same ids.
    pub fn set_on(&mut self, buffer: &Buffer) {
        if self.0.is_empty() {
            return;
        }
        buffer.hint(|page| self.apply(page));
        self.0.clear();
    }

    /// Sets them on a page that is locked already, and forgets them.
    pub fn set_in(&mut self, guard: &mut PageMut<'_>) {
        if !self.0.is_empty() {
            guard.hint(|page| self.apply(page));
            self.0.clear();
        }
    }

    fn apply(&self, page: &mut Page) -> bool {
        let mut changed = false;
        for hint in &self.0 {
            let pointer = page.line(hint.line);
            let Some((mut header, _, _)) = tuple_at(page, pointer) else { continue };
            if header.xmin == hint.xmin && header.xmax == hint.xmax && header.flags & hint.flags != hint.flags {
                header.flags |= hint.flags;
                if let Some(tuple) = page.item_mut(pointer) {
                    header.write(tuple);
                    changed = true;
                }
            }
        }
        changed
    }
}

/// Decides for one snapshot which versions it sees. Remembers the last ids it was asked about: the rows of a page mostly
/// have few creators.
pub struct Judge<'a> {
    snapshot: &'a Snapshot,
    transactions: &'a Transactions,
    xmin_seen: (Xid, bool),
    xmax_seen: (Xid, bool),
    /// Of a serializable transaction: whose work it did not see.
    unseen: Vec<Xid>,
}

impl<'a> Judge<'a> {
    /// For this snapshot.
    pub fn new(snapshot: &'a Snapshot, transactions: &'a Transactions) -> Judge<'a> {
        Judge {
            snapshot,
            transactions,
            xmin_seen: (Xid::INVALID, false),
            xmax_seen: (Xid::INVALID, false),
            unseen: Vec::new(),
        }
    }

    /// Tells a serializable transaction whose work it did not see. To be called when no page is locked.
    ///
    /// # Errors
    /// `40001`.
    #[inline]
    pub fn finish(self) -> Result<()> {
        match &self.snapshot.serializable {
            Some(reader) if !self.unseen.is_empty() => self.unseen.iter().try_for_each(|&xid| reader.meets(xid)),
            _ => Ok(()),
        }
    }

    /// It did not see what `xid` did.
    #[inline]
    fn passed_over(&mut self, xid: Xid) {
        if self.snapshot.serializable.is_some() && !self.unseen.contains(&xid) {
            self.unseen.push(xid);
        }
    }

    #[inline]
    fn is_own(&self, xid: Xid) -> bool {
        // The own transaction is running, so its ids are not below the bound of running ids.
        xid >= self.snapshot.xmin && self.snapshot.is_own(xid)
    }

    /// Whether it sees the tuple at `line` of a page whose base is `base`.
    #[inline]
    pub fn sees(&mut self, base: Xid, line: u16, header: &Header, hints: &mut Hints) -> Result<bool> {
        Ok(self.sees_creator(base, line, header, hints)? && !self.sees_deleter(base, line, header, hints)?)
    }

    #[inline]
    fn sees_creator(&mut self, base: Xid, line: u16, header: &Header, hints: &mut Hints) -> Result<bool> {
        if header.is_frozen() {
            return Ok(true);
        }
        if header.has(flags::XMIN_ABORTED) {
            return Ok(false);
        }
        let xmin = xid_of(base, header.xmin);
        if header.has(flags::XMIN_COMMITTED) && xmin < self.snapshot.xmin || xmin == Xid::BOOTSTRAP {
            return Ok(true);
        }
        if self.xmin_seen.0 != xmin {
            if self.is_own(xmin) {
                let command = match header.has(flags::COMBINED) {
                    true => self.snapshot.commands(header.command).0,
                    false => header.command,
                };
                // A deleter from another (sub)transaction of ours left its own command; the creator's is then in the past.
                return Ok(command < self.snapshot.command);
            }
            self.xmin_seen = (xmin, xmin < self.snapshot.xmax && self.snapshot.sees(self.transactions, xmin)?);
        }
        let seen = self.xmin_seen.1;
        if !seen {
            self.passed_over(xmin);
        }
        if xmin < self.snapshot.xmin {
            hints.note(line, header, if seen { flags::XMIN_COMMITTED } else { flags::XMIN_ABORTED });
        } else if seen && !header.has(flags::XMIN_COMMITTED) {
            hints.note(line, header, flags::XMIN_COMMITTED);
        }
        Ok(seen)
    }

    #[inline]
    fn sees_deleter(&mut self, base: Xid, line: u16, header: &Header, hints: &mut Hints) -> Result<bool> {
        if header.has_no_deleter() {
            return Ok(false);
        }
        let mut xmax = xid_of(base, header.xmax);
        if header.has(flags::XMAX_MULTI) {
            match updater(self.transactions, xmax)? {
                Some(updater) => xmax = updater,
                None => return Ok(false),
            }
        } else if header.has(flags::XMAX_COMMITTED) && xmax < self.snapshot.xmin {
            return Ok(true);
        }
        if self.xmax_seen.0 != xmax {
            if self.is_own(xmax) {
                let command = match header.has(flags::COMBINED) {
                    true => self.snapshot.commands(header.command).1,
                    false => header.command,
                };
                return Ok(command < self.snapshot.command);
            }
            self.xmax_seen = (xmax, xmax < self.snapshot.xmax && self.snapshot.sees(self.transactions, xmax)?);
        }
        let seen = self.xmax_seen.1;
        if !seen {
            self.passed_over(xmax);
        }
        if header.has(flags::XMAX_MULTI) {
            return Ok(seen);
        }
        if xmax < self.snapshot.xmin {
            hints.note(line, header, if seen { flags::XMAX_COMMITTED } else { flags::XMAX_INVALID });
        } else if seen && !header.has(flags::XMAX_COMMITTED) {
            hints.note(line, header, flags::XMAX_COMMITTED);
        }
        Ok(seen)
    }
}

/// The member of a multixact that updated or deleted the row.
pub fn updater(transactions: &Transactions, multi: Xid) -> Result<Option<Xid>> {
    let members = transactions.members(MultiXactId(multi.0))?;
    Ok(members.iter().find(|member| member.updates).map(|member| member.xid))
}

/// What stands in the way of changing a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForUpdate {
    /// Nothing.
    Free,
    /// It is not visible to the own command.
    Invisible,
    /// An own command changed it: `command` did, at or after the one that asks.
    SelfModified(CommandId),
    /// A committed transaction updated or deleted it.
    Changed(Xid),
    /// These transactions hold it, at least one of them another one that may be running. Who updates it is marked.
    Held(Vec<MultiXactMember>),
}

/// The members behind a tuple's `xmax`: one, or those of its multixact. Empty if `xmax` means nothing.
pub fn holders(transactions: &Transactions, base: Xid, header: &Header) -> Result<Vec<MultiXactMember>> {
    if header.has_no_xmax() {
        return Ok(Vec::new());
    }
    let xmax = xid_of(base, header.xmax);
    if header.has(flags::XMAX_MULTI) {
        return transactions.members(MultiXactId(xmax.0));
    }
    Ok(vec![MultiXactMember {
        xid: xmax,
        mode: row_lock_mode(header.strength()),
        updates: !header.has(flags::XMAX_LOCK_ONLY),
    }])
}

/// The same strength in the words of `txn`.
pub fn row_lock_mode(strength: access::LockStrength) -> txn::RowLockMode {
    match strength {
        access::LockStrength::KeyShare => txn::RowLockMode::KeyShare,
        access::LockStrength::Share => txn::RowLockMode::Share,
        access::LockStrength::NoKeyUpdate => txn::RowLockMode::NoKeyUpdate,
        access::LockStrength::Update => txn::RowLockMode::Update,
    }
}

/// The same strength in the words of `access`.
pub fn lock_strength(mode: txn::RowLockMode) -> access::LockStrength {
    match mode {
        txn::RowLockMode::KeyShare => access::LockStrength::KeyShare,
        txn::RowLockMode::Share => access::LockStrength::Share,
        txn::RowLockMode::NoKeyUpdate => access::LockStrength::NoKeyUpdate,
        txn::RowLockMode::Update => access::LockStrength::Update,
    }
}

/// Whether the command `command` of `transaction` may change the version, or what stands in its way.
pub fn for_update(
    transaction: &Transaction,
    snapshot: &Snapshot,
    command: CommandId,
    base: Xid,
    header: &Header,
) -> Result<ForUpdate> {
    let transactions = transaction.transactions();
    let xmin = xid_of(base, header.xmin);
    let (creator, deleter) = commands(snapshot, header);
    if !header.is_frozen() && !header.has(flags::XMIN_COMMITTED) && xmin != Xid::BOOTSTRAP {
        if header.has(flags::XMIN_ABORTED) {
            return Ok(ForUpdate::Invisible);
        }
        if transaction.is_own(xmin) {
            if creator >= command {
                return Ok(ForUpdate::Invisible);
            }
        } else if !matches!(transactions.status(xmin)?, XidStatus::Committed(_)) {
            return Ok(ForUpdate::Invisible);
        }
    }
    if header.has_no_xmax() {
        return Ok(ForUpdate::Free);
    }
    if header.has(flags::XMAX_COMMITTED) && !header.has(flags::XMAX_MULTI | flags::XMAX_LOCK_ONLY) {
        return Ok(ForUpdate::Changed(xid_of(base, header.xmax)));
    }
    let mut held = Vec::new();
    let mut others = false;
    for member in holders(transactions, base, header)? {
        if transaction.is_own(member.xid) {
            if member.updates {
                return Ok(match deleter >= command {
                    true => ForUpdate::SelfModified(deleter),
                    false => ForUpdate::Invisible,
                });
            }
            held.push(member);
            continue;
        }
        match transactions.status(member.xid)? {
            XidStatus::Running => {
                others = true;
                held.push(member);
            }
            XidStatus::Committed(_) if member.updates => return Ok(ForUpdate::Changed(member.xid)),
            _ => {}
        }
    }
    Ok(if others { ForUpdate::Held(held) } else { ForUpdate::Free })
}

/// The creating and the deleting command of a version, as far as they are the own transaction's.
pub fn commands(snapshot: &Snapshot, header: &Header) -> (CommandId, CommandId) {
    match header.has(flags::COMBINED) {
        true => snapshot.commands(header.command),
        false => (header.command, header.command),
    }
}

/// Of what use a version still is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody sees it, nobody ever will.
    Dead,
    /// Deleted by a committed transaction; old snapshots may see it.
    RecentlyDead(Xid),
    /// Not deleted.
    Live {
        /// Whether every present and future snapshot sees its creator's work.
        by_all: bool,
    },
    /// Its creator is running.
    BeingInserted(Xid),
    /// Its deleter is running.
    BeingDeleted(Xid),
}

/// Of what use a version still is to anybody. `line` is where it stands, for hints.
pub fn fate(transactions: &Transactions, base: Xid, line: u16, header: &Header, hints: &mut Hints) -> Result<Fate> {
    let mut by_all = true;
    if !header.is_frozen() {
        let xmin = xid_of(base, header.xmin);
        if header.has(flags::XMIN_ABORTED) {
            return Ok(Fate::Dead);
        }
        if xmin != Xid::BOOTSTRAP {
            if !header.has(flags::XMIN_COMMITTED) {
                match transactions.status(xmin)? {
                    XidStatus::Running => return Ok(Fate::BeingInserted(xmin)),
                    XidStatus::Aborted => {
                        hints.note(line, header, flags::XMIN_ABORTED);
                        return Ok(Fate::Dead);
                    }
                    status => {
                        if transactions.may_hint(status) {
                            hints.note(line, header, flags::XMIN_COMMITTED);
                        }
                    }
                }
            }
            by_all = transactions.is_removable(xmin);
        }
    }
    if header.has_no_deleter() {
        return Ok(Fate::Live { by_all });
    }
    let mut xmax = xid_of(base, header.xmax);
    if header.has(flags::XMAX_MULTI) {
        match updater(transactions, xmax)? {
            Some(updater) => xmax = updater,
            None => return Ok(Fate::Live { by_all }),
        }
    }
    if !header.has(flags::XMAX_COMMITTED) || header.has(flags::XMAX_MULTI) {
        match transactions.status(xmax)? {
            XidStatus::Running => return Ok(Fate::BeingDeleted(xmax)),
            XidStatus::Aborted => {
                if !header.has(flags::XMAX_MULTI) {
                    hints.note(line, header, flags::XMAX_INVALID);
                }
                return Ok(Fate::Live { by_all });
            }
            status => {
                if !header.has(flags::XMAX_MULTI) && transactions.may_hint(status) {
                    hints.note(line, header, flags::XMAX_COMMITTED);
                }
            }
        }
    }
    Ok(if transactions.is_removable(xmax) { Fate::Dead } else { Fate::RecentlyDead(xmax) })
}

/// Who deleted or replaced a version; `None` if nobody did.
pub fn deleter(transactions: &Transactions, base: Xid, header: &Header) -> Option<Xid> {
    if header.has_no_deleter() {
        return None;
    }
    let xmax = xid_of(base, header.xmax);
    if header.has(flags::XMAX_MULTI) { updater(transactions, xmax).ok().flatten() } else { Some(xmax) }
}
