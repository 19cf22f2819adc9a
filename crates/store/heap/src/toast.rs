//! TOAST: values too wide for a page.
//!
//! A row wider than [`TARGET`] has its widest values compressed (lz4) in place, and if that is not enough, moved out of line:
//! cut into chunks that are rows of the table's TOAST table, `(chunk_id, chunk_seq, chunk_data)`. The row keeps a pointer:
//!
//! ```text
//!  compressed in place                    pointer, 20 bytes
//!  0         4                            0         4         8        12      14      16        20
//!  ┌─────────┬──────────────              ┌─────────┬─────────┬────────┬───────┬───────┬─────────┐
//!  │ length  │ lz4 block …                │ length  │ stored  │ block  │ line  │ form  │ id      │
//!  └─────────┴──────────────              └─────────┴─────────┴────────┴───────┴───────┴─────────┘
//! ```
//!
//! `length` is the value's, `stored` that of its chunks together; `form` is 1 if they are compressed. Block and line name the
//! first chunk; each chunk's header names the next one.
//!
//! # Differences from PostgreSQL
//!
//! PostgreSQL finds chunks through a unique index over (chunk_id, chunk_seq). Here they are a chain: a pointer leads to the
//! first chunk at once, there is no index to maintain or to vacuum, and reading a value costs one page access per page
//! of chunks. Chunks stay while a row version that points to them may be seen, for both are deleted by the same
//! transaction; `id` (the low half of the writer's transaction id) and the sequence numbers guard against damage.

use access::layout::row_too_big;
use std::sync::Arc;

use access::{ColumnShape, Field, Form, Pending, Row, RowLayout, RowView, Store, Table, TableCache, ToastStrategy};
use batch::{Batch, ByteValues, DatumRef, Repr};
use error::{Error, Result};
use ids::{BlockNumber, CommandId, TupleId, Xid};
use storage::Image;
use txn::Transaction;
use wal::RmgrId;

use crate::action::{Actions, Kind, NO_NEXT};
use crate::place::{Heap, Tuples, carry_out};
use crate::tuple::{HEADER_SIZE, Header, TUPLE_MAX, flags, offset_of, strength_flags, tuple_at};

/// Tuples longer than this get their wide values treated, down to this.
pub const TARGET: usize = 2032;
/// Bytes of a chunk.
pub const CHUNK_SIZE: usize = 1996;
const POINTER_SIZE: usize = 20;
/// Values shorter than this stay as they are.
const WORTHWHILE: usize = 64;
/// Bytes of a chunk's body before its data: two integers and the end of the one variable column.
const CHUNK_HEADER: usize = 10;

const _: () = assert!(
    4 * ((HEADER_SIZE + CHUNK_HEADER + CHUNK_SIZE).next_multiple_of(8) + 4) <= 8192 - storage::page::PAGE_HEADER_SIZE
);

/// Where a value is that was moved out of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    length: u32,
    stored: u32,
    first: TupleId,
    compressed: bool,
    id: u32,
}

impl Pointer {
    fn to_bytes(self) -> [u8; POINTER_SIZE] {
        let mut bytes = [0; POINTER_SIZE];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.stored.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.first.block.0.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.first.offset.to_le_bytes());
        bytes[14] = self.compressed as u8;
        bytes[16..20].copy_from_slice(&self.id.to_le_bytes());
        bytes
    }

    /// From its bytes.
    ///
    /// # Errors
    /// `XX001` for anything else.
    pub fn read(bytes: &[u8]) -> Result<Pointer> {
        let bytes: &[u8; POINTER_SIZE] = bytes.try_into().map_err(|_| damaged("a pointer has the wrong length"))?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let pointer = Pointer {
            length: word(0),
            stored: word(4),
            first: TupleId::new(BlockNumber(word(8)), u16::from_le_bytes([bytes[12], bytes[13]])),
            compressed: bytes[14] != 0,
            id: word(16),
        };
        let max = ByteValues::MAX_LENGTH as u32;
        if pointer.length > max || pointer.stored > max || !pointer.compressed && pointer.length != pointer.stored {
            return Err(damaged("a pointer has an impossible length"));
        }
        Ok(pointer)
    }
}

