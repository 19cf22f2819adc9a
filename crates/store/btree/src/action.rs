//! Changes of B-tree pages as bytes, and the one function that carries them out: the original and redo alike.
//!
//! ```text
//!  INIT      level u16, flags u16, left u32, right u32
//!  META      root u32, level u32
//!  INSERT    line u16, length u16, item
//!  REPLACE   line u16, length u16, item
//!  REMOVE    count u16, line u16…
//!  CUT       entries kept u16, right u32, length u16, high key     the left half of a split
//!  ITEMS     count u16, (length u16, item)…                        appended in order
//!  LEFT      block u32
//!  RIGHT     block u32
//!  FLAGS     set u16, clear u16
//!  DELETED   safe xid u64
//!  MERGE     –                                                     equal keys become posting lists
//!  ADD       line u16, tid 6 bytes                                 a tid joins a posting list
//! ```

use error::Result;
use ids::{BlockNumber, Xid};
use storage::Page;
use storage::action::{ActionReader, WriteActions};

use crate::page::{Item, Meta, Node, NodeMut, TID_SIZE, damaged, flags, posting_item, tid_to_bytes};

const INIT: u8 = 1;
const META: u8 = 2;
const INSERT: u8 = 3;
const REPLACE: u8 = 4;
const REMOVE: u8 = 5;
const CUT: u8 = 6;
const ITEMS: u8 = 7;
const LEFT: u8 = 8;
const RIGHT: u8 = 9;
const FLAGS: u8 = 10;
const DELETED: u8 = 11;
const MERGE: u8 = 12;
const ADD: u8 = 13;

/// What a record is about, for people who read the log. The numbers are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An entry inserted into a leaf.
    InsertLeaf = 0x00,
    /// A downlink inserted into an inner page.
    InsertUpper = 0x10,
    /// A page split.
    Split = 0x20,
    /// A new root.
    NewRoot = 0x30,
    /// Equal keys merged.
    Dedup = 0x40,
    /// Entries found dead removed.
    Delete = 0x50,
    /// Entries removed by vacuum.
    Vacuum = 0x60,
    /// An empty page unlinked.
    UnlinkPage = 0x70,
    /// A page of a bulk build.
    Build = 0x80,
    /// A split's downlink is there.
    Complete = 0x90,
}

