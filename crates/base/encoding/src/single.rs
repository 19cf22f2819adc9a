//! Encodings of one byte a character: ASCII, and 128 characters more.

use crate::{Encoding, invalid, untranslatable};
use error::Result;
use std::sync::{LazyLock, OnceLock};

/// An encoding a line: its name, and the code points of its upper half, `-` for none.
const TABLES: &str = include_str!("../data/single.tsv");

/// The characters of an encoding's upper half.
pub struct Table {
    chars: [Option<char>; 128],
    /// Sorted by character.
    bytes: Vec<(char, u8)>,
}

/// The table of an encoding of one byte, made when it is asked for the first time.
pub fn table(encoding: Encoding) -> &'static Table {
    static MADE: LazyLock<Vec<OnceLock<Table>>> = LazyLock::new(|| (0..64).map(|_| OnceLock::new()).collect());
    MADE[usize::from(encoding.0)].get_or_init(|| {
        let mut table = Table { chars: [None; 128], bytes: Vec::new() };
        let line = TABLES.lines().filter_map(|line| line.split_once('\t')).find(|(name, _)| *name == encoding.name());
        let words = line.map_or("", |(_, words)| words).split(' ');
        for (at, word) in words.enumerate().take(128) {
            table.chars[at] = u32::from_str_radix(word, 16).ok().and_then(char::from_u32);
            table.bytes.extend(table.chars[at].map(|c| (c, at as u8 + 128)));
        }
        table.bytes.sort_unstable();
        table
    })
}

impl Table {
    pub fn decode(&self, encoding: Encoding, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.reserve(bytes.len());
        for byte in bytes {
            match byte {
                0 => return Err(invalid(encoding, &[0])),
                1..128 => out.push(*byte),
                128.. => match self.chars[usize::from(*byte) - 128] {
                    Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => return Err(untranslatable(&[*byte], encoding, Encoding::UTF8)),
                },
            }
        }
        Ok(())
    }

    pub fn encode(&self, encoding: Encoding, text: &str, out: &mut Vec<u8>) -> Result<()> {
        out.reserve(text.len());
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c as u8);
                continue;
            }
            match self.bytes.binary_search_by_key(&c, |(known, _)| *known) {
                Ok(at) => out.push(self.bytes[at].1),
                Err(_) => return Err(untranslatable(c.encode_utf8(&mut [0; 4]).as_bytes(), Encoding::UTF8, encoding)),
            }
        }
        Ok(())
    }
}
