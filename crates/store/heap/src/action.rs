//! Changes of heap pages as bytes, and the one function that carries them out.
//!
//! Whoever changes a page writes what is to happen as a list of *actions*, calls [`apply`] on the page, and logs the
//! same bytes; redo calls [`apply`] with them on its copy. So replay cannot differ from the original, and there is one
//! place that changes heap pages (hints apart).
//!
//! ```text
//!  INSERT      line u16, length u16, tuple
//!  XMAX        line u16, xmax u32, command u32, flags u16, next block u32, next line u16
//!  INIT        xid base u64
//!  PRUNE       redirects u16, dead u16, unused u16, (from u16, to u16)…, line u16…, line u16…
//!  FREEZE      count u16, (line u16, flags to set u16, flags to clear u16)…
//!  VISIBLE     0 or 1                       the page's own mark
//!  MAP         block u32, bits u8           on a page of the visibility map
//!  FREE        count u16, line u16…         dead lines become unused
//!  CONFIRM     line u16                     a speculative insertion becomes an ordinary one
//!  KILL        line u16                     a speculative insertion never was
//!  FULL        –                            an update found no room
//! ```

use error::{Error, Result};
use ids::{BlockNumber, CommandId, TupleId, Xid};
use storage::action::{ActionReader, WriteActions};
use storage::page::page_flags;
use storage::{LinePointer, Page, VisibilityMap, VisibilityStatus};

use crate::tuple::{Header, flags};

const INSERT: u8 = 1;
const XMAX: u8 = 2;
const INIT: u8 = 3;
const PRUNE: u8 = 4;
const FREEZE: u8 = 5;
const VISIBLE: u8 = 6;
const MAP: u8 = 7;
const FREE: u8 = 8;
const CONFIRM: u8 = 9;
const KILL: u8 = 10;
const FULL: u8 = 11;

/// What a record is about, for people who read the log; redo needs only the actions. The numbers are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Rows inserted into a page.
    Insert = 0x00,
    /// A row deleted.
    Delete = 0x10,
    /// A row replaced.
    Update = 0x20,
    /// A row replaced on its page.
    HotUpdate = 0x30,
    /// A row locked.
    Lock = 0x40,
    /// A speculative insertion confirmed or taken back.
    Speculative = 0x50,
    /// Dead versions removed.
    Prune = 0x60,
    /// Dead lines made free by vacuum.
    Vacuum = 0x70,
    /// Marked visible to all.
    Visible = 0x80,
    /// The base of the page's ids moved; the page's image says it all.
    Rebase = 0x90,
    /// A sequence's row, made anew.
    Sequence = 0xA0,
}

impl Kind {
    /// Every kind with the name that pg_waldump shows.
    pub const NAMES: [(Kind, &'static str); 11] = [
        (Kind::Insert, "INSERT"),
        (Kind::Delete, "DELETE"),
        (Kind::Update, "UPDATE"),
        (Kind::HotUpdate, "HOT_UPDATE"),
        (Kind::Lock, "LOCK"),
        (Kind::Speculative, "CONFIRM"),
        (Kind::Prune, "PRUNE"),
        (Kind::Vacuum, "VACUUM"),
        (Kind::Visible, "VISIBLE"),
        (Kind::Rebase, "REBASE"),
        (Kind::Sequence, "SEQUENCE"),
    ];
}

/// A list of actions being written.
#[derive(Clone, Debug, Default)]
pub struct Actions(pub Vec<u8>);

/// What becomes of a line in pruning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Lines that become redirects, and where to.
    pub redirects: Vec<(u16, u16)>,
    /// Lines that become dead.
    pub dead: Vec<u16>,
    /// Lines that become unused.
    pub unused: Vec<u16>,
}

