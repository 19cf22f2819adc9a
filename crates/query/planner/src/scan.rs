//! How to read one base relation: whole, by an index, by physical address.

use std::rc::Rc;

use crate::cost::operators_in;
use analyzer::query::{self as q, CallForm, Expr, ExprKind, SqlType};
use catalog::objects::BTREE;
use catalog::rows::PgIndex;
use catalog::{Entry, Relation};
use error::Result;
use ids::Oid;

use crate::cost::DISABLED;
use crate::estimate::BaseRelation;
use crate::join::{Path, PathKind, Unit, UnitKind};
use crate::level::{PathKey, Planner};
use crate::prepare::{Relids, relids_of};

/// A condition on a column of an index, in logical form.
#[derive(Clone, Debug)]
pub(crate) enum IndexCondition {
    Equal(Expr),
    Any(Expr),
    Range { lower: Option<(Expr, bool)>, upper: Option<(Expr, bool)> },
    IsNull,
    IsNotNull,
}

/// A way through an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexAccess {
    pub index: Oid,
    pub name: String,
    /// By index column.
    pub keys: Vec<IndexCondition>,
    /// The conditions that the keys stand for.
    pub conditions: Vec<Expr>,
    pub backward: bool,
    pub unique: bool,
    /// Columns of the index (as columns of the table), if it alone gives all that is needed.
    pub only: Option<Vec<usize>>,
}

/// A condition that an index could check.
struct Match {
    column: usize,
    condition: IndexCondition,
    qual: Expr,
    outer: Relids,
}

