//! tsvector: the lexemes of a document in the order of their bytes, each with the places where it stands.
//!
//! ```text
//!  0  u32  how many lexemes
//!     u32  end of the lexeme among the lexemes' bytes, u32 end of its positions: for each lexeme
//!     the lexemes
//!     u16  position (the lower 14 bits) and weight (the upper two: D, C, B, A)
//! ```
//!
//! A lexeme may have no positions: they were stripped, or never given.

use super::word::{self, Within};
use crate::io::{TypeCall, TypeIo, too_short, wrong_form};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// The highest position; later ones are recorded as this one.
pub const MAX_POSITION: u16 = 16383;
/// The most positions of a lexeme.
pub const MAX_POSITIONS: usize = 256;
/// Lexemes are shorter than this.
pub const MAX_LEXEME: usize = 2047;
/// The most bytes of all lexemes with their positions.
pub const MAX_BYTES: usize = (1 << 20) - 1;

/// A place in a document, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(pub u16);

impl Position {
    /// A position (cut to [`MAX_POSITION`]) and a weight from 0 (D) to 3 (A).
    pub fn new(position: u32, weight: u8) -> Position {
        Position(position.min(MAX_POSITION as u32) as u16 | (weight as u16 & 3) << 14)
    }

    /// Which word of the document, from 1.
    pub fn place(self) -> u16 {
        self.0 & MAX_POSITION
    }

    /// From 0 (D) to 3 (A).
    pub fn weight(self) -> u8 {
        (self.0 >> 14) as u8
    }
}

/// The positions of a lexeme, in order.
#[derive(Clone, Copy, Debug)]
pub struct Positions<'a>(&'a [u8]);

impl<'a> Positions<'a> {
    /// How many.
    pub fn len(self) -> usize {
        self.0.len() / 2
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Position> + ExactSizeIterator + Clone + use<'a> {
        self.0.chunks_exact(2).map(|pair| Position(u16::from_le_bytes([pair[0], pair[1]])))
    }
}

/// A tsvector's bytes, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a> {
    count: usize,
    ends: &'a [u8],
    lexemes: &'a [u8],
    positions: &'a [u8],
}

fn number(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

impl<'a> Vector<'a> {
    /// Reads a tsvector; bytes that are none are read as an empty one.
    pub fn new(bytes: &'a [u8]) -> Vector<'a> {
        let empty = Vector { count: 0, ends: &[], lexemes: &[], positions: &[] };
        let count = number(bytes, 0);
        let Some(ends) = bytes.get(4..4 + 8 * count) else { return empty };
        let rest = &bytes[4 + 8 * count..];
        let length = if count == 0 { 0 } else { number(ends, 8 * (count - 1)) };
        match rest.split_at_checked(length) {
            Some((lexemes, positions)) => Vector { count, ends, lexemes, positions },
            None => empty,
        }
    }

    /// How many lexemes.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no lexemes.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A lexeme.
    pub fn lexeme(&self, at: usize) -> &'a [u8] {
        let start = if at == 0 { 0 } else { number(self.ends, 8 * (at - 1)) };
        self.lexemes.get(start..number(self.ends, 8 * at)).unwrap_or_default()
    }

    /// Where it stands.
    pub fn positions(&self, at: usize) -> Positions<'a> {
        let start = if at == 0 { 0 } else { number(self.ends, 8 * at - 4) };
        Positions(self.positions.get(2 * start..2 * number(self.ends, 8 * at + 4)).unwrap_or_default())
    }

    /// Lexemes with their positions.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a [u8], Positions<'a>)> + Clone + use<'a> {
        let vector = *self;
        (0..vector.count).map(move |at| (vector.lexeme(at), vector.positions(at)))
    }

    /// The first lexeme that is not less than this one.
    pub fn lower_bound(&self, lexeme: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            if self.lexeme(middle) < lexeme { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Where a lexeme stands among the others.
    pub fn find(&self, lexeme: &[u8]) -> Option<usize> {
        let at = self.lower_bound(lexeme);
        (at < self.count && self.lexeme(at) == lexeme).then_some(at)
    }

    /// The highest position.
    pub fn last_position(&self) -> u16 {
        (0..self.count).filter_map(|at| self.positions(at).iter().next_back()).map(Position::place).max().unwrap_or(0)
    }

    /// How many bytes PostgreSQL's form of it has: the first thing by which vectors are ordered.
    fn order_size(&self) -> usize {
        let mut size = 0;
        for (lexeme, positions) in self.iter() {
            size += lexeme.len();
            if !positions.is_empty() {
                size = size.next_multiple_of(2) + 2 + 2 * positions.len();
            }
        }
        4 * self.count + size
    }
}

/// Adds bytes whose order is that of the B-tree operator class: by size, then lexeme by lexeme; with positions before without, more of
/// them before fewer, later ones before earlier ones.
pub fn write_key(bytes: &[u8], out: &mut Vec<u8>) {
    let vector = Vector::new(bytes);
    out.extend_from_slice(&(vector.order_size() as u32).to_be_bytes());
    out.extend_from_slice(&(vector.count as u32).to_be_bytes());
    for (lexeme, positions) in vector.iter() {
        out.push(positions.is_empty() as u8);
        crate::sortkey::encode_bytes(lexeme, out);
        out.extend_from_slice(&(!(positions.len() as u16)).to_be_bytes());
        for position in positions.iter() {
            out.extend_from_slice(&(!position.place()).to_be_bytes());
            out.push(!position.weight());
        }
    }
}

/// Compares two vectors as their B-tree operator class does.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    write_key(a, &mut left);
    write_key(b, &mut right);
    left.cmp(&right)
}

