//! The fraction of rows that conditions let through.
//!
//! A condition on one column and a constant asks the column's statistics ([`crate::facts`]); what nothing is known of has PostgreSQL's
//! default. Conditions are taken to be independent of each other, but two bounds of one expression are a range.

use std::rc::Rc;

use analyzer::query::{self as q, ExprKind};
use batch::{Column, Datum, DatumRef, Repr, Rows};
use error::Result;
use ids::Oid;

use crate::facts::{ColumnFacts, Values, at_most, constant, pattern_prefix, rest_of_pattern, scalar, text_position};
use crate::level::Planner;
use crate::prepare::relids_of;

/// Fraction of rows that an inequality lets through, if nothing is known.
pub(crate) const INEQUALITY: f64 = 0.333_333_333_333_333_3;
/// For a range, both ends given.
const RANGE: f64 = 0.005;
/// For pattern matching.
const PATTERN: f64 = 0.005;
/// For IS NULL.
const IS_NULL: f64 = 0.005;
/// Distinct values, if nothing is known.
pub(crate) const DISTINCT: f64 = 200.0;
/// What a range of nothing comes to.
const NOTHING: f64 = 1e-10;
/// Histograms of at least so many bounds are a sample that can be asked; from [`HISTOGRAM_ENOUGH`] on, alone.
const HISTOGRAM_LEAST: usize = 10;
const HISTOGRAM_ENOUGH: usize = 100;

/// `pg_collation`'s "default".
const DEFAULT_COLLATION: Oid = Oid(100);

/// Numbers of the functions that estimate (`pg_operator.oprrest`, `oprjoin`).
pub(crate) mod estimator {
    pub const EQUAL: u32 = 101;
    pub const NOT_EQUAL: u32 = 102;
    pub const LESS: u32 = 103;
    pub const GREATER: u32 = 104;
    pub const LESS_OR_EQUAL: u32 = 336;
    pub const GREATER_OR_EQUAL: u32 = 337;
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

