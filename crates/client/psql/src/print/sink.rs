//! The output of a table: one reused buffer before a writer.

use std::io::{self, Write};

/// What is collected before it is written.
const CAPACITY: usize = 64 * 1024;

static SPACES: [u8; 256] = [b' '; 256];

/// Collects bytes and writes them in large pieces. The first error is kept and ends all writing, so that callers need
/// not look at each piece; loops over rows ask [`Sink::failed`], and [`Sink::finish`] tells.
pub(super) struct Sink<'a> {
    buffer: Vec<u8>,
    writer: &'a mut dyn Write,
    error: Option<io::Error>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(writer: &'a mut dyn Write) -> Self {
        Sink { buffer: Vec::with_capacity(CAPACITY + CAPACITY / 4), writer, error: None }
    }

    /// Adds bytes. Long ones go to the writer without a copy.
    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() > CAPACITY {
            self.drain();
            if bytes.len() > CAPACITY {
                if self.error.is_none() {
                    self.error = self.writer.write_all(bytes).err();
                }
                return;
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.put(text.as_bytes());
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    pub(super) fn newline(&mut self) {
        self.put(b"\n");
    }

    #[inline]
    pub(super) fn spaces(&mut self, mut count: usize) {
        while count > 0 {
            let piece = count.min(SPACES.len());
            self.put(&SPACES[..piece]);
            count -= piece;
        }
    }

    pub(super) fn repeat(&mut self, glyph: &str, count: usize) {
        for _ in 0..count {
            self.put(glyph.as_bytes());
        }
    }

    pub(super) fn number(&mut self, number: u64) {
        let _ = write!(self.buffer, "{number}");
    }

    /// Adds a copy of `template` and lends it to be filled in: a row whose bytes stand at known places.
    #[inline]
    pub(super) fn row(&mut self, template: &[u8]) -> &mut [u8] {
        if self.buffer.len() + template.len() > CAPACITY {
            self.drain();
        }
        let start = self.buffer.len();
        self.buffer.extend_from_slice(template);
        &mut self.buffer[start..]
    }

    /// Takes back the last `count` bytes of what [`Sink::row`] added.
    #[inline]
    pub(super) fn take_back(&mut self, count: usize) {
        self.buffer.truncate(self.buffer.len() - count);
    }

    /// Whether writing has failed, so that there is no point in going on.
    pub(super) fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Writes what is left; the first error of all.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.drain();
        match self.error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    #[cold]
    fn drain(&mut self) {
        if self.error.is_none() {
            self.error = self.writer.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}
