//! tsquery: lexemes to look for, joined by NOT, AND, OR and "followed by".
//!
//! ```text
//!  0  u32  how many items; none is a query that matches nothing
//!     items in postfix order (an operator stands behind its operands):
//!     u8   1: u8 weights (a bit for each, 1 D to 8 A; 0 any), u8 prefix, u16 length, lexeme
//!          2: NOT    3: AND    4: OR    5: followed by, u16 distance
//! ```
//!
//! In postfix order everything that is done with a query is a loop with a stack, so no query is nested too deeply.

use super::vector::{MAX_LEXEME, Message};
use super::word;
use crate::io::{TypeCall, TypeIo, wrong_form};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// The greatest distance of "followed by".
pub const MAX_DISTANCE: i64 = 16384;

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `!`
    Not,
    /// `&`
    And,
    /// `|`
    Or,
    /// `<->` or `<n>`: the right operand's lexeme stands so many places behind the left one's.
    Phrase(u16),
}

impl Operator {
    /// How strongly it binds.
    pub(super) fn priority(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Phrase(_) => 3,
            Operator::Not => 4,
        }
    }

    /// Its number in the binary form.
    pub(super) fn code(self) -> u8 {
        match self {
            Operator::Not => 1,
            Operator::And => 2,
            Operator::Or => 3,
            Operator::Phrase(_) => 4,
        }
    }
}

/// A lexeme to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand<'a> {
    /// The lexeme.
    pub lexeme: &'a [u8],
    /// The weights that count, a bit for each from 1 (D) to 8 (A); 0 for any.
    pub weights: u8,
    /// Whether lexemes that begin with it count, too.
    pub prefix: bool,
}

/// An item of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A lexeme.
    Value(Operand<'a>),
    /// An operator over the items before it. Its right (or only) operand ends just before it.
    Operation {
        /// Which.
        operator: Operator,
        /// Where the left operand ends; for NOT the operand itself.
        left: u32,
        /// Where its operands begin.
        start: u32,
    },
}

/// A query, decoded: items in postfix order, of which the last one is the root.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    /// The items.
    pub items: Vec<Item<'a>>,
}

impl<'a> Query<'a> {
    /// Decodes a query; bytes that are none give an error.
    pub fn new(bytes: &'a [u8]) -> Result<Query<'a>> {
        Query::read(bytes).ok_or_else(|| Error::corrupted("a tsquery's bytes are damaged"))
    }

    fn read(bytes: &'a [u8]) -> Option<Query<'a>> {
        let (count, mut rest) = bytes.split_first_chunk::<4>()?;
        let count = u32::from_le_bytes(*count) as usize;
        let mut items = Vec::with_capacity(count.min(rest.len()));
        // Start and end of the operands that wait for their operator.
        let mut waiting: Vec<(u32, u32)> = Vec::new();
        for at in 0..count as u32 {
            let (&kind, after) = rest.split_first()?;
            rest = after;
            let operator = match kind {
                1 => {
                    let ([weights, prefix, low, high], after) = rest.split_first_chunk::<4>()?;
                    let (lexeme, after) = after.split_at_checked(u16::from_le_bytes([*low, *high]) as usize)?;
                    rest = after;
                    items.push(Item::Value(Operand { lexeme, weights: *weights, prefix: *prefix != 0 }));
                    waiting.push((at, at));
                    continue;
                }
                2 => Operator::Not,
                3 => Operator::And,
                4 => Operator::Or,
                5 => {
                    let (distance, after) = rest.split_first_chunk::<2>()?;
                    rest = after;
                    Operator::Phrase(u16::from_le_bytes(*distance))
                }
                _ => return None,
            };
            let (mut start, mut left) = waiting.pop()?;
            if operator != Operator::Not {
                (start, left) = waiting.pop()?;
            }
            items.push(Item::Operation { operator, left, start });
            waiting.push((start, at));
        }
        (waiting.len() == (count > 0) as usize).then_some(Query { items })
    }

    /// The root's number; `None` for an empty query.
    pub fn root(&self) -> Option<usize> {
        self.items.len().checked_sub(1)
    }

    /// The first item of what ends at `at`.
    pub fn start(&self, at: usize) -> usize {
        match self.items[at] {
            Item::Value(_) => at,
            Item::Operation { start, .. } => start as usize,
        }
    }

    /// Its lexemes.
    pub fn operands(&self) -> impl Iterator<Item = &Operand<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Value(operand) => Some(operand),
            Item::Operation { .. } => None,
        })
    }

    /// How many bytes PostgreSQL's form of it has: the second thing by which queries are ordered.
    fn order_size(&self) -> usize {
        12 * self.items.len() + self.operands().map(|operand| operand.lexeme.len() + 1).sum::<usize>()
    }
}

