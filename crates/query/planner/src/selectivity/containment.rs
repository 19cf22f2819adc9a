//! Conditions that one value contains, overlaps or matches another: the operators that GiST, SP-GiST and GIN indexes serve.
//!
//! | values | without statistics | with them |
//! |---|---|---|
//! | arrays, documents | [`elements`](super::elements): each element's own | the most common elements |
//! | ranges | [`usual`] | [`ranges`](super::ranges): their bounds and lengths |
//! | jsonb, tsquery, networks | [`usual`] | the common values and the histogram's are asked |
//! | shapes | [`usual`] | nothing is gathered of them |
//!
//! The figures of [`usual`] and [`usual_join`] are PostgreSQL's, by what it estimates of tables without statistics.

use analyzer::query as q;
use batch::Datum;
use catalog::rows::PgOperator;
use error::Result;
use ids::Oid;

use super::{INEQUALITY, estimator};
use crate::level::Planner;

/// The part of all rows that an operator lets through of which nothing but its estimator and its name are known. `None` for comparisons.
pub(super) fn usual(estimator: u32, name: &str) -> Option<f64> {
    Some(match (estimator, name) {
        (estimator::AREA | estimator::PREFIX | estimator::TEXT_SEARCH, _) => 0.005,
        (estimator::POSITION, _) => 0.1,
        (estimator::CONTAINMENT, _) => 0.001,
        (estimator::MATCHING, _) => 0.01,
        (estimator::RANGE | estimator::MULTIRANGE | estimator::NETWORK | estimator::ARRAY, "&&") => 0.01,
        (estimator::NETWORK | estimator::ARRAY, _) => 0.005,
        (estimator::RANGE | estimator::MULTIRANGE, "@>" | "<@") => 0.005,
        (estimator::RANGE | estimator::MULTIRANGE, _) => INEQUALITY,
        (estimator::PATTERNS_FIRST..=estimator::PATTERNS_LAST, name) => match name.starts_with('!') {
            true => 1.0 - 0.005,
            false => 0.005,
        },
        _ => return None,
    })
}

/// The part of all pairs of rows that it lets through, by the estimator for joins.
pub(super) fn usual_join(estimator: u32, name: &str) -> Option<f64> {
    Some(match (estimator, name) {
        (140 | 3687, _) => 0.005,
        (1301, _) => 0.1,
        (1303, _) => 0.001,
        (5041, _) => 0.01,
        (3561 | 3818, "&&") => 0.01,
        (3561 | 3818, _) => 0.005,
        (1816 | 1824 | 1825 | 1826 | 3438, _) => 0.005,
        (1817 | 1827 | 1828 | 1829, _) => 1.0 - 0.005,
        _ => return None,
    })
}

impl Planner<'_> {
    /// `column operator value`, the value not null; `None` if the operator's estimator is none of these.
    pub(super) fn containment(
        &mut self,
        row: &PgOperator,
        collation: Oid,
        column: &q::Expr,
        value: Option<(&Datum, Oid)>,
    ) -> Result<Option<f64>> {
        let Some(usual) = usual(row.oprrest.0, &row.oprname) else { return Ok(None) };
        Ok(Some(match (row.oprrest.0, value) {
            (estimator::ARRAY, Some((value, _))) => self.array_containment(&row.oprname, column, value, usual)?,
            (estimator::TEXT_SEARCH, Some((value, ty))) if ty == types::oid::TSQUERY => {
                self.document_match(column, value, usual)?
            }
            (estimator::RANGE | estimator::MULTIRANGE, Some((value, ty))) => {
                self.range_containment(&row.oprname, column, value, ty, usual)?
            }
            (estimator::MATCHING | estimator::NETWORK, Some((value, ty))) => {
                self.known_values(column, row.oprcode, collation, value, ty, usual)?
            }
            _ => usual,
        }))
    }

    /// The common values and the histogram's are asked; what they cannot tell of is taken to be `usual`.
    fn known_values(
        &mut self,
        column: &q::Expr,
        function: Oid,
        collation: Oid,
        value: &Datum,
        value_type: Oid,
        usual: f64,
    ) -> Result<f64> {
        let Some(facts) = self.facts_of(column)? else { return Ok(usual) };
        let types = (column.ty.oid, value_type);
        let asked = self.asked(&facts, function, collation, value, types, false);
        Ok(asked.selectivity(facts.null_fraction(), usual))
    }
}
