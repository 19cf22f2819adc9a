//! What a command answers.

use std::borrow::Cow;
use std::sync::Arc;

use wire::{Body, Format};

use crate::ServerError;

/// One answer to a command; a command may have several (statements of a simple query, chunks of rows).
#[derive(Clone, Debug)]
pub enum QueryResult {
    /// Rows, even if there are none.
    Rows(Rows),
    /// A command without rows is done; a prepared statement or a portal is made or closed (then the tag is empty).
    Command(CommandTag),
    /// What a prepared statement or a portal looks like.
    Description(Description),
    /// The command's text was empty.
    Empty,
    /// The server waits for the data of a COPY: [`crate::Connection::put_copy_data`].
    CopyIn(CopyInfo),
    /// The server sends the data of a COPY: [`crate::Connection::get_copy_data`].
    CopyOut(CopyInfo),
    /// Both at once, as replication does it.
    CopyBoth(CopyInfo),
    /// The command failed, or the connection did.
    Error(ServerError),
    /// The answer to [`crate::Connection::pipeline_sync`].
    PipelineSync,
    /// The command was not run, because an earlier one of its pipeline failed.
    PipelineAborted,
}

impl QueryResult {
    /// The failure, if it is one.
    pub fn error(&self) -> Option<&ServerError> {
        match self {
            QueryResult::Error(error) => Some(error),
            _ => None,
        }
    }

    /// The rows, if there are some.
    ///
    /// # Errors
    /// The failure; anything else without rows gives an empty set of no columns.
    pub fn into_rows(self) -> Result<Rows, ServerError> {
        match self {
            QueryResult::Rows(rows) => Ok(rows),
            QueryResult::Error(error) => Err(error),
            _ => Ok(Rows::new(Arc::new([]))),
        }
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: Vec<u8>,
    /// The table it comes from, or 0.
    pub table: u32,
    /// Its number in that table, or 0.
    pub column: i16,
    /// Its type.
    pub type_oid: u32,
    /// The type's size in bytes; negative for a variable one.
    pub type_size: i16,
    /// The type's modifier, or -1.
    pub type_modifier: i32,
    /// How its values are sent.
    pub format: Format,
}

impl Field {
    /// Its name.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// Its name as the server sent it.
    pub fn name_bytes(&self) -> &[u8] {
        &self.name
    }

    /// Reads a RowDescription.
    pub(crate) fn parse_all(body: &mut Body<'_>) -> error::Result<Arc<[Field]>> {
        let count = body.count(19)?;
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            fields.push(Field {
                name: body.c_bytes()?.to_vec(),
                table: body.u32()?,
                column: body.i16()?,
                type_oid: body.u32()?,
                type_size: body.i16()?,
                type_modifier: body.i32()?,
                format: Format::from_code(body.i16()?)?,
            });
        }
        Ok(fields.into())
    }
}

/// Rows of a result. The bytes of all values lie in one buffer, row after row:
///
/// ```text
///  data    │ v00 v01 v02 │ v10 v11 v12 │ …
///  starts  │ u64 per row: where in data the row begins
///  ends    │ u32 per value: where it ends, counted from its row's start; the highest bit says that it is null
/// ```
///
/// So a value costs its bytes and four more, and a row eight.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    fields: Arc<[Field]>,
    data: Vec<u8>,
    starts: Vec<u64>,
    ends: Vec<u32>,
    tag: CommandTag,
    partial: bool,
}

/// Marks a null among the ends. A message is shorter than 1 GiB, so the bit is free.
const NULL: u32 = 1 << 31;

/// Why a DataRow was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadRow {
    /// More or fewer values than columns.
    FieldCount,
    /// It ends too early.
    Short,
    /// It goes on behind its last value.
    Long,
    /// There is no memory for it.
    Memory,
}

