//! Strings of bytes, one arena for all.

/// Byte strings in one arena. A view packs where one starts (34 bits) and how long it is (30 bits, PostgreSQL's limit of
/// 1 GiB - 1), so several positions may share the same bytes.
#[derive(Clone, Debug, Default)]
pub struct ByteValues {
    views: Vec<u64>,
    arena: Vec<u8>,
}

const LENGTH_BITS: u32 = 30;

impl ByteValues {
    /// The longest string that fits.
    pub const MAX_LENGTH: usize = (1 << LENGTH_BITS) - 1;

    /// None.
    pub fn new() -> ByteValues {
        ByteValues::default()
    }

    /// How many strings.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// Drops all and keeps the memory.
    pub fn clear(&mut self) {
        self.views.clear();
        self.arena.clear();
    }

    /// The string at `at`.
    #[inline]
    pub fn get(&self, at: usize) -> &[u8] {
        let view = self.views[at];
        let start = (view >> LENGTH_BITS) as usize;
        &self.arena[start..start + (view as usize & Self::MAX_LENGTH)]
    }

    /// The length of the string at `at`, and its first eight bytes as a little-endian number; what stands there behind the end of
    /// a shorter one is unspecified.
    #[inline]
    pub fn word(&self, at: usize) -> (usize, u64) {
        let view = self.views[at];
        let start = (view >> LENGTH_BITS) as usize;
        let length = view as usize & Self::MAX_LENGTH;
        let word = match self.arena.get(start..start + 8).and_then(|bytes| bytes.try_into().ok()) {
            Some(bytes) => u64::from_le_bytes(bytes),
            None => self.last_word(start),
        };
        (length, word)
    }

    /// The bytes from `start` to the arena's end, fewer than eight.
    #[cold]
    fn last_word(&self, start: usize) -> u64 {
        let bytes = self.arena.get(start..).unwrap_or(&[]);
        bytes.iter().rev().fold(0, |word, &byte| word << 8 | byte as u64)
    }

    /// Replaces the string at `at` by the first `length` bytes, at most eight, of a little-endian number.
    #[inline]
    pub fn put_word(&mut self, at: usize, length: usize, word: u64) {
        let start = self.arena.len();
        self.arena.extend_from_slice(&word.to_le_bytes());
        self.arena.truncate(start + length);
        self.views[at] = Self::view(start, length);
    }

    /// Replaces the string at `at` by `source[from..to]`: for many short strings of one place, which go over as a block of 16
    /// bytes each.
    #[inline]
    pub fn put_slice(&mut self, at: usize, source: &[u8], from: usize, to: usize) {
        let length = to - from;
        if length <= 16
            && let Some(block) = source.get(from..from + 16).and_then(|block| <&[u8; 16]>::try_from(block).ok())
        {
            let start = self.arena.len();
            self.arena.extend_from_slice(block);
            self.arena.truncate(start + length);
            self.views[at] = Self::view(start, length);
        } else {
            self.put(at, &source[from..to]);
        }
    }

    /// Makes room for `len` positions; new ones are empty.
    pub fn resize(&mut self, len: usize) {
        self.views.resize(len, 0);
    }

    /// Adds a string.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        let view = self.store(bytes);
        self.views.push(view);
    }

    /// Replaces the string at `at`; the old bytes stay in the arena until [`ByteValues::clear`].
    #[inline]
    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        self.views[at] = self.store(bytes);
    }

    /// Replaces the string at `at` by what `write` appends to the arena, without a copy in between.
    #[inline]
    pub fn put_with<R>(&mut self, at: usize, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let start = self.arena.len();
        let result = write(&mut self.arena);
        self.views[at] = Self::view(start, self.arena.len() - start);
        result
    }

    /// Makes position `at` show the same bytes as position `from` of this column.
    pub fn share(&mut self, at: usize, from: usize) {
        self.views[at] = self.views[from];
    }

    /// Bytes of memory that it holds.
    pub fn memory(&self) -> usize {
        self.views.capacity() * 8 + self.arena.capacity()
    }

    /// Bytes in the arena.
    pub fn arena_len(&self) -> usize {
        self.arena.len()
    }

    #[inline]
    fn store(&mut self, bytes: &[u8]) -> u64 {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        Self::view(start, bytes.len())
    }

    #[inline]
    fn view(start: usize, len: usize) -> u64 {
        assert!(len <= Self::MAX_LENGTH && start >> (64 - LENGTH_BITS) == 0, "a batch's bytes outgrew their arena");
        (start as u64) << LENGTH_BITS | len as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_blocks_are_strings_too() {
        let mut values = ByteValues::new();
        values.resize(4);
        let source = *b"a page with some short strings on it";
        values.put_slice(0, &source, 2, 6);
        values.put_slice(1, &source, 33, 36);
        values.put_slice(2, &source, 2, 30);
        values.put_word(3, 3, u64::from_le_bytes(*b"word????"));
        assert_eq!([0, 1, 2].map(|at| values.get(at)), [&b"page"[..], b" it", b"page with some short strings"]);
        assert_eq!(values.get(3), b"wor");
        assert_eq!(values.word(3), (3, u64::from_le_bytes(*b"wor\0\0\0\0\0")), "the last one of the arena");
        assert_eq!(values.word(0).1.to_le_bytes()[..4], *b"page");
    }
}