impl Pruned {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.redirects.is_empty() && self.dead.is_empty() && self.unused.is_empty()
    }
}

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

    /// Puts a tuple at a line.
    pub fn insert(&mut self, line: u16, tuple: &[u8]) -> &mut Self {
        self.code(INSERT).u16(line).item(tuple)
    }

    /// Sets who deleted, replaced or locked a tuple. `header` has the new `xmax`, `command`, `next` and flags.
    pub fn xmax(&mut self, line: u16, header: &Header) -> &mut Self {
        let all = header.flags & (flags::XMAX_ALL | flags::COMBINED);
        self.code(XMAX).u16(line).u32(header.xmax).u32(header.command.0).u16(all);
        self.u32(header.next.block.0).u16(header.next.offset)
    }

    /// Makes it an empty page.
    pub fn init(&mut self, base: Xid) -> &mut Self {
        self.code(INIT).u64(base.0)
    }

    /// Removes dead versions and moves the others together.
    pub fn prune(&mut self, pruned: &Pruned) -> &mut Self {
        self.code(PRUNE);
        self.u16(pruned.redirects.len() as u16).u16(pruned.dead.len() as u16).u16(pruned.unused.len() as u16);
        for &(from, to) in &pruned.redirects {
            self.u16(from).u16(to);
        }
        for &line in pruned.dead.iter().chain(&pruned.unused) {
            self.u16(line);
        }
        self
    }

    /// Sets and clears flags of tuples for good.
    pub fn freeze(&mut self, tuples: &[(u16, u16, u16)]) -> &mut Self {
        self.code(FREEZE).u16(tuples.len() as u16);
        for &(line, set, clear) in tuples {
            self.u16(line).u16(set).u16(clear);
        }
        self
    }

    /// Says on the page whether every tuple is visible to all.
    pub fn visible(&mut self, yes: bool) -> &mut Self {
        self.code(VISIBLE).code(yes as u8)
    }

    /// Sets a page's bits on its page of the visibility map.
    pub fn map(&mut self, block: BlockNumber, status: VisibilityStatus) -> &mut Self {
        self.code(MAP).u32(block.0).code(status.all_visible as u8 | (status.all_frozen as u8) << 1)
    }

    /// Frees dead lines.
    pub fn free(&mut self, lines: &[u16]) -> &mut Self {
        self.code(FREE).lines(lines)
    }

    /// Makes a speculative insertion an ordinary one, or one that never was.
    pub fn finish_speculative(&mut self, line: u16, confirm: bool) -> &mut Self {
        self.code(if confirm { CONFIRM } else { KILL }).u16(line)
    }

    /// Notes that an update found no room.
    pub fn full(&mut self) -> &mut Self {
        self.code(FULL)
    }
}

#[cold]
#[track_caller]
fn malformed() -> Error {
    Error::corrupted("a heap page does not fit the change to be made to it")
}

/// Carries out a list of actions.
///
/// # Errors
/// `XX001` if the page does not fit the actions; it may be half changed then.
pub fn apply(page: &mut Page, actions: &[u8]) -> Result<()> {
    let mut reader = ActionReader(actions);
    while !reader.is_empty() {
        match reader.u8()? {
            INSERT => {
                let (line, tuple) = (reader.u16()?, reader.item()?);
                if !page.put_item(line, tuple) {
                    return Err(malformed());
                }
            }
            XMAX => {
                let line = reader.u16()?;
                let (xmax, command, set) = (reader.u32()?, reader.u32()?, reader.u16()?);
                let next = TupleId::new(BlockNumber(reader.u32()?), reader.u16()?);
                let pointer = page.line(line);
                let tuple = page.item_mut(pointer).ok_or_else(malformed)?;
                let mut header = Header::read(tuple).ok_or_else(malformed)?;
                header.xmax = xmax;
                header.command = CommandId(command);
                header.next = next;
                header.flags = header.flags & !(flags::XMAX_ALL | flags::COMBINED) | set;
                header.write(tuple);
                let oldest = page.prune_xid();
                if !header.has_no_deleter() && (oldest == 0 || xmax < oldest) {
                    page.set_prune_xid(xmax);
                }
            }
            INIT => {
                page.init(0);
                page.set_xid_base(Xid(reader.u64()?));
            }
            PRUNE => {
                let (redirects, dead, unused) = (reader.u16()?, reader.u16()?, reader.u16()?);
                for _ in 0..redirects {
                    let (from, to) = (reader.u16()?, reader.u16()?);
                    set_line(page, from, LinePointer::redirect(to))?;
                }
                for _ in 0..dead {
                    set_line(page, reader.u16()?, LinePointer::DEAD)?;
                }
                for _ in 0..unused {
                    set_line(page, reader.u16()?, LinePointer::UNUSED)?;
                }
                page.compact();
                page.set_flags(page.flags() & !page_flags::FULL);
                page.set_prune_xid(oldest_deleter(page));
            }
            FREEZE => {
                for _ in 0..reader.u16()? {
                    let (line, set, clear) = (reader.u16()?, reader.u16()?, reader.u16()?);
                    let pointer = page.line(line);
                    let tuple = page.item_mut(pointer).ok_or_else(malformed)?;
                    let mut header = Header::read(tuple).ok_or_else(malformed)?;
                    header.flags = header.flags & !clear | set;
                    header.write(tuple);
                }
            }
            VISIBLE => {
                let yes = reader.u8()? != 0;
                page.set_all_visible(yes);
            }
            MAP => {
                let (block, bits) = (BlockNumber(reader.u32()?), reader.u8()?);
                let status = VisibilityStatus { all_visible: bits & 1 != 0, all_frozen: bits & 2 != 0 };
                VisibilityMap::set(page, block, status);
            }
            FREE => {
                for _ in 0..reader.u16()? {
                    set_line(page, reader.u16()?, LinePointer::UNUSED)?;
                }
                page.compact();
            }
            CONFIRM => {
                let pointer = page.line(reader.u16()?);
                let tuple = page.item_mut(pointer).ok_or_else(malformed)?;
                let mut header = Header::read(tuple).ok_or_else(malformed)?;
                header.flags &= !flags::SPECULATIVE;
                header.next = NO_NEXT;
                header.write(tuple);
            }
            KILL => {
                let pointer = page.line(reader.u16()?);
                let tuple = page.item_mut(pointer).ok_or_else(malformed)?;
                let mut header = Header::read(tuple).ok_or_else(malformed)?;
                header.flags = header.flags & !(flags::SPECULATIVE | flags::XMIN_FROZEN) | flags::XMIN_ABORTED;
                header.xmin = 0;
                header.next = NO_NEXT;
                header.write(tuple);
                // Any id makes the page worth pruning; the base's first is older than all.
                page.set_prune_xid(Xid::FIRST_NORMAL.0 as u32);
            }
            FULL => page.set_flags(page.flags() | page_flags::FULL),
            _ => return Err(malformed()),
        }
    }
    Ok(())
}

