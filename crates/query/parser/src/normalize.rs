//! The statement cache's key: a statement's text with its constants taken out.
//!
//! `SELECT abalance FROM pgbench_accounts WHERE aid = 4711` and the same with 4712 have one key and different
//! [`Literal`]s, so a cache can keep one plan for both. Only the scanner runs: a hit costs no parsing, and with the
//! buffers of a [`Normalizer`] no allocation.
//!
//! A literal is not always a parameter: `ORDER BY 1` names a column, `varchar(10)` is part of a type, and a JSON path must
//! be known when the statement is analyzed. The scanner cannot tell. So on a miss the cache parses the text, and finds for each
//! constant that it can make a parameter the literal, by [`Normalizer::find`] with the constant's location in the tree;
//! the literals that no constant claims have to be the same in every text that uses the plan. The key keeps apart what
//! has different types: integers, big integers, other numbers, strings, bit strings.

use crate::ParserOptions;
use crate::lexer::{Token, TokenKind, Tokens};

/// Texts with more literals than this are not worth caching.
pub const MAX_LITERALS: usize = 1000;

/// A constant of the text.
#[derive(Clone, Copy, Debug)]
pub struct Literal {
    /// Its token.
    pub token: Token,
    /// The minus sign right before it, if there is one: a constant in the tree may stand there, with the sign folded in.
    pub minus: Option<u32>,
}

/// Makes keys; keeps its buffers from one text to the next.
#[derive(Debug, Default)]
pub struct Normalizer {
    tokens: Tokens,
    key: String,
    literals: Vec<Literal>,
}

impl Normalizer {
    /// With empty buffers.
    pub fn new() -> Normalizer {
        Normalizer::default()
    }

    /// Makes the key of `source`. False, if there should be none: the text does not scan, has notices to send each time,
    /// holds several statements or too many literals.
    pub fn normalize(&mut self, source: &str, options: &ParserOptions) -> bool {
        self.key.clear();
        self.literals.clear();
        self.tokens.scan(source, options);
        if self.tokens.error.is_some() || !self.tokens.notices.is_empty() {
            return false;
        }
        let mut minus = None;
        let mut ended = false;
        for &token in &self.tokens.tokens {
            if token.kind == TokenKind::End {
                break;
            }
            if token.kind == TokenKind::Semicolon {
                ended = true;
                continue;
            }
            if ended {
                return false;
            }
            let text = &source[token.start as usize..token.end as usize];
            let mark = match token.kind {
                TokenKind::Integer => "$i",
                TokenKind::Float if text.parse::<i64>().is_ok() => "$l",
                TokenKind::Float => "$n",
                TokenKind::String => "$s",
                TokenKind::BinaryString | TokenKind::HexString => "$b",
                _ => "",
            };
            if !mark.is_empty() {
                if self.literals.len() == MAX_LITERALS {
                    return false;
                }
                self.literals.push(Literal { token, minus });
                self.key.push_str(mark);
            } else {
                let from = self.key.len();
                self.key.push_str(text);
                if token.kind == TokenKind::Identifier {
                    self.key[from..].make_ascii_lowercase();
                }
            }
            self.key.push(' ');
            minus = (token.kind == TokenKind::Minus).then_some(token.start);
        }
        true
    }

    /// The key of the last text: its tokens, folded, a space behind each, literals replaced by a mark of their kind.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The literals of the last text, in order.
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// The value of a literal of the last text, which was `source`: a number's digits as written, a string with its escapes resolved.
    pub fn text<'a>(&'a self, source: &'a str, literal: &Literal) -> &'a str {
        let token = literal.token;
        let whole = &source[token.start as usize..token.end as usize];
        match (token.kind, token.value) {
            (TokenKind::String | TokenKind::BinaryString | TokenKind::HexString, Token::DIRECT) => {
                &whole[1..whole.len() - 1]
            }
            (TokenKind::String | TokenKind::BinaryString | TokenKind::HexString, index) => {
                &self.tokens.texts[index as usize]
            }
            _ => whole,
        }
    }

    /// The literal that a constant in the tree at `location` came from, by its index, and whether the constant has the
    /// minus before it folded in.
    pub fn find(&self, location: u32) -> Option<(usize, bool)> {
        let index = self.literals.partition_point(|literal| literal.token.start < location);
        let literal = self.literals.get(index)?;
        if literal.token.start == location {
            return Some((index, false));
        }
        (literal.minus == Some(location)).then_some((index, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(source: &str) -> Option<String> {
        let mut normalizer = Normalizer::new();
        normalizer.normalize(source, &ParserOptions::default()).then(|| normalizer.key().to_string())
    }

    #[test]
    fn texts_that_differ_in_constants_share_a_key() {
        let first = key("select A from t where b=1 and c = 'x' -- note");
        assert_eq!(first, key("SELECT a\nFROM t WHERE B = 22 AND c=E'\\n';"));
        assert_eq!(first.as_deref(), Some("select a from t where b = $i and c = $s "));
    }

    #[test]
    fn different_types_and_names_are_kept_apart() {
        let all =
            ["select 1", "select 3000000000", "select 1.5", "select '1'", "select b'1'", "select $1", "select \"A\""];
        let keys: std::collections::HashSet<_> = all.iter().map(|text| key(text).unwrap()).collect();
        assert_eq!(keys.len(), all.len());
        assert_ne!(key("select \"a b\""), key("select \"a\" b"));
    }

    #[test]
    fn what_has_no_key() {
        assert_eq!(key("select 1; select 2"), None);
        assert_eq!(key("select 'x"), None);
        assert_eq!(key(&format!("select {}", "1,".repeat(MAX_LITERALS + 1))), None);
        assert_eq!(key(&format!("select {}", "a".repeat(70))), None);
    }

    #[test]
    fn literals_are_found_by_the_location_of_their_constants() {
        let source = "select -5, 'it''s', 7";
        let mut normalizer = Normalizer::new();
        assert!(normalizer.normalize(source, &ParserOptions::default()));
        assert_eq!(normalizer.find(7), Some((0, true)));
        assert_eq!(normalizer.find(8), Some((0, false)));
        assert_eq!(normalizer.find(11), Some((1, false)));
        assert_eq!(normalizer.find(9), None);
        let texts: Vec<&str> = normalizer.literals().iter().map(|l| normalizer.text(source, l)).collect();
        assert_eq!(texts, ["5", "it's", "7"]);
    }
}