/// A table's TOAST table as a table: `(chunk_id, chunk_seq, chunk_data)`. It goes by its owner's number and name.
///
/// # Errors
/// None that can happen.
pub fn table_of(table: &Table) -> Result<Option<Table>> {
    let Some(locator) = table.toast else { return Ok(None) };
    let columns = [ColumnShape::new(Repr::B4, 4), ColumnShape::new(Repr::B4, 4), ColumnShape::new(Repr::Bytes, -1)];
    let cache = TableCache::default();
    Ok(Some(Table {
        counters: Arc::clone(&table.counters),
        locator,
        toast: None,
        layout: Arc::new(RowLayout::new(columns)?),
        fillfactor: 100,
        cache,
        ..table.clone()
    }))
}

#[cold]
#[track_caller]
fn damaged(what: &str) -> Error {
    Error::corrupted(format!("a TOAST value is damaged: {what}"))
}

fn compress(value: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; 4 + lz4_flex::block::get_maximum_output_size(value.len())];
    out[..4].copy_from_slice(&(value.len() as u32).to_le_bytes());
    let length = lz4_flex::block::compress_into(value, &mut out[4..]).ok()?;
    out.truncate(4 + length);
    // Less than a quarter saved is not worth the reader's time.
    (out.len() < value.len() - value.len() / 4).then_some(out)
}

/// The length of the value behind bytes that [`compress`] made.
fn raw_length(stored: &[u8]) -> u32 {
    stored.first_chunk().map_or(0, |length| u32::from_le_bytes(*length))
}

/// Appends the value behind bytes that [`compress`] made.
fn decompress(stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (length, block) = stored.split_first_chunk::<4>().ok_or_else(|| damaged("it is too short"))?;
    let length = u32::from_le_bytes(*length) as usize;
    // lz4 expands at most 255 times.
    if length > ByteValues::MAX_LENGTH || length / 255 > block.len() {
        return Err(damaged("it has an impossible length"));
    }
    sys::memory::admit(length)?;
    let start = out.len();
    out.resize(start + length, 0);
    match lz4_flex::block::decompress_into(block, &mut out[start..]) {
        Ok(n) if n == length => Ok(()),
        _ => Err(damaged("its compressed form cannot be read")),
    }
}

/// Appends the value behind a stored field of form `form`.
///
/// # Errors
/// `XX001` if it is damaged.
pub(crate) fn fetch(store: &Store, table: &Table, form: Form, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if form == Form::Compressed {
        return decompress(stored, out);
    }
    let pointer = Pointer::read(stored)?;
    sys::memory::admit(pointer.length as usize)?;
    let Some(heap) = Heap::toast_of(store, table) else { return Err(damaged("its table has no TOAST table")) };
    if !pointer.compressed {
        return read_chunks(&heap, pointer, out);
    }
    let mut compressed = Vec::new();
    read_chunks(&heap, pointer, &mut compressed)?;
    decompress(&compressed, out)
}

/// Replaces the pending values of a batch by what they stand for.
pub(crate) fn resolve(store: &Store, table: &Table, batch: &mut Batch, pending: &mut Vec<Pending>) -> Result<()> {
    for value in pending.drain(..) {
        let values = batch.columns[value.column as usize].bytes_mut();
        let stored = values.get(value.position as usize).to_vec();
        values.put_with(value.position as usize, |arena| fetch(store, table, value.form, &stored, arena))?;
    }
    Ok(())
}

