//! What an ordered index knows of a pattern: texts that match begin as the pattern does.
//!
//! `t LIKE 'abc%'` means `t >= 'abc' AND t < 'abd'` in the order of bytes, which indexes of the "C" collation and of the pattern classes
//! (`text_pattern_ops`) have; the pattern itself is asked of what is found. A pattern that only one text matches is searched as an equality, in any order.

use analyzer::query::{self as q, Expr, ExprKind, SqlType};
use batch::Datum;
use error::Result;
use ids::Oid;

use types::oid;

use crate::facts::{constant, pattern_prefix};
use crate::index_match::Match;
use crate::level::Planner;
use crate::scan::{Candidate, IndexCondition, stripped};
use crate::selectivity::{BEGINS_WITH, DEFAULT_COLLATION, STARTS_WITH, estimator};

/// What texts that match have in common.
#[derive(Debug, PartialEq)]
struct Beginning {
    text: Vec<u8>,
    /// Nothing else matches.
    whole: bool,
}

impl Beginning {
    /// Of a LIKE pattern.
    fn of_like(pattern: &[u8]) -> Beginning {
        let (text, rest) = pattern_prefix(pattern);
        Beginning { text, whole: rest.is_empty() }
    }

    /// Of a regular expression that is bound to the beginning: as far as it is plain text.
    fn of_regex(pattern: &[u8]) -> Option<Beginning> {
        let pattern = pattern.strip_prefix(b"^")?;
        // What is between parentheses as a whole may be without them: psql writes names so.
        let inner = pattern.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")$"));
        if let Some(inner) = inner
            && let (text, []) = plain_text(inner)
        {
            return Some(Beginning { text, whole: true });
        }
        if pattern.contains(&b'|') {
            return None;
        }
        let (text, rest) = plain_text(pattern);
        Some(Beginning { text, whole: rest == b"$" })
    }

    /// As far as it is the same in any case.
    fn without_cases(mut self) -> Beginning {
        if let Some(letter) = self.text.iter().position(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()) {
            self.text.truncate(letter);
            self.whole = false;
        }
        self
    }
}

/// The plain text that a regular expression begins with, and what follows it. A character that is repeated is not part of it.
fn plain_text(pattern: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    let mut rest = pattern;
    // Where the last character began, in both.
    let mut last = (0, rest);
    loop {
        let begin = (text.len(), rest);
        match rest {
            [b'*' | b'?' | b'{', ..] => {
                text.truncate(last.0);
                return (text, last.1);
            }
            [] | [b'.' | b'[' | b'(' | b')' | b'|' | b'+' | b'$' | b'^', ..] | [b'\\'] => return (text, rest),
            [b'\\', escaped, after @ ..] if !escaped.is_ascii_alphanumeric() && escaped.is_ascii() => {
                text.push(*escaped);
                rest = after;
            }
            [b'\\', ..] => return (text, rest),
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
                // The bytes of one character stay together.
                while let [next, after @ ..] = rest
                    && next & 0xC0 == 0x80
                    && *byte >= 0xC0
                {
                    text.push(*next);
                    rest = after;
                }
            }
        }
        last = begin;
    }
}

/// The least text that is greater, in the order of bytes, than all that begin with `text`; none if there is none. Text stays valid.
pub(crate) fn successor(text: &[u8], is_text: bool) -> Option<Vec<u8>> {
    match std::str::from_utf8(text) {
        Ok(text) if is_text => {
            let mut chars: Vec<char> = text.chars().collect();
            while let Some(last) = chars.pop() {
                // Surrogates are no characters.
                let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
                if let Some(next) = next {
                    chars.push(next);
                    return Some(chars.into_iter().collect::<String>().into_bytes());
                }
            }
            None
        }
        _ => {
            let mut bytes = text.to_vec();
            while let Some(last) = bytes.pop() {
                if last < u8::MAX {
                    bytes.push(last + 1);
                    return Some(bytes);
                }
            }
            None
        }
    }
}

