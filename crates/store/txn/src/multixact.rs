//! Multixacts: sets of transactions that hold locks on one row version.
//!
//! A multixact's id comes from the sequence of transaction ids, and its word in the CSN log says where its members are (see
//! `status`). In the members' array a set is one word with the count, and a word for each member:
//!
//! ```text
//!  count │ xid << 3 | mode << 1 | updates │ …
//! ```
//!
//! # Invariants
//!
//! - Every member's id is smaller than the multixact's, since it was assigned earlier. So a multixact below a horizon has
//!   only members below it.
//! - At most one member updates.
//! - A set never changes. To add a locker, a new one is made.

use error::{Error, Result};
use ids::{MultiXactId, Xid};

/// How much of a row a locker wants, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowLockMode {
    /// `FOR KEY SHARE`.
    KeyShare = 0,
    /// `FOR SHARE`.
    Share = 1,
    /// `FOR NO KEY UPDATE`.
    NoKeyUpdate = 2,
    /// `FOR UPDATE`.
    Update = 3,
}

impl RowLockMode {
    /// Whether two transactions cannot lock one row in these modes (the documentation's table of row-level locks).
    pub const fn conflicts_with(self, other: RowLockMode) -> bool {
        let (weaker, stronger) = if (self as u8) < other as u8 { (self, other) } else { (other, self) };
        match weaker {
            RowLockMode::KeyShare => matches!(stronger, RowLockMode::Update),
            RowLockMode::Share => matches!(stronger, RowLockMode::NoKeyUpdate | RowLockMode::Update),
            RowLockMode::NoKeyUpdate | RowLockMode::Update => true,
        }
    }

    fn from_bits(bits: u64) -> RowLockMode {
        match bits & 3 {
            0 => RowLockMode::KeyShare,
            1 => RowLockMode::Share,
            2 => RowLockMode::NoKeyUpdate,
            _ => RowLockMode::Update,
        }
    }

    /// pg_waldump's word.
    pub(crate) fn short_name(self, updates: bool) -> &'static str {
        match (self, updates) {
            (RowLockMode::KeyShare, _) => "keysh",
            (RowLockMode::Share, _) => "sh",
            (RowLockMode::NoKeyUpdate, false) => "fornokeyupd",
            (RowLockMode::Update, false) => "forupd",
            (RowLockMode::NoKeyUpdate, true) => "nokeyupd",
            (RowLockMode::Update, true) => "upd",
        }
    }
}

/// One transaction in a multixact: what it does to the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiXactMember {
    /// Who.
    pub xid: Xid,
    /// How strongly it locks the row.
    pub mode: RowLockMode,
    /// Whether it updated or deleted the row, rather than only locking it.
    pub updates: bool,
}

impl MultiXactMember {
    pub(crate) fn encode(&self) -> u64 {
        self.xid.0 << 3 | (self.mode as u64) << 1 | self.updates as u64
    }

    pub(crate) fn decode(word: u64) -> MultiXactMember {
        MultiXactMember { xid: Xid(word >> 3), mode: RowLockMode::from_bits(word >> 1), updates: word & 1 != 0 }
    }
}

/// More members than any server has transactions: a larger count is damage.
const MEMBERS_MAX: u64 = 1 << 20;

/// Reads a set from the members' array.
pub(crate) fn read(members: &crate::paged_log::PagedLog, id: MultiXactId, offset: u64) -> Result<Vec<MultiXactMember>> {
    let count = members.get(offset)?;
    if count == 0 || count > MEMBERS_MAX {
        return Err(Error::corrupted(format!("MultiXactId {} has an invalid number of members", id.0)));
    }
    (1..=count).map(|i| members.get(offset + i).map(MultiXactMember::decode)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_locks_conflict_as_documented() {
        use RowLockMode::*;
        let table = [(KeyShare, "...X"), (Share, "..XX"), (NoKeyUpdate, ".XXX"), (Update, "XXXX")];
        for (mode, row) in table {
            for (other, mark) in [KeyShare, Share, NoKeyUpdate, Update].into_iter().zip(row.chars()) {
                assert_eq!(mode.conflicts_with(other), mark == 'X', "{mode:?} {other:?}");
            }
        }
    }

    #[test]
    fn members_round_trip() {
        let member = MultiXactMember { xid: Xid(1 << 60), mode: RowLockMode::NoKeyUpdate, updates: true };
        assert_eq!(MultiXactMember::decode(member.encode()), member);
    }
}