impl Rows {
    pub(crate) fn new(fields: Arc<[Field]>) -> Rows {
        Rows {
            fields,
            data: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
            tag: CommandTag::default(),
            partial: false,
        }
    }

    /// The columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// A value; `None` is null. So are rows and columns that are not there: which there are is up to the server.
    #[inline]
    pub fn value(&self, row: usize, column: usize) -> Option<&[u8]> {
        let columns = self.fields.len();
        if column >= columns || row >= self.starts.len() {
            return None;
        }
        let start = self.starts[row] as usize;
        let at = row * columns + column;
        let end = self.ends[at];
        if end & NULL != 0 {
            return None;
        }
        let from = if column == 0 { 0 } else { self.ends[at - 1] & !NULL };
        Some(&self.data[start + from as usize..start + end as usize])
    }

    /// The values of a row, in the order of the columns.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        let columns = self.fields.len();
        let start = self.starts[row] as usize;
        let mut from = 0;
        self.ends[row * columns..(row + 1) * columns].iter().map(move |&end| {
            let to = end & !NULL;
            let value = (end & NULL == 0).then(|| &self.data[start + from as usize..start + to as usize]);
            from = to;
            value
        })
    }

    /// A value as text; an empty one for null, replacements for what is not UTF-8.
    pub fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.value(row, column).unwrap_or_default())
    }

    /// What the server said at the end, such as `SELECT 3`; empty for a chunk that is not the last.
    pub fn tag(&self) -> &CommandTag {
        &self.tag
    }

    /// Whether it is a chunk of a result, and more will come: as many rows as were asked for, or the rest. What comes after the
    /// chunks is not partial, and has no rows.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Bytes of memory that the rows take.
    pub fn memory(&self) -> usize {
        self.data.capacity() + self.starts.capacity() * 8 + self.ends.capacity() * 4
    }

    pub(crate) fn finish(&mut self, tag: CommandTag) {
        self.tag = tag;
    }

    /// Takes the rows so far away, as a chunk.
    pub(crate) fn take_chunk(&mut self) -> Rows {
        let mut next = Rows::new(self.fields.clone());
        // The next chunk is likely to be as long.
        next.data.reserve(self.data.len());
        next.starts.reserve(self.starts.len());
        next.ends.reserve(self.ends.len());
        let mut chunk = std::mem::replace(self, next);
        chunk.partial = true;
        chunk
    }

    /// Appends the row that a DataRow's body holds.
    #[inline]
    pub(crate) fn push(&mut self, body: &[u8]) -> Result<(), BadRow> {
        let Some((count, mut rest)) = body.split_first_chunk::<2>() else { return Err(BadRow::Short) };
        if u16::from_be_bytes(*count) as usize != self.fields.len() {
            return Err(BadRow::FieldCount);
        }
        let grown = self.data.try_reserve(rest.len()).and_then(|()| self.ends.try_reserve(self.fields.len()));
        grown.and_then(|()| self.starts.try_reserve(1)).map_err(|_| BadRow::Memory)?;
        let (start, first) = (self.data.len(), self.ends.len());
        let mut end = 0u32;
        let mut bad = None;
        for _ in 0..self.fields.len() {
            let Some((len, behind)) = rest.split_first_chunk::<4>() else {
                bad = Some(BadRow::Short);
                break;
            };
            rest = behind;
            let len = i32::from_be_bytes(*len);
            if len < 0 {
                self.ends.push(end | NULL);
                continue;
            }
            let Some((value, behind)) = rest.split_at_checked(len as usize) else {
                bad = Some(BadRow::Short);
                break;
            };
            self.data.extend_from_slice(value);
            rest = behind;
            end += len as u32;
            self.ends.push(end);
        }
        if bad.is_none() && !rest.is_empty() {
            bad = Some(BadRow::Long);
        }
        if let Some(bad) = bad {
            self.data.truncate(start);
            self.ends.truncate(first);
            return Err(bad);
        }
        self.starts.push(start as u64);
        Ok(())
    }
}

