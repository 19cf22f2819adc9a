//! Which conditions an index can be searched by.
//!
//! Conditions are taken one by one ([`Planner::match_index`]); `scan` makes searches of what was found. Patterns are in [`pattern_search`](crate::pattern_search).

use access::Method;
use analyzer::query::{self as q, Expr, ExprKind};
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::prepare::{Relids, relids_of};
use crate::scan::{Candidate, IndexCondition, stripped};

/// `=` of truth values, and its function.
const BOOL_EQUAL: (Oid, Oid) = (Oid(91), Oid(60));

/// A condition that an index could check.
pub(crate) struct Match {
    pub column: usize,
    pub condition: IndexCondition,
    /// As it is shown, over the index's column.
    pub shown: Expr,
    /// As it was written. What says less than what was written stands for itself; so that is computed as well.
    pub qual: Expr,
    pub outer: Relids,
    /// Entries within the bounds are still to be checked.
    pub checked: bool,
    /// Follows from a condition that is computed in any case.
    pub derived: bool,
}

impl Planner<'_> {
    pub fn match_index(
        &mut self,
        qual: &Expr,
        at: usize,
        candidate: &Candidate,
        matches: &mut Vec<Match>,
    ) -> Result<()> {
        let (index, columns) = (&candidate.index, &candidate.columns);
        let (method, traits) = (candidate.method, candidate.method.traits());
        let own: Relids = 1 << at;
        let keys = index.indnkeyatts as usize;
        let outer = relids_of(qual) & !own;
        // The next column with this expression: it may be there several times, with different operator classes.
        let find_from = |from: usize, expr: &Expr, collation: Oid| {
            let expr = stripped(expr);
            (from..keys.min(columns.len())).find(|&at| {
                let (column, _, _, index_collation) = &columns[at];
                stripped(column) == expr
                    && (!index_collation.is_valid() || !collation.is_valid() || *index_collation == collation)
            })
        };
        let find = |expr: &Expr, collation: Oid| find_from(0, expr, collation);
        match &qual.kind {
            ExprKind::NullTest { arg, is_null, row: false } if traits.search_nulls => {
                if let Some(column) = find(arg, Oid::INVALID) {
                    let condition = if *is_null { IndexCondition::IsNull } else { IndexCondition::IsNotNull };
                    matches.push(Match {
                        column,
                        condition,
                        shown: qual.clone(),
                        qual: qual.clone(),
                        outer,
                        checked: false,
                        derived: false,
                    });
                }
            }
            // A boolean column by itself.
            ExprKind::Var(_) | ExprKind::Not(_) | ExprKind::BooleanTest { value: Some(_), negated: false, .. }
                if qual.ty.oid == types::oid::BOOL && traits.can_order =>
            {
                let (column, wanted) = match &qual.kind {
                    ExprKind::Not(arg) => (&**arg, false),
                    ExprKind::BooleanTest { arg, value: Some(value), .. } => (&**arg, *value),
                    _ => (qual, true),
                };
                let Some(found) = find(column, Oid::INVALID) else { return Ok(()) };
                if columns[found].2 != types::oid::BOOL {
                    return Ok(());
                }
                let value = analyzer::types::boolean(wanted);
                let condition = IndexCondition::Equal(value.clone());
                let mut call = q::OperatorCall {
                    operator: BOOL_EQUAL.0,
                    function: BOOL_EQUAL.1,
                    input_collation: Oid::INVALID,
                    args: Vec::new(),
                    set: false,
                };
                call.args = vec![column.clone(), value];
                let shown = analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION);
                matches.push(Match {
                    column: found,
                    condition,
                    shown,
                    qual: qual.clone(),
                    outer,
                    checked: false,
                    derived: false,
                });
            }
            // Equalities with constants of which one must hold are one with an array.
            ExprKind::Or(args) if traits.search_array => {
                if let Some(shown) = self.any_of(args)? {
                    let before = matches.len();
                    self.match_index(&shown, at, candidate, matches)?;
                    matches[before..].iter_mut().for_each(|m| m.qual = qual.clone());
                }
            }
            ExprKind::Operator(call) => {
                let [left, right] = &call.args[..] else { return Ok(()) };
                for (column_side, other, commuted) in [(left, right, false), (right, left, true)] {
                    if relids_of(other) & own != 0 || crate::prepare::is_volatile(self.ctx.catalog, other)? {
                        continue;
                    }
                    let Some(mut column) = find(column_side, call.input_collation) else { continue };
                    let operator =
                        if commuted { self.ctx.catalog.operator(call.operator)?.oprcom } else { call.operator };
                    if !operator.is_valid() {
                        continue;
                    }
                    let strategy = loop {
                        match self.ctx.catalog.operator_strategy(operator, columns[column].1)? {
                            Some(strategy) => break Some(strategy),
                            None => match find_from(column + 1, column_side, call.input_collation) {
                                Some(next) => column = next,
                                None => break None,
                            },
                        }
                    };
                    let Some(strategy) = strategy else { continue };
                    let input = columns[column].2;
                    if method.has_byte_keys() && !comparable(input, other.ty.oid) {
                        continue;
                    }
                    let value = other.clone();
                    let condition = match strategy {
                        _ if !method.has_byte_keys() => {
                            let declared = self.ctx.catalog.operator(operator)?.oprright;
                            let general = analyzer::is_polymorphic(declared);
                            let type_oid = if general { value.ty.oid } else { declared };
                            IndexCondition::Strategy { strategy, type_oid, value }
                        }
                        1 if method == Method::Hash => IndexCondition::Equal(value),
                        1 => IndexCondition::Range { lower: None, upper: Some((vec![value], false)) },
                        2 => IndexCondition::Range { lower: None, upper: Some((vec![value], true)) },
                        3 => IndexCondition::Equal(value),
                        4 => IndexCondition::Range { lower: Some((vec![value], true)), upper: None },
                        5 => IndexCondition::Range { lower: Some((vec![value], false)), upper: None },
                        _ => continue,
                    };
                    let mut shown = call.clone();
                    if commuted {
                        let function = self.ctx.catalog.operator(operator)?.oprcode;
                        shown.args.swap(0, 1);
                        (shown.operator, shown.function) = (operator, function);
                    }
                    let shown = Expr { kind: ExprKind::Operator(shown), ..qual.clone() };
                    matches.push(Match {
                        column,
                        condition,
                        shown,
                        qual: qual.clone(),
                        outer,
                        checked: false,
                        derived: false,
                    });
                    return Ok(());
                }
                if method == Method::Btree {
                    self.match_pattern(qual, candidate, matches)?;
                }
            }
            ExprKind::Function(_) if method == Method::Btree => self.match_pattern(qual, candidate, matches)?,
            ExprKind::RowCompare { .. } if method == Method::Btree => self.match_rows(qual, at, candidate, matches)?,
            ExprKind::ScalarArray { call, any: true } if traits.search_array => {
                let [left, array] = &call.args[..] else { return Ok(()) };
                if relids_of(array) & own != 0 || crate::prepare::is_volatile(self.ctx.catalog, array)? {
                    return Ok(());
                }
                let Some(column) = find(left, call.input_collation) else { return Ok(()) };
                let (_, family, input, _) = columns[column];
                let element = analyzer::types::element_type(self.ctx.catalog, array.ty.oid)?;
                if self.ctx.catalog.operator_strategy(call.operator, family)? == Some(3) && comparable(input, element) {
                    matches.push(Match {
                        column,
                        condition: IndexCondition::Any(array.clone()),
                        shown: qual.clone(),
                        qual: qual.clone(),
                        outer,
                        checked: false,
                        derived: false,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `ROW(…) < ROW(…)`: bounds of as many columns of the index as are compared in its order, one behind the other.
    fn match_rows(&mut self, qual: &Expr, at: usize, candidate: &Candidate, matches: &mut Vec<Match>) -> Result<()> {
        let ExprKind::RowCompare { operators, input_collations, left, right, .. } = &qual.kind else {
            return Ok(());
        };
        let (index, columns) = (&candidate.index, &candidate.columns);
        let keys = (index.indnkeyatts as usize).min(columns.len());
        for (fields, values, flipped) in [(left, right, false), (right, left, true)] {
            let mut own = operators.clone();
            if flipped {
                for operator in &mut own {
                    *operator = self.ctx.catalog.operator(*operator)?.oprcom;
                }
            }
            let mut fitting = 0;
            let mut bound = None;
            for first in 0..keys {
                let is = |at: usize, n: usize| {
                    let (column, _, input, collation) = &columns[at];
                    stripped(column) == stripped(&fields[n])
                        && (!collation.is_valid() || *collation == input_collations[n])
                        && comparable(*input, values[n].ty.oid)
                        && index.indoption.get(at).copied().unwrap_or(0) & 1
                            == index.indoption.get(first).copied().unwrap_or(0) & 1
                };
                if !is(first, 0) {
                    continue;
                }
                let Some(strategy) = self.ctx.catalog.operator_strategy(own[0], columns[first].1)? else { continue };
                fitting = 1;
                while fitting < fields.len()
                    && first + fitting < keys
                    && is(first + fitting, fitting)
                    && self.ctx.catalog.operator_strategy(own[fitting], columns[first + fitting].1)? == Some(strategy)
                {
                    fitting += 1;
                }
                bound = Some((first, strategy));
                break;
            }
            let Some((column, strategy)) = bound else { continue };
            for value in values {
                if relids_of(value) & (1 << at) != 0 || crate::prepare::is_volatile(self.ctx.catalog, value)? {
                    return Ok(());
                }
            }
            let all = fitting == fields.len();
            // The rest is asked of entries, if they have it.
            let is_there = |field: &Expr| columns[..keys].iter().any(|column| stripped(&column.0) == stripped(field));
            let whole = all || fields.iter().all(is_there);
            // Null behind the first column is within no bound, but its place in the index may be.
            let mut checked = whole && !all;
            for field in &fields[1..fitting] {
                checked |= match self.base_column(field) {
                    Some((_, relation, number)) => {
                        !self.relation(relation)?.column(number).is_some_and(|c| c.attnotnull)
                    }
                    None => true,
                };
            }
            // The indexes that come with every database keep nothing beside the key.
            let readable = index.indexrelid >= Oid::FIRST_NORMAL
                || !columns.iter().any(|column| column.0.ty.oid == types::oid::OIDVECTOR);
            if checked && (!whole || !readable) {
                return Ok(());
            }
            let included = !all || matches!(strategy, 2 | 4);
            let limit = Some((values[..fitting].to_vec(), included));
            let condition = match strategy {
                1 | 2 => IndexCondition::Range { lower: None, upper: limit },
                4 | 5 => IndexCondition::Range { lower: limit, upper: None },
                _ => return Ok(()),
            };
            let mut shown = qual.clone();
            if flipped || !whole {
                let as_shown = match (strategy, whole) {
                    (1, true) => q::RowComparison::Less,
                    (1 | 2, _) => q::RowComparison::LessOrEqual,
                    (5, true) => q::RowComparison::Greater,
                    _ => q::RowComparison::GreaterOrEqual,
                };
                let (mut kept, mut functions) = (Vec::new(), Vec::new());
                let shown_fields = if whole { fields.len() } else { fitting };
                for (n, operator) in own[..shown_fields].iter().enumerate() {
                    let mut fit = *operator;
                    if !whole {
                        let row = self.ctx.catalog.operator(*operator)?;
                        let (family, strategy) = (columns[column + n].1, as_shown.strategy());
                        match self.ctx.catalog.family_operator(family, row.oprleft, row.oprright, strategy)? {
                            Some(found) => fit = found,
                            None => return Ok(()),
                        }
                    }
                    kept.push(fit);
                    functions.push(self.ctx.catalog.operator(fit)?.oprcode);
                }
                shown.kind = match (&kept[..], &functions[..]) {
                    (&[operator], &[function]) => ExprKind::Operator(q::OperatorCall {
                        operator,
                        function,
                        input_collation: input_collations[0],
                        args: vec![fields[0].clone(), values[0].clone()],
                        set: false,
                    }),
                    _ => ExprKind::RowCompare {
                        comparison: as_shown,
                        operators: kept,
                        functions,
                        input_collations: input_collations[..shown_fields].to_vec(),
                        left: fields[..shown_fields].to_vec(),
                        right: values[..shown_fields].to_vec(),
                    },
                };
            }
            let outer = relids_of(qual) & !(1 << at);
            let own_qual = if whole { qual.clone() } else { shown.clone() };
            matches.push(Match { column, condition, shown, qual: own_qual, outer, checked, derived: !whole });
            return Ok(());
        }
        Ok(())
    }

    /// `x = a OR x = b …` of constants as `x = ANY (array)`.
    fn any_of(&self, args: &[Expr]) -> Result<Option<Expr>> {
        let mut model: Option<(&Expr, &q::OperatorCall)> = None;
        let mut elements = Vec::with_capacity(args.len());
        for arg in args {
            let ExprKind::Operator(call) = &arg.kind else { return Ok(None) };
            let [left, right] = &call.args[..] else { return Ok(None) };
            if !matches!(right.kind, ExprKind::Const(_) | ExprKind::Param(_)) {
                return Ok(None);
            }
            match model {
                None => model = Some((left, call)),
                Some((column, first)) => {
                    let same = column == left
                        && first.operator == call.operator
                        && first.input_collation == call.input_collation
                        && first.args[1].ty.oid == right.ty.oid;
                    if !same {
                        return Ok(None);
                    }
                }
            }
            elements.push(right.clone());
        }
        let Some((column, call)) = model else { return Ok(None) };
        let element = elements[0].ty;
        let Some(array) = self.ctx.catalog.array_type(element.oid)? else { return Ok(None) };
        let ty = q::SqlType { oid: array, typmod: -1, collation: element.collation };
        let kind = ExprKind::Array { elements, element_type: element.oid, nested: false };
        let mut list = Expr { kind, ty, location: q::NO_LOCATION };
        crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut list)?;
        let call = q::OperatorCall { args: vec![column.clone(), list], ..call.clone() };
        Ok(Some(analyzer::types::condition(ExprKind::ScalarArray { call, any: true }, q::NO_LOCATION)))
    }
}

/// Whether an index on one type can be searched for values of another as it is: the same form, or integers, or strings.
fn comparable(index: Oid, value: Oid) -> bool {
    use types::oid;
    let integer = |t| matches!(t, oid::INT2 | oid::INT4 | oid::INT8);
    let string = |t| matches!(t, oid::TEXT | oid::VARCHAR | oid::NAME);
    index == value
        || integer(index) && integer(value)
        || string(index) && string(value)
        || types::repr(index).is_some()
            && types::repr(index) == types::repr(value)
            && !integer(index)
            && !integer(value)
            && index == oid::OID
        || matches!(index, oid::ANYARRAY | oid::ANYENUM | oid::RECORD | oid::ANYRANGE)
}
