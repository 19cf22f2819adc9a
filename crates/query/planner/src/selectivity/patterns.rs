//! Conditions that match a text with a pattern: LIKE, regular expressions, and `^@`.

use analyzer::query as q;
use batch::Datum;
use error::Result;
use ids::Oid;

use crate::facts::{pattern_prefix, rest_of_pattern};
use crate::level::Planner;
use crate::pattern_search::successor;

/// For pattern matching, if nothing is known.
const PATTERN: f64 = 0.005;
/// `=` of texts.
const TEXT_EQUALS: Oid = Oid(67);

/// What a pattern is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Pattern {
    /// LIKE
    Like,
    /// What texts begin with.
    Prefix,
    /// Another language: ILIKE, regular expressions.
    Other,
}

impl Planner<'_> {
    /// `column LIKE pattern` and other patterns, or, `negated`, their opposites' parts: the common values and the histogram's are asked.
    pub(super) fn pattern(
        &mut self,
        column: &q::Expr,
        function: Oid,
        collation: Oid,
        value: Option<(&Datum, Oid)>,
        pattern: Pattern,
        negated: bool,
    ) -> Result<f64> {
        let Some((value, value_type)) = value else { return Ok(PATTERN) };
        let Some(text) = value.as_bytes() else { return Ok(PATTERN) };
        let (prefix, rest) = match pattern {
            Pattern::Like => pattern_prefix(text),
            Pattern::Prefix => (text.to_vec(), &[][..]),
            Pattern::Other => (Vec::new(), text),
        };
        if pattern == Pattern::Like && rest.is_empty() {
            // Nothing but text: an equality.
            let text_value = Datum::bytes(prefix);
            return self.equal(column, TEXT_EQUALS, collation, Some((&text_value, types::oid::TEXT)));
        }
        let Some(facts) = self.facts_of(column)? else { return Ok(PATTERN) };
        let asked = self.asked(&facts, function, collation, value, (value_type, value_type), negated);
        let usual = match pattern {
            Pattern::Other => PATTERN,
            _ if prefix.is_empty() => rest_of_pattern(rest),
            _ => self.prefix_selectivity(column, &prefix, collation)? * rest_of_pattern(rest),
        };
        Ok(asked.selectivity(facts.null_fraction(), usual.clamp(0.0001, 0.9999)))
    }

    /// The part of a column's values that begin with a prefix.
    fn prefix_selectivity(&mut self, column: &q::Expr, prefix: &[u8], collation: Oid) -> Result<f64> {
        const AT_LEAST: Oid = Oid(667);
        const BELOW: Oid = Oid(664);
        let text = types::oid::TEXT;
        let low = Datum::bytes(prefix.to_vec());
        let mut from = self.bound(column, AT_LEAST, collation, Some((&low, text)), true, true)?;
        if let Some(after) = successor(prefix, true) {
            let high = Datum::bytes(after);
            let to = self.bound(column, BELOW, collation, Some((&high, text)), false, false)?;
            from = self.range_selectivity(column, from, to)?;
        }
        Ok(from.max(self.equal(column, TEXT_EQUALS, collation, Some((&low, text)))?))
    }
}