/// What a command says when it is done, such as `INSERT 0 3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandTag(String);

impl CommandTag {
    pub(crate) fn new(text: &[u8]) -> CommandTag {
        CommandTag(String::from_utf8_lossy(text).into_owned())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many rows were concerned, where the command counts them.
    pub fn rows(&self) -> Option<u64> {
        let (command, rest) = self.0.split_once(' ')?;
        match command {
            // An obsolete object id stands first.
            "INSERT" => rest.split_once(' ')?.1.parse().ok(),
            "SELECT" | "UPDATE" | "DELETE" | "FETCH" | "MOVE" | "COPY" | "MERGE" => rest.parse().ok(),
            _ => None,
        }
    }
}

impl std::fmt::Display for CommandTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A prepared statement's parameters and columns, or a portal's columns.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Types of the parameters; empty for a portal.
    pub parameters: Vec<u32>,
    /// The columns; none if it gives no rows.
    pub fields: Arc<[Field]>,
}

/// How the data of a COPY look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyInfo {
    /// The format of the whole.
    pub format: Format,
    /// The columns' formats.
    pub columns: Vec<Format>,
}

impl CopyInfo {
    pub(crate) fn parse(body: &mut Body<'_>) -> error::Result<CopyInfo> {
        let format = Format::from_code(body.u8()? as i16)?;
        let count = body.count(2)?;
        let columns = (0..count).map(|_| Format::from_code(body.i16()?)).collect::<error::Result<_>>()?;
        Ok(CopyInfo { format, columns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: usize) -> Rows {
        let field = Field {
            name: b"a".to_vec(),
            table: 0,
            column: 0,
            type_oid: 25,
            type_size: -1,
            type_modifier: -1,
            format: Format::Text,
        };
        Rows::new(vec![field; columns].into())
    }

    fn body(values: &[Option<&[u8]>]) -> Vec<u8> {
        let mut message = Vec::new();
        wire::backend::data_row(&mut message, values.iter().copied());
        message.split_off(5)
    }

    #[test]
    fn values_are_where_they_belong() {
        let mut rows = rows(3);
        let sent: [[Option<&[u8]>; 3]; 3] =
            [[Some(b"one"), None, Some(b"")], [None, None, None], [Some(b""), Some(b"two"), None]];
        for row in &sent {
            rows.push(&body(row)).unwrap();
        }
        for (n, row) in sent.iter().enumerate() {
            for (column, value) in row.iter().enumerate() {
                assert_eq!(rows.value(n, column), *value, "{n} {column}");
            }
            assert!(rows.row(n).eq(row.iter().copied()));
        }
    }

    #[test]
    fn a_damaged_row_leaves_no_trace() {
        let mut rows = rows(2);
        let good = body(&[Some(b"abc"), Some(b"def")]);
        rows.push(&good).unwrap();
        for len in 0..good.len() {
            assert_eq!(rows.push(&good[..len]), Err(BadRow::Short), "{len}");
        }
        let mut long = good.clone();
        long.push(0);
        assert_eq!(rows.push(&long), Err(BadRow::Long));
        assert_eq!(rows.push(&body(&[None])), Err(BadRow::FieldCount));
        let mut huge = good.clone();
        huge[2..6].copy_from_slice(&i32::MAX.to_be_bytes());
        assert_eq!(rows.push(&huge), Err(BadRow::Short));
        rows.push(&good).unwrap();
        assert_eq!((rows.len(), rows.value(1, 1)), (2, Some(&b"def"[..])));
    }

    #[test]
    fn tags_count_rows() {
        let count = |text: &str| CommandTag(text.into()).rows();
        assert_eq!(count("INSERT 0 7"), Some(7));
        assert_eq!(count("SELECT 3"), Some(3));
        assert_eq!(count("CREATE TABLE"), None);
        assert_eq!(count("BEGIN"), None);
    }
}
