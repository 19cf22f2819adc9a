//! How to read one base relation: whole, by an index, by physical address.

use std::rc::Rc;

use access::Method;
use analyzer::query::{self as q, CallForm, Expr, ExprKind, SqlType};
use catalog::rows::PgIndex;
use catalog::{Entry, Relation};
use error::Result;
use ids::Oid;

use crate::bitmap::BitmapTree;
use crate::cost::{Work, operators_in, whole_rows};
use crate::estimate::BaseRelation;
use crate::index_match::Match;
use crate::join::{Unit, UnitKind};
use crate::level::{PathKey, Planner};
use crate::path::{Path, PathKind, add_path};
use crate::prepare::{Relids, relids_of};

/// A condition on a column of an index, in logical form.
#[derive(Clone, Debug)]
pub(crate) enum IndexCondition {
    Equal(Expr),
    Any(Expr),
    /// Bounds of this column, or of it and those behind it together, and whether they are included.
    Range {
        lower: Option<(Vec<Expr>, bool)>,
        upper: Option<(Vec<Expr>, bool)>,
    },
    IsNull,
    IsNotNull,
    /// For methods without byte keys: an operator by its strategy and the type of its right side.
    Strategy {
        strategy: i16,
        type_oid: Oid,
        value: Expr,
    },
}

/// A way through an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexAccess {
    pub index: Oid,
    pub name: String,
    pub method: Method,
    /// By index column.
    pub keys: Vec<IndexCondition>,
    /// In place of keys, for methods without byte keys: conditions on columns.
    pub clauses: Vec<(usize, IndexCondition)>,
    /// Distances from columns by which it gives its rows, and as they are shown.
    pub distances: Vec<(usize, IndexCondition, Expr)>,
    /// What is checked of entries that the keys lead to, before their rows are fetched.
    pub filter: Vec<Expr>,
    /// The conditions that keys and filter stand for, as they are shown.
    pub conditions: Vec<Expr>,
    /// The same as they were written.
    pub quals: Vec<Expr>,
    /// Those of them that say where in the index to look.
    pub bounding: Vec<Expr>,
    /// The same as they are checked again: as written, but for what the search made another operator of.
    pub rechecks: Vec<Expr>,
    pub backward: bool,
    pub unique: bool,
    /// Columns of the index (as columns of the table), if it alone gives all that is needed.
    pub only: Option<Vec<usize>>,
}

/// An index that can be searched for some conditions.
pub(crate) struct Candidate {
    pub index: Entry<PgIndex>,
    pub class: Entry<Relation>,
    pub method: Method,
    /// Expression, operator family, input type and collation of each column.
    pub columns: Vec<(Expr, Oid, Oid, Oid)>,
    /// Of each column whether the index can give its values back.
    pub returned: Vec<bool>,
}

/// What a path by an index comes to.
#[derive(Clone, Debug)]
pub(crate) struct IndexCost {
    /// Of the index alone.
    pub index: Work,
    /// Of the whole scan.
    pub scan: Work,
    /// The part of the table's rows that the index leads to.
    pub selectivity: f64,
}

