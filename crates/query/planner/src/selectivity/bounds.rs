//! Conditions that bound a column: what a histogram lets through below or above a value.

use analyzer::query::{self as q, ExprKind};
use batch::Datum;
use error::Result;
use ids::Oid;

use super::{INEQUALITY, estimator};
use crate::facts::{Values, at_most, scalar, text_position};
use crate::level::Planner;
use crate::prepare::relids_of;

/// For a range, both ends given.
const RANGE: f64 = 0.005;
/// What a range of nothing comes to.
const NOTHING: f64 = 1e-10;

impl Planner<'_> {
    /// Two bounds overlap in what is in between: what each lets through, less the whole; rows with nulls passed neither.
    pub(super) fn range_selectivity(&mut self, expr: &q::Expr, one: f64, other: f64) -> Result<f64> {
        if one == INEQUALITY || other == INEQUALITY {
            return Ok(RANGE);
        }
        let nulls = match self.facts_of(expr)? {
            Some(facts) => facts.null_fraction(),
            None => 0.0,
        };
        let both = one + other - 1.0 + nulls;
        Ok(match both {
            both if both > 0.0 => both,
            both if both < -0.01 => RANGE,
            _ => NOTHING,
        })
    }

    /// `column < constant` or `>`: the column, and whether it is a lower bound.
    pub(super) fn bound_of(&mut self, qual: &q::Expr) -> Result<Option<(q::Expr, bool)>> {
        let ExprKind::Operator(call) = &qual.kind else { return Ok(None) };
        let [left, right] = &call.args[..] else { return Ok(None) };
        let (expr, flipped) = match (relids_of(left), relids_of(right)) {
            (l, 0) if l != 0 => (left, false),
            (0, r) if r != 0 => (right, true),
            _ => return Ok(None),
        };
        let estimator = self.ctx.catalog.operator(call.operator)?.oprrest.0;
        Ok(match estimator {
            estimator::LESS | estimator::LESS_OR_EQUAL => Some((expr.clone(), flipped)),
            estimator::GREATER | estimator::GREATER_OR_EQUAL => Some((expr.clone(), !flipped)),
            _ => None,
        })
    }

    /// `column < value` and its like.
    pub(super) fn bound(
        &mut self,
        column: &q::Expr,
        operator: Oid,
        collation: Oid,
        value: Option<(&Datum, Oid)>,
        greater: bool,
        or_equal: bool,
    ) -> Result<f64> {
        let Some((value, value_type)) = value else { return Ok(INEQUALITY) };
        if value_type == types::oid::TID {
            return self.place_bound(column, value, greater);
        }
        let side = self.side(column)?;
        let Some(facts) = &side.facts else { return Ok(INEQUALITY) };
        let function = self.ctx.catalog.operator(operator)?.oprcode;
        let (mut common, mut sum, mut count) = (0.0, 0.0, 0.0);
        if let Some((values, frequencies)) = facts.most_common() {
            let Some(holds) = self.holds(function, collation, &values, value, value_type) else {
                return Ok(INEQUALITY);
            };
            common = holds.iter().zip(frequencies).filter(|(holds, _)| **holds).map(|(_, f)| f64::from(*f)).sum();
            sum = frequencies.iter().map(|f| f64::from(*f)).sum();
            count = frequencies.len() as f64;
        }
        let rest = (1.0 - facts.null_fraction() - sum).clamp(0.0, 1.0);
        let others = (side.distinct - count).max(1.0);
        let histogram = match facts.histogram() {
            Some(bounds) => {
                self.histogram_part(&bounds, column, operator, collation, value, value_type, greater, or_equal, others)?
            }
            None => None,
        };
        Ok(common + rest * histogram.unwrap_or(0.5))
    }

    /// `ctid < value` and its like: the part of the pages.
    fn place_bound(&mut self, column: &q::Expr, value: &Datum, greater: bool) -> Result<f64> {
        let place = value.as_bytes().and_then(access::tid_from_bytes);
        let (Some(place), Some((_, relation, -1))) = (place, self.base_column(column)) else { return Ok(INEQUALITY) };
        let base = self.base_relation(relation)?;
        let (tuples, pages) = (base.tuples, base.pages);
        if pages <= 0.0 {
            return Ok(1.0);
        }
        let within = (f64::from(place.offset) / (tuples / pages).max(1.0)).min(1.0);
        let below = ((f64::from(place.block.0) + within) / pages).clamp(0.0, 1.0);
        Ok(if greater { 1.0 - below } else { below })
    }

    /// The part of a histogram's values for which a bound holds.
    pub(super) fn histogram_part(
        &self,
        bounds: &Values,
        column: &q::Expr,
        operator: Oid,
        collation: Oid,
        value: &Datum,
        value_type: Oid,
        greater: bool,
        or_equal: bool,
        others: f64,
    ) -> Result<Option<f64>> {
        let catalog = self.ctx.catalog;
        let families = catalog.operator_families(operator)?;
        let Some(member) = families.iter().find(|m| m.amopmethod == catalog::objects::BTREE) else { return Ok(None) };
        let comparison =
            |strategy| catalog.family_operator(member.amopfamily, member.amoplefttype, member.amoprighttype, strategy);
        let (Some(less), Some(equal)) = (comparison(1)?, comparison(3)?) else { return Ok(None) };
        let function = |operator| catalog.operator(operator).map(|row| row.oprcode);
        let Some(below) = self.holds(function(less)?, collation, bounds, value, value_type) else { return Ok(None) };
        let equals = self.holds(function(equal)?, collation, bounds, value, value_type);
        let equals_first = equals.is_some_and(|equals| equals.first() == Some(&true));
        let one = 1.0 / others;
        let type_oid = column.ty.oid;
        let env = self.ctx.env;
        let position = |low: usize, high: usize| {
            let (low, high) = (bounds.column.get(low), bounds.column.get(high));
            let scalars =
                (scalar(type_oid, low, env), scalar(type_oid, high, env), scalar(value_type, value.as_ref(), env));
            match scalars {
                (Some(low), Some(high), Some(value)) if high > low => ((value - low) / (high - low)).clamp(0.0, 1.0),
                (Some(_), Some(_), Some(_)) => 0.5,
                _ => match (low.as_bytes(), high.as_bytes(), value.as_bytes()) {
                    (Some(low), Some(high), Some(value)) if is_text(type_oid) => text_position(low, high, value),
                    _ => 0.5,
                },
            }
        };
        let at_most = at_most(&below, equals_first, one, position);
        let part = match (greater, or_equal) {
            (false, true) => at_most,
            (false, false) => at_most - one,
            (true, false) => 1.0 - at_most,
            (true, true) => 1.0 - at_most + one,
        };
        // The ends may have moved since the histogram was made.
        let cutoff = 0.01 / (bounds.column.len() - 1) as f64;
        Ok(Some(part.clamp(cutoff, 1.0 - cutoff)))
    }

    /// The least and the greatest value of a column, as far as ANALYZE has seen them.
    pub fn extremes(&mut self, expr: &q::Expr) -> Result<Option<(Datum, Datum)>> {
        let Some(facts) = self.facts_of(expr)? else { return Ok(None) };
        let Some(bounds) = facts.histogram() else { return Ok(None) };
        // A common value may lie outside of the histogram; then nothing is certain.
        let (low, high) = (bounds.column.datum(0), bounds.column.datum(bounds.column.len() - 1));
        Ok(Some((low, high)))
    }

    /// The part of a column's values below a value, or up to it.
    pub fn part_below(
        &mut self,
        column: &q::Expr,
        less: Oid,
        collation: Oid,
        value: &Datum,
        or_equal: bool,
    ) -> Result<f64> {
        let mut operator = less;
        if or_equal {
            let families = self.ctx.catalog.operator_families(less)?;
            if let Some(member) = families.iter().find(|m| m.amopmethod == catalog::objects::BTREE)
                && let Some(found) =
                    self.ctx.catalog.family_operator(member.amopfamily, member.amoplefttype, member.amoprighttype, 2)?
            {
                operator = found;
            }
        }
        let ty = column.ty.oid;
        self.bound(column, operator, collation, Some((value, ty)), false, or_equal)
    }
}

fn is_text(type_oid: Oid) -> bool {
    use types::oid;
    matches!(type_oid, oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::BYTEA)
}
