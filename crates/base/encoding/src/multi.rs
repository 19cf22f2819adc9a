//! Encodings of several bytes a character: those of East Asia.
//!
//! How long a character is shows in its first byte (and for GB18030 in the second); what it is says a table. A table's file has runs of
//! characters with codes that follow each other:
//!
//! ```text
//! a4a1 ぁあぃい…        from this code on
//! +82f5 か゚             one code for two characters
//! <5c ¥                 only for writing: more characters that get such a code
//! ```
//!
//! The four-byte codes of GB18030 need no table: they number the characters that have no shorter one.

use crate::{Encoding, invalid, untranslatable};
use error::Result;
use std::sync::OnceLock;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    EucJp,
    EucCn,
    EucKr,
    EucTw,
    EucJis2004,
    Sjis,
    Big5,
    Gbk,
    Uhc,
    Gb18030,
    Johab,
    ShiftJis2004,
}

impl Scheme {
    fn file(self) -> &'static str {
        match self {
            Scheme::EucJp => include_str!("../data/euc_jp.txt"),
            Scheme::EucCn => include_str!("../data/euc_cn.txt"),
            Scheme::EucKr => include_str!("../data/euc_kr.txt"),
            Scheme::EucTw => include_str!("../data/euc_tw.txt"),
            Scheme::EucJis2004 => include_str!("../data/euc_jis_2004.txt"),
            Scheme::Sjis => include_str!("../data/sjis.txt"),
            Scheme::Big5 => include_str!("../data/big5.txt"),
            Scheme::Gbk => include_str!("../data/gbk.txt"),
            Scheme::Uhc => include_str!("../data/uhc.txt"),
            Scheme::Gb18030 => include_str!("../data/gb18030.txt"),
            Scheme::Johab => include_str!("../data/johab.txt"),
            Scheme::ShiftJis2004 => include_str!("../data/shift_jis_2004.txt"),
        }
    }

    /// The length of the character that some bytes begin with, as its first bytes tell; they may be fewer.
    pub fn length(self, bytes: &[u8]) -> usize {
        let first = bytes.first().copied().unwrap_or(0);
        match (self, first) {
            (_, ..0x80) => 1,
            (Scheme::EucTw, 0x8e) => 4,
            (Scheme::EucJp | Scheme::EucKr | Scheme::EucTw | Scheme::EucJis2004 | Scheme::Johab, 0x8f) => 3,
            (Scheme::Sjis | Scheme::ShiftJis2004, 0xa1..=0xdf) => 1,
            (Scheme::Gb18030, _) if bytes.get(1).is_some_and(u8::is_ascii_digit) => 4,
            _ => 2,
        }
    }

    /// Whether bytes behind the first one may stand there.
    fn may_follow(self, character: &[u8]) -> bool {
        let rest = &character[1..];
        match self {
            Scheme::Sjis | Scheme::ShiftJis2004 => rest.iter().all(|b| matches!(b, 0x40..=0x7e | 0x80..=0xfc)),
            Scheme::Big5 | Scheme::Gbk | Scheme::Uhc => rest.iter().all(|b| *b != 0),
            Scheme::Gb18030 => match rest {
                [] => true,
                [b] => matches!(b, 0x40..=0x7e | 0x80..=0xfe),
                [b, c, d] => b.is_ascii_digit() && matches!(c, 0x81..=0xfe) && d.is_ascii_digit(),
                _ => false,
            },
            _ => rest.iter().all(|b| matches!(b, 0xa1..=0xfe)),
        }
    }

    /// The character that some bytes begin with, in bytes.
    fn character(self, encoding: Encoding, bytes: &[u8]) -> Result<&[u8]> {
        let length = self.length(bytes);
        let character = &bytes[..length.min(bytes.len())];
        let is_valid = character.len() == length
            && character[0] != 0
            && (length == 1 || !matches!(character[0], 0x80 | 0xff) || self == Scheme::Gbk || self == Scheme::Uhc)
            && self.may_follow(character);
        if is_valid { Ok(character) } else { Err(invalid(encoding, character)) }
    }
}

/// Code points from here on are pairs, by their number.
const PAIRS: u32 = 0x11_0000;

/// What codes mean.
pub struct Table {
    /// Codes with their characters, sorted.
    chars: Vec<(u32, u32)>,
    /// Characters with their codes, sorted.
    codes: Vec<(char, u32)>,
    pairs: Vec<([char; 2], u32)>,
    /// GB18030: the characters of the basic plane that its four-byte codes number, in order.
    numbered: Vec<u16>,
}

/// The table of an encoding, made when it is asked for the first time.
pub fn table(scheme: Scheme) -> &'static Table {
    static MADE: [OnceLock<Table>; 12] = [const { OnceLock::new() }; 12];
    MADE[scheme as usize].get_or_init(|| Table::read(scheme))
}

