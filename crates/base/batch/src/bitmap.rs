//! A growable string of bits.

/// Bits, all clear unless set, in 64-bit words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// No bits.
    pub fn new() -> Bitmap {
        Bitmap::default()
    }

    /// How many bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops all bits and keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
    }

    /// Makes it `len` bits long; new bits are clear.
    pub fn resize(&mut self, len: usize) {
        self.words.resize(len.div_ceil(64), 0);
        if len < self.len && !len.is_multiple_of(64) {
            self.words[len / 64] &= (1 << (len % 64)) - 1;
        }
        self.len = len;
    }

    /// The bit at `at`.
    #[inline]
    pub fn get(&self, at: usize) -> bool {
        debug_assert!(at < self.len);
        self.words[at / 64] >> (at % 64) & 1 != 0
    }

    /// Sets or clears the bit at `at`.
    #[inline]
    pub fn put(&mut self, at: usize, bit: bool) {
        debug_assert!(at < self.len);
        let word = &mut self.words[at / 64];
        *word = *word & !(1 << (at % 64)) | (bit as u64) << (at % 64);
    }

    /// Adds a bit at the end.
    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(bit as u64);
        } else {
            self.words[self.len / 64] |= (bit as u64) << (self.len % 64);
        }
        self.len += 1;
    }

    /// Whether any bit is set.
    pub fn any(&self) -> bool {
        self.words.iter().any(|&word| word != 0)
    }

    /// Sets every bit that is set in `other`, which is not longer.
    pub fn or(&mut self, other: &Bitmap) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// The words, bit 0 lowest in the first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bytes of memory that it holds.
    pub fn memory(&self) -> usize {
        self.words.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::Bitmap;

    #[test]
    fn behaves_as_a_vector_of_bools() {
        let mut bits = Bitmap::new();
        let mut model = Vec::new();
        for n in 0..200usize {
            bits.push(n % 3 == 0);
            model.push(n % 3 == 0);
        }
        bits.put(64, true);
        model[64] = true;
        bits.resize(130);
        bits.resize(190);
        model.truncate(130);
        model.resize(190, false);
        assert_eq!((0..190).map(|at| bits.get(at)).collect::<Vec<_>>(), model);
    }
}