/// Calls `visit` with each chunk of a value: its place, its header, its data.
fn for_each_chunk(
    heap: &Heap<'_>,
    pointer: Pointer,
    mut visit: impl FnMut(TupleId, &Header, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut next = pointer.first;
    let mut buffer = None;
    for sequence in 0..(pointer.stored as usize).div_ceil(CHUNK_SIZE) {
        if !next.is_valid() {
            return Err(damaged("chunks are missing"));
        }
        let buffer = match &mut buffer {
            Some(buffer) => {
                let kept: &mut storage::Buffer = buffer;
                if kept.block() != next.block {
                    *kept = heap.read(next.block)?;
                }
                kept
            }
            none => none.insert(heap.read(next.block)?),
        };
        let page = buffer.share();
        let (header, start, end) =
            tuple_at(&page, page.line(next.offset)).ok_or_else(|| damaged("a chunk is missing"))?;
        let body = page.get(start + HEADER_SIZE..end).unwrap_or(&[]);
        let (head, data) = body.split_first_chunk::<CHUNK_HEADER>().ok_or_else(|| damaged("a chunk is too short"))?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if word(0) != pointer.id || word(4) != sequence as u32 {
            return Err(damaged("a chunk belongs to another value"));
        }
        visit(next, &header, data)?;
        next = header.next;
    }
    Ok(())
}

fn read_chunks(heap: &Heap<'_>, pointer: Pointer, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    for_each_chunk(heap, pointer, |_, _, data| {
        out.extend_from_slice(data);
        Ok(())
    })?;
    match out.len() - start == pointer.stored as usize {
        true => Ok(()),
        false => Err(damaged("its chunks have another length")),
    }
}

/// Writes a value's chunks, the last one first, so that each can name the next.
fn write(heap: &Heap<'_>, value: &[u8], xid: Xid, command: CommandId) -> Result<TupleId> {
    let id = xid.0 as u32;
    let mut next = NO_NEXT;
    let mut tuples = Tuples::default();
    let mut tids = Vec::new();
    for (sequence, chunk) in value.chunks(CHUNK_SIZE).enumerate().rev() {
        tuples.clear();
        let header = Header { xmin: 0, xmax: 0, command, next, natts: 3, flags: flags::XMAX_INVALID };
        tuples.bytes.extend_from_slice(&header.to_bytes());
        tuples.bytes.extend_from_slice(&id.to_le_bytes());
        tuples.bytes.extend_from_slice(&(sequence as u32).to_le_bytes());
        tuples.bytes.extend_from_slice(&(chunk.len() as u16).to_le_bytes());
        tuples.bytes.extend_from_slice(chunk);
        tuples.ends.push(tuples.bytes.len());
        tids.clear();
        heap.place(&mut tuples, xid, Kind::Insert, false, &mut tids)?;
        next = tids[0];
    }
    Ok(next)
}

/// Deletes the chunks of the values of a row that are out of line, except those of the columns `kept`.
pub(crate) fn delete(
    store: &Store,
    table: &Table,
    view: &RowView<'_>,
    natts: usize,
    kept: &[u16],
    xid: Xid,
    command: CommandId,
) -> Result<()> {
    for k in (0..natts).filter(|k| !kept.contains(&(*k as u16))) {
        if let Field::External(pointer) = view.get(k)? {
            delete_value(store, table, Pointer::read(pointer)?, xid, xid, command)?;
        }
    }
    Ok(())
}