impl Planner<'_> {
    /// The ways to read a base relation, parameterised ones (by `joins`, conditions with other relations) included. `others` are the rows of
    /// other units, by their relations.
    pub fn base_paths(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        joins: &[Expr],
        others: &[(Relids, f64)],
    ) -> Result<Vec<Rc<Path>>> {
        let UnitKind::Base { relation: at, base, quals, usable } = &unit.kind else { return Ok(Vec::new()) };
        // An index looks at rows before anything else does: behind a security condition only for what cannot tell of them.
        let (all, safe_joins) = match *usable {
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
        let (quals, whole) = (all, quals);
        let joins = safe_joins.as_deref().unwrap_or(joins);
        let costs = self.ctx.costs.clone();
        let mask = 1 << unit_at;
        let mut paths = Vec::new();
        let plain = |kind, rows, work: Work, enabled: bool| Path {
            kind,
            units: mask,
            requires: 0,
            rows,
            startup: work.startup,
            total: work.total,
            disabled: u32::from(!enabled),
            order: Rc::default(),
        };
        if quals.iter().any(|qual| matches!(qual.kind, ExprKind::CurrentOf { .. })) {
            let work = Work::new(0.0, costs.random_page_cost);
            return Ok(vec![Rc::new(plain(PathKind::Cursor(unit_at), 1.0, work, true))]);
        }
        let requires = (relids_of_all(whole) | unit.lateral) & !(1 << *at);
        let quals_cost = self.quals_cost(whole)?;
        let pages_cost = match &base.sample {
            Some(sample) => sample.pages * sample.page_cost(&costs),
            None => costs.seq_page_cost * base.pages,
        };
        let read = base.sample.as_ref().map_or(base.tuples, |sample| sample.tuples);
        let total = pages_cost + read * (costs.cpu_tuple_cost + quals_cost);
        let enabled = costs.enable_seqscan || base.sample.is_some();
        let mut seq = plain(PathKind::Seq(unit_at), unit.rows, Work::new(0.0, total), enabled);
        seq.requires = requires;
        add_path(&mut paths, seq);
        if base.sample.is_some() {
            return Ok(paths);
        }
        let mut bitmaps = Vec::new();
        for candidate in self.candidates(*at, base, quals)? {
            self.index_paths(unit_at, unit, *at, base, quals, joins, others, &candidate, &mut paths, &mut bitmaps)?;
        }
        self.bitmap_paths(unit_at, unit, *at, base, quals, others, bitmaps, &mut paths)?;
        self.tid_paths(unit_at, *at, quals, &mut paths)?;
        self.tid_range_path(unit_at, unit, *at, base, quals, &mut paths)?;
        Ok(paths)
    }

    /// What evaluating conditions costs for a row.
    pub fn quals_cost(&self, quals: &[Expr]) -> Result<f64> {
        Ok(self.ctx.costs.cpu_operator_cost
            * quals.iter().map(|qual| operators_in(self.ctx.catalog, qual)).sum::<f64>())
    }

    /// Conditions in the order in which they are computed: what costs little first, else as they are listed.
    pub fn by_cost(&self, quals: &[Expr]) -> Vec<Expr> {
        let mut sorted = quals.to_vec();
        if sorted.len() > 1 {
            sorted.sort_by_cached_key(|qual| OrderedCost(operators_in(self.ctx.catalog, qual)));
        }
        sorted
    }

    /// The indexes that rows under these conditions can be found by.
    pub fn candidates(&mut self, at: usize, base: &BaseRelation, quals: &[Expr]) -> Result<Vec<Candidate>> {
        let mut candidates = Vec::new();
        for &index in &base.relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            if !row.indisvalid || row.indcheckxmin && self.keeps_snapshot() {
                continue;
            }
            let class = self.relation(index)?;
            let method = self.ctx.catalog.index_method(class.class.relam)?;
            // A partial index serves only queries whose conditions imply its predicate.
            if let Some(text) = &row.indpred {
                let mut predicate = analyzer::stored_expression(self.ctx.catalog, self.ctx.env, text)?;
                renumber(&mut predicate, at);
                crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut predicate)?;
                if !crate::implied::implies(self.ctx.catalog, quals, &predicate)? {
                    continue;
                }
            }
            let columns = self.index_columns(at, &row)?;
            let returned = (0..columns.len()).map(|at| self.is_returned(method, &row, at));
            let returned = returned.collect::<Result<_>>()?;
            candidates.push(Candidate { index: row, class, method, columns, returned });
        }
        // The newest is looked at first.
        candidates.reverse();
        Ok(candidates)
    }

    /// Whether an index gives a column's values back in scans of it alone. (Of a long value SP-GiST has only the beginning; the rest is in the row, unless it was
    /// computed.)
    pub fn is_returned(&self, method: Method, index: &PgIndex, at: usize) -> Result<bool> {
        let computed = at < index.indnkeyatts as usize && index.indkey.get(at) == Some(&0);
        Ok(!(computed && method == Method::Spgist) && self.ctx.catalog.index_returns(method, index, at)?)
    }

    /// Whether the index alone can give all columns that are wanted: their places in it.
    fn index_only(&mut self, at: usize, candidate: &Candidate) -> Option<Vec<usize>> {
        if !self.ctx.costs.enable_indexonlyscan {
            return None;
        }
        let needed = self.level().needed[at].clone();
        let columns = &candidate.columns;
        let gives = |(at, column): (usize, &(Expr, Oid, Oid, Oid)), n: i16| {
            matches!(&column.0.kind, ExprKind::Var(v) if v.column == n) && candidate.returned.get(at) == Some(&true)
        };
        let only: Option<Vec<usize>> =
            needed.iter().map(|&n| columns.iter().enumerate().position(|column| gives(column, n))).collect();
        only.filter(|_| candidate.returned.contains(&true)).filter(|_| {
            self.level().query.row_marks.iter().all(|m| m.relation != at)
                && self.level().query.result_relation != Some(at)
                // The catalogs' own indexes store nothing beside the key, from which such a column cannot be had back.
                && !(candidate.index.indexrelid < Oid::FIRST_NORMAL && columns.iter().any(|c| c.0.ty.oid == types::oid::OIDVECTOR))
        })
    }

    fn index_paths(
        &mut self,
        unit_at: usize,
        unit: &Unit,
        at: usize,
        base: &BaseRelation,
        quals: &[Expr],
        joins: &[Expr],
        others: &[(Relids, f64)],
        candidate: &Candidate,
        paths: &mut Vec<Rc<Path>>,
        bitmaps: &mut Vec<(Relids, BitmapTree)>,
    ) -> Result<()> {
        let mut matches = Vec::new();
        for qual in quals {
            self.match_index(qual, at, candidate, &mut matches)?;
        }
        let own = matches.len();
        for join in joins {
            self.match_index(join, at, candidate, &mut matches)?;
        }
        let traits = candidate.method.traits();
        let only = self.index_only(at, candidate);
        // Without other relations.
        let plain: Vec<&Match> = matches[..own].iter().filter(|m| m.outer == 0).collect();
        let access = self.access(candidate, &plain, only.clone());
        if traits.can_order_by_operator
            && let Some((order, distances)) = self.distance_order(candidate)?
        {
            let access = IndexAccess { distances, ..access.clone() };
            let cost = self.index_cost(unit, base, candidate, &access, 1.0)?;
            add_path(paths, self.index_path(unit_at, unit.rows, access, &cost, 0, order));
        }
        let full_order = match traits.can_order {
            true => self.index_order(&candidate.index, &candidate.columns)?,
            false => Vec::new(),
        };
        let in_order = access.keys.iter().all(|key| !matches!(key, IndexCondition::Any(_)))
            || matches!(access.keys.first(), Some(IndexCondition::Any(_))) && access.keys.len() == 1;
        let order = if in_order { self.canonical_order(&full_order) } else { Vec::new() };
        if !access.conditions.is_empty() || !order.is_empty() || only.is_some() {
            let cost = self.index_cost(unit, base, candidate, &access, 1.0)?;
            if !access.conditions.is_empty() && (order.is_empty() || cost.selectivity < 1.0) {
                let access = IndexAccess { only: None, ..access.clone() };
                let cost = self.index_cost(unit, base, candidate, &access, 1.0)?;
                bitmaps.push((0, BitmapTree::index(access, &cost, base, self.ctx.costs)));
            }
            let path = self.index_path(unit_at, unit.rows, access, &cost, 0, order.clone());
            // The other way round, for those who want that order.
            let back = match &path.kind {
                PathKind::Index { unit, access } if !order.is_empty() => {
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
            if traits.plain_scan {
                add_path(paths, path);
            }
            if let Some(back) = back {
                add_path(paths, back);
            }
        }
        // With each set of other relations that join conditions name, and with all of them.
        let mut outers: Vec<Relids> = Vec::new();
        for m in matches.iter().filter(|m| m.outer != 0) {
            if !outers.contains(&m.outer) {
                outers.push(m.outer);
            }
        }
        let all = outers.iter().fold(0, |set, o| set | o);
        if outers.len() > 1 && outers.len() <= 4 && !outers.contains(&all) {
            outers.push(all);
        }
        for outer in outers {
            // Of several equalities of one class only one is needed.
            let chosen: Vec<&Match> = matches.iter().filter(|m| m.outer & !outer == 0).collect();
            let access = self.access(candidate, &chosen, only.clone());
            let requires = access.quals.iter().fold(0, |set, c| set | relids_of(c)) & !(1 << at);
            if requires == 0 {
                continue;
            }
            let extra: Vec<Expr> = access.quals.iter().filter(|c| relids_of(c) & !(1 << at) != 0).cloned().collect();
            let loops = loops_of(requires, others);
            let cost = self.index_cost(unit, base, candidate, &access, loops)?;
            let mut rows = unit.rows * self.selectivity_of_all(&extra)?;
            if access.unique {
                rows = rows.min(1.0);
            }
            let rows = whole_rows(rows);
            let bitmap = IndexAccess { only: None, ..access.clone() };
            let bitmap_cost = self.index_cost(unit, base, candidate, &bitmap, loops)?;
            bitmaps.push((requires, BitmapTree::index(bitmap, &bitmap_cost, base, self.ctx.costs)));
            if traits.plain_scan {
                let path = self.index_path(unit_at, rows, access, &cost, requires, order.clone());
                add_path(paths, path);
            }
        }
        Ok(())
    }

    fn index_path(
        &self,
        unit: usize,
        rows: f64,
        access: IndexAccess,
        cost: &IndexCost,
        requires: Relids,
        order: Vec<PathKey>,
    ) -> Path {
        let costs = self.ctx.costs;
        // Scans of the index alone are looked for only where they are enabled themselves.
        let enabled = costs.enable_indexscan;
        Path {
            kind: PathKind::Index { unit, access: Box::new(access) },
            units: 1 << unit,
            requires,
            rows,
            startup: cost.scan.startup,
            total: cost.scan.total,
            disabled: u32::from(!enabled),
            order: Rc::new(order),
        }
    }

    /// A search of an index for some of a relation's conditions, if it can be searched for any: for bitmaps of OR. `others` may serve, too.
    pub fn search_for(
        &mut self,
        at: usize,
        unit: &Unit,
        base: &BaseRelation,
        candidate: &Candidate,
        quals: &[Expr],
        others: &[Expr],
    ) -> Result<Option<BitmapTree>> {
        let mut matches = Vec::new();
        for qual in quals {
            self.match_index(qual, at, candidate, &mut matches)?;
        }
        matches.retain(|m| m.outer == 0);
        if matches.is_empty() {
            return Ok(None);
        }
        let found: Vec<Expr> = matches.iter().map(|m| m.qual.clone()).collect();
        for qual in others {
            self.match_index(qual, at, candidate, &mut matches)?;
        }
        let chosen: Vec<&Match> = matches.iter().filter(|m| m.outer == 0).collect();
        let access = self.access(candidate, &chosen, None);
        if !found.iter().any(|qual| access.quals.contains(qual)) {
            return Ok(None);
        }
        let cost = self.index_cost(unit, base, candidate, &access, 1.0)?;
        Ok(Some(BitmapTree::index(access, &cost, base, self.ctx.costs)))
    }

    /// The columns of an index as expressions over the table, with operator family, input type and collation.
    pub fn index_columns(&mut self, at: usize, index: &PgIndex) -> Result<Vec<(Expr, Oid, Oid, Oid)>> {
        let mut expressions = match &index.indexprs {
            Some(text) => self.stored_list_folded(text)?.into_iter(),
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
                        crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut expr)?;
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

    /// Whether the transaction may see rows as they were before an index was made, which the index does not lead to.
    fn keeps_snapshot(&self) -> bool {
        let isolation = self.ctx.env.setting("transaction_isolation");
        isolation.is_some_and(|level| level == "repeatable read" || level == "serializable")
    }

    /// The search that these matches make: in byte keys equalities from the first column on, then perhaps a range, and what else can be told
    /// from an entry; elsewhere a clause for each.
    fn access(&self, candidate: &Candidate, matches: &[&Match], only: Option<Vec<usize>>) -> IndexAccess {
        let index = &candidate.index;
        let (mut keys, mut bounds, mut filter) = (Vec::new(), Vec::new(), Vec::new());
        let mut equal = 0;
        let mut open = true;
        let mut clauses = Vec::new();
        if !candidate.method.has_byte_keys() {
            bounds.extend(matches.iter());
            bounds.sort_by_key(|m: &&&Match| m.column);
            clauses.extend(bounds.iter().map(|m| (m.column, m.condition.clone())));
            open = false;
        }
        for column in 0..index.indnkeyatts as usize {
            // A condition with a constant before one with another relation.
            let mut here: Vec<&&Match> = matches.iter().filter(|m| clauses.is_empty() && m.column == column).collect();
            here.sort_by_key(|m| m.outer != 0);
            let mut used: Vec<usize> = Vec::new();
            if open {
                let exact = here.iter().position(|m| {
                    matches!(m.condition, IndexCondition::Equal(_) | IndexCondition::Any(_) | IndexCondition::IsNull)
                });
                if let Some(found) = exact {
                    equal += usize::from(matches!(here[found].condition, IndexCondition::Equal(_)));
                    keys.push(here[found].condition.clone());
                    used.push(found);
                } else {
                    let (mut lower, mut upper, mut not_null) = (None, None, None);
                    for (n, m) in here.iter().enumerate() {
                        match &m.condition {
                            IndexCondition::Range { lower: Some(bound), .. } if lower.is_none() => {
                                lower = Some(bound.clone());
                                used.push(n);
                            }
                            IndexCondition::Range { upper: Some(bound), .. } if upper.is_none() => {
                                upper = Some(bound.clone());
                                used.push(n);
                            }
                            IndexCondition::IsNotNull => not_null = Some(n),
                            _ => {}
                        }
                    }
                    if lower.is_some() || upper.is_some() {
                        keys.push(IndexCondition::Range { lower, upper });
                    } else if let Some(n) = not_null {
                        keys.push(IndexCondition::IsNotNull);
                        used.push(n);
                    }
                    open = false;
                }
            }
            used.sort_unstable();
            for (n, m) in here.iter().enumerate() {
                // An equality by a class of its own says the same as one that was used.
                let said = m.outer != 0
                    && matches!(m.condition, IndexCondition::Equal(_))
                    && used.iter().any(|&u| matches!(here[u].condition, IndexCondition::Equal(_)));
                if used.contains(&n) {
                    bounds.push(*m);
                } else if !said {
                    filter.push(*m);
                }
            }
        }
        let shown = |list: &[&&Match]| list.iter().map(|m| m.shown.clone()).collect::<Vec<_>>();
        // The indexes that come with every database keep nothing beside the key.
        let readable = !(index.indexrelid < Oid::FIRST_NORMAL
            && candidate.columns.iter().any(|c| c.0.ty.oid == types::oid::OIDVECTOR));
        if !readable {
            filter.clear();
        }
        let mut tests = shown(&filter);
        // The end of a range over several columns may lie within nulls.
        tests.extend(bounds.iter().filter(|m| m.checked).map(|m| m.shown.clone()));
        let mut all: Vec<&Match> = bounds.iter().map(|m| **m).chain(filter.iter().map(|m| **m)).collect();
        all.sort_by_key(|m| m.column);
        IndexAccess {
            index: index.indexrelid,
            name: candidate.class.name().to_string(),
            method: candidate.method,
            clauses,
            distances: Vec::new(),
            // What is checked at the end of the transaction may not hold before.
            unique: index.indisunique && index.indimmediate && equal == index.indnkeyatts as usize,
            keys,
            filter: tests,
            conditions: all.iter().map(|m| m.shown.clone()).collect(),
            quals: all.iter().map(|m| m.qual.clone()).collect(),
            bounding: bounds.iter().map(|m| m.qual.clone()).collect(),
            rechecks: (all.iter().filter(|m| !m.derived))
                .map(|m| if matches!(m.qual.kind, ExprKind::Operator(_)) { m.qual.clone() } else { m.shown.clone() })
                .collect(),
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

    /// The cost of an index scan that is run `loops` times with different values: descent, index tuples, and the heap pages they lead to.
    pub fn index_cost(
        &mut self,
        unit: &Unit,
        base: &BaseRelation,
        candidate: &Candidate,
        access: &IndexAccess,
        loops: f64,
    ) -> Result<IndexCost> {
        let costs = self.ctx.costs.clone();
        let class = &candidate.class;
        let mut selectivity = self.selectivity_of_all(&access.quals)?;
        let mut in_bounds =
            if access.filter.is_empty() { selectivity } else { self.selectivity_of_all(&access.bounding)? };
        let partial = match (&candidate.index.indpred, class.class.reltuples) {
            (Some(_), tuples) if tuples >= 0.0 => f64::from(tuples).min(base.tuples),
            _ => base.tuples,
        };
        let index_tuples = if candidate.index.indpred.is_some() { partial.max(1.0) } else { base.tuples.max(1.0) };
        if access.unique && base.tuples > 0.0 {
            in_bounds = 1.0 / base.tuples;
            selectivity = selectivity.min(in_bounds);
        }
        if candidate.index.indpred.is_some() && base.tuples > 0.0 {
            selectivity = selectivity.min(index_tuples / base.tuples);
        }
        let lookups = access
            .keys
            .iter()
            .map(|key| match key {
                IndexCondition::Any(array) => array_length(array),
                _ => 1.0,
            })
            .product::<f64>()
            .max(1.0);
        let index_pages = match (self.ctx.block_count)(class) {
            Some(blocks) => f64::from(blocks),
            None => f64::from(class.class.relpages).max(base.pages / 4.0),
        }
        .max(1.0);
        let each = (in_bounds * base.tuples / lookups).round_ties_even().clamp(1.0, index_tuples);
        let pages =
            if index_pages > 1.0 && index_tuples > 1.0 { (each * index_pages / index_tuples).ceil() } else { 1.0 };
        // Pages of the index: read again and again, they are in the cache some of the time.
        let scans = lookups * loops;
        let mut index_total = if scans > 1.0 {
            costs.pages_fetched(pages * scans, index_pages, index_pages) * costs.random_page_cost / loops
        } else {
            pages * costs.random_page_cost
        };
        let quals_cost = costs.cpu_operator_cost * access.conditions.len() as f64;
        index_total += each * lookups * (costs.cpu_index_tuple_cost + quals_cost);
        if candidate.method == Method::Brin {
            return self.range_summaries_cost(unit, base, candidate, access, index_pages, selectivity);
        }
        let height = if index_pages <= 2.0 { 0.0 } else { (index_pages.ln() / 300.0_f64.ln()).ceil() };
        let comparisons = if index_tuples > 1.0 { index_tuples.log2().ceil() * costs.cpu_operator_cost } else { 0.0 };
        let descent = match candidate.method {
            // A code leads to its entries at once.
            Method::Hash => 0.0,
            _ => comparisons + (height + 1.0) * 50.0 * costs.cpu_operator_cost,
        };
        index_total += descent * lookups;
        let index = Work::new(descent, index_total);
        // Heap pages: between one after the other and one for each row.
        let tuples = whole_rows(selectivity * base.tuples);
        let correlation = match self.base_column_statistics(base, class)? {
            Some(c) => c * c,
            None => 0.0,
        };
        let total_pages = base.pages + index_pages;
        let hidden = if access.only.is_some() { 1.0 - base.all_visible } else { 1.0 };
        let sequential = (selectivity * base.pages).ceil();
        let (most, least) = if loops > 1.0 {
            let most = (costs.pages_fetched(tuples * loops, base.pages, total_pages) * hidden).ceil();
            let least = (costs.pages_fetched(sequential * loops, base.pages, total_pages) * hidden).ceil();
            (most * costs.random_page_cost / loops, least * costs.random_page_cost / loops)
        } else {
            let most = (costs.pages_fetched(tuples, base.pages, total_pages) * hidden).ceil();
            let least = (sequential * hidden).ceil();
            let in_sequence =
                if least > 0.0 { costs.random_page_cost + (least - 1.0) * costs.seq_page_cost } else { 0.0 };
            (most * costs.random_page_cost, in_sequence)
        };
        let mut total = index.total + most + correlation * (least - most);
        let rest: Vec<Expr> = match &unit.kind {
            UnitKind::Base { quals, .. } => quals.iter().filter(|qual| !access.quals.contains(qual)).cloned().collect(),
            _ => Vec::new(),
        };
        total += tuples * (costs.cpu_tuple_cost + self.quals_cost(&rest)?);
        Ok(IndexCost { index, scan: Work::new(descent, total), selectivity })
    }

    /// The cost of looking all summaries of a block range index through, and of the ranges that they lead to: the less the table's order has to
    /// do with the column's, the more of them.
    fn range_summaries_cost(
        &mut self,
        unit: &Unit,
        base: &BaseRelation,
        candidate: &Candidate,
        access: &IndexAccess,
        index_pages: f64,
        selectivity: f64,
    ) -> Result<IndexCost> {
        let costs = self.ctx.costs.clone();
        let option = catalog::store::storage_option(&candidate.class.class, "pages_per_range");
        let per_range = option.and_then(|text| text.parse().ok()).unwrap_or(128.0_f64).max(1.0);
        let ranges = (base.pages / per_range).ceil().max(1.0);
        let mut correlation = 0.0_f64;
        for &(column, _) in &access.clauses {
            let Some(&number) = candidate.index.indkey.get(column) else { continue };
            let statistics = self.statistics(base.relation.oid, number, false)?;
            let known = statistics.and_then(|row| crate::facts::ColumnFacts::new(row).correlation());
            correlation = correlation.max(known.unwrap_or(0.0).abs());
        }
        let least = (ranges * selectivity).ceil();
        let matching = if correlation < 1.0e-10 { ranges } else { (least / correlation).min(ranges) };
        let selectivity = (matching / ranges).clamp(0.0, 1.0);
        let quals_cost = costs.cpu_operator_cost * access.conditions.len() as f64;
        // The map of the ranges first, then their summaries.
        let map_pages = (ranges / 1360.0).ceil().min(index_pages);
        let startup = costs.seq_page_cost * map_pages * access.clauses.len().max(1) as f64 + quals_cost;
        let mut total = startup + costs.random_page_cost * (index_pages - map_pages).max(0.0);
        total += 0.1 * costs.cpu_operator_cost * matching * per_range;
        let index = Work::new(startup, total);
        let rest: Vec<Expr> = match &unit.kind {
            UnitKind::Base { quals, .. } => quals.clone(),
            _ => Vec::new(),
        };
        let tuples = whole_rows(selectivity * base.tuples);
        let rows_cost = tuples * (costs.cpu_tuple_cost + self.quals_cost(&rest)?);
        let scan = Work::new(startup, total + matching * per_range * costs.random_page_cost + rows_cost);
        Ok(IndexCost { index, scan, selectivity })
    }

    /// The correlation of the table's order with the index's first column, if known.
    fn base_column_statistics(&self, base: &BaseRelation, class: &Relation) -> Result<Option<f64>> {
        let Some(index) = &class.index else { return Ok(None) };
        let Some(&column) = index.indkey.first() else { return Ok(None) };
        let statistics = self.statistics(base.relation.oid, column, false)?;
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

/// How often a path with these needs is run: as often as the smallest relation among them has rows.
pub(crate) fn loops_of(requires: Relids, others: &[(Relids, f64)]) -> f64 {
    let rows = others.iter().filter(|(relids, _)| relids & requires != 0).map(|(_, rows)| *rows);
    rows.min_by(f64::total_cmp).unwrap_or(1.0).max(1.0)
}

fn relids_of_all(quals: &[Expr]) -> Relids {
    quals.iter().fold(0, |set, qual| set | relids_of(qual))
}

/// A cost as a sort key.
#[derive(PartialEq)]
struct OrderedCost(f64);

impl Eq for OrderedCost {}

impl PartialOrd for OrderedCost {
    fn partial_cmp(&self, other: &OrderedCost) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderedCost {
    fn cmp(&self, other: &OrderedCost) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// How many elements an array is likely to have.
pub(crate) fn array_length(array: &Expr) -> f64 {
    match &stripped(array).kind {
        ExprKind::Const(batch::Datum::Bytes(bytes)) => {
            types::array::View::new(bytes).map_or(10.0, |view| view.len() as f64)
        }
        ExprKind::Array { elements, .. } => elements.len() as f64,
        _ => 10.0,
    }
}

/// Without casts that change no bits.
pub(crate) fn stripped(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let ExprKind::Relabel(arg, _) | ExprKind::Collate(arg) = &expr.kind {
        expr = arg;
    }
    expr
}

/// An expression in another collation, as [`crate::fold`] has it.
fn in_collation(expr: Expr, collation: Oid) -> Expr {
    let (ty, location) = (SqlType { collation, ..expr.ty }, expr.location);
    Expr { kind: ExprKind::Relabel(Box::new(expr), CallForm::ImplicitCast), ty, location }
}
