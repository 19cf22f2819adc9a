//! The fraction of rows that conditions let through.
//!
//! A condition on one column and a constant asks the column's statistics ([`crate::facts`]); what nothing is known of has PostgreSQL's
//! default. Conditions are taken to be independent of each other, but two bounds of one expression are a range.
//!
//! | module | conditions |
//! |---|---|
//! | [`bounds`] | `<` and its like: histograms |
//! | [`patterns`] | LIKE, regular expressions |
//! | [`containment`] | one value contains, overlaps or matches another; with [`elements`] and [`ranges`] |
//! | [`asked`] | what known values say to conditions that only their functions understand |
//! | [`joins`] | between columns of two relations |

mod asked;
mod bounds;
mod containment;
mod elements;
mod joins;
mod patterns;
mod ranges;

use std::rc::Rc;

use analyzer::query::{self as q, ExprKind};
use batch::{Column, Datum, DatumRef, Repr, Rows};
use error::Result;
use ids::Oid;

use crate::facts::{ColumnFacts, Values, constant};
use crate::level::Planner;
use crate::prepare::relids_of;
use patterns::Pattern;

/// Fraction of rows that an inequality lets through, if nothing is known.
pub(crate) const INEQUALITY: f64 = 0.333_333_333_333_333_3;
/// For IS NULL.
const IS_NULL: f64 = 0.005;
/// Distinct values, if nothing is known.
pub(crate) const DISTINCT: f64 = 200.0;

/// `pg_collation`'s "default".
pub(crate) const DEFAULT_COLLATION: Oid = Oid(100);

/// `starts_with`, and the operator `^@` that it is the function of.
pub(crate) const STARTS_WITH: Oid = Oid(3696);
pub(crate) const BEGINS_WITH: Oid = Oid(3877);

/// Numbers of the functions that estimate (`pg_operator.oprrest`, `oprjoin`).
pub(crate) mod estimator {
    pub const EQUAL: u32 = 101;
    pub const NOT_EQUAL: u32 = 102;
    pub const LESS: u32 = 103;
    pub const GREATER: u32 = 104;
    pub const LESS_OR_EQUAL: u32 = 336;
    pub const GREATER_OR_EQUAL: u32 = 337;
    pub const AREA: u32 = 139;
    pub const POSITION: u32 = 1300;
    pub const CONTAINMENT: u32 = 1302;
    /// Those of LIKE, ILIKE, regular expressions and their negations.
    pub const PATTERNS_FIRST: u32 = 1814;
    pub const PATTERNS_LAST: u32 = 1823;
    pub const LIKE_ANY_CASE: u32 = 1814;
    pub const REGEX: u32 = 1818;
    pub const LIKE: u32 = 1819;
    pub const REGEX_ANY_CASE: u32 = 1820;
    pub const NOT_LIKE: u32 = 1822;
    pub const RANGE: u32 = 3169;
    pub const PREFIX: u32 = 3437;
    pub const NETWORK: u32 = 3560;
    pub const TEXT_SEARCH: u32 = 3686;
    pub const ARRAY: u32 = 3817;
    pub const MULTIRANGE: u32 = 4243;
    pub const MATCHING: u32 = 5040;
    pub const EQUAL_JOIN: u32 = 105;
    pub const NOT_EQUAL_JOIN: u32 = 106;
}

/// One side of a comparison: a column, and all that is known of it.
struct Side {
    facts: Option<Rc<ColumnFacts>>,
    distinct: f64,
    /// Whether the number of distinct values is only the default.
    unknown: bool,
}

impl Side {
    fn null_fraction(&self) -> f64 {
        self.facts.as_ref().map_or(0.0, |facts| facts.null_fraction())
    }
}

