//! What a row of `pg_trigger` says, in words: when the trigger fires, for what, and in which sessions.

use ids::Oid;

use crate::rows::PgTrigger;

/// Bits of `pg_trigger.tgtype`.
pub mod bits {
    /// FOR EACH ROW.
    pub const ROW: i16 = 1;
    /// BEFORE.
    pub const BEFORE: i16 = 2;
    /// INSERT.
    pub const INSERT: i16 = 4;
    /// DELETE.
    pub const DELETE: i16 = 8;
    /// UPDATE.
    pub const UPDATE: i16 = 16;
    /// TRUNCATE.
    pub const TRUNCATE: i16 = 32;
    /// INSTEAD OF.
    pub const INSTEAD: i16 = 64;
}

/// The functions of the triggers that foreign keys have, by OID.
pub mod foreign_key {
    /// A row that refers was inserted.
    pub const CHECK_INSERT: u32 = 1644;
    /// A row that refers was updated.
    pub const CHECK_UPDATE: u32 = 1645;
    /// ON DELETE CASCADE.
    pub const CASCADE_DELETE: u32 = 1646;
    /// ON UPDATE CASCADE.
    pub const CASCADE_UPDATE: u32 = 1647;
    /// ON DELETE RESTRICT.
    pub const RESTRICT_DELETE: u32 = 1648;
    /// ON UPDATE RESTRICT.
    pub const RESTRICT_UPDATE: u32 = 1649;
    /// ON DELETE SET NULL.
    pub const SET_NULL_DELETE: u32 = 1650;
    /// ON UPDATE SET NULL.
    pub const SET_NULL_UPDATE: u32 = 1651;
    /// ON DELETE SET DEFAULT.
    pub const SET_DEFAULT_DELETE: u32 = 1652;
    /// ON UPDATE SET DEFAULT.
    pub const SET_DEFAULT_UPDATE: u32 = 1653;
    /// ON DELETE NO ACTION.
    pub const NO_ACTION_DELETE: u32 = 1654;
    /// ON UPDATE NO ACTION.
    pub const NO_ACTION_UPDATE: u32 = 1655;
}

/// The function of the triggers that deferrable unique constraints have, by OID: looks again at a key that may be there twice.
pub const UNIQUE_KEY_RECHECK: Oid = Oid(1250);

/// What happens to a table or to one of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// INSERT.
    Insert,
    /// DELETE.
    Delete,
    /// UPDATE.
    Update,
    /// TRUNCATE.
    Truncate,
}

impl Event {
    /// Its bit of `tgtype`.
    pub const fn bit(self) -> i16 {
        match self {
            Event::Insert => bits::INSERT,
            Event::Delete => bits::DELETE,
            Event::Update => bits::UPDATE,
            Event::Truncate => bits::TRUNCATE,
        }
    }

    /// `TG_OP`.
    pub const fn word(self) -> &'static str {
        match self {
            Event::Insert => "INSERT",
            Event::Delete => "DELETE",
            Event::Update => "UPDATE",
            Event::Truncate => "TRUNCATE",
        }
    }
}

/// When a trigger fires, seen from its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Before it.
    Before,
    /// After it.
    After,
    /// In its place.
    InsteadOf,
}

impl Timing {
    /// `TG_WHEN`.
    pub const fn word(self) -> &'static str {
        match self {
            Timing::Before => "BEFORE",
            Timing::After => "AFTER",
            Timing::InsteadOf => "INSTEAD OF",
        }
    }
}

impl PgTrigger {
    /// Whether it fires for each row.
    pub fn is_for_rows(&self) -> bool {
        self.tgtype & bits::ROW != 0
    }

    /// When it fires.
    pub fn timing(&self) -> Timing {
        match self.tgtype & (bits::BEFORE | bits::INSTEAD) {
            0 => Timing::After,
            bits::BEFORE => Timing::Before,
            _ => Timing::InsteadOf,
        }
    }

    /// Whether it fires for an event.
    pub fn is_for(&self, event: Event) -> bool {
        self.tgtype & event.bit() != 0
    }

    /// Whether it fires in a session; `replica` says that the session applies changes of another server
    /// (`session_replication_role`).
    pub fn is_enabled(&self, replica: bool) -> bool {
        match self.tgenabled {
            b'A' => true,
            b'R' => replica,
            b'D' => false,
            _ => !replica,
        }
    }

    /// Its arguments: stored one after the other, each ended by a zero byte.
    pub fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        self.tgargs.0.split(|&byte| byte == 0).take(self.tgnargs.max(0) as usize)
    }

    /// Whether it belongs to a foreign key, on the table that refers.
    pub fn checks_foreign_key(&self) -> bool {
        matches!(self.tgfoid.0, foreign_key::CHECK_INSERT | foreign_key::CHECK_UPDATE)
    }

    /// Whether it belongs to a foreign key, on either table.
    pub fn is_of_foreign_key(&self) -> bool {
        is_foreign_key_function(self.tgfoid)
    }
}

/// Whether a function is one of those that foreign keys' triggers call.
pub fn is_foreign_key_function(function: Oid) -> bool {
    (foreign_key::CHECK_INSERT..=foreign_key::NO_ACTION_UPDATE).contains(&function.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_end_with_zero_bytes() {
        let trigger =
            PgTrigger { tgnargs: 3, tgargs: crate::field::Raw(b"a\0\0it's\0".to_vec()), ..Default::default() };
        let found: Vec<&[u8]> = trigger.arguments().collect();
        assert_eq!(found, [b"a".as_slice(), b"", b"it's"]);
        assert_eq!(PgTrigger::default().arguments().count(), 0);
    }

    #[test]
    fn the_role_of_the_session_decides_who_fires() {
        let fires = |enabled: u8| {
            let trigger = PgTrigger { tgenabled: enabled, ..Default::default() };
            (trigger.is_enabled(false), trigger.is_enabled(true))
        };
        assert_eq!(fires(b'O'), (true, false));
        assert_eq!(fires(b'R'), (false, true));
        assert_eq!(fires(b'A'), (true, true));
        assert_eq!(fires(b'D'), (false, false));
    }
}