/// Puts a query together, item by item in postfix order.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    count: u32,
    bytes: Vec<u8>,
}

impl Builder {
    /// Adds a lexeme.
    pub fn value(&mut self, operand: Operand<'_>) {
        self.count += 1;
        self.bytes.extend_from_slice(&[1, operand.weights, operand.prefix as u8]);
        self.bytes.extend_from_slice(&(operand.lexeme.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(operand.lexeme);
    }

    /// Adds an operator behind its operands.
    pub fn operator(&mut self, operator: Operator) {
        self.count += 1;
        self.bytes.push(match operator {
            Operator::Not => 2,
            Operator::And => 3,
            Operator::Or => 4,
            Operator::Phrase(_) => 5,
        });
        if let Operator::Phrase(distance) = operator {
            self.bytes.extend_from_slice(&distance.to_le_bytes());
        }
    }

    /// Adds any item.
    pub fn item(&mut self, item: &Item<'_>) {
        match item {
            Item::Value(operand) => self.value(*operand),
            Item::Operation { operator, .. } => self.operator(*operator),
        }
    }

    /// Adds all items of another query.
    pub fn append(&mut self, query: &[u8]) {
        self.count += query.first_chunk::<4>().map_or(0, |count| u32::from_le_bytes(*count));
        self.bytes.extend_from_slice(query.get(4..).unwrap_or_default());
    }

    /// Adds its bytes to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.bytes);
    }

    /// Its bytes.
    pub fn finish(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.bytes.len());
        self.write(&mut out);
        out
    }
}

/// Whether a query has no items.
pub(super) fn is_empty(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>().is_none_or(|count| *count == [0; 4])
}

/// CRC-32 with the table of the reflected polynomial and the loop of the other one: PostgreSQL orders lexemes of queries by it.
pub(super) fn lexeme_code(lexeme: &[u8]) -> i32 {
    let mut crc = u32::MAX;
    for &byte in lexeme {
        let mut entry = (crc >> 24) ^ byte as u32;
        for _ in 0..8 {
            entry = if entry & 1 != 0 { (entry >> 1) ^ 0xEDB8_8320 } else { entry >> 1 };
        }
        crc = entry ^ (crc << 8);
    }
    !crc as i32
}

/// Adds bytes whose order is that of the B-tree operator class: by number of items and size, then item by item; operators before lexemes,
/// the later of two operators first;
/// right operands before left ones.
pub fn write_key(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    enum Step {
        Item(usize),
        Distance(u16),
    }
    let query = Query::new(bytes)?;
    out.extend_from_slice(&(query.items.len() as u32).to_be_bytes());
    out.extend_from_slice(&(query.order_size() as u32).to_be_bytes());
    let mut steps: Vec<Step> = query.root().map(Step::Item).into_iter().collect();
    while let Some(step) = steps.pop() {
        match step {
            Step::Distance(distance) => out.extend_from_slice(&(!distance).to_be_bytes()),
            Step::Item(at) => match query.items[at] {
                Item::Value(operand) => {
                    out.push(1);
                    out.extend_from_slice(&(!(lexeme_code(operand.lexeme) as u32 ^ 1 << 31)).to_be_bytes());
                    crate::sortkey::encode_bytes(operand.lexeme, out);
                }
                Item::Operation { operator, left, .. } => {
                    out.extend_from_slice(&[0, !operator.code()]);
                    if let Operator::Phrase(distance) = operator {
                        steps.push(Step::Distance(distance));
                    }
                    // The right operand counts first.
                    if operator != Operator::Not {
                        steps.push(Step::Item(left as usize));
                    }
                    steps.push(Step::Item(at - 1));
                }
            },
        }
    }
    Ok(())
}

/// Compares two queries as their B-tree operator class does.
pub fn compare(a: &[u8], b: &[u8]) -> Result<Ordering> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    write_key(a, &mut left)?;
    write_key(b, &mut right)?;
    Ok(left.cmp(&right))
}

