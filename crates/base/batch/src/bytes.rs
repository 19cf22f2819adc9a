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
