//! How many rows: sizes of relations, and the fraction that conditions let through.

use analyzer::query::{self as q, ExprKind};
use catalog::rows::PgStatistic;
use catalog::{Entry, Relation};
use error::Result;
use ids::Oid;

use crate::level::Planner;

/// Fraction of rows that an equality lets through, if nothing is known.
const EQUALITY: f64 = 0.005;
/// The same for an inequality.
const INEQUALITY: f64 = 0.333_333_333_333_333_3;
/// For a range, both ends given.
const RANGE: f64 = 0.005;
/// For pattern matching.
const PATTERN: f64 = 0.005;
/// For IS NULL.
const IS_NULL: f64 = 0.005;
/// Distinct values, if nothing is known.
const DISTINCT: f64 = 200.0;

/// What is known of a base relation.
#[derive(Clone)]
pub(crate) struct BaseRelation {
    pub relation: Entry<Relation>,
    pub tuples: f64,
    pub pages: f64,
    /// Fraction of its pages known to be all-visible.
    pub all_visible: f64,
}

impl Planner<'_> {
    /// Sizes of a table: blocks as they are, rows by the density that the last VACUUM or ANALYZE found.
    pub fn base_relation(&self, oid: Oid) -> Result<BaseRelation> {
        let relation = self.relation(oid)?;
        let class = self.ctx.catalog.class(oid)?;
        let (pages_then, tuples_then, visible) = match &class {
            Some(class) => (f64::from(class.relpages), f64::from(class.reltuples), f64::from(class.relallvisible)),
            None => (0.0, -1.0, 0.0),
        };
        let mut pages = match (self.ctx.block_count)(&relation) {
            Some(blocks) => f64::from(blocks),
            None => pages_then.max(1.0),
        };
        // A table never vacuumed is expected to grow.
        if tuples_then < 0.0 && pages < 10.0 && !relation.is_system() && !relation.class.relhassubclass {
            pages = 10.0;
        }
        let density = if tuples_then >= 0.0 && pages_then > 0.0 {
            tuples_then / pages_then
        } else {
            let width: f64 = relation.live_columns().map(|c| self.type_width(c.atttypid, c.atttypmod)).sum();
            // A page less its header, over a row with its header and item pointer.
            (8192.0 - 32.0) / (width.max(1.0) + 28.0)
        };
        let tuples =
            if tuples_then == 0.0 && pages_then == pages && pages == 0.0 { 0.0 } else { (density * pages).round() };
        let all_visible = if pages_then > 0.0 { (visible / pages_then).min(1.0) } else { 0.0 };
        Ok(BaseRelation { relation, tuples, pages, all_visible })
    }

    /// Bytes that a value of a type takes on average.
    pub fn type_width(&self, type_oid: Oid, typmod: i32) -> f64 {
        match self.ctx.catalog.find_type(type_oid) {
            Ok(Some(row)) if row.typlen > 0 => f64::from(row.typlen),
            Ok(Some(row)) if matches!(row.oid, types::oid::BPCHAR) && typmod > 4 => f64::from(typmod - 4) + 4.0,
            Ok(Some(row)) if matches!(row.oid, types::oid::VARCHAR) && typmod > 4 => {
                (f64::from(typmod - 4) / 2.0).clamp(1.0, 32.0) + 4.0
            }
            _ => 32.0,
        }
    }

    /// Bytes of a row with these columns.
    pub fn width(&self, columns: &[q::Expr]) -> u32 {
        columns.iter().map(|c| self.type_width(c.ty.oid, c.ty.typmod)).sum::<f64>().round() as u32
    }

    /// Statistics of a column.
    pub fn statistics(&self, relation: Oid, column: i16) -> Result<Option<Entry<PgStatistic>>> {
        self.ctx.catalog.row::<PgStatistic>(
            catalog::index::PG_STATISTIC_RELID_ATT_INH_INDEX,
            &[relation.into(), column.into(), catalog::field::Part::Int(0)],
        )
    }

    /// The column of a base relation that an expression is, casts aside.
    pub fn base_column(&mut self, expr: &q::Expr) -> Option<(usize, Oid, i16)> {
        let mut expr = expr;
        while let ExprKind::Relabel(arg, _) | ExprKind::Collate(arg) = &expr.kind {
            expr = arg;
        }
        match &expr.kind {
            ExprKind::Var(var) if var.level == 0 => {
                let relation = self.entry_relation(var.relation)?;
                Some((var.relation, relation, var.column))
            }
            _ => None,
        }
    }

    /// How many different values an expression has.
    pub fn distinct_values(&mut self, expr: &q::Expr, rows: f64) -> Result<f64> {
        if let Some((_, oid, column)) = self.base_column(expr) {
            let base = self.base_relation(oid)?;
            if column == -1 {
                return Ok(base.tuples.max(1.0));
            }
            if let Some(statistics) = self.statistics(oid, column)? {
                let n = f64::from(statistics.stadistinct);
                if n > 0.0 {
                    return Ok(n);
                }
                if n < 0.0 {
                    return Ok((-n * base.tuples).max(1.0));
                }
            }
            for &index in &base.relation.indexes {
                if let Some(row) = self.ctx.catalog.find_index(index)?
                    && row.indisunique
                    && row.indnkeyatts == 1
                    && row.indkey.first() == Some(&column)
                    && row.indpred.is_none()
                {
                    return Ok(base.tuples.max(1.0));
                }
            }
            if expr.ty.oid == types::oid::BOOL {
                return Ok(2.0);
            }
            return Ok(DISTINCT.min(base.tuples.max(1.0)));
        }
        if matches!(expr.kind, ExprKind::Const(_) | ExprKind::Param(_)) {
            return Ok(1.0);
        }
        Ok(DISTINCT.min(rows.max(1.0)))
    }

    /// The fraction of rows that all conditions let through.
    pub fn selectivity_of_all(&mut self, quals: &[q::Expr]) -> Result<f64> {
        let mut selectivity = 1.0;
        // Two inequalities on one expression are a range.
        let mut bounds: Vec<(q::Expr, bool)> = Vec::new();
        for qual in quals {
            if let Some((expr, lower)) = self.bound_of(qual)? {
                if let Some(at) = bounds.iter().position(|(e, l)| *e == expr && *l != lower) {
                    bounds.swap_remove(at);
                    selectivity *= RANGE / INEQUALITY;
                    continue;
                }
                bounds.push((expr, lower));
            }
            selectivity *= self.selectivity(qual)?;
        }
        Ok(selectivity.clamp(0.0, 1.0))
    }

    /// `column < constant` or `>`: the column, and whether it is a lower bound.
    fn bound_of(&mut self, qual: &q::Expr) -> Result<Option<(q::Expr, bool)>> {
        let ExprKind::Operator(call) = &qual.kind else { return Ok(None) };
        let [left, right] = &call.args[..] else { return Ok(None) };
        if crate::prepare::relids_of(left) == 0 || crate::prepare::relids_of(right) != 0 {
            return Ok(None);
        }
        let families = self.ctx.catalog.operator_families(call.operator)?;
        let strategy = families.iter().find(|m| m.amopmethod == catalog::objects::BTREE).map(|m| m.amopstrategy);
        Ok(match strategy {
            Some(1 | 2) => Some((left.clone(), false)),
            Some(4 | 5) => Some((left.clone(), true)),
            _ => None,
        })
    }

    /// The fraction of rows that a condition lets through.
    pub fn selectivity(&mut self, qual: &q::Expr) -> Result<f64> {
        Ok(match &qual.kind {
            ExprKind::Const(value) => f64::from(u8::from(value.as_bool() == Some(true))),
            ExprKind::And(args) => self.selectivity_of_all(args)?,
            ExprKind::Or(args) => {
                let mut selectivity = 0.0;
                for arg in args {
                    let one = self.selectivity(arg)?;
                    selectivity = selectivity + one - selectivity * one;
                }
                selectivity
            }
            ExprKind::Not(arg) => 1.0 - self.selectivity(arg)?,
            ExprKind::NullTest { arg, is_null, .. } => {
                let mut fraction = IS_NULL;
                if let Some((_, relation, column)) = self.base_column(arg) {
                    if let Some(statistics) = self.statistics(relation, column)? {
                        fraction = f64::from(statistics.stanullfrac);
                    } else if column > 0 && self.relation(relation)?.column(column).is_some_and(|c| c.attnotnull) {
                        fraction = 0.0;
                    }
                }
                if *is_null { fraction } else { 1.0 - fraction }
            }
            ExprKind::BooleanTest { .. } => 0.5,
            ExprKind::ScalarArray { call, any } => {
                let count = match call.args.get(1).map(|a| &a.kind) {
                    Some(ExprKind::Const(batch::Datum::Bytes(bytes))) => {
                        types::array::View::new(bytes).map_or(10, |view| view.len())
                    }
                    Some(ExprKind::Array { elements, .. }) => elements.len(),
                    _ => 10,
                };
                let one = match call.args.first() {
                    Some(left) => self.operator_selectivity(call.operator, left, None)?,
                    None => EQUALITY,
                };
                if *any { (one * count as f64).min(1.0) } else { (1.0 - (1.0 - one) * count as f64).max(0.0) }
            }
            ExprKind::Operator(call) => match &call.args[..] {
                [left, right] => {
                    let (l, r) = (crate::prepare::relids_of(left), crate::prepare::relids_of(right));
                    if l != 0 && r != 0 && l != r {
                        return self.join_selectivity(call.operator, left, right);
                    }
                    if l == 0 {
                        self.operator_selectivity(call.operator, right, Some(left))?
                    } else {
                        self.operator_selectivity(call.operator, left, Some(right))?
                    }
                }
                _ => 0.5,
            },
            ExprKind::Distinct(call) => match &call.args[..] {
                [left, right] => 1.0 - self.operator_selectivity(call.operator, left, Some(right))?,
                _ => 0.5,
            },
            ExprKind::Function(_) => INEQUALITY,
            ExprKind::SubLink(_) => 0.5,
            ExprKind::CurrentOf { .. } => 0.0,
            _ => 0.5,
        })
    }

    /// `column op something`, by the operator's own estimator.
    fn operator_selectivity(&mut self, operator: Oid, column: &q::Expr, other: Option<&q::Expr>) -> Result<f64> {
        let row = self.ctx.catalog.operator(operator)?;
        let estimator = row.oprrest.0;
        Ok(match estimator {
            // eqsel, neqsel
            101 | 102 => {
                let mut equal = EQUALITY;
                let mut nulls = 0.0;
                if other.is_some_and(|o| matches!(o.kind, ExprKind::Const(batch::Datum::Null))) {
                    return Ok(0.0);
                }
                if let Some((_, relation, number)) = self.base_column(column) {
                    let tuples = self.base_relation(relation)?.tuples.max(1.0);
                    if let Some(statistics) = self.statistics(relation, number)? {
                        nulls = f64::from(statistics.stanullfrac);
                    }
                    let distinct = self.distinct_values(column, tuples)?;
                    equal = (1.0 - nulls) / distinct.max(1.0);
                } else if column.ty.oid == types::oid::BOOL {
                    equal = 0.5;
                }
                if estimator == 101 { equal } else { 1.0 - equal - nulls }
            }
            // scalarltsel, scalargtsel, scalarlesel, scalargesel
            103 | 104 | 336 | 337 => INEQUALITY,
            // likesel, regexeqsel and their like
            1814..=1821 | 1824..=1829 if row.oprname.starts_with('!') => 1.0 - PATTERN,
            1814..=1821 | 1824..=1829 => PATTERN,
            0 => 0.5,
            _ => INEQUALITY,
        })
    }

    /// `a.x op b.y`
    fn join_selectivity(&mut self, operator: Oid, left: &q::Expr, right: &q::Expr) -> Result<f64> {
        let row = self.ctx.catalog.operator(operator)?;
        Ok(match row.oprjoin.0 {
            // eqjoinsel, neqjoinsel
            105 | 106 => {
                let distinct = self.distinct_values(left, 1000.0)?.max(self.distinct_values(right, 1000.0)?).max(1.0);
                if row.oprjoin.0 == 105 { 1.0 / distinct } else { 1.0 - 1.0 / distinct }
            }
            107 | 108 | 386 | 398 => INEQUALITY,
            0 => 0.5,
            _ => INEQUALITY,
        })
    }
}
