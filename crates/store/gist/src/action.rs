//! Changes of GiST pages as bytes, and the one function that carries them out: the original and redo alike.
//!
//! ```text
//!  INIT      level u16, flags u16, right u32, sequence u64, stamp u64
//!  ITEMS     count u16, (length u16, entry)…                          appended
//!  REPLACE   line u16, length u16, entry
//!  REMOVE    count u16, line u16…
//!  FLAGS     set u16, clear u16
//!  SEQUENCE  u64
//!  STAMP     u64
//!  DELETED   safe xid u64
//! ```

use error::Result;
use ids::{BlockNumber, Xid};
use storage::Page;
use storage::action::{ActionReader, WriteActions};

use crate::page::{Node, NodeMut, damaged, flags};

const INIT: u8 = 1;
const ITEMS: u8 = 2;
const REPLACE: u8 = 3;
const REMOVE: u8 = 4;
const FLAGS: u8 = 5;
const SEQUENCE: u8 = 6;
const STAMP: u8 = 7;
const DELETED: u8 = 8;

/// What a record is about, for people who read the log. The numbers are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An entry inserted, or a downlink widened.
    Update = 0x00,
    /// A page split; of the root: a level more.
    Split = 0x10,
    /// The right half of a split got its downlink.
    Complete = 0x20,
    /// Entries removed by vacuum.
    Vacuum = 0x30,
    /// An empty leaf taken out of the tree.
    DeletePage = 0x40,
    /// A page of a bulk build.
    Build = 0x50,
}

impl Kind {
    /// Every kind with the name that pg_waldump shows.
    pub const NAMES: [(Kind, &'static str); 6] = [
        (Kind::Update, "PAGE_UPDATE"),
        (Kind::Split, "PAGE_SPLIT"),
        (Kind::Complete, "SPLIT_COMPLETE"),
        (Kind::Vacuum, "VACUUM"),
        (Kind::DeletePage, "PAGE_DELETE"),
        (Kind::Build, "BUILD"),
    ];
}

/// A list of actions being written.
#[derive(Clone, Debug, Default)]
pub struct Actions(pub Vec<u8>);

impl WriteActions for Actions {
    fn list(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Actions {
    /// None.
    pub fn new() -> Actions {
        Actions::default()
    }

    /// Makes it an empty node.
    pub fn init(&mut self, level: u16, flags: u16, right: BlockNumber, sequence: u64, stamp: u64) -> &mut Self {
        self.code(INIT).u16(level).u16(flags).u32(right.0).u64(sequence).u64(stamp)
    }

    /// Appends entries.
    pub fn items<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a [u8]>) -> &mut Self {
        self.code(ITEMS).u16(items.len() as u16);
        for item in items {
            self.item(item);
        }
        self
    }

    /// Replaces an entry.
    pub fn replace(&mut self, line: u16, entry: &[u8]) -> &mut Self {
        self.code(REPLACE).u16(line).item(entry)
    }

    /// Removes entries; the lines ascend.
    pub fn remove(&mut self, lines: &[u16]) -> &mut Self {
        self.code(REMOVE).lines(lines)
    }

    /// Sets and clears flags.
    pub fn flags(&mut self, set: u16, clear: u16) -> &mut Self {
        self.code(FLAGS).u16(set).u16(clear)
    }

    /// Sets the sequence.
    pub fn sequence(&mut self, sequence: u64) -> &mut Self {
        self.code(SEQUENCE).u64(sequence)
    }

    /// Sets the stamp.
    pub fn stamp(&mut self, stamp: u64) -> &mut Self {
        self.code(STAMP).u64(stamp)
    }

    /// Marks it deleted.
    pub fn deleted(&mut self, safe: Xid) -> &mut Self {
        self.code(DELETED).u64(safe.0)
    }
}

/// Carries out a list of actions.
///
/// # Errors
/// `XX002` if the page does not fit the actions; it may be half changed then.
pub fn apply(page: &mut Page, actions: &[u8]) -> Result<()> {
    let mut reader = ActionReader(actions);
    while !reader.is_empty() {
        match reader.u8()? {
            INIT => {
                let (level, flags) = (reader.u16()?, reader.u16()?);
                let right = reader.block()?;
                page.init_node(level, flags, right, reader.u64()?, reader.u64()?);
            }
            ITEMS => {
                for _ in 0..reader.u16()? {
                    page.append(reader.item()?)?;
                }
            }
            REPLACE => {
                let (line, entry) = (reader.u16()?, reader.item()?);
                if line == 0 || line > page.line_count() {
                    return Err(damaged("an entry to be replaced is not there"));
                }
                let pointer = page.line(line);
                match page.item_mut(pointer) {
                    Some(old) if old.len() == entry.len() => old.copy_from_slice(entry),
                    _ => page.rewrite(|n| Some((n == line).then(|| entry.to_vec())))?,
                }
            }
            REMOVE => {
                let lines = reader.lines()?;
                page.rewrite(|line| lines.binary_search(&line).is_err().then_some(None))?;
            }
            FLAGS => {
                let (set, clear) = (reader.u16()?, reader.u16()?);
                let flags = page.node_flags();
                page.set_node_flags(flags & !clear | set);
            }
            SEQUENCE => page.set_special(8, &reader.u64()?.to_le_bytes()),
            STAMP => page.set_special(16, &reader.u64()?.to_le_bytes()),
            DELETED => {
                let xid = reader.u64()?;
                page.rewrite(|_| None)?;
                let flags = page.node_flags();
                page.set_node_flags(flags | flags::DELETED);
                page.set_special(24, &xid.to_le_bytes());
            }
            _ => return Err(damaged("a log record has an unknown action")),
        }
    }
    Ok(())
}

/// Appends what a list of actions does first, for people.
pub fn describe(actions: &[u8], text: &mut String) {
    let mut reader = ActionReader(actions);
    let mut one = || -> Result<String> {
        Ok(match reader.u8()? {
            INIT => format!("level: {}", reader.u16()?),
            ITEMS => format!("nitems: {}", reader.u16()?),
            REPLACE => {
                let line = reader.u16()?;
                format!("off: {line}, len: {}", reader.item()?.len())
            }
            REMOVE => format!("ndeleted: {}", reader.u16()?),
            FLAGS => format!("flags: +{:#x} -{:#x}", reader.u16()?, reader.u16()?),
            _ => String::new(),
        })
    };
    text.push_str(&one().unwrap_or_default());
}
