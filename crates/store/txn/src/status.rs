//! What the CSN log says about an id.
//!
//! Each id, of a transaction or of a multixact, has one 64-bit word:
//!
//! ```text
//!  0                      nothing known: runs, or was lost in a crash
//!  1                      committing: the LSN will stand here in a moment
//!  2                      rolled back
//!  3                      prepared
//!  4                      prepared, and committing
//!  5 … 2^62-1             committed; the end of the commit record
//!  01 │ top-level id      a subtransaction of that transaction, not ended
//!  10 │ member offset     a multixact; its members are there
//! ```
//!
//! After a crash, nothing known and committing mean rolled back, and a subtransaction's fate is its top-level transaction's. What was prepared
//! is prepared still, or recovery finds its end in the log and writes it here.
//!
//! Multixacts take their ids from the same sequence as transactions. So a tuple's xmax holds either as an offset from one
//! base, one horizon serves both, and no second directory from ids to members is needed.

use ids::{Lsn, Xid};

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XidStatus {
    /// Not ended.
    Running,
    /// Rolled back, or lost in a crash.
    Aborted,
    /// Committed; its commit record ends at this position, which is its place in the order of all commits.
    Committed(Lsn),
}

/// A word of the CSN log, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Csn {
    Unknown,
    Committing,
    Aborted,
    Prepared,
    CommittingPrepared,
    Committed(Lsn),
    Subtransaction { top: Xid },
    MultiXact { offset: u64 },
}

const TAG_SHIFT: u32 = 62;
const TAG_SUBTRANSACTION: u64 = 1;
const TAG_MULTIXACT: u64 = 2;
const PAYLOAD: u64 = (1 << TAG_SHIFT) - 1;

impl Csn {
    pub fn decode(word: u64) -> Csn {
        match (word >> TAG_SHIFT, word & PAYLOAD) {
            (0, 0) => Csn::Unknown,
            (0, 1) => Csn::Committing,
            (0, 2) => Csn::Aborted,
            (0, 3) => Csn::Prepared,
            (0, 4) => Csn::CommittingPrepared,
            (0, lsn) => Csn::Committed(Lsn(lsn)),
            (TAG_SUBTRANSACTION, top) => Csn::Subtransaction { top: Xid(top) },
            (TAG_MULTIXACT, offset) => Csn::MultiXact { offset },
            _ => Csn::Aborted, // no such tag is written
        }
    }

    pub fn encode(self) -> u64 {
        match self {
            Csn::Unknown => 0,
            Csn::Committing => 1,
            Csn::Aborted => 2,
            Csn::Prepared => 3,
            Csn::CommittingPrepared => 4,
            Csn::Committed(lsn) => lsn.0 & PAYLOAD,
            Csn::Subtransaction { top } => TAG_SUBTRANSACTION << TAG_SHIFT | top.0 & PAYLOAD,
            Csn::MultiXact { offset } => TAG_MULTIXACT << TAG_SHIFT | offset & PAYLOAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for csn in [
            Csn::Unknown,
            Csn::Committing,
            Csn::Aborted,
            Csn::Prepared,
            Csn::CommittingPrepared,
            Csn::Committed(Lsn(5)),
            Csn::Committed(Lsn(0x16_B374_D848)),
            Csn::Subtransaction { top: Xid(3) },
            Csn::Subtransaction { top: Xid(1 << 61) },
            Csn::MultiXact { offset: 0 },
            Csn::MultiXact { offset: 1 << 60 },
        ] {
            assert_eq!(Csn::decode(csn.encode()), csn);
        }
    }
}
