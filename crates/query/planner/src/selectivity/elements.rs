//! Conditions on what stands in arrays and documents, by the most common elements that ANALYZE found.
//!
//! An element is in a value or not, independently of the others. Elements that are not among the common ones are taken to be half as
//! frequent as the least common of those, and never more frequent than where nothing is known.

use std::rc::Rc;

use analyzer::query as q;
use batch::{Column, Datum, DatumRef};
use error::Result;
use ids::Oid;
use types::textsearch::{Item, Operand, Operator, Query};

use super::containment::usual;
use super::estimator;
use crate::facts::{ColumnFacts, constant};
use crate::level::Planner;
use crate::prepare::relids_of;

/// How often an element is in a value, if nothing is known.
const ELEMENT: f64 = 0.005;
/// The same for a lexeme that is a prefix of others.
const PREFIX: f64 = 4.0 * ELEMENT;

/// A chance that counts as none where a product goes on.
const NEVER: f64 = 0.0;

/// What is known of a column's elements.
struct Elements {
    facts: Option<Rc<ColumnFacts>>,
    /// An element's that is not a common one.
    other: f64,
}

impl Elements {
    fn new(facts: Option<Rc<ColumnFacts>>) -> Elements {
        let common = facts.as_ref().and_then(|facts| facts.common_elements());
        let least = common.and_then(|(_, f)| f.iter().copied().reduce(f32::min)).map_or(f64::INFINITY, f64::from);
        Elements { facts, other: (least / 2.0).min(ELEMENT) }
    }

    fn null_fraction(&self) -> f64 {
        self.facts.as_ref().map_or(0.0, |facts| facts.null_fraction())
    }

    /// The common elements, and in which part of the values that are not null each is.
    fn common(&self) -> Option<(Rc<crate::facts::Values>, &[f32])> {
        self.facts.as_ref()?.common_elements()
    }
}

impl Planner<'_> {
    /// `array @> value`, `&&`, `<@`
    pub(super) fn array_containment(
        &mut self,
        operator: &str,
        column: &q::Expr,
        value: &Datum,
        usual: f64,
    ) -> Result<f64> {
        let Some(Ok(view)) = value.as_bytes().map(types::array::View::new) else { return Ok(usual) };
        let mut wanted: Vec<DatumRef<'_>> = Vec::new();
        let mut has_null = false;
        for element in view.iter() {
            has_null |= element.is_null();
            if !element.is_null() && wanted.last() != Some(&element) {
                wanted.push(element);
            }
        }
        if wanted.len() < 1000 {
            let mut seen = std::collections::HashSet::new();
            wanted.retain(|element| seen.insert(*element));
        }
        let facts = self.facts_of(column)?;
        self.elements_selectivity(operator, facts, view.element_type(), &wanted, has_null, usual)
    }

    /// `constant = ANY (array column)`, `constant <> ALL (array column)`: whether the value is an element; and the two others.
    pub(super) fn element_selectivity(&mut self, call: &q::OperatorCall, any: bool) -> Result<Option<f64>> {
        let [left, right] = &call.args[..] else { return Ok(None) };
        let Some(value) = constant(left) else { return Ok(None) };
        let row = self.ctx.catalog.operator(call.operator)?;
        let equal = match row.oprrest.0 {
            estimator::EQUAL => true,
            estimator::NOT_EQUAL => false,
            _ => return Ok(None),
        };
        if relids_of(right) == 0 || row.oprleft != row.oprright {
            return Ok(None);
        }
        if value.is_null() {
            return Ok(Some(0.0));
        }
        // An element that is different is an element outside of a set of one.
        let operator = if equal == any { "@>" } else { "<@" };
        let facts = self.facts_of(right)?;
        let nulls = facts.as_ref().map_or(0.0, |facts| facts.null_fraction());
        let usual = usual(estimator::ARRAY, operator).unwrap_or(ELEMENT);
        let wanted = [value.as_ref()];
        let one = self.elements_selectivity(operator, facts, row.oprright, &wanted, false, usual)?;
        Ok(Some(if equal { one } else { (1.0 - nulls - one).max(0.0) }))
    }

    fn elements_selectivity(
        &mut self,
        operator: &str,
        facts: Option<Rc<ColumnFacts>>,
        element_type: Oid,
        wanted: &[DatumRef<'_>],
        has_null: bool,
        usual: f64,
    ) -> Result<f64> {
        let elements = Elements::new(facts);
        // Which of the common elements are wanted.
        let mut common = vec![false; elements.common().map_or(0, |(values, _)| values.column.len())];
        let mut each: Vec<f64> = Vec::with_capacity(wanted.len());
        let equality = self.element_equality(element_type)?;
        for element in wanted {
            let mut frequency = elements.other;
            if let Some((values, frequencies)) = elements.common()
                && let Some(at) = self.position_of(equality, &values.column, element.to_datum(), element_type)
            {
                common[at] = true;
                frequency = f64::from(frequencies[at]);
            }
            each.push(frequency);
        }
        let part = match operator {
            "@>" if has_null => NEVER,
            "@>" => each.iter().product(),
            "&&" => 1.0 - each.iter().map(|one| 1.0 - one).product::<f64>(),
            "<@" => contained(&elements, &common, &each).unwrap_or(usual),
            _ => usual,
        };
        Ok(part * (1.0 - elements.null_fraction()))
    }

    /// The function of the type's own equality.
    fn element_equality(&self, element_type: Oid) -> Result<Option<Oid>> {
        let catalog = self.ctx.catalog;
        let Some(class) = catalog.default_opclass(catalog::objects::BTREE, element_type)? else { return Ok(None) };
        let class = catalog.opclass(class)?;
        let equal = catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, 3)?;
        equal.map(|operator| catalog.operator(operator).map(|row| row.oprcode)).transpose()
    }

    fn position_of(&self, equality: Option<Oid>, values: &Column, element: Datum, ty: Oid) -> Option<usize> {
        let holds = self.holds_for(equality?, super::DEFAULT_COLLATION, values, &element, (ty, ty), false)?;
        holds.iter().position(|holds| *holds)
    }

    /// `document @@ query`
    pub(super) fn document_match(&mut self, column: &q::Expr, value: &Datum, usual: f64) -> Result<f64> {
        let Some(Ok(query)) = value.as_bytes().map(Query::new) else { return Ok(usual) };
        if column.ty.oid != types::oid::TSVECTOR {
            return Ok(usual);
        }
        let elements = Elements::new(self.facts_of(column)?);
        let mut parts: Vec<f64> = Vec::new();
        for item in &query.items {
            let part = match item {
                Item::Value(operand) => lexeme(&elements, operand),
                Item::Operation { operator, .. } => {
                    let right = parts.pop().unwrap_or(0.0);
                    match operator {
                        Operator::Not => 1.0 - right,
                        Operator::And | Operator::Phrase(_) => parts.pop().unwrap_or(0.0) * right,
                        Operator::Or => {
                            let left = parts.pop().unwrap_or(0.0);
                            left + right - left * right
                        }
                    }
                }
            };
            parts.push(part);
        }
        // A query without lexemes matches nothing.
        Ok(parts.pop().unwrap_or(0.0).clamp(0.0, 1.0) * (1.0 - elements.null_fraction()))
    }
}