/// Deletes a value's chunks in the name of `deleter`; the log has it as `xid`'s work.
fn delete_value(
    store: &Store,
    table: &Table,
    pointer: Pointer,
    xid: Xid,
    deleter: Xid,
    command: CommandId,
) -> Result<()> {
    let Some(heap) = Heap::toast_of(store, table) else { return Err(damaged("its table has no TOAST table")) };
    let mut chunks = Vec::new();
    for_each_chunk(&heap, pointer, |tid, _, _| {
        chunks.push(tid);
        Ok(())
    })?;
    for same_page in chunks.chunk_by(|a, b| a.block == b.block) {
        let block = same_page[0].block;
        store.storage.wal().make_room()?;
        let buffer = heap.read(block)?;
        let map = heap.visibility_map().pin(block)?;
        let mut guard = buffer.exclusive();
        if offset_of(guard.xid_base(), deleter).is_none() {
            crate::prune::move_base(&heap, &mut guard, deleter)?;
        }
        let xmax = offset_of(guard.xid_base(), deleter).ok_or_else(|| damaged("its page cannot hold the id"))?;
        let mut actions = Actions::new();
        for tid in same_page {
            let (mut header, _, _) =
                tuple_at(&guard, guard.line(tid.offset)).ok_or_else(|| damaged("a chunk is missing"))?;
            header.xmax = xmax;
            header.command = command;
            header.flags &= !(flags::XMAX_ALL | flags::COMBINED);
            header.flags |= strength_flags(access::LockStrength::Update);
            actions.xmax(tid.offset, &header);
        }
        let clear = guard.is_all_visible();
        if clear {
            actions.visible(false);
        }
        let mut map_guard = clear.then(|| map.exclusive());
        let mut change = store.storage.change(RmgrId::HEAP, Kind::Delete as u8);
        carry_out(&mut change, &mut guard, Image::Standard, &actions);
        if let Some(map_guard) = &mut map_guard {
            crate::place::clear_map(&mut change, map_guard, &[block]);
        }
        change.finish_for(heap.persistence, xid);
    }
    Ok(())
}

/// A row's values in the form in which they are to be stored.
pub(crate) struct Toasted {
    /// By column: what replaces the value.
    replaced: Vec<Option<(Form, Vec<u8>)>>,
    /// What was written out of line, should the row not be stored after all.
    written: Vec<Pointer>,
}

impl Toasted {
    /// The stored form of column `k`.
    pub fn field<'a>(&'a self, k: usize, value: Field<'a>) -> Field<'a> {
        match self.replaced.get(k) {
            Some(Some((Form::Compressed, bytes))) => Field::Compressed(bytes),
            Some(Some((Form::External, bytes))) => Field::External(bytes),
            _ => value,
        }
    }

    /// Deletes what was written: the row is not stored.
    pub fn undo(&self, store: &Store, table: &Table, xid: Xid, command: CommandId) -> Result<()> {
        self.delete_for(store, table, xid, xid, command)
    }

    /// Deletes what was written in the name of `deleter`: the row is stored as one that he has deleted.
    pub fn delete_for(&self, store: &Store, table: &Table, xid: Xid, deleter: Xid, command: CommandId) -> Result<()> {
        self.written.iter().try_for_each(|&pointer| delete_value(store, table, pointer, xid, deleter, command))
    }
}