impl Planner<'_> {
    /// The ways to read a base relation, parameterised ones (by `joins`, conditions with other relations) included.
    pub fn base_paths(&mut self, unit_at: usize, unit: &Unit, joins: &[Expr]) -> Result<Vec<Rc<Path>>> {
        let UnitKind::Base { relation: at, base, quals, usable } = &unit.kind else { return Ok(Vec::new()) };
        // An index looks at rows before anything else does: behind a security condition only for what cannot tell of them.
        let (quals, safe_joins) = match *usable {
            usize::MAX => (&quals[..], None),
            usable => {
                let mut safe = Vec::with_capacity(joins.len());
                for join in joins {
                    if !analyzer::leaks(self.ctx.catalog, join)? {
                        safe.push(join.clone());
                    }
                }
                (&quals[..usable], Some(safe))
            }
        };
        let joins = safe_joins.as_deref().unwrap_or(joins);
        let costs = self.ctx.costs.clone();
        let mask = 1 << unit_at;
        let mut paths = Vec::new();
        let quals_cost = costs.cpu_operator_cost * quals.iter().map(operators_in).sum::<f64>();
        if let Some(cursor) = quals.iter().find(|qual| matches!(qual.kind, ExprKind::CurrentOf { .. })) {
            let _ = cursor;
            return Ok(vec![Rc::new(Path {
                kind: PathKind::Cursor(unit_at),
                units: mask,
                requires: 0,
                rows: 1.0,
                startup: 0.0,
                total: costs.random_page_cost,
                order: Rc::default(),
            })]);
        }
        let total = costs.seq_page_cost * base.pages + base.tuples * (costs.cpu_tuple_cost + quals_cost);
        let disabled = if costs.enable_seqscan { 0.0 } else { DISABLED };
        paths.push(Rc::new(Path {
            kind: PathKind::Seq(unit_at),
            units: mask,
            requires: 0,
            rows: unit.rows,
            startup: disabled,
            total: total + disabled,
            order: Rc::default(),
        }));
        self.tid_paths(unit_at, *at, quals, base, &mut paths)?;
        if !costs.enable_indexscan && !costs.enable_indexonlyscan && base.relation.indexes.len() > 8 {
            return Ok(paths);
        }
        for &index in &base.relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            if !row.indisvalid || row.indcheckxmin && self.keeps_snapshot() {
                continue;
            }
            let class = self.relation(index)?;
            if class.class.relam != BTREE {
                continue;
            }
            self.index_paths(unit_at, unit, *at, base, quals, joins, &row, &class, &mut paths)?;
        }
        Ok(paths)
    }

    fn tid_paths(
        &mut self,
        unit_at: usize,
        at: usize,
        quals: &[Expr],
        base: &BaseRelation,
        paths: &mut Vec<Rc<Path>>,
    ) -> Result<()> {
        let _ = base;
        for qual in quals {
            let (operand, count) = match &qual.kind {
                // tid = tid
                ExprKind::Operator(call) if call.operator == Oid(387) => match &call.args[..] {
                    [l, r] if is_ctid(l, at) && relids_of(r) == 0 => (r.clone(), 1.0),
                    [l, r] if is_ctid(r, at) && relids_of(l) == 0 => (l.clone(), 1.0),
                    _ => continue,
                },
                ExprKind::ScalarArray { call, any: true } if call.operator == Oid(387) => match &call.args[..] {
                    [l, r] if is_ctid(l, at) && relids_of(r) == 0 => (r.clone(), 10.0),
                    _ => continue,
                },
                _ => continue,
            };
            let costs = &self.ctx.costs;
            let disabled = if costs.enable_tidscan { 0.0 } else { DISABLED };
            paths.push(Rc::new(Path {
                kind: PathKind::Tid { unit: unit_at, tids: vec![operand], condition: qual.clone() },
                units: 1 << unit_at,
                requires: 0,
                rows: count,
                startup: disabled,
                total: disabled + count * (costs.random_page_cost + costs.cpu_tuple_cost),
                order: Rc::default(),
            }));
        }
        Ok(())
    }

    fn index_paths(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        at: usize,
        base: &BaseRelation,
        quals: &[Expr],
        joins: &[Expr],
        index: &Entry<PgIndex>,
        class: &Entry<Relation>,
        paths: &mut Vec<Rc<Path>>,
    ) -> Result<()> {
        // A partial index serves only queries whose conditions include its predicate.
        if let Some(text) = &index.indpred {
            let mut predicate = analyzer::stored_expression(self.ctx.catalog, self.ctx.env, text)?;
            renumber(&mut predicate, at);
            let mut parts = Vec::new();
            crate::prepare::conjuncts(predicate, &mut parts);
            if !parts.iter().all(|part| quals.contains(part)) {
                return Ok(());
            }
        }
        let columns = self.index_columns(at, index)?;
        let mut matches = Vec::new();
        for qual in quals {
            self.match_index(qual, at, index, &columns, &mut matches)?;
        }
        let own = matches.len();
        for join in joins {
            self.match_index(join, at, index, &columns, &mut matches)?;
        }
        // Which columns of the table the index can give by itself.
        let needed = self.level().needed[at].clone();
        let only: Option<Vec<usize>> = if self.ctx.costs.enable_indexonlyscan {
            needed
                .iter()
                .map(|&n| columns.iter().position(|c| matches!(&c.0.kind, ExprKind::Var(v) if v.column == n)))
                .collect()
        } else {
            None
        };
        let only = only.filter(|_| {
            self.level().query.row_marks.iter().all(|m| m.relation != at)
                && self.level().query.result_relation != Some(at)
                // The catalogs' own indexes store nothing beside the key, from which such a column cannot be had back.
                && !(index.indexrelid < Oid::FIRST_NORMAL && columns.iter().any(|c| c.0.ty.oid == types::oid::OIDVECTOR))
        });
        let order = self.index_order(index, &columns)?;
        // Without other relations.
        let plain: Vec<&Match> = matches[..own].iter().collect();
        let access = self.access(index, class, &plain, only.clone());
        let useful_order = !order.is_empty();
        if !access.conditions.is_empty() || useful_order || only.is_some() {
            let path = self.index_cost(unit_at, unit, base, class, access, 0, &order, &[])?;
            // The other way round, for those who want that order.
            let back = match &path.kind {
                PathKind::Index { unit, access } if useful_order => {
                    let mut backward = (**access).clone();
                    backward.backward = true;
                    let reversed: Vec<PathKey> = order.iter().map(|key| self.reverse(key)).collect::<Result<_>>()?;
                    Some(Path {
                        kind: PathKind::Index { unit: *unit, access: Box::new(backward) },
                        order: Rc::new(reversed),
                        ..path.clone()
                    })
                }
                _ => None,
            };
            paths.push(Rc::new(path));
            paths.extend(back.map(Rc::new));
        }
        // With each set of other relations that join conditions name, and with all of them.
        let mut outers: Vec<Relids> = Vec::new();
        for m in &matches[own..] {
            if !outers.contains(&m.outer) {
                outers.push(m.outer);
            }
        }
        let all = outers.iter().fold(0, |set, o| set | o);
        if outers.len() > 1 && outers.len() <= 4 && !outers.contains(&all) {
            outers.push(all);
        }
        for outer in outers {
            let chosen: Vec<&Match> = matches.iter().filter(|m| m.outer & !outer == 0).collect();
            let access = self.access(index, class, &chosen, only.clone());
            let uses = access.conditions.iter().any(|c| relids_of(c) & !(1 << at) != 0);
            if !uses {
                continue;
            }
            let requires = access.conditions.iter().fold(0, |set, c| set | relids_of(c)) & !(1 << at);
            let extra: Vec<Expr> =
                access.conditions.iter().filter(|c| relids_of(c) & !(1 << at) != 0).cloned().collect();
            let path = self.index_cost(unit_at, unit, base, class, access, requires, &[], &extra)?;
            paths.push(Rc::new(path));
        }
        Ok(())
    }

    /// The columns of an index as expressions over the table, with operator family, input type and collation.
    pub fn index_columns(&mut self, at: usize, index: &PgIndex) -> Result<Vec<(Expr, Oid, Oid, Oid)>> {
        let mut expressions = match &index.indexprs {
            Some(text) => self.stored_list(text)?.into_iter(),
            None => Vec::new().into_iter(),
        };
        let mut columns = Vec::with_capacity(index.indkey.len());
        for (n, &number) in index.indkey.iter().enumerate() {
            let expr = if number != 0 {
                self.var(at, number)
            } else {
                match expressions.next() {
                    Some(mut expr) => {
                        renumber(&mut expr, at);
                        expr
                    }
                    None => return Ok(columns),
                }
            };
            let (mut family, mut input) = (Oid::INVALID, Oid::INVALID);
            if let Some(&class) = index.indclass.get(n)
                && class.is_valid()
            {
                let class = self.ctx.catalog.opclass(class)?;
                (family, input) = (class.opcfamily, class.opcintype);
            }
            columns.push((expr, family, input, index.indcollation.get(n).copied().unwrap_or_default()));
        }
        Ok(columns)
    }

    /// A stored list of expressions.
    pub fn stored_list(&self, text: &str) -> Result<Vec<Expr>> {
        if text.starts_with('@') {
            return Ok(vec![analyzer::stored_expression(self.ctx.catalog, self.ctx.env, text)?]);
        }
        analyzer::node::from_text::<Vec<Expr>>(text)
    }

    fn match_index(
        &mut self,
        qual: &Expr,
        at: usize,
        index: &PgIndex,
        columns: &[(Expr, Oid, Oid, Oid)],
        matches: &mut Vec<Match>,
    ) -> Result<()> {
        let own: Relids = 1 << at;
        let keys = index.indnkeyatts as usize;
        let outer = relids_of(qual) & !own;
        let find = |expr: &Expr, collation: Oid| {
            let expr = stripped(expr);
            columns[..keys.min(columns.len())].iter().position(|(column, _, _, index_collation)| {
                stripped(column) == expr
                    && (!index_collation.is_valid() || !collation.is_valid() || *index_collation == collation)
            })
        };
        match &qual.kind {
            ExprKind::NullTest { arg, is_null, row: false } => {
                if let Some(column) = find(arg, Oid::INVALID) {
                    let condition = if *is_null { IndexCondition::IsNull } else { IndexCondition::IsNotNull };
                    matches.push(Match { column, condition, qual: qual.clone(), outer });
                }
            }
            ExprKind::Operator(call) => {
                let [left, right] = &call.args[..] else { return Ok(()) };
                for (column_side, other, commuted) in [(left, right, false), (right, left, true)] {
                    if relids_of(other) & own != 0 || crate::prepare::is_volatile(self.ctx.catalog, other)? {
                        continue;
                    }
                    let Some(column) = find(column_side, call.input_collation) else { continue };
                    let operator =
                        if commuted { self.ctx.catalog.operator(call.operator)?.oprcom } else { call.operator };
                    if !operator.is_valid() {
                        continue;
                    }
                    let (_, family, input, _) = columns[column];
                    let Some(strategy) = self.ctx.catalog.operator_strategy(operator, family)? else { continue };
                    if !comparable(input, other.ty.oid) {
                        continue;
                    }
                    let value = other.clone();
                    let condition = match strategy {
                        1 => IndexCondition::Range { lower: None, upper: Some((value, false)) },
                        2 => IndexCondition::Range { lower: None, upper: Some((value, true)) },
                        3 => IndexCondition::Equal(value),
                        4 => IndexCondition::Range { lower: Some((value, true)), upper: None },
                        5 => IndexCondition::Range { lower: Some((value, false)), upper: None },
                        _ => continue,
                    };
                    matches.push(Match { column, condition, qual: qual.clone(), outer });
                    break;
                }
            }
            ExprKind::ScalarArray { call, any: true } => {
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
                        qual: qual.clone(),
                        outer,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The keys that these matches make: equalities from the first column on, then perhaps a range.
    /// Whether the transaction may see rows as they were before an index was made, which the index does not lead to.
    fn keeps_snapshot(&self) -> bool {
        let isolation = self.ctx.env.setting("transaction_isolation");
        isolation.is_some_and(|level| level == "repeatable read" || level == "serializable")
    }

    fn access(&self, index: &PgIndex, class: &Relation, matches: &[&Match], only: Option<Vec<usize>>) -> IndexAccess {
        let mut keys = Vec::new();
        let mut conditions = Vec::new();
        let mut equal = 0;
        for column in 0..index.indnkeyatts as usize {
            let mut here = matches.iter().filter(|m| m.column == column);
            let exact = here.clone().find(|m| {
                matches!(m.condition, IndexCondition::Equal(_) | IndexCondition::Any(_) | IndexCondition::IsNull)
            });
            if let Some(found) = exact {
                equal += usize::from(matches!(found.condition, IndexCondition::Equal(_)));
                keys.push(found.condition.clone());
                conditions.push(found.qual.clone());
                continue;
            }
            let (mut lower, mut upper) = (None, None);
            let mut not_null = None;
            for m in &mut here {
                match &m.condition {
                    IndexCondition::Range { lower: Some(bound), .. } if lower.is_none() => {
                        lower = Some(bound.clone());
                        conditions.push(m.qual.clone());
                    }
                    IndexCondition::Range { upper: Some(bound), .. } if upper.is_none() => {
                        upper = Some(bound.clone());
                        conditions.push(m.qual.clone());
                    }
                    IndexCondition::IsNotNull => not_null = Some(m.qual.clone()),
                    _ => {}
                }
            }
            if lower.is_some() || upper.is_some() {
                keys.push(IndexCondition::Range { lower, upper });
            } else if let Some(qual) = not_null {
                keys.push(IndexCondition::IsNotNull);
                conditions.push(qual);
            }
            break;
        }
        IndexAccess {
            index: index.indexrelid,
            name: class.name().to_string(),
            unique: index.indisunique && equal == index.indnkeyatts as usize,
            keys,
            conditions,
            backward: false,
            only,
        }
    }

    /// The order in which an index gives its rows.
    fn index_order(&mut self, index: &PgIndex, columns: &[(Expr, Oid, Oid, Oid)]) -> Result<Vec<PathKey>> {
        let mut order = Vec::new();
        for (n, (expr, family, input, collation)) in columns.iter().enumerate().take(index.indnkeyatts as usize) {
            let option = index.indoption.get(n).copied().unwrap_or(0);
            let descending = option & 1 != 0;
            let strategy = if descending { 5 } else { 1 };
            let Some(operator) = self.ctx.catalog.family_operator(*family, *input, *input, strategy)? else { break };
            let mut expr = expr.clone();
            // The pattern classes order by bytes, whatever the collation.
            let class = index.indclass.get(n).copied().unwrap_or_default();
            let by_bytes = catalog::objects::PATTERN_CLASSES.contains(&class);
            let collation = if by_bytes { analyzer::types::C_COLLATION } else { *collation };
            if collation.is_valid() && expr.ty.collation != collation {
                expr = in_collation(expr, collation);
            }
            order.push(PathKey { expr, operator, descending, nulls_first: option & 2 != 0 });
        }
        Ok(order)
    }

    /// The opposite order.
    fn reverse(&self, key: &PathKey) -> Result<PathKey> {
        let operator = self.ctx.catalog.operator(key.operator)?;
        let mut reversed = operator.oprcom;
        if !reversed.is_valid() {
            reversed = key.operator;
        }
        Ok(PathKey {
            expr: key.expr.clone(),
            operator: reversed,
            descending: !key.descending,
            nulls_first: !key.nulls_first,
        })
    }

    /// The cost of an index scan: descent, index tuples, and the heap pages they lead to.
    fn index_cost(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        base: &BaseRelation,
        class: &Relation,
        access: IndexAccess,
        requires: Relids,
        order: &[PathKey],
        extra: &[Expr],
    ) -> Result<Path> {
        let costs = self.ctx.costs.clone();
        let mut fraction = self.selectivity_of_all(&access.conditions)?;
        if access.unique && base.tuples > 0.0 {
            fraction = 1.0 / base.tuples;
        }
        let tuples = (fraction * base.tuples).round().clamp(1.0, base.tuples.max(1.0));
        let index_pages = match (self.ctx.block_count)(class) {
            Some(blocks) => f64::from(blocks),
            None => f64::from(class.class.relpages).max(base.pages / 4.0),
        }
        .max(1.0);
        let pages = (index_pages * fraction).ceil().max(1.0);
        let lookups = access
            .keys
            .iter()
            .map(|key| match key {
                IndexCondition::Any(array) => match &array.kind {
                    ExprKind::Const(batch::Datum::Bytes(bytes)) => {
                        types::array::View::new(bytes).map_or(10.0, |view| view.len() as f64)
                    }
                    _ => 10.0,
                },
                _ => 1.0,
            })
            .product::<f64>()
            .max(1.0);
        let descent = (base.tuples.max(2.0).log2().ceil() + 50.0 * 2.0) * costs.cpu_operator_cost * lookups;
        let quals = access.conditions.len() as f64;
        let mut total = descent
            + pages * costs.random_page_cost
            + tuples * (costs.cpu_index_tuple_cost + costs.cpu_operator_cost * quals);
        // Heap pages: between one after the other and one for each row (Mackert and Lohman's estimate for the latter).
        let correlation = match self.base_column_statistics(base, class)? {
            Some(c) => c * c,
            None => 0.0,
        };
        let (t, n) = (base.pages.max(1.0), tuples);
        let scattered = ((2.0 * t * n) / (2.0 * t + n)).min(t).ceil();
        let mut most = scattered * costs.random_page_cost;
        let sequential = (fraction * t).ceil().max(1.0);
        let mut least = costs.random_page_cost + (sequential - 1.0).max(0.0) * costs.seq_page_cost;
        if access.only.is_some() {
            most *= 1.0 - base.all_visible;
            least *= 1.0 - base.all_visible;
        }
        total += most + correlation * (least.min(most) - most);
        let filters = match &unit.kind {
            UnitKind::Base { quals, .. } => quals.len().saturating_sub(access.conditions.len()) as f64,
            _ => 0.0,
        };
        total += tuples * (costs.cpu_tuple_cost + costs.cpu_operator_cost * filters);
        let enabled = if access.only.is_some() { costs.enable_indexonlyscan } else { costs.enable_indexscan };
        let disabled = if enabled { 0.0 } else { DISABLED };
        let mut rows = unit.rows * if extra.is_empty() { 1.0 } else { self.selectivity_of_all(extra)? };
        if access.unique {
            rows = rows.min(1.0);
        }
        Ok(Path {
            kind: PathKind::Index { unit: unit_at, access: Box::new(access) },
            units: 1 << unit_at,
            requires,
            rows: rows.max(1.0).round(),
            startup: descent + disabled,
            total: total + disabled,
            order: Rc::new(order.to_vec()),
        })
    }

    /// The correlation of the table's order with the index's first column, if known.
    fn base_column_statistics(&self, base: &BaseRelation, class: &Relation) -> Result<Option<f64>> {
        let Some(index) = &class.index else { return Ok(None) };
        let Some(&column) = index.indkey.first() else { return Ok(None) };
        let statistics = self.statistics(base.relation.oid, column)?;
        let correlation = statistics.and_then(|row| crate::facts::ColumnFacts::new(row).correlation());
        // Columns behind the first make the order less certain.
        Ok(correlation.map(|c| if index.indnkeyatts > 1 { c * 0.75 } else { c }))
    }
}

/// Gives the columns of a stored expression (of relation 0) their relation.
pub(crate) fn renumber(expr: &mut Expr, relation: usize) {
    struct Renumber(usize);
    impl analyzer::node::VisitorMut for Renumber {
        fn expr(&mut self, expr: &mut Expr) {
            expr.location = q::NO_LOCATION;
            match &mut expr.kind {
                ExprKind::Var(var) => var.relation = self.0,
                _ => expr.visit_children_mut(self),
            }
        }
        fn query(&mut self, _: &mut q::Query) {}
        fn as_dyn(&mut self) -> &mut dyn analyzer::node::VisitorMut {
            self
        }
    }
    analyzer::node::VisitorMut::expr(&mut Renumber(relation), expr);
}

/// Without casts that change no bits.
pub(crate) fn stripped(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let ExprKind::Relabel(arg, _) | ExprKind::Collate(arg) = &expr.kind {
        expr = arg;
    }
    expr
}

fn is_ctid(expr: &Expr, at: usize) -> bool {
    matches!(&expr.kind, ExprKind::Var(v) if v.level == 0 && v.relation == at && v.column == -1)
}

/// An expression in another collation, as [`crate::fold`] has it.
fn in_collation(expr: Expr, collation: Oid) -> Expr {
    let (ty, location) = (SqlType { collation, ..expr.ty }, expr.location);
    Expr { kind: ExprKind::Relabel(Box::new(expr), CallForm::ImplicitCast), ty, location }
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