impl Table {
    fn read(scheme: Scheme) -> Table {
        let mut table = Table { chars: Vec::new(), codes: Vec::new(), pairs: Vec::new(), numbered: Vec::new() };
        let (mut only_written, mut others) = (Vec::new(), Vec::new());
        for line in scheme.file().lines() {
            let Some((code, text)) = line.split_once(' ') else { continue };
            let mut chars = text.chars();
            let number = |code: &str| u32::from_str_radix(code, 16).unwrap_or(0);
            if let Some(code) = code.strip_prefix('+') {
                let code = number(code);
                if let (Some(a), Some(b)) = (chars.next(), chars.next()) {
                    table.chars.push((code, PAIRS + table.pairs.len() as u32));
                    table.pairs.push(([a, b], code));
                }
            } else if let Some(code) = code.strip_prefix('<') {
                only_written.extend(chars.zip(number(code)..));
            } else {
                for (c, code) in chars.zip(number(code)..) {
                    table.chars.push((code, c as u32));
                    others.push((c, code));
                }
            }
        }
        table.chars.sort_unstable();
        // Of several codes for a character the one counts that is only for writing, or else the least.
        only_written.sort_unstable();
        others.sort_unstable();
        others.dedup_by_key(|(c, _)| *c);
        others.retain(|(c, _)| only_written.binary_search_by_key(c, |(known, _)| *known).is_err());
        others.extend(only_written);
        others.sort_unstable();
        table.codes = others;
        if scheme == Scheme::Gb18030 {
            let plane = (0x80..0x1_0000u32).filter(|n| char::from_u32(*n).is_some_and(|c| table.code(c).is_none()));
            table.numbered = plane.map(|n| n as u16).collect();
        }
        table
    }

    fn code(&self, c: char) -> Option<u32> {
        self.codes.binary_search_by_key(&c, |(known, _)| *known).ok().map(|at| self.codes[at].1)
    }

    pub fn decode(&self, encoding: Encoding, scheme: Scheme, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.reserve(bytes.len() * 3 / 2);
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if (1..128).contains(&first) {
                out.push(first);
                rest = &rest[1..];
                continue;
            }
            let character = scheme.character(encoding, rest)?;
            rest = &rest[character.len()..];
            let mut put = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            let found = match character {
                [a, b, c, d] if scheme == Scheme::Gb18030 => self.of_number(number_of([*a, *b, *c, *d])),
                _ => {
                    let code = character.iter().fold(0, |code, b| code << 8 | *b as u32);
                    self.chars.binary_search_by_key(&code, |(known, _)| *known).ok().map(|at| self.chars[at].1)
                }
            };
            match found {
                Some(pair @ PAIRS..) => self.pairs[(pair - PAIRS) as usize].0.into_iter().for_each(put),
                Some(c) => char::from_u32(c).into_iter().for_each(&mut put),
                None => return Err(untranslatable(character, encoding, Encoding::UTF8)),
            }
        }
        Ok(())
    }

    pub fn encode(&self, encoding: Encoding, text: &str, out: &mut Vec<u8>) -> Result<()> {
        out.reserve(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c.is_ascii() {
                out.push(c as u8);
                continue;
            }
            let pair = chars.peek().and_then(|next| self.pairs.iter().find(|(pair, _)| *pair == [c, *next]));
            if pair.is_some() {
                chars.next();
            }
            match pair.map(|(_, code)| *code).or_else(|| self.code(c)).or_else(|| self.number(c)) {
                Some(code) => {
                    let bytes = code.to_be_bytes();
                    out.extend(bytes.iter().skip_while(|b| **b == 0));
                }
                None => return Err(untranslatable(c.encode_utf8(&mut [0; 4]).as_bytes(), Encoding::UTF8, encoding)),
            }
        }
        Ok(())
    }

    /// The character of a four-byte code's number.
    fn of_number(&self, number: u32) -> Option<u32> {
        match self.numbered.get(number as usize) {
            Some(c) => Some((*c).into()),
            None => number.checked_sub(SUPPLEMENTARY).map(|n| n + 0x1_0000).filter(|c| char::from_u32(*c).is_some()),
        }
    }

    /// The four-byte code of a character.
    fn number(&self, c: char) -> Option<u32> {
        if self.numbered.is_empty() {
            return None;
        }
        let number = match u16::try_from(c as u32) {
            Ok(c) => self.numbered.binary_search(&c).ok()? as u32,
            Err(_) => c as u32 - 0x1_0000 + SUPPLEMENTARY,
        };
        let digits = [number / 12_600 + 0x81, number / 1260 % 10 + 0x30, number / 10 % 126 + 0x81, number % 10 + 0x30];
        Some(digits.into_iter().fold(0, |code, digit| code << 8 | digit))
    }
}

/// The number of the first character beyond the basic plane: `90308130`.
const SUPPLEMENTARY: u32 = 189_000;

fn number_of([a, b, c, d]: [u8; 4]) -> u32 {
    let digit = |byte: u8, from: u8| byte.saturating_sub(from) as u32;
    ((digit(a, 0x81) * 10 + digit(b, 0x30)) * 126 + digit(c, 0x81)) * 10 + digit(d, 0x30)
}

/// How many characters a text has.
pub fn count(encoding: Encoding, scheme: Scheme, bytes: &[u8]) -> Result<usize> {
    let (mut rest, mut count) = (bytes, 0);
    while !rest.is_empty() {
        rest = &rest[scheme.character(encoding, rest)?.len()..];
        count += 1;
    }
    Ok(count)
}
