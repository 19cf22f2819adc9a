//! COPY's data in another encoding than the server's: the client's, or the one that ENCODING names.

use encoding::Encoding;
use error::Result;

use crate::{CopyReader, CopyWriter};

/// Makes UTF-8 of what a source gives. Pieces may end within a character.
pub(super) struct Decoder<'a> {
    source: Box<dyn CopyReader + 'a>,
    encoding: Encoding,
    /// Read, and not decoded yet.
    raw: Vec<u8>,
}

impl<'a> Decoder<'a> {
    /// A source, decoded if need be.
    pub fn over(source: Box<dyn CopyReader + 'a>, encoding: Option<Encoding>) -> Box<dyn CopyReader + 'a> {
        match encoding {
            None => source,
            Some(encoding) => Box::new(Decoder { source, encoding, raw: Vec::new() }),
        }
    }
}

impl CopyReader for Decoder<'_> {
    fn read(&mut self, to: &mut Vec<u8>) -> Result<bool> {
        let more = self.source.read(&mut self.raw)?;
        // At the end, what is left of a character is an error.
        let left = if more { self.encoding.unfinished(&self.raw) } else { 0 };
        let whole = self.raw.len() - left;
        self.encoding.decode(&self.raw[..whole], to)?;
        self.raw.drain(..whole);
        Ok(more)
    }
}

/// Puts what is written, whole lines in UTF-8, into another encoding.
pub(super) struct Encoder<'a> {
    target: Box<dyn CopyWriter + 'a>,
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl<'a> Encoder<'a> {
    /// A target, in another encoding if need be.
    pub fn over(target: Box<dyn CopyWriter + 'a>, encoding: Option<Encoding>) -> Box<dyn CopyWriter + 'a> {
        match encoding {
            None => target,
            Some(encoding) => Box::new(Encoder { target, encoding, bytes: Vec::new() }),
        }
    }
}

impl CopyWriter for Encoder<'_> {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.bytes.clear();
        self.encoding.encode(encoding::utf8(data)?, &mut self.bytes)?;
        self.target.write(&self.bytes)
    }
}
