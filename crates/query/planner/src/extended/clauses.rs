//! Lists of conditions on one relation, estimated by what is known of its columns together.
//!
//! First the lists of common combinations: the part of the rows that are in a list and meet the conditions is known; what the
//! conditions, taken as independent, would let through of the listed rows is taken off the estimate for the others. Then, for equalities that are left,
//! functional dependencies: if `a` determines `b` in a part `f` of the rows, `a = … AND b = …` lets through
//! `P(a) (f + (1 - f) P(b))`.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind, OperatorCall};
use batch::{Column, Datum, DatumRef};
use error::Result;
use types::extended::CommonValues;

use super::{Object, relation_of};
use crate::facts::constant;
use crate::level::Planner;
use crate::scan::stripped;
use crate::selectivity::estimator;

/// What conditions are about: columns and expressions of one relation, each once.
#[derive(Default)]
struct Attributes(Vec<Expr>);

impl Attributes {
    fn number(&mut self, expr: &Expr) -> usize {
        match self.0.iter().position(|known| known == expr) {
            Some(found) => found,
            None => {
                self.0.push(expr.clone());
                self.0.len() - 1
            }
        }
    }
}

/// A set of attributes.
type Set = u64;

fn is_true(value: DatumRef<'_>) -> bool {
    matches!(value, DatumRef::B1(n) if n != 0)
}

/// A comparison of something with a constant.
struct Comparison<'e> {
    expr: &'e Expr,
    value: &'e Datum,
    call: &'e OperatorCall,
    /// The constant stands on the left.
    flipped: bool,
}

fn comparison<'e>(call: &'e OperatorCall) -> Option<Comparison<'e>> {
    let [left, right] = &call.args[..] else { return None };
    match (constant(left), constant(right)) {
        (None, Some(value)) => Some(Comparison { expr: stripped(left), value, call, flipped: false }),
        (Some(value), None) => Some(Comparison { expr: stripped(right), value, call, flipped: true }),
        _ => None,
    }
}

