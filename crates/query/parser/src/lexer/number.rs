//! Numbers and parameters.
//!
//! What follows a number without a break (`12abc`) is an error of its own; so the rest of the word is read before it is told.

use super::{DIGIT, IDENTIFIER_PART, IDENTIFIER_START, Lexer, TokenKind, hex_digit, is};
use error::{Error, Result};

impl Lexer<'_> {
    pub(super) fn parameter(&mut self, start: usize) -> Result<()> {
        while is(self.byte(self.position), DIGIT) {
            self.position += 1;
        }
        if is(self.byte(self.position), IDENTIFIER_START) {
            return Err(self.junk("trailing junk after parameter", start));
        }
        match self.source[start + 1..self.position].parse::<i32>() {
            Ok(number) => self.push(TokenKind::Parameter, start, number as u32),
            Err(_) => return Err(self.near("parameter number too large", start, self.position)),
        }
        Ok(())
    }

    /// An error whose text runs on to the end of the identifier at the position.
    fn junk(&mut self, message: &str, start: usize) -> Error {
        while self.position < self.bytes.len() && is(self.bytes[self.position], IDENTIFIER_PART) {
            self.position += 1;
        }
        self.near(message, start, self.position)
    }

    /// Digits in groups separated by single underscores, from `at`; returns the end.
    fn digits(&self, at: usize, accept: impl Fn(u8) -> bool) -> usize {
        let mut end = at;
        loop {
            if accept(self.byte(end)) {
                end += 1;
            } else if end > at && self.byte(end) == b'_' && accept(self.byte(end + 1)) {
                end += 2;
            } else {
                return end;
            }
        }
    }

    pub(super) fn number(&mut self, start: usize) -> Result<()> {
        const JUNK: &str = "trailing junk after numeric literal";
        let radix = match (self.bytes[start], self.byte(start + 1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'o' | b'O') => 8,
            (b'0', b'b' | b'B') => 2,
            _ => 10,
        };
        if radix != 10 {
            let accept = |byte: u8| hex_digit(byte).is_some_and(|digit| digit < radix);
            let mut from = start + 2;
            if self.byte(from) == b'_' && accept(self.byte(from + 1)) {
                from += 1;
            }
            self.position = self.digits(from, accept);
            let fail = self.position == from && {
                // `0x`, and `0x_`
                self.position += usize::from(self.byte(from) == b'_');
                !is(self.byte(self.position), IDENTIFIER_PART)
            };
            if fail {
                let name = ["binary", "octal", "hexadecimal"][(radix as usize).ilog2() as usize / 2];
                return Err(self.near(&format!("invalid {name} integer"), start, self.position));
            }
            if self.position == from || is(self.byte(self.position), IDENTIFIER_START) {
                self.position = start + 1;
                return Err(self.junk(JUNK, start));
            }
            if is(self.byte(self.position), IDENTIFIER_PART) && is(self.byte(start + 1), IDENTIFIER_START) {
                // A digit beyond the base (`0b12`), which makes the whole a number with an identifier behind it.
                self.position = start + 1;
                return Err(self.junk(JUNK, start));
            }
            self.push_integer(start, radix);
            return Ok(());
        }
        let is_digit = |byte: u8| byte.is_ascii_digit();
        self.position = self.digits(start, is_digit);
        let mut float = false;
        // `1..10` is the number 1 and two dots.
        if self.byte(self.position) == b'.' && (self.byte(self.position + 1) != b'.' || self.position == start) {
            float = true;
            self.position = self.digits(self.position + 1, is_digit);
        }
        if matches!(self.byte(self.position), b'e' | b'E') {
            let mut from = self.position + 1;
            let sign = matches!(self.byte(from), b'+' | b'-');
            from += usize::from(sign);
            if is(self.byte(from), DIGIT) {
                float = true;
                self.position = self.digits(from, is_digit);
            } else if sign {
                return Err(self.near(JUNK, start, from));
            }
        }
        if is(self.byte(self.position), IDENTIFIER_START) {
            return Err(self.junk(JUNK, start));
        }
        if float {
            self.push(TokenKind::Float, start, 0);
        } else {
            self.push_integer(start, 10);
        }
        Ok(())
    }

    /// An integer token if the digits fit 32 bits, a float token otherwise.
    fn push_integer(&mut self, start: usize, radix: u32) {
        let from = start + if radix == 10 { 0 } else { 2 };
        let mut value = Some(0i32);
        for &byte in &self.bytes[from..self.position] {
            if let Some(digit) = hex_digit(byte) {
                value = value.and_then(|v| v.checked_mul(radix as i32)?.checked_add(digit as i32));
            }
        }
        match value {
            Some(value) => self.push(TokenKind::Integer, start, value as u32),
            None => self.push(TokenKind::Float, start, 0),
        }
    }
}