/// Adds the text of what ends at item `root`.
pub(super) fn write_infix(query: &Query<'_>, root: usize, out: &mut Vec<u8>) {
    enum Step {
        Item { at: usize, parent: u8, behind_phrase: bool },
        Text(Operator),
        Close,
    }
    let mut steps = vec![Step::Item { at: root, parent: 0, behind_phrase: false }];
    while let Some(step) = steps.pop() {
        match step {
            Step::Close => out.extend_from_slice(b" )"),
            Step::Text(operator) => match operator {
                Operator::And => out.extend_from_slice(b" & "),
                Operator::Or => out.extend_from_slice(b" | "),
                Operator::Phrase(1) => out.extend_from_slice(b" <-> "),
                Operator::Phrase(distance) => out.extend_from_slice(format!(" <{distance}> ").as_bytes()),
                Operator::Not => {}
            },
            Step::Item { at, parent, behind_phrase } => match query.items[at] {
                Item::Value(operand) => write_operand(&operand, out),
                Item::Operation { operator, left, .. } => {
                    let priority = operator.priority();
                    let phrase = matches!(operator, Operator::Phrase(_));
                    let right = at - 1;
                    if operator == Operator::Not {
                        // NOT binds strongest: it is never put in parentheses itself.
                        out.push(b'!');
                        steps.push(Step::Item { at: right, parent: priority, behind_phrase: false });
                        continue;
                    }
                    if priority < parent || phrase && behind_phrase {
                        out.extend_from_slice(b"( ");
                        steps.push(Step::Close);
                    }
                    steps.push(Step::Item { at: right, parent: priority, behind_phrase: phrase });
                    steps.push(Step::Text(operator));
                    steps.push(Step::Item { at: left as usize, parent: priority, behind_phrase: false });
                }
            },
        }
    }
}

fn write_operand(operand: &Operand<'_>, out: &mut Vec<u8>) {
    word::write_quoted(operand.lexeme, out);
    if operand.weights != 0 || operand.prefix {
        out.push(b':');
        if operand.prefix {
            out.push(b'*');
        }
        for (bit, letter) in [(8, b'A'), (4, b'B'), (2, b'C'), (1, b'D')] {
            if operand.weights & bit != 0 {
                out.push(letter);
            }
        }
    }
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let query = Query::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    if let Some(root) = query.root() {
        write_infix(&query, root, out);
    }
    Ok(())
}

/// The binary form has the items in the opposite order: each operator before its operands, the right one first.
fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let query = Query::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    out.extend_from_slice(&(query.items.len() as i32).to_be_bytes());
    for item in query.items.iter().rev() {
        match item {
            Item::Value(operand) => {
                out.extend_from_slice(&[1, operand.weights, operand.prefix as u8]);
                out.extend_from_slice(operand.lexeme);
                out.push(0);
            }
            Item::Operation { operator, .. } => {
                out.extend_from_slice(&[2, operator.code()]);
                if let Operator::Phrase(distance) = operator {
                    out.extend_from_slice(&distance.to_be_bytes());
                }
            }
        }
    }
    Ok(())
}

fn receive(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut message = Message(bytes);
    let count = u32::from_be_bytes(message.bytes()?);
    if count as usize > bytes.len() {
        return Err(Error::internal("invalid size of tsquery"));
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let [kind] = message.bytes()?;
        match kind {
            1 => {
                let [weights, prefix] = message.bytes()?;
                let lexeme = message.text()?.as_bytes();
                if weights > 15 {
                    return Err(Error::internal("invalid tsquery: invalid weight bitmap"));
                }
                if lexeme.len() >= MAX_LEXEME {
                    return Err(Error::internal("invalid tsquery: operand too long"));
                }
                items.push(Item::Value(Operand { lexeme, weights, prefix: prefix != 0 }));
            }
            2 => {
                let [code] = message.bytes()?;
                let operator = match code {
                    1 => Operator::Not,
                    2 => Operator::And,
                    3 => Operator::Or,
                    4 => Operator::Phrase(u16::from_be_bytes(message.bytes()?)),
                    _ => return Err(Error::internal(format!("invalid tsquery: unrecognized operator type {code}"))),
                };
                items.push(Item::Operation { operator, left: 0, start: 0 });
            }
            _ => return Err(Error::internal(format!("unrecognized tsquery node type: {kind}"))),
        }
    }
    message.end()?;
    let mut builder = Builder::default();
    items.iter().rev().for_each(|item| builder.item(item));
    let out = builder.finish();
    match Query::read(&out) {
        Some(_) => Ok(out),
        None => Err(Error::internal("malformed tsquery: operand not found")),
    }
}

/// tsquery
pub const TSQUERY_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, call, out| {
        let query = super::query_text::parse(text, call.env)?;
        out.push(DatumRef::Bytes(&query));
        Ok(())
    },
    output,
    receive: |bytes, _, out| {
        out.push(DatumRef::Bytes(&receive(bytes)?));
        Ok(())
    },
    send,
};

/// The error for a lexeme that is too long.
#[cold]
pub(super) fn long_word(text: &str) -> Error {
    Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("word is too long in tsquery: \"{text}\""))
}
