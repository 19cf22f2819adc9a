//! Conditions between the columns of two relations.

use analyzer::query::{self as q, ExprKind};
use error::Result;
use ids::Oid;

use super::{DEFAULT_COLLATION, INEQUALITY, Side, containment, estimator};
use crate::level::Planner;
use crate::prepare::relids_of;

impl Planner<'_> {
    /// `a.x op b.y`
    pub(super) fn join_selectivity(&mut self, operator: Oid, left: &q::Expr, right: &q::Expr) -> Result<f64> {
        let row = self.ctx.catalog.operator(operator)?;
        Ok(match row.oprjoin.0 {
            estimator::EQUAL_JOIN => self.equal_join(row.oprcode, left, right)?,
            estimator::NOT_EQUAL_JOIN => {
                let function = match row.oprnegate.is_valid() {
                    true => self.ctx.catalog.operator(row.oprnegate)?.oprcode,
                    false => row.oprcode,
                };
                1.0 - self.equal_join(function, left, right)?
            }
            107 | 108 | 386 | 398 => INEQUALITY,
            0 => 0.5,
            join => containment::usual_join(join, &row.oprname).unwrap_or(INEQUALITY),
        })
    }

    /// An equality of two columns. Common values of both are matched with each other; all others are taken to be spread evenly over the
    /// distinct values, each of the side with fewer having partners.
    pub(super) fn equal_join(&mut self, function: Oid, left: &q::Expr, right: &q::Expr) -> Result<f64> {
        let (a, b) = (self.side(left)?, self.side(right)?);
        let plain = (1.0 - a.null_fraction()) * (1.0 - b.null_fraction()) / a.distinct.max(b.distinct).max(1.0);
        let common = (a.facts.as_ref().and_then(|f| f.most_common()), b.facts.as_ref().and_then(|f| f.most_common()));
        let (Some((values_a, frequencies_a)), Some((values_b, frequencies_b))) = common else { return Ok(plain) };
        let (mut matched_b, mut product) = (vec![false; frequencies_b.len()], 0.0);
        let (mut match_a, mut match_b, mut matches) = (0.0, 0.0, 0.0);
        for (at, &frequency) in frequencies_a.iter().enumerate() {
            let value = values_a.column.datum(at);
            // The function's arguments are the left and the right column; here the constant stands on the right.
            let Some(holds) =
                self.holds_for(function, DEFAULT_COLLATION, &values_b.column, &value, (left.ty.oid, left.ty.oid), true)
            else {
                return Ok(plain);
            };
            if let Some(at_b) = holds.iter().zip(&matched_b).position(|(holds, matched)| *holds && !matched) {
                matched_b[at_b] = true;
                product += f64::from(frequency) * f64::from(frequencies_b[at_b]);
                match_a += f64::from(frequency);
                match_b += f64::from(frequencies_b[at_b]);
                matches += 1.0;
            }
        }
        let sum = |frequencies: &[f32]| frequencies.iter().map(|f| f64::from(*f)).sum::<f64>();
        let (unmatched_a, unmatched_b) =
            ((sum(frequencies_a) - match_a).clamp(0.0, 1.0), (sum(frequencies_b) - match_b).clamp(0.0, 1.0));
        let other = |side: &Side, matched: f64, unmatched: f64| {
            (1.0 - side.null_fraction() - matched - unmatched).clamp(0.0, 1.0)
        };
        let (other_a, other_b) = (other(&a, match_a, unmatched_a), other(&b, match_b, unmatched_b));
        // Seen from either side: its unmatched common values meet the other side's uncommon ones; its uncommon ones meet all of the
        // other side's that found no partner.
        let total = |unmatched: f64, other: f64, there: (f64, f64), distinct: f64, known: f64| {
            let mut total = product;
            if distinct > known {
                total += unmatched * there.1 / (distinct - known);
            }
            if distinct > matches {
                total += other * (there.1 + there.0) / (distinct - matches);
            }
            total
        };
        let from_a = total(unmatched_a, other_a, (unmatched_b, other_b), b.distinct, frequencies_b.len() as f64);
        let from_b = total(unmatched_b, other_b, (unmatched_a, other_a), a.distinct, frequencies_a.len() as f64);
        Ok(from_a.min(from_b))
    }

    /// The fraction of the outer rows that have a partner among `inner_rows` rows, by one condition of a semi-join; `None` if the condition
    /// is no equality of two columns.
    pub fn semi_selectivity(
        &mut self,
        qual: &q::Expr,
        outer: crate::prepare::Relids,
        inner_rows: f64,
    ) -> Result<Option<f64>> {
        let ExprKind::Operator(call) = &qual.kind else { return Ok(None) };
        let [left, right] = &call.args[..] else { return Ok(None) };
        if self.ctx.catalog.operator(call.operator)?.oprjoin.0 != estimator::EQUAL_JOIN {
            return Ok(None);
        }
        let (left, right) = if relids_of(left) & !outer == 0 { (left, right) } else { (right, left) };
        let (a, b) = (self.side(left)?, self.side(right)?);
        let nulls = a.null_fraction();
        if a.unknown || b.unknown {
            return Ok(Some(0.5 * (1.0 - nulls)));
        }
        let there = b.distinct.min(inner_rows.max(1.0));
        Ok(Some(if a.distinct <= there { 1.0 - nulls } else { there / a.distinct * (1.0 - nulls) }))
    }
}