/// What the header of a version without successor says.
pub const NO_NEXT: TupleId = TupleId::new(BlockNumber(0), 0);

fn set_line(page: &mut Page, number: u16, line: LinePointer) -> Result<()> {
    if number == 0 || number > page.line_count() {
        return Err(malformed());
    }
    page.set_line(number, line);
    Ok(())
}

/// The least offset of a deleter on the page; zero if there is none.
fn oldest_deleter(page: &Page) -> u32 {
    let deleter = |line| {
        let (header, _, _) = crate::tuple::tuple_at(page, line)?;
        (!header.has_no_deleter()).then_some(header.xmax)
    };
    page.lines().filter_map(|(_, line)| deleter(line)).min().unwrap_or(0)
}

/// Appends what a list of actions does, for people; stops where it cannot be read.
pub fn describe(actions: &[u8], text: &mut String) {
    let mut reader = ActionReader(actions);
    let mut first = true;
    while let Ok(Some(action)) = describe_one(&mut reader) {
        if !std::mem::take(&mut first) {
            text.push_str("; ");
        }
        text.push_str(&action);
    }
}

fn describe_one(reader: &mut ActionReader<'_>) -> Result<Option<String>> {
    let Ok(code) = reader.u8() else { return Ok(None) };
    Ok(Some(match code {
        INSERT => {
            let (line, tuple) = (reader.u16()?, reader.item()?);
            format!("insert off: {line}, len: {}", tuple.len())
        }
        XMAX => {
            let (line, xmax) = (reader.u16()?, reader.u32()?);
            reader.take(12)?;
            format!("xmax off: {line}, xmax: +{xmax}")
        }
        INIT => format!("init base: {}", reader.u64()?),
        PRUNE => {
            let (redirects, dead, unused) = (reader.u16()?, reader.u16()?, reader.u16()?);
            reader.take(4 * redirects as usize + 2 * dead as usize + 2 * unused as usize)?;
            format!("prune nredirected: {redirects}, ndead: {dead}, nunused: {unused}")
        }
        FREEZE => {
            let count = reader.u16()?;
            reader.take(6 * count as usize)?;
            format!("freeze ntuples: {count}")
        }
        VISIBLE => format!("all-visible: {}", reader.u8()? != 0),
        MAP => {
            let (block, bits) = (reader.u32()?, reader.u8()?);
            format!("map blk: {block}, flags: {bits:#04x}")
        }
        FREE => {
            let count = reader.u16()?;
            reader.take(2 * count as usize)?;
            format!("free nunused: {count}")
        }
        CONFIRM => format!("confirm off: {}", reader.u16()?),
        KILL => format!("kill off: {}", reader.u16()?),
        FULL => "full".to_string(),
        _ => return Ok(None),
    }))
}