/// How many of the documents have a lexeme, or one that begins with it.
fn lexeme(elements: &Elements, operand: &Operand<'_>) -> f64 {
    let Some((values, frequencies)) = elements.common() else { return if operand.prefix { PREFIX } else { ELEMENT } };
    let lexemes = (0..values.column.len()).filter_map(|at| values.column.get(at).as_bytes()).zip(frequencies);
    if !operand.prefix {
        let mut known = lexemes.filter(|(lexeme, _)| *lexeme == operand.lexeme);
        return known.next().map_or(elements.other, |(_, frequency)| f64::from(*frequency));
    }
    let begins = lexemes.filter(|(lexeme, _)| lexeme.starts_with(operand.lexeme));
    let (mut none, mut known) = (1.0, 0);
    for (_, frequency) in begins {
        none *= 1.0 - f64::from(*frequency);
        known += 1;
    }
    // The rarer lexemes are taken to begin with it as often as the common ones do.
    let share = f64::from(known) / frequencies.len().max(1) as f64;
    (1.0 - none * (1.0 - PREFIX * share)).max(4.0 * elements.other.min(ELEMENT))
}

/// The part of the arrays that have no element but the wanted ones: none of the other common elements, and none of the rarer ones, whose
/// number is taken to be Poisson's. `None` if it is not known how many elements there are.
fn contained(elements: &Elements, wanted: &[bool], each: &[f64]) -> Option<f64> {
    let counts = elements.facts.as_ref()?.element_counts()?;
    let (_, frequencies) = elements.common()?;
    let (average, histogram) = counts.split_last()?;
    let all: f64 = frequencies.iter().map(|frequency| f64::from(*frequency)).sum();
    let rest = (f64::from(*average) - all).max(0.0) - each.iter().sum::<f64>()
        + wanted.iter().zip(frequencies).filter(|(wanted, _)| **wanted).map(|(_, f)| f64::from(*f)).sum::<f64>();
    let others = wanted.iter().zip(frequencies).filter(|(wanted, _)| !**wanted);
    let none: f64 = others.map(|(_, frequency)| 1.0 - f64::from(*frequency)).product();
    // No array with more elements than are wanted is contained, and every one without elements is.
    let part = |holds: &dyn Fn(f64) -> bool| {
        histogram.iter().filter(|count| holds(f64::from(**count))).count() as f64 / histogram.len().max(1) as f64
    };
    let (empty, few) = (part(&|count| count < 1.0), part(&|count| count <= each.len() as f64));
    Some((none * (-rest.max(0.0)).exp()).clamp(empty, few.max(empty)))
}