impl Planner<'_> {
    /// What the statistics objects say of conditions that all must hold (or, with `any`, any of which): the selectivity of those that are marked
    /// in `used` then. Without objects that know more than the columns' own statistics nothing is marked.
    pub fn extended_selectivity(&mut self, quals: &[Expr], any: bool, used: &mut [bool]) -> Result<f64> {
        let none = if any { 0.0 } else { 1.0 };
        let Some(at) = quals.first().and_then(relation_of) else { return Ok(none) };
        if quals.len() < 2 || quals.iter().any(|qual| relation_of(qual) != Some(at)) {
            return Ok(none);
        }
        let objects = self.objects_of(at)?;
        if objects.is_empty() {
            return Ok(none);
        }
        let common = self.by_common_values(&objects, at, quals, any, used)?;
        if any {
            return Ok(common);
        }
        Ok(common * self.by_dependencies(&objects, at, quals, used)?)
    }

    // --- Common combinations --------------------------------------------------------------------------------------

    fn by_common_values(
        &mut self,
        objects: &Rc<[Object]>,
        at: usize,
        quals: &[Expr],
        any: bool,
        used: &mut [bool],
    ) -> Result<f64> {
        let mut selectivity = if any { 0.0 } else { 1.0 };
        let mut attributes = Attributes::default();
        let mut sets: Vec<Option<Set>> = Vec::with_capacity(quals.len());
        for qual in quals {
            let mut set = 0;
            let fits = self.compared(qual, objects, at, &mut attributes, &mut set)? && set != 0;
            sets.push(fits.then_some(set));
        }
        loop {
            let mut best: Option<(u32, usize, &Object, Set)> = None;
            for object in objects.iter().filter(|object| object.data.stxdmcv.is_some()) {
                let own = self.own_set(object, at, &attributes);
                let covered = sets.iter().zip(&*used).filter(|(_, used)| !**used).filter_map(|(set, _)| *set);
                let matched = covered.filter(|set| set & !own == 0).fold(0, |all, set| all | set).count_ones();
                let keys = object.columns.len() + object.exprs.len();
                let better = best.as_ref().is_none_or(|best| matched > best.0 || matched == best.0 && keys < best.1);
                if matched >= 2 && better {
                    best = Some((matched, keys, object, own));
                }
            }
            let Some((.., object, own)) = best else { return Ok(selectivity) };
            let Some(list) = object.common() else { return Ok(selectivity) };
            let chosen: Vec<usize> =
                (0..quals.len()).filter(|&n| !used[n] && sets[n].is_some_and(|set| set & !own == 0)).collect();
            let mut matches = Vec::with_capacity(chosen.len());
            for &n in &chosen {
                match self.matches(&list, object, at, &quals[n])? {
                    Some(found) => matches.push(found),
                    None => {
                        // Cannot be computed here: as if it were not about the object.
                        sets[n] = None;
                        break;
                    }
                }
            }
            if matches.len() < chosen.len() {
                continue;
            }
            chosen.iter().for_each(|&n| used[n] = true);
            let sum = |chosen: &dyn Fn(usize) -> bool, of: &[f64]| -> f64 {
                of.iter().enumerate().filter(|(item, _)| chosen(*item)).map(|(_, part)| part).sum()
            };
            let listed: f64 = list.frequencies.iter().sum();
            let combined = |simple: f64, chosen: &dyn Fn(usize) -> bool| {
                let known = sum(chosen, &list.frequencies);
                let expected = sum(chosen, &list.base_frequencies);
                let others = (simple - expected).clamp(0.0, 1.0).min((1.0 - listed).max(0.0));
                (known + others).clamp(0.0, 1.0)
            };
            if !any {
                let list: Vec<Expr> = chosen.iter().map(|&n| quals[n].clone()).collect();
                let simple = self.independent_selectivity(&list)?;
                selectivity *= combined(simple, &|item| matches.iter().all(|own| own[item]));
                continue;
            }
            // One after the other, each less what it has in common with those before.
            let (mut of_object, mut simple_before, mut before) = (0.0f64, 0.0f64, vec![false; list.frequencies.len()]);
            for (&n, own) in chosen.iter().zip(&matches) {
                let simple = self.independent_selectivity(std::slice::from_ref(&quals[n]))?;
                let both = simple_before * simple;
                // Of a single column its own statistics know more.
                let one = match sets[n].is_some_and(|set| set.count_ones() == 1) {
                    true => simple,
                    false => combined(simple, &|item| own[item]),
                };
                let overlap = combined(both, &|item| own[item] && before[item]);
                of_object = (of_object + one - overlap).clamp(0.0, 1.0);
                simple_before = (simple_before + simple - both).clamp(0.0, 1.0);
                before.iter_mut().zip(own).for_each(|(before, own)| *before |= own);
            }
            selectivity = selectivity + of_object - selectivity * of_object;
        }
    }

    /// The attributes that an object is about.
    fn own_set(&self, object: &Object, at: usize, attributes: &Attributes) -> Set {
        let known = attributes.0.iter().enumerate().filter(|(_, expr)| object.number_of(expr, at).is_some());
        known.fold(0, |set, (n, _)| set | 1 << n)
    }

    /// Whether a condition compares columns, or expressions that an object is about, with constants; they are added to `set`.
    fn compared(
        &mut self,
        qual: &Expr,
        objects: &Rc<[Object]>,
        at: usize,
        attributes: &mut Attributes,
        set: &mut Set,
    ) -> Result<bool> {
        let mut add = |expr: &Expr| {
            let expr = stripped(expr);
            let known = match &expr.kind {
                ExprKind::Var(var) => var.level == 0 && var.relation == at && var.column > 0,
                _ => objects.iter().any(|object| object.number_of(expr, at).is_some()),
            };
            if !known || attributes.0.len() >= 60 {
                return false;
            }
            *set |= 1 << attributes.number(expr);
            true
        };
        Ok(match &qual.kind {
            ExprKind::Operator(call) | ExprKind::ScalarArray { call, .. } => {
                let Some(found) = comparison(call) else {
                    return Ok(qual.ty.oid == types::oid::BOOL && add(qual));
                };
                if matches!(qual.kind, ExprKind::ScalarArray { .. }) && found.flipped {
                    return Ok(false);
                }
                let rest = self.ctx.catalog.operator(call.operator)?.oprrest.0;
                let known = matches!(
                    rest,
                    estimator::EQUAL
                        | estimator::NOT_EQUAL
                        | estimator::LESS
                        | estimator::LESS_OR_EQUAL
                        | estimator::GREATER
                        | estimator::GREATER_OR_EQUAL
                );
                known && (add(found.expr) || add(qual))
            }
            ExprKind::NullTest { arg, .. } => add(arg),
            ExprKind::And(args) | ExprKind::Or(args) => {
                for arg in args {
                    if !self.compared(arg, objects, at, attributes, set)? {
                        return Ok(false);
                    }
                }
                true
            }
            ExprKind::Not(arg) => self.compared(arg, objects, at, attributes, set)?,
            _ => qual.ty.oid == types::oid::BOOL && add(qual),
        })
    }

    /// Which of the combinations in a list meet a condition; `None` if that cannot be computed here.
    fn matches(&mut self, list: &CommonValues, object: &Object, at: usize, qual: &Expr) -> Result<Option<Vec<bool>>> {
        let values_of = |expr: &Expr| -> Option<&Column> {
            let number = object.number_of(stripped(expr), at)?;
            let dimension = match number {
                0.. => object.columns.iter().position(|column| *column == number)?,
                _ => object.columns.len() + (-1 - number) as usize,
            };
            list.values.get(dimension).map(|(_, column)| column)
        };
        let items = list.frequencies.len();
        Ok(match &qual.kind {
            ExprKind::Operator(call) if comparison(call).is_some_and(|found| values_of(found.expr).is_some()) => {
                let Some(found) = comparison(call) else { return Ok(None) };
                let (Some(column), function) = (values_of(found.expr), call.function) else { return Ok(None) };
                if found.value.is_null() {
                    return Ok(Some(vec![false; items]));
                }
                let types = (call.args[0].ty.oid, call.args[1].ty.oid);
                self.holds_for(function, found.call.input_collation, column, found.value, types, found.flipped)
            }
            ExprKind::ScalarArray { call, any }
                if comparison(call).is_some_and(|found| values_of(found.expr).is_some()) =>
            {
                let Some(found) = comparison(call) else { return Ok(None) };
                let Some(column) = values_of(found.expr) else { return Ok(None) };
                let Some(bytes) = found.value.as_bytes() else { return Ok(Some(vec![false; items])) };
                let view = types::array::View::new(bytes)?;
                let mut matches = vec![!any; items];
                for element in view.iter() {
                    let element = element.to_datum();
                    let own = match element.is_null() {
                        true => Some(vec![false; items]),
                        false => {
                            let types = (call.args[0].ty.oid, view.element_type());
                            self.holds_for(call.function, call.input_collation, column, &element, types, false)
                        }
                    };
                    let Some(own) = own else { return Ok(None) };
                    for (matches, own) in matches.iter_mut().zip(own) {
                        *matches = if *any { *matches || own } else { *matches && own };
                    }
                }
                Some(matches)
            }
            ExprKind::NullTest { arg, is_null, .. } if values_of(arg).is_some() => {
                values_of(arg).map(|column| (0..items).map(|item| column.get(item).is_null() == *is_null).collect())
            }
            ExprKind::And(args) | ExprKind::Or(args) => {
                let all = matches!(qual.kind, ExprKind::And(_));
                let mut matches = vec![all; items];
                for arg in args {
                    let Some(own) = self.matches(list, object, at, arg)? else { return Ok(None) };
                    for (matches, own) in matches.iter_mut().zip(own) {
                        *matches = if all { *matches && own } else { *matches || own };
                    }
                }
                Some(matches)
            }
            ExprKind::Not(arg) => {
                let matches = self.matches(list, object, at, arg)?;
                matches.map(|matches| matches.into_iter().map(|matches| !matches).collect())
            }
            _ => values_of(qual).map(|column| (0..items).map(|item| is_true(column.get(item))).collect()),
        })
    }

    // --- Dependencies -----------------------------------------------------------------------------------------------

    fn by_dependencies(&mut self, objects: &Rc<[Object]>, at: usize, quals: &[Expr], used: &mut [bool]) -> Result<f64> {
        if objects.iter().all(|object| object.data.stxddependencies.is_none()) {
            return Ok(1.0);
        }
        let mut attributes = Attributes::default();
        let mut of_qual: Vec<Option<usize>> = Vec::with_capacity(quals.len());
        for (qual, used) in quals.iter().zip(&*used) {
            let found = if *used { None } else { self.equated(qual, objects, at)? };
            of_qual.push(found.filter(|_| attributes.0.len() < 60).map(|expr| attributes.number(&expr)));
        }
        let mut left: Set = of_qual.iter().flatten().fold(0, |set, n| set | 1 << n);
        // Dependencies in terms of the attributes: what determines, what is determined, how far.
        let mut known: Vec<(Set, usize, f64)> = Vec::new();
        for object in objects.iter() {
            let number = |column: i16| attributes.0.iter().position(|expr| object.number_of(expr, at) == Some(column));
            for item in object.dependencies() {
                let numbers: Option<Vec<usize>> = item.columns.iter().map(|&column| number(column)).collect();
                if let Some((last, first)) = numbers.as_deref().and_then(<[usize]>::split_last) {
                    known.push((first.iter().fold(0, |set, n| set | 1 << n), *last, item.value));
                }
            }
        }
        // The widest first, of those the strongest; what is determined is then settled.
        let mut chosen: Vec<(Set, usize, f64)> = Vec::new();
        loop {
            let fits = |item: &&(Set, usize, f64)| (item.0 | 1 << item.1) & !left == 0;
            let strongest = known
                .iter()
                .filter(fits)
                .max_by(|a, b| a.0.count_ones().cmp(&b.0.count_ones()).then(a.2.total_cmp(&b.2)));
            let Some(&strongest) = strongest else { break };
            left &= !(1 << strongest.1);
            chosen.push(strongest);
        }
        if chosen.is_empty() {
            return Ok(1.0);
        }
        let involved = chosen.iter().fold(0, |set: Set, item| set | item.0 | 1 << item.1);
        let mut each = vec![1.0; attributes.0.len()];
        for (n, one) in each.iter_mut().enumerate().filter(|(n, _)| involved & 1 << n != 0) {
            let own: Vec<usize> = (0..quals.len()).filter(|&qual| of_qual[qual] == Some(n)).collect();
            own.iter().for_each(|&qual| used[qual] = true);
            let list: Vec<Expr> = own.iter().map(|&qual| quals[qual].clone()).collect();
            *one = self.independent_selectivity(&list)?;
        }
        for (from, to, degree) in chosen.into_iter().rev() {
            let given: f64 = each.iter().enumerate().filter(|(n, _)| from & 1 << n != 0).map(|(_, one)| one).product();
            let own = each[to];
            // No more rows can agree than there are of the rarer side.
            let agreeing = if given <= own { 1.0 } else { own / given };
            each[to] = degree * agreeing + (1.0 - degree) * own;
        }
        Ok(each.iter().product::<f64>().clamp(0.0, 1.0))
    }

    /// What a condition says is equal to a constant, or to one of several.
    fn equated(&mut self, qual: &Expr, objects: &Rc<[Object]>, at: usize) -> Result<Option<Expr>> {
        let known = |expr: &Expr| -> Option<Expr> {
            let expr = stripped(expr);
            let known = match &expr.kind {
                ExprKind::Var(var) => var.level == 0 && var.relation == at && var.column > 0,
                _ => objects.iter().any(|object| object.number_of(expr, at).is_some()),
            };
            known.then(|| expr.clone())
        };
        Ok(match &qual.kind {
            ExprKind::Operator(call) | ExprKind::ScalarArray { call, .. } => {
                let Some(found) = comparison(call) else { return Ok(known(qual)) };
                let usable = match &qual.kind {
                    ExprKind::ScalarArray { any, .. } => *any && !found.flipped,
                    _ => true,
                };
                let equality = self.ctx.catalog.operator(call.operator)?.oprrest.0 == estimator::EQUAL;
                if usable && equality { known(found.expr) } else { None }
            }
            ExprKind::Or(args) => {
                let mut common: Option<Expr> = None;
                for arg in args {
                    let Some(found) = self.equated(arg, objects, at)? else { return Ok(None) };
                    if common.as_ref().is_some_and(|common| *common != found) {
                        return Ok(None);
                    }
                    common = Some(found);
                }
                common
            }
            ExprKind::Not(arg) => known(arg).filter(|expr| expr.ty.oid == types::oid::BOOL),
            _ if qual.ty.oid == types::oid::BOOL => known(qual),
            _ => None,
        })
    }
}
