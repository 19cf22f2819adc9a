//! Changes of pages as bytes.
//!
//! Whoever changes a page writes what is to happen as a list of *actions*, carries them out by the same function that redo calls
//! ([`ResourceManager::apply`](crate::ResourceManager::apply)), and logs the same bytes. So replay cannot differ from the original. What actions there are is
//! each access method's own; here stands how they are written and read, and how a page of a [`Change`] gets them.
//!
//! An action begins with a byte that says which it is. Numbers are little-endian; an item is its length (two bytes) and its bytes.

use error::{Error, Result};
use ids::BlockNumber;

use crate::{Change, Image, Page, PageMut};

/// A list of actions being written. Every access method's list says with its own words what can be done to its pages.
pub trait WriteActions {
    /// The bytes so far.
    fn list(&mut self) -> &mut Vec<u8>;

    /// Begins an action; or a number of one byte.
    fn code(&mut self, code: u8) -> &mut Self {
        self.list().push(code);
        self
    }

    /// A number.
    fn u16(&mut self, n: u16) -> &mut Self {
        self.raw(&n.to_le_bytes())
    }

    /// A number.
    fn u32(&mut self, n: u32) -> &mut Self {
        self.raw(&n.to_le_bytes())
    }

    /// A number.
    fn u64(&mut self, n: u64) -> &mut Self {
        self.raw(&n.to_le_bytes())
    }

    /// An item of a page.
    fn item(&mut self, bytes: &[u8]) -> &mut Self {
        self.u16(bytes.len() as u16).raw(bytes)
    }

    /// Lines of a page, and how many they are.
    fn lines(&mut self, lines: &[u16]) -> &mut Self {
        self.u16(lines.len() as u16);
        for &line in lines {
            self.u16(line);
        }
        self
    }

    /// Bytes without their length.
    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.list().extend_from_slice(bytes);
        self
    }
}

/// Reads a list of actions.
#[derive(Clone, Copy, Debug)]
pub struct ActionReader<'a>(pub &'a [u8]);

impl<'a> ActionReader<'a> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next bytes.
    ///
    /// # Errors
    /// `XX001`, as for all that follow, if there are not so many.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n).ok_or_else(too_short)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.0 = tail;
        Ok(*head)
    }

    /// The next byte: which action comes, or a number.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// The next number.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// The next number.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next number.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The next number, of a page.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn block(&mut self) -> Result<BlockNumber> {
        Ok(BlockNumber(self.u32()?))
    }

    /// The next item.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn item(&mut self) -> Result<&'a [u8]> {
        let length = self.u16()?;
        self.take(length as usize)
    }

    /// The next lines.
    ///
    /// # Errors
    /// As [`ActionReader::take`].
    pub fn lines(&mut self) -> Result<Vec<u16>> {
        let count = self.u16()?;
        (0..count).map(|_| self.u16()).collect()
    }
}

#[cold]
fn too_short() -> Error {
    Error::corrupted("a log record is too short")
}

/// Adds a page to a change, does `actions` to it by `apply`, and logs them as its data.
pub fn carry_out<'a>(
    change: &mut Change<'a>,
    guard: &'a mut PageMut<'_>,
    how: Image,
    actions: &[u8],
    apply: fn(&mut Page, &[u8]) -> Result<()>,
) {
    let slot = change.page(guard, how);
    if let Err(error) = apply(change.page_mut(slot), actions) {
        // Half done, in a critical section: only recovery can mend it.
        wal::panic_process(error);
    }
    change.block_data(slot, actions);
}