/// Puts a tsvector together; lexemes must come in order, and once.
#[derive(Debug, Default)]
pub struct Builder {
    ends: Vec<(u32, u32)>,
    lexemes: Vec<u8>,
    positions: Vec<Position>,
}

impl Builder {
    /// Adds a lexeme.
    pub fn add(&mut self, lexeme: &[u8], positions: impl IntoIterator<Item = Position>) {
        self.lexemes.extend_from_slice(lexeme);
        self.positions.extend(positions);
        self.ends.push((self.lexemes.len() as u32, self.positions.len() as u32));
    }

    /// Whether it has no lexemes yet.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds its bytes to `out`.
    ///
    /// # Errors
    /// 54000 for more than [`MAX_BYTES`].
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let bytes = self.lexemes.len() + 2 * self.positions.len();
        if bytes > MAX_BYTES {
            return Err(too_long(bytes));
        }
        out.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        for (lexeme, positions) in &self.ends {
            out.extend_from_slice(&lexeme.to_le_bytes());
            out.extend_from_slice(&positions.to_le_bytes());
        }
        out.extend_from_slice(&self.lexemes);
        self.positions.iter().for_each(|position| out.extend_from_slice(&position.0.to_le_bytes()));
        Ok(())
    }
}

/// The error for a vector with too many bytes.
#[cold]
pub(super) fn too_long(bytes: usize) -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("string is too long for tsvector ({bytes} bytes, max {MAX_BYTES} bytes)"),
    )
}

/// A lexeme of a document with one of its places, before they are put in order.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub lexeme: Vec<u8>,
    pub position: Option<Position>,
}

/// Adds the vector of occurrences to `out`. Of a position with several weights the highest counts. Of a lexeme's positions the first `most`
/// stay, and the first of those at [`MAX_POSITION`].
pub(super) fn from_occurrences(mut words: Vec<Occurrence>, most: usize, out: &mut Vec<u8>) -> Result<()> {
    words.sort_by(|a, b| a.lexeme.cmp(&b.lexeme).then_with(|| place(a).cmp(&place(b))));
    let mut builder = Builder::default();
    let mut places: Vec<Position> = Vec::new();
    for same in words.chunk_by(|a, b| a.lexeme == b.lexeme) {
        places.clear();
        for position in same.iter().filter_map(|word| word.position) {
            if let Some(last) = places.last_mut()
                && last.place() == position.place()
            {
                *last = Position::new(last.place() as u32, last.weight().max(position.weight()));
            } else if places.len() < most {
                places.push(position);
            } else {
                break;
            }
        }
        builder.add(&same[0].lexeme, places.iter().copied());
    }
    builder.write(out)
}

fn place(word: &Occurrence) -> u16 {
    word.position.map_or(0, Position::place)
}

fn input(text: &str) -> Result<Vec<u8>> {
    let bytes = text.as_bytes();
    let syntax = || Error::new(SqlState::SYNTAX_ERROR, format!("syntax error in tsvector: \"{text}\""));
    let (mut at, mut lexeme, mut words, mut total) = (0, Vec::new(), Vec::new(), 0);
    while word::read(bytes, &mut at, Within::Vector, &mut lexeme, syntax)? {
        if lexeme.len() >= MAX_LEXEME {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("word is too long ({} bytes, max {} bytes)", lexeme.len(), MAX_LEXEME - 1),
            ));
        }
        if total > MAX_BYTES {
            return Err(too_long(total));
        }
        total += lexeme.len();
        let first = words.len();
        if bytes.get(at) == Some(&b':') {
            at += 1;
            read_positions(bytes, &mut at, &lexeme, &mut words, text)?;
        }
        if words.len() == first {
            words.push(Occurrence { lexeme: lexeme.clone(), position: None });
        }
    }
    let mut out = Vec::new();
    from_occurrences(words, MAX_POSITIONS, &mut out)?;
    Ok(out)
}

