//! Reads a message's body, part by part.

use error::{Error, Result, SqlState};

/// What is left of a message's body. Every method takes from the front; a body that is too short is `08P01`.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a>(&'a [u8]);

#[cold]
fn too_short() -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, "insufficient data left in message")
}

impl<'a> Body<'a> {
    /// The body of a message.
    pub fn new(bytes: &'a [u8]) -> Body<'a> {
        Body(bytes)
    }

    /// Bytes left.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, big end first.
    pub fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    /// Four bytes, big end first.
    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    /// Four bytes, big end first, unsigned.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Eight bytes, big end first.
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// A string ended by a zero byte, without it. Not checked for its encoding.
    pub fn c_bytes(&mut self) -> Result<&'a [u8]> {
        let end = self
            .0
            .iter()
            .position(|&byte| byte == 0)
            .ok_or_else(|| Error::new(SqlState::PROTOCOL_VIOLATION, "invalid string in message"))?;
        let taken = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(taken)
    }

    /// A string ended by a zero byte, which has to be UTF-8.
    pub fn c_str(&mut self) -> Result<&'a str> {
        utf8(self.c_bytes()?)
    }

    /// A value with its length before it; -1 is null.
    pub fn value(&mut self) -> Result<Option<&'a [u8]>> {
        match self.i32()? {
            -1 => Ok(None),
            len => self.bytes(usize::try_from(len).map_err(|_| too_short())?).map(Some),
        }
    }

    /// A count of 16 bits, unsigned, of items of at least `size` bytes each: checked against what is left, so that a
    /// caller may reserve memory for it.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.i16()? as u16 as usize;
        if count * size > self.len() { Err(too_short()) } else { Ok(count) }
    }

    /// The message has to end here.
    pub fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::new(SqlState::PROTOCOL_VIOLATION, "invalid message format")) }
    }
}

/// Bytes as text; `22021` with the offending bytes, as PostgreSQL words it, where they are not UTF-8.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let bad = &bytes[e.valid_up_to()..];
        // As many bytes as the first one promises, as far as they are there.
        let promised = match bad.first() {
            Some(0xC0..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF7) => 4,
            _ => 1,
        };
        let shown: Vec<String> = bad.iter().take(promised).map(|byte| format!("0x{byte:02x}")).collect();
        Error::new(
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
        )
    })
}