impl Planner<'_> {
    /// Statistics of the column that an expression is, if there are any.
    pub fn facts_of(&mut self, expr: &q::Expr) -> Result<Option<Rc<ColumnFacts>>> {
        match self.base_column(expr) {
            Some((at, relation, column)) if column > 0 => {
                let tree = self.stands_for_tree(at)?;
                self.stored_facts(relation, column, tree)
            }
            Some(_) => Ok(None),
            None => self.expression_facts(expr),
        }
    }

    /// Statistics that ANALYZE stored for a column: of a table's own rows, or of its tree's; of an index, for its expressions.
    pub fn stored_facts(&mut self, relation: Oid, column: i16, tree: bool) -> Result<Option<Rc<ColumnFacts>>> {
        if let Some(known) = self.memory.facts.get(&(relation, column, tree)) {
            return Ok(known.clone());
        }
        let facts = self.statistics(relation, column, tree)?.map(|row| Rc::new(ColumnFacts::new(row)));
        self.memory.facts.insert((relation, column, tree), facts.clone());
        Ok(facts)
    }

    /// The fraction of rows that all conditions let through.
    pub fn selectivity_of_all(&mut self, quals: &[q::Expr]) -> Result<f64> {
        if quals.len() < 2 || self.memory.independent {
            return self.product_of(quals);
        }
        let mut used = vec![false; quals.len()];
        let together = self.extended_selectivity(quals, false, &mut used)?;
        if !used.contains(&true) {
            return self.product_of(quals);
        }
        let rest: Vec<q::Expr> =
            quals.iter().zip(used).filter(|(_, used)| !used).map(|(qual, _)| qual.clone()).collect();
        Ok(together * self.product_of(&rest)?)
    }

    /// The same by the columns' own statistics alone.
    pub fn independent_selectivity(&mut self, quals: &[q::Expr]) -> Result<f64> {
        let before = std::mem::replace(&mut self.memory.independent, true);
        let selectivity = self.product_of(quals);
        self.memory.independent = before;
        selectivity
    }

    fn product_of(&mut self, quals: &[q::Expr]) -> Result<f64> {
        let mut selectivity = 1.0;
        // Expression, whether it is a lower bound, the bound's own selectivity.
        let mut bounds: Vec<(q::Expr, bool, f64)> = Vec::new();
        for qual in quals {
            let one = self.selectivity(qual)?;
            if let Some((expr, lower)) = self.bound_of(qual)? {
                if let Some(at) = bounds.iter().position(|(e, l, _)| *e == expr && *l != lower) {
                    let (expr, _, other) = bounds.swap_remove(at);
                    selectivity *= self.range_selectivity(&expr, one, other)?;
                    continue;
                }
                bounds.push((expr, lower, one));
                continue;
            }
            selectivity *= one;
        }
        for (_, _, one) in bounds {
            selectivity *= one;
        }
        Ok(selectivity.clamp(0.0, 1.0))
    }

    /// The fraction of rows that a condition lets through.
    pub fn selectivity(&mut self, qual: &q::Expr) -> Result<f64> {
        if let Some((_, known)) = self.memory.selectivities.iter().find(|(known, _)| known == qual) {
            return Ok(*known);
        }
        let one = self.raw_selectivity(qual)?;
        Ok(one.clamp(0.0, 1.0))
    }

    fn raw_selectivity(&mut self, qual: &q::Expr) -> Result<f64> {
        Ok(match &qual.kind {
            ExprKind::Const(value) => f64::from(u8::from(value.as_bool() == Some(true))),
            ExprKind::And(args) => self.selectivity_of_all(args)?,
            ExprKind::Or(args) => {
                let mut used = vec![false; args.len()];
                let mut selectivity = match self.memory.independent {
                    true => 0.0,
                    false => self.extended_selectivity(args, true, &mut used)?,
                };
                for (arg, _) in args.iter().zip(used).filter(|(_, used)| !used) {
                    let one = self.selectivity(arg)?;
                    selectivity = selectivity + one - selectivity * one;
                }
                selectivity
            }
            ExprKind::Not(arg) => 1.0 - self.selectivity(arg)?,
            ExprKind::NullTest { arg, is_null, .. } => {
                let mut fraction = IS_NULL;
                if let Some((_, relation, column)) = self.base_column(arg) {
                    if let Some(facts) = self.facts_of(arg)? {
                        fraction = facts.null_fraction();
                    } else if column < 0 || self.relation(relation)?.column(column).is_some_and(|c| c.attnotnull) {
                        fraction = 0.0;
                    }
                }
                if *is_null { fraction } else { 1.0 - fraction }
            }
            ExprKind::BooleanTest { arg, value, negated } => {
                let one = self.truth_selectivity(arg, *value)?;
                if *negated { 1.0 - one } else { one }
            }
            ExprKind::Var(_) => self.truth_selectivity(qual, Some(true))?,
            ExprKind::ScalarArray { call, any } => self.array_selectivity(call, *any)?,
            ExprKind::Operator(call) => match &call.args[..] {
                [left, right] => match (relids_of(left), relids_of(right)) {
                    (l, r) if l != 0 && r != 0 && l != r => self.join_selectivity(call.operator, left, right)?,
                    (0, _) => self.restriction(call.operator, call.input_collation, right, Some(left), true)?,
                    _ => self.restriction(call.operator, call.input_collation, left, Some(right), false)?,
                },
                _ => 0.5,
            },
            ExprKind::Distinct(call) => match &call.args[..] {
                [left, right] => {
                    1.0 - self.restriction(call.operator, call.input_collation, left, Some(right), false)?
                }
                _ => 0.5,
            },
            ExprKind::Function(call) if call.function == STARTS_WITH && call.args.len() == 2 => {
                self.restriction(BEGINS_WITH, call.input_collation, &call.args[0], Some(&call.args[1]), false)?
            }
            ExprKind::Function(_) => INEQUALITY,
            // The first column tells the most.
            ExprKind::RowCompare { operators, input_collations, left, right, .. } => {
                match (operators.first(), input_collations.first(), left.first(), right.first()) {
                    (Some(&operator), Some(&collation), Some(left), Some(right)) => match relids_of(left) {
                        0 => self.restriction(operator, collation, right, Some(left), true)?,
                        _ => self.restriction(operator, collation, left, Some(right), false)?,
                    },
                    _ => 0.5,
                }
            }
            ExprKind::SubLink(_) => 0.5,
            ExprKind::CurrentOf { .. } => 0.0,
            _ => 0.5,
        })
    }

    /// How often a truth value is this one (`None`: unknown).
    fn truth_selectivity(&mut self, arg: &q::Expr, value: Option<bool>) -> Result<f64> {
        if let Some(facts) = self.facts_of(arg)? {
            let nulls = facts.null_fraction();
            let Some(value) = value else { return Ok(nulls) };
            if let Some((values, frequencies)) = facts.most_common() {
                let bytes = values.column.b1();
                let told = bytes.iter().zip(frequencies).find(|(byte, _)| (**byte != 0) == value);
                let told = told.map(|(_, frequency)| f64::from(*frequency));
                let other: f64 = frequencies.iter().map(|f| f64::from(*f)).sum();
                return Ok(told.unwrap_or(1.0 - other - nulls));
            }
            return Ok((1.0 - nulls) / 2.0);
        }
        if !matches!(arg.kind, ExprKind::Var(_)) {
            return Ok(match value {
                None => IS_NULL,
                Some(true) => self.selectivity(arg)?,
                Some(false) => 1.0 - self.selectivity(arg)?,
            });
        }
        Ok(if value.is_none() { IS_NULL } else { 0.5 })
    }

    /// `x op ANY (array)` or ALL.
    fn array_selectivity(&mut self, call: &q::OperatorCall, any: bool) -> Result<f64> {
        let [left, right] = &call.args[..] else { return Ok(0.5) };
        let row = self.ctx.catalog.operator(call.operator)?;
        let (equal, not_equal) = (row.oprrest.0 == estimator::EQUAL, row.oprrest.0 == estimator::NOT_EQUAL);
        let element_type = row.oprright;
        if let Some(selectivity) = self.element_selectivity(call, any)? {
            return Ok(selectivity);
        }
        let mut each: Vec<f64> = Vec::new();
        match &right.kind {
            ExprKind::Const(Datum::Bytes(bytes)) => {
                let Ok(view) = types::array::View::new(bytes) else { return Ok(0.5) };
                // A list beyond all measure is judged by its beginning.
                let count = view.len();
                for value in view.iter().take(1000) {
                    let kind = ExprKind::Const(value.to_datum());
                    let ty = q::SqlType::plain(element_type);
                    let element = q::Expr { kind, ty, location: q::NO_LOCATION };
                    let one = self.restriction(call.operator, call.input_collation, left, Some(&element), false)?;
                    each.push(one.clamp(0.0, 1.0));
                }
                if let Some(&last) = each.last() {
                    each.resize(count, last);
                }
            }
            ExprKind::Const(_) => return Ok(0.0),
            ExprKind::Array { elements, .. } => {
                for element in elements {
                    let one = self.restriction(call.operator, call.input_collation, left, Some(element), false)?;
                    each.push(one.clamp(0.0, 1.0));
                }
            }
            _ => {
                let one = self.restriction(call.operator, call.input_collation, left, None, false)?;
                each = vec![one.clamp(0.0, 1.0); 10];
            }
        }
        // Equalities with different values exclude each other.
        let (mut selectivity, mut apart) = if any { (0.0, 0.0) } else { (1.0, 1.0) };
        for one in each {
            if any {
                selectivity = selectivity + one - selectivity * one;
                apart += one;
            } else {
                selectivity *= one;
                apart += one - 1.0;
            }
        }
        let excluding = any && equal || !any && not_equal;
        Ok(if excluding && (0.0..=1.0).contains(&apart) { apart } else { selectivity })
    }

    /// `column op something` (or, `flipped`, the other way round), by the operator's own estimator.
    fn restriction(
        &mut self,
        operator: Oid,
        collation: Oid,
        column: &q::Expr,
        other: Option<&q::Expr>,
        flipped: bool,
    ) -> Result<f64> {
        let mut row = self.ctx.catalog.operator(operator)?;
        let negated = row.oprname.starts_with('!');
        if flipped {
            if !row.oprcom.is_valid() {
                return Ok(containment::usual(row.oprrest.0, &row.oprname).unwrap_or(INEQUALITY));
            }
            row = self.ctx.catalog.operator(row.oprcom)?;
        }
        let value = other.and_then(constant);
        // Comparisons with NULL are never true.
        if value.is_some_and(Datum::is_null) {
            return Ok(0.0);
        }
        let value = value.zip(other.map(|other| other.ty.oid));
        match row.oprrest.0 {
            estimator::EQUAL => self.equal(column, row.oprcode, collation, value),
            estimator::NOT_EQUAL => {
                let nulls = self.facts_of(column)?.map_or(0.0, |facts| facts.null_fraction());
                let equal = match row.oprnegate.is_valid() {
                    true => self.ctx.catalog.operator(row.oprnegate)?.oprcode,
                    false => row.oprcode,
                };
                Ok(1.0 - self.equal(column, equal, collation, value)? - nulls)
            }
            estimator::LESS => self.bound(column, row.oid, collation, value, false, false),
            estimator::LESS_OR_EQUAL => self.bound(column, row.oid, collation, value, false, true),
            estimator::GREATER => self.bound(column, row.oid, collation, value, true, false),
            estimator::GREATER_OR_EQUAL => self.bound(column, row.oid, collation, value, true, true),
            estimator::PATTERNS_FIRST..=estimator::PATTERNS_LAST | estimator::PREFIX => {
                let pattern = match row.oprrest.0 {
                    estimator::LIKE | estimator::NOT_LIKE => Pattern::Like,
                    estimator::PREFIX => Pattern::Prefix,
                    _ => Pattern::Other,
                };
                let nulls = self.facts_of(column)?.map_or(0.0, |facts| facts.null_fraction());
                let one = self.pattern(column, row.oprcode, collation, value, pattern, negated)?;
                Ok(if negated { 1.0 - one - nulls } else { one })
            }
            0 => Ok(0.5),
            _ => Ok(self.containment(&row, collation, column, value)?.unwrap_or(INEQUALITY)),
        }
    }

    /// Which of `values` the function holds true of, together with `value` as its second argument. `None` if it cannot be called.
    fn holds(
        &self,
        function: Oid,
        collation: Oid,
        values: &Values,
        value: &Datum,
        value_type: Oid,
    ) -> Option<Vec<bool>> {
        self.holds_for(function, collation, &values.column, value, (value_type, value_type), false)
    }

    /// Which values of a column a built-in function holds true of, together with a constant: its second argument, or, `flipped`, its first
    /// one. `None` if it cannot be called.
    pub fn holds_for(
        &self,
        function: Oid,
        collation: Oid,
        column: &Column,
        value: &Datum,
        arg_types: (Oid, Oid),
        flipped: bool,
    ) -> Option<Vec<bool>> {
        let builtin = types::function(function)?;
        let other = Column::constant(value.repr()?, value.as_ref());
        let arg_types = [arg_types.0, arg_types.1];
        let context = types::Context {
            env: self.ctx.env,
            collation,
            result_type: types::oid::BOOL,
            arg_types: &arg_types,
            variadic: false,
        };
        let len = column.len();
        let mut out = Column::new(Repr::B1);
        let args = if flipped { [&other, column] } else { [column, &other] };
        builtin.evaluate(&args, Rows::All(len), len, context, &mut out).ok()?;
        Some((0..len).map(|row| matches!(out.get(row), DatumRef::B1(n) if n != 0)).collect())
    }

    /// `column = value`
    fn equal(&mut self, column: &q::Expr, function: Oid, collation: Oid, value: Option<(&Datum, Oid)>) -> Result<f64> {
        let side = self.side(column)?;
        let Some(facts) = &side.facts else {
            return Ok(if side.unknown && self.base_column(column).is_none() {
                if column.ty.oid == types::oid::BOOL { 0.5 } else { 1.0 / DISTINCT }
            } else {
                1.0 / side.distinct.max(1.0)
            });
        };
        let nulls = facts.null_fraction();
        if self.is_unique(column)? {
            return Ok(1.0 / side.distinct.max(1.0));
        }
        let common = facts.most_common();
        let Some((value, value_type)) = value else {
            let one = (1.0 - nulls) / side.distinct.max(1.0);
            let most = common.and_then(|(_, frequencies)| frequencies.first().copied()).map(f64::from);
            return Ok(most.map_or(one, |most| one.min(most)));
        };
        let Some((values, frequencies)) = common else { return Ok((1.0 - nulls) / side.distinct.max(1.0)) };
        if let Some(holds) = self.holds(function, collation, &values, value, value_type)
            && let Some(at) = holds.iter().position(|holds| *holds)
        {
            return Ok(f64::from(frequencies[at]));
        }
        // The others share what the common ones leave; none of them is more common than the least of those.
        let sum: f64 = frequencies.iter().map(|f| f64::from(*f)).sum();
        let rest = (1.0 - sum - nulls).clamp(0.0, 1.0);
        let others = side.distinct - frequencies.len() as f64;
        let one = if others > 1.0 { rest / others } else { rest };
        let least = frequencies.last().map_or(1.0, |f| f64::from(*f));
        Ok(one.min(least))
    }

    fn side(&mut self, expr: &q::Expr) -> Result<Side> {
        let facts = self.facts_of(expr)?;
        let tuples = match self.relation_size(expr)? {
            Some((tuples, _)) => tuples.max(1.0),
            None => 1000.0,
        };
        let known = facts.as_ref().and_then(|facts| facts.distinct(tuples));
        let unknown = known.is_none() && !self.is_unique(expr)? && expr.ty.oid != types::oid::BOOL;
        let distinct = self.distinct_values(expr, tuples)?;
        Ok(Side { facts, distinct, unknown })
    }
}