/// Reads `3A,4,5b` and what else may stand behind a colon.
fn read_positions(bytes: &[u8], at: &mut usize, lexeme: &[u8], words: &mut Vec<Occurrence>, text: &str) -> Result<()> {
    let syntax = || Error::new(SqlState::SYNTAX_ERROR, format!("syntax error in tsvector: \"{text}\""));
    loop {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        if start == *at {
            return Err(syntax());
        }
        let number = bytes[start..*at].iter().fold(0u32, |n, d| n.saturating_mul(10).saturating_add((d - b'0') as u32));
        if number == 0 {
            let message = format!("wrong position info in tsvector: \"{text}\"");
            return Err(Error::new(SqlState::SYNTAX_ERROR, message));
        }
        let mut weight = 0;
        loop {
            let letter = match bytes.get(*at) {
                Some(b'a' | b'A' | b'*') => 3,
                Some(b'b' | b'B') => 2,
                Some(b'c' | b'C') => 1,
                Some(b'd' | b'D') => 0,
                _ => break,
            };
            if weight != 0 {
                return Err(syntax());
            }
            weight = letter;
            *at += 1;
        }
        words.push(Occurrence { lexeme: lexeme.to_vec(), position: Some(Position::new(number, weight)) });
        match bytes.get(*at) {
            Some(b',') => *at += 1,
            None => return Ok(()),
            Some(_) if word::space_length(&bytes[*at..]) > 0 => return Ok(()),
            Some(_) => return Err(syntax()),
        }
    }
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let vector = Vector::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    for (at, (lexeme, positions)) in vector.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        word::write_quoted(lexeme, out);
        for (k, position) in positions.iter().enumerate() {
            out.push(if k == 0 { b':' } else { b',' });
            crate::format::write_u64(position.place() as u64, out);
            match position.weight() {
                3 => out.push(b'A'),
                2 => out.push(b'B'),
                1 => out.push(b'C'),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Takes bytes off a message.
pub(super) struct Message<'a>(pub &'a [u8]);

impl<'a> Message<'a> {
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A text that ends with a zero byte.
    pub fn text(&mut self) -> Result<&'a str> {
        let end = self
            .0
            .iter()
            .position(|&b| b == 0)
            .ok_or_else(|| Error::new(SqlState::PROTOCOL_VIOLATION, "invalid string in message"))?;
        let text = crate::io::received_text(&self.0[..end])?;
        self.0 = &self.0[end + 1..];
        Ok(text)
    }

    pub fn end(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(crate::io::bad_binary()) }
    }
}

fn receive(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut message = Message(bytes);
    let count = i32::from_be_bytes(message.bytes()?);
    if !(0..=0x0FFF_FFFF).contains(&count) {
        return Err(Error::internal("invalid size of tsvector"));
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let lexeme = message.text()?.as_bytes();
        let positions = u16::from_be_bytes(message.bytes()?) as usize;
        if lexeme.len() >= MAX_LEXEME {
            return Err(Error::internal("invalid tsvector: lexeme too long"));
        }
        if positions > MAX_POSITIONS {
            return Err(Error::internal("unexpected number of tsvector positions"));
        }
        let mut last = 0;
        for k in 0..positions {
            let position = Position(u16::from_be_bytes(message.bytes()?));
            if k > 0 && position.place() <= last {
                return Err(Error::internal("position information is misordered"));
            }
            last = position.place();
            words.push(Occurrence { lexeme: lexeme.to_vec(), position: Some(position) });
        }
        if positions == 0 {
            words.push(Occurrence { lexeme: lexeme.to_vec(), position: None });
        }
    }
    message.end()?;
    let mut out = Vec::new();
    from_occurrences(words, MAX_POSITIONS, &mut out)?;
    Ok(out)
}

/// tsvector
pub const TSVECTOR_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        out.push(DatumRef::Bytes(&input(text)?));
        Ok(())
    },
    output,
    receive: |bytes, _, out| {
        out.push(DatumRef::Bytes(&receive(bytes)?));
        Ok(())
    },
    send: |value, call, out| {
        let vector = Vector::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
        out.extend_from_slice(&(vector.len() as i32).to_be_bytes());
        for (lexeme, positions) in vector.iter() {
            out.extend_from_slice(lexeme);
            out.push(0);
            out.extend_from_slice(&(positions.len() as u16).to_be_bytes());
            positions.iter().for_each(|position| out.extend_from_slice(&position.0.to_be_bytes()));
        }
        Ok(())
    },
};