    /// Two bounds overlap in what is in between: what each lets through, less the whole; rows with nulls passed neither.
    fn range_selectivity(&mut self, expr: &q::Expr, one: f64, other: f64) -> Result<f64> {
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
    fn bound_of(&mut self, qual: &q::Expr) -> Result<Option<(q::Expr, bool)>> {
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
            ExprKind::Function(_) => INEQUALITY,
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
                return Ok(if matches!(row.oprrest.0, 1814..=1829) { PATTERN } else { INEQUALITY });
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
            1814..=1829 => {
                let is_like = matches!(row.oprrest.0, 1819 | 1822);
                let nulls = self.facts_of(column)?.map_or(0.0, |facts| facts.null_fraction());
                let one = self.pattern(column, row.oprcode, collation, value, is_like, negated)?;
                Ok(if negated { 1.0 - one - nulls } else { one })
            }
            0 => Ok(0.5),
            _ => Ok(INEQUALITY),
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

    /// `column < value` and its like.
    fn bound(
        &mut self,
        column: &q::Expr,
        operator: Oid,
        collation: Oid,
        value: Option<(&Datum, Oid)>,
        greater: bool,
        or_equal: bool,
    ) -> Result<f64> {
        let Some((value, value_type)) = value else { return Ok(INEQUALITY) };
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

    /// The part of a histogram's values for which a bound holds.
    fn histogram_part(
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

    /// `column LIKE pattern` and other patterns: the common values and the histogram's are asked.
    fn pattern(
        &mut self,
        column: &q::Expr,
        function: Oid,
        collation: Oid,
        value: Option<(&Datum, Oid)>,
        is_like: bool,
        negated: bool,
    ) -> Result<f64> {
        let Some((value, value_type)) = value else { return Ok(PATTERN) };
        let Some(pattern) = value.as_bytes() else { return Ok(PATTERN) };
        let (prefix, rest) = if is_like { pattern_prefix(pattern) } else { (Vec::new(), pattern) };
        let text = types::oid::TEXT;
        if is_like && rest.is_empty() {
            // Nothing but text: an equality.
            const TEXT_EQUALS: Oid = Oid(67);
            let text_value = Datum::bytes(prefix);
            return self.equal(column, TEXT_EQUALS, collation, Some((&text_value, text)));
        }
        let Some(facts) = self.facts_of(column)? else { return Ok(PATTERN) };
        let asked = |holds: Vec<bool>| holds.into_iter().map(|holds| holds != negated).collect::<Vec<bool>>();
        let (mut common, mut sum) = (0.0, 0.0);
        if let Some((values, frequencies)) = facts.most_common()
            && let Some(holds) = self.holds(function, collation, &values, value, value_type).map(asked)
        {
            common = holds.iter().zip(frequencies).filter(|(holds, _)| **holds).map(|(_, f)| f64::from(*f)).sum();
            sum = frequencies.iter().map(|f| f64::from(*f)).sum();
        }
        let others = (1.0 - facts.null_fraction() - sum).clamp(0.0, 1.0);
        let mut part = PATTERN;
        if is_like && !prefix.is_empty() {
            part = self.prefix_selectivity(column, &prefix, collation)? * rest_of_pattern(rest);
        } else if is_like {
            part = rest_of_pattern(rest);
        }
        if let Some(bounds) = facts.histogram()
            && bounds.column.len() >= HISTOGRAM_LEAST
            && let Some(holds) = self.holds(function, collation, &bounds, value, value_type).map(asked)
        {
            let inner = &holds[1..holds.len() - 1];
            let found = inner.iter().filter(|holds| **holds).count() as f64 / inner.len().max(1) as f64;
            let weight = (holds.len() as f64 / HISTOGRAM_ENOUGH as f64).min(1.0);
            part = found * weight + part * (1.0 - weight);
        }
        Ok(common + others * part.clamp(0.0001, 0.9999))
    }

    /// The part of a column's values that begin with a prefix.
    fn prefix_selectivity(&mut self, column: &q::Expr, prefix: &[u8], collation: Oid) -> Result<f64> {
        const AT_LEAST: Oid = Oid(667);
        const BELOW: Oid = Oid(664);
        let text = types::oid::TEXT;
        let low = Datum::bytes(prefix.to_vec());
        let mut from = self.bound(column, AT_LEAST, collation, Some((&low, text)), true, true)?;
        let mut after = prefix.to_vec();
        if access_successor(&mut after) {
            let high = Datum::bytes(after);
            let to = self.bound(column, BELOW, collation, Some((&high, text)), false, false)?;
            from = self.range_selectivity(column, from, to)?;
        }
        const TEXT_EQUALS: Oid = Oid(67);
        Ok(from.max(self.equal(column, TEXT_EQUALS, collation, Some((&low, text)))?))
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

    /// `a.x op b.y`
    fn join_selectivity(&mut self, operator: Oid, left: &q::Expr, right: &q::Expr) -> Result<f64> {
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
            _ => INEQUALITY,
        })
    }

    /// An equality of two columns. Common values of both are matched with each other; all others are taken to be spread evenly over the
    /// distinct values, each of the side with fewer having partners.
    fn equal_join(&mut self, function: Oid, left: &q::Expr, right: &q::Expr) -> Result<f64> {
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

fn is_text(type_oid: Oid) -> bool {
    use types::oid;
    matches!(type_oid, oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::BYTEA)
}

/// Turns a prefix into the least string above all that begin with it; false if there is none. Kept valid as UTF-8 where it can be.
fn access_successor(prefix: &mut Vec<u8>) -> bool {
    while let Some(last) = prefix.pop() {
        if last < 0x7F || (0x80..0xFF).contains(&last) {
            prefix.push(last + 1);
            return true;
        }
    }
    false
}