impl Planner<'_> {
    /// Whether a collation orders by bytes, and whether texts that it takes for equal have equal bytes.
    fn order_of(&self, collation: Oid) -> Result<(bool, bool)> {
        if !collation.is_valid() || collation == analyzer::types::C_COLLATION {
            return Ok((true, true));
        }
        let order = self.ctx.env.collation(collation)?;
        Ok((order.is_bytes(), order.is_deterministic()))
    }

    /// Adds what a pattern says of the columns of an index that has byte keys. The pattern itself is asked in any case.
    pub fn match_pattern(&mut self, qual: &Expr, candidate: &Candidate, matches: &mut Vec<Match>) -> Result<()> {
        let (operator, args, collation) = match &qual.kind {
            ExprKind::Operator(call) => (call.operator, &call.args, call.input_collation),
            ExprKind::Function(call) if call.function == STARTS_WITH => (BEGINS_WITH, &call.args, call.input_collation),
            _ => return Ok(()),
        };
        let [text, pattern] = &args[..] else { return Ok(()) };
        let Some(Datum::Bytes(pattern)) = constant(pattern) else { return Ok(()) };
        let beginning = match self.ctx.catalog.operator(operator)?.oprrest.0 {
            estimator::LIKE => Some(Beginning::of_like(pattern)),
            estimator::LIKE_ANY_CASE => Some(Beginning::of_like(pattern).without_cases()),
            estimator::REGEX => Beginning::of_regex(pattern),
            estimator::REGEX_ANY_CASE => Beginning::of_regex(pattern).map(Beginning::without_cases),
            estimator::PREFIX => Some(Beginning { text: pattern.to_vec(), whole: false }),
            _ => None,
        };
        let Some(beginning) = beginning.filter(|beginning| beginning.whole || !beginning.text.is_empty()) else {
            return Ok(());
        };
        // A collation may take different texts for equal.
        if !self.order_of(collation)?.1 {
            return Ok(());
        }
        for (column, (expr, family, input, order)) in
            candidate.columns.iter().enumerate().take(candidate.index.indnkeyatts as usize)
        {
            if stripped(expr) != stripped(text) {
                continue;
            }
            let value_type = match *input {
                oid::TEXT | oid::NAME => oid::TEXT,
                oid::BYTEA => oid::BYTEA,
                _ => continue,
            };
            let class = candidate.index.indclass.get(column).copied().unwrap_or_default();
            let (mut by_bytes, deterministic) = self.order_of(*order)?;
            by_bytes |= catalog::objects::PATTERN_CLASSES.contains(&class);
            if !by_bytes && !deterministic {
                continue;
            }
            let usual_collation = if value_type == oid::TEXT { DEFAULT_COLLATION } else { Oid::INVALID };
            let value = |bytes: Vec<u8>| Expr {
                kind: ExprKind::Const(Datum::bytes(bytes)),
                ty: SqlType { oid: value_type, typmod: -1, collation: usual_collation },
                location: q::NO_LOCATION,
            };
            let mut found: Vec<(i16, Expr)> = Vec::new();
            if beginning.whole {
                found.push((3, value(beginning.text.clone())));
            } else if by_bytes {
                found.push((4, value(beginning.text.clone())));
                found.extend(successor(&beginning.text, value_type == oid::TEXT).map(|after| (1, value(after))));
            }
            for (strategy, value) in found {
                let operator = self.ctx.catalog.family_operator(*family, *input, value_type, strategy)?;
                let Some(operator) = operator else { continue };
                let function = self.ctx.catalog.operator(operator)?.oprcode;
                let args = vec![text.clone(), value.clone()];
                let call = q::OperatorCall { operator, function, input_collation: collation, args, set: false };
                let shown = analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION);
                let condition = match strategy {
                    3 => IndexCondition::Equal(value),
                    4 => IndexCondition::Range { lower: Some((vec![value], true)), upper: None },
                    _ => IndexCondition::Range { lower: None, upper: Some((vec![value], false)) },
                };
                matches.push(Match {
                    column,
                    condition,
                    qual: shown.clone(),
                    shown,
                    outer: 0,
                    checked: false,
                    derived: true,
                });
            }
            if by_bytes || beginning.whole {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_regular_expressions() {
        let of = |pattern: &str| {
            Beginning::of_regex(pattern.as_bytes()).map(|b| (String::from_utf8(b.text).expect("valid"), b.whole))
        };
        let some = |text: &str, whole| Some((text.to_string(), whole));
        assert_eq!(of("abc"), None);
        assert_eq!(of("^abc"), some("abc", false));
        assert_eq!(of("^abc$"), some("abc", true));
        assert_eq!(of("^(pg_class)$"), some("pg_class", true));
        assert_eq!(of("^(a|b)$"), None);
        assert_eq!(of("^(a.*)$"), some("", false));
        assert_eq!(of("^abc*"), some("ab", false));
        assert_eq!(of("^abc+d"), some("abc", false));
        assert_eq!(of("^aé?"), some("a", false));
        assert_eq!(of("^a\\.b"), some("a.b", false));
        assert_eq!(of("^a\\d"), some("a", false));
        assert_eq!(of("^abc|d"), None);
    }

    #[test]
    fn without_cases_letters_end_a_beginning() {
        assert_eq!(Beginning::of_like(b"00%foo").without_cases(), Beginning { text: b"00".to_vec(), whole: false });
        assert_eq!(Beginning::of_like(b"0a").without_cases(), Beginning { text: b"0".to_vec(), whole: false });
        assert_eq!(Beginning::of_like(b"00").without_cases(), Beginning { text: b"00".to_vec(), whole: true });
    }

    #[test]
    fn successors_are_texts() {
        assert_eq!(successor(b"x55", true), Some(b"x56".to_vec()));
        assert_eq!(successor("a\u{7f}".as_bytes(), true), Some("a\u{80}".into()));
        assert_eq!(successor("a\u{10FFFF}".as_bytes(), true), Some(b"b".to_vec()));
        assert_eq!(successor(b"a\xff", false), Some(b"b".to_vec()));
        assert_eq!(successor(b"\xff", false), None);
    }
}