/// Makes a row fit: compresses its wide values and moves them out of line. `value` gives the row's fields.
pub(crate) fn toast<'a>(
    store: &Store,
    table: &Table,
    transaction: &Transaction,
    command: CommandId,
    layout: &RowLayout,
    value: &dyn Fn(usize) -> Field<'a>,
) -> Result<Toasted> {
    let mut toasted = Toasted { replaced: vec![None; layout.len()], written: Vec::new() };
    let size = |t: &Toasted| HEADER_SIZE + layout.encoded_len(|k| t.field(k, value(k)));
    let raw = |k: usize| match value(k) {
        Field::Plain(DatumRef::Bytes(bytes)) => Some(bytes),
        _ => None,
    };
    let strategy = |k: usize| match layout.columns()[k].is_variable() {
        true => layout.columns()[k].toast,
        false => ToastStrategy::Plain,
    };
    let mut incompressible = vec![false; layout.len()];
    let heap = Heap::toast_of(store, table);
    // Compress extended columns, move extended and external ones out, compress main ones, move main ones out.
    for (compressing, main) in [(true, false), (false, false), (true, true), (false, true)] {
        let target = if main && !compressing { TUPLE_MAX } else { TARGET };
        while size(&toasted) > target {
            let eligible = |k: usize| {
                let right = match strategy(k) {
                    ToastStrategy::Plain => false,
                    ToastStrategy::Main => main,
                    ToastStrategy::External => !main && !compressing,
                    ToastStrategy::Extended => !main,
                };
                let done = match (&toasted.replaced[k], compressing) {
                    (None, true) => incompressible[k],
                    (None, false) | (Some((Form::Compressed, _)), false) => false,
                    _ => true,
                };
                right && !done
            };
            let stored = |k: usize| match (&toasted.replaced[k], value(k)) {
                (Some((_, bytes)), _) => bytes.len(),
                // Taken over from the old version as it is.
                (None, Field::Compressed(bytes)) if !compressing => bytes.len(),
                (None, _) => raw(k).map_or(0, <[u8]>::len),
            };
            let widest =
                (0..layout.len()).filter(|&k| eligible(k) && stored(k) >= WORTHWHILE).max_by_key(|&k| stored(k));
            let Some(k) = widest else { break };
            let bytes = raw(k).unwrap_or(&[]);
            if compressing {
                match compress(bytes) {
                    Some(compressed) => toasted.replaced[k] = Some((Form::Compressed, compressed)),
                    None => incompressible[k] = true,
                }
                continue;
            }
            let Some(heap) = &heap else { break };
            let xid = transaction.xid()?;
            let compressed = toasted.replaced[k].take().map(|(_, bytes)| bytes);
            let compressed = match (&compressed, value(k)) {
                (Some(compressed), _) => Some(&compressed[..]),
                (None, Field::Compressed(compressed)) => Some(compressed),
                _ => None,
            };
            let stored = compressed.unwrap_or(bytes);
            let pointer = Pointer {
                length: compressed.map_or(bytes.len() as u32, raw_length),
                stored: stored.len() as u32,
                first: write(heap, stored, xid, command)?,
                compressed: compressed.is_some(),
                id: xid.0 as u32,
            };
            toasted.written.push(pointer);
            toasted.replaced[k] = Some((Form::External, pointer.to_bytes().to_vec()));
        }
    }
    Ok(toasted)
}

/// The field of a row's column as it came from above.
pub(crate) fn plain<'a>(row: Row<'a>, k: usize) -> Field<'a> {
    Field::Plain(row.get(k))
}

/// Appends a tuple (header and body) with the row's values, toasted if it is too wide. `header` gets the body's flags.
pub(crate) fn encode<'a>(
    store: &Store,
    table: &Table,
    transaction: &Transaction,
    mut header: Header,
    value: &dyn Fn(usize) -> Field<'a>,
    out: &mut Vec<u8>,
) -> Result<Option<Toasted>> {
    let layout = &table.layout;
    let start = out.len();
    let size = HEADER_SIZE + layout.encoded_len(value);
    let mut toasted = None;
    if size > TARGET && layout.columns().iter().any(|c| c.toast.moves_out() && c.repr == Repr::Bytes) {
        toasted = Some(toast(store, table, transaction, header.command, layout, value)?);
    } else if size > TUPLE_MAX {
        return Err(row_too_big(size));
    }
    out.extend_from_slice(&header.to_bytes());
    let body = match &toasted {
        Some(toasted) => layout.encode(|k| toasted.field(k, value(k)), out)?,
        None => layout.encode(value, out)?,
    };
    if out.len() - start > TUPLE_MAX {
        return Err(row_too_big(out.len() - start));
    }
    header.natts = layout.len() as u16;
    header.flags |= if body.nulls { flags::HAS_NULLS } else { 0 };
    header.flags |= if body.external { flags::HAS_EXTERNAL } else { 0 };
    header.flags |= if body.compressed { flags::HAS_COMPRESSED } else { 0 };
    header.write(&mut out[start..]);
    Ok(toasted)
}