impl Kind {
    /// Every kind with the name that pg_waldump shows.
    pub const NAMES: [(Kind, &'static str); 10] = [
        (Kind::InsertLeaf, "INSERT_LEAF"),
        (Kind::InsertUpper, "INSERT_UPPER"),
        (Kind::Split, "SPLIT"),
        (Kind::NewRoot, "NEWROOT"),
        (Kind::Dedup, "DEDUP"),
        (Kind::Delete, "DELETE"),
        (Kind::Vacuum, "VACUUM"),
        (Kind::UnlinkPage, "UNLINK_PAGE"),
        (Kind::Build, "BUILD"),
        (Kind::Complete, "COMPLETE"),
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
    pub fn init(&mut self, level: u16, flags: u16, left: BlockNumber, right: BlockNumber) -> &mut Self {
        self.code(INIT).u16(level).u16(flags).u32(left.0).u32(right.0)
    }

    /// Makes it the meta page.
    pub fn meta(&mut self, meta: Meta) -> &mut Self {
        self.code(META).u32(meta.root.0).u32(meta.level)
    }

    /// Inserts an item before line `line`.
    pub fn insert(&mut self, line: u16, item: &[u8]) -> &mut Self {
        self.code(INSERT).u16(line).item(item)
    }

    /// Replaces an item.
    pub fn replace(&mut self, line: u16, item: &[u8]) -> &mut Self {
        self.code(REPLACE).u16(line).item(item)
    }

    /// Removes items; the lines ascend.
    pub fn remove(&mut self, lines: &[u16]) -> &mut Self {
        self.code(REMOVE).lines(lines)
    }

    /// Keeps the first `keep` entries, with this high key and right sibling.
    pub fn cut(&mut self, keep: u16, right: BlockNumber, high_key: &[u8]) -> &mut Self {
        self.code(CUT).u16(keep).u32(right.0).item(high_key)
    }

    /// Appends items.
    pub fn items<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a [u8]>) -> &mut Self {
        self.code(ITEMS).u16(items.len() as u16);
        for item in items {
            self.item(item);
        }
        self
    }

    /// Sets the left sibling.
    pub fn left(&mut self, block: BlockNumber) -> &mut Self {
        self.code(LEFT).u32(block.0)
    }

    /// Sets the right sibling.
    pub fn right(&mut self, block: BlockNumber) -> &mut Self {
        self.code(RIGHT).u32(block.0)
    }

    /// Sets and clears flags.
    pub fn flags(&mut self, set: u16, clear: u16) -> &mut Self {
        self.code(FLAGS).u16(set).u16(clear)
    }

    /// Marks it deleted.
    pub fn deleted(&mut self, safe: Xid) -> &mut Self {
        self.code(DELETED).u64(safe.0)
    }

    /// Merges equal keys.
    pub fn merge(&mut self) -> &mut Self {
        self.code(MERGE)
    }

    /// Adds a tid to a posting list (or to a single one, which becomes a list).
    pub fn add(&mut self, line: u16, tid: u64) -> &mut Self {
        self.code(ADD).u16(line).raw(&tid_to_bytes(tid))
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
                let (left, right) = (reader.block()?, reader.block()?);
                page.init_node(level, flags, left, right);
            }
            META => {
                let (root, level) = (reader.block()?, reader.u32()?);
                page.init_meta(Meta { root, level });
            }
            INSERT => {
                let line = reader.u16()?;
                page.insert_item(line, reader.item()?)?;
            }
            REPLACE => {
                let line = reader.u16()?;
                page.replace_item(line, reader.item()?)?;
            }
            REMOVE => {
                let lines = reader.lines()?;
                page.remove_lines(|line| lines.binary_search(&line).is_ok())?;
                let any_dead = page.lines().any(|(_, line)| line.state() == storage::LineState::Dead);
                let flags = page.node_flags();
                page.set_node_flags(if any_dead { flags } else { flags & !flags::HAS_DEAD });
            }
            CUT => {
                let (keep, right) = (reader.u16()?, reader.block()?);
                let high_key = reader.item()?;
                let first = page.first_entry();
                page.rebuild(|page, new| {
                    new.push(high_key);
                    for line in first..(first + keep).min(page.last_entry() + 1) {
                        new.push_with(Node::entry(page, line).0, page.is_dead(line));
                    }
                    Ok(())
                })?;
                page.set_right(right);
            }
            ITEMS => {
                for _ in 0..reader.u16()? {
                    let line = page.line_count() + 1;
                    page.insert_item(line, reader.item()?)?;
                }
            }
            LEFT => page.set_left(reader.block()?),
            RIGHT => page.set_right(reader.block()?),
            FLAGS => {
                let (set, clear) = (reader.u16()?, reader.u16()?);
                let flags = page.node_flags();
                page.set_node_flags(flags & !clear | set);
            }
            DELETED => {
                let xid = Xid(reader.u64()?);
                page.remove_lines(|_| true)?;
                let flags = page.node_flags();
                page.set_node_flags(flags | flags::DELETED);
                page.set_safe_xid(xid);
            }
            MERGE => page.deduplicate()?,
            ADD => {
                let line = reader.u16()?;
                let tid = reader.take(TID_SIZE)?;
                let tid = u64::from_be_bytes([0, 0, tid[0], tid[1], tid[2], tid[3], tid[4], tid[5]]);
                let mut item = Vec::new();
                with_tid(Node::entry(page, line), tid, &mut item);
                page.replace_item(line, &item)?;
            }
            _ => return Err(damaged("a log record has an unknown action")),
        }
    }
    Ok(())
}

/// Appends a leaf item like `item` with one more tid.
fn with_tid(item: Item<'_>, tid: u64, out: &mut Vec<u8>) {
    let mut tids: Vec<u64> = item.tids().collect();
    let at = tids.partition_point(|&t| t < tid);
    tids.insert(at, tid);
    posting_item(out, item.key(), &tids);
}

/// Appends what a list of actions does, for people.
pub fn describe(actions: &[u8], text: &mut String) {
    let mut reader = ActionReader(actions);
    let mut one = || -> Result<String> {
        Ok(match reader.u8()? {
            INIT => format!("level: {}", reader.u16()?),
            META => format!("root: {}, level: {}", reader.u32()?, reader.u32()?),
            INSERT | REPLACE => {
                let line = reader.u16()?;
                format!("off: {line}, len: {}", reader.item()?.len())
            }
            REMOVE => format!("ndeleted: {}", reader.u16()?),
            CUT => format!("firstrightoff: {}, right: {}", reader.u16()? + 1, reader.u32()?),
            ITEMS => format!("nitems: {}", reader.u16()?),
            LEFT => format!("left: {}", reader.u32()?),
            RIGHT => format!("right: {}", reader.u32()?),
            FLAGS => format!("flags: +{:#x} -{:#x}", reader.u16()?, reader.u16()?),
            MERGE => "nintervals: all".to_string(),
            ADD => format!("off: {}, posting", reader.u16()?),
            _ => String::new(),
        })
    };
    text.push_str(&one().unwrap_or_default());
}
