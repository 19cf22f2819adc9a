//! How many rows: sizes of relations, widths, distinct values. Which part of the rows a condition lets through says [`crate::selectivity`].

use analyzer::query::{self as q, ExprKind};
use catalog::rows::PgStatistic;
use catalog::{Entry, Relation};
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::selectivity::DISTINCT;

/// What is known of a base relation.
#[derive(Clone)]
pub(crate) struct BaseRelation {
    pub relation: Entry<Relation>,
    pub tuples: f64,
    pub pages: f64,
    /// Fraction of its pages known to be all-visible.
    pub all_visible: f64,
    /// TABLESAMPLE: what is read of it.
    pub sample: Option<SampleSize>,
}

/// How much a sample reads.
#[derive(Clone)]
pub(crate) struct SampleSize {
    pub pages: f64,
    pub tuples: f64,
    /// Pages are read here and there rather than in sequence.
    pub scattered: bool,
}

impl SampleSize {
    /// What reading a page costs.
    pub fn page_cost(&self, costs: &crate::Costs) -> f64 {
        if self.scattered { costs.random_page_cost } else { costs.seq_page_cost }
    }
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
        Ok(BaseRelation { relation, tuples, pages, all_visible, sample: None })
    }

    /// How much TABLESAMPLE reads of a table.
    pub fn size_sample(&mut self, base: &mut BaseRelation, sample: &q::TableSample) -> Result<()> {
        let share = sample.args.first().and_then(crate::facts::constant).and_then(|value| match value {
            batch::Datum::B4(bits) => Some(f64::from(f32::from_bits(*bits as u32)) / 100.0),
            _ => None,
        });
        let share = share.filter(|share| (0.0..=1.0).contains(share)).unwrap_or(0.1);
        let scattered = sample.handler == crate::sample::SYSTEM;
        let pages = if scattered { (base.pages * share).ceil().max(1.0) } else { base.pages };
        let tuples = crate::cost::whole_rows(base.tuples * share);
        base.sample = Some(SampleSize { pages, tuples, scattered });
        Ok(())
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
    pub fn width(&mut self, columns: &[q::Expr]) -> u32 {
        columns.iter().map(|c| self.expression_width(c)).sum::<f64>().round() as u32
    }

    /// Bytes of a value: as ANALYZE found, or as its type has it.
    fn expression_width(&mut self, expr: &q::Expr) -> f64 {
        match self.facts_of(expr) {
            Ok(Some(facts)) if facts.width() > 0 => f64::from(facts.width()),
            _ => self.type_width(expr.ty.oid, expr.ty.typmod),
        }
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

    /// Whether a unique index alone says that no two rows have the same value.
    pub fn is_unique(&mut self, expr: &q::Expr) -> Result<bool> {
        let Some((_, oid, column)) = self.base_column(expr) else { return Ok(false) };
        if column == -1 {
            return Ok(true);
        }
        for &index in &self.relation(oid)?.indexes {
            if let Some(row) = self.ctx.catalog.find_index(index)?
                && row.indisunique
                && row.indnkeyatts == 1
                && row.indkey.first() == Some(&column)
                && row.indpred.is_none()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many groups rows fall into by these keys, of `rows` rows. Keys of one table are together limited by its rows (a tenth of them if
    /// there are several: they are hardly independent), and by how many of its rows are left.
    pub fn groups(&mut self, keys: &[q::Expr], rows: f64) -> Result<f64> {
        let mut tables: Vec<(usize, Oid, f64, f64, usize)> = Vec::new();
        let mut groups = 1.0;
        for key in keys {
            let distinct = self.distinct_values(key, rows)?;
            match self.base_column(key) {
                Some((relation, oid, _)) => match tables.iter_mut().find(|table| table.0 == relation) {
                    Some(table) => {
                        table.2 *= distinct;
                        table.3 = table.3.max(distinct);
                        table.4 += 1;
                    }
                    None => tables.push((relation, oid, distinct, distinct, 1)),
                },
                None => groups *= distinct,
            }
        }
        let single = tables.len() == 1;
        for (_, oid, mut distinct, most, count) in tables {
            let tuples = self.base_relation(oid)?.tuples.max(1.0);
            if count > 1 {
                distinct = distinct.min((tuples * 0.1).max(most));
            }
            distinct = distinct.min(tuples);
            if single && rows < tuples && distinct > 0.0 {
                // Of how many values one at least is left when so many rows are picked at random (Yao 1977, as an approximation for
                // values that are equally frequent).
                distinct *= 1.0 - ((tuples - rows) / tuples).powf(tuples / distinct);
            }
            groups *= distinct;
        }
        Ok(groups.ceil().min(rows).max(1.0))
    }

    /// How many different values an expression has.
    pub fn distinct_values(&mut self, expr: &q::Expr, rows: f64) -> Result<f64> {
        if let Some((_, oid, column)) = self.base_column(expr) {
            let base = self.base_relation(oid)?;
            if column == -1 {
                return Ok(base.tuples.max(1.0));
            }
            if let Some(facts) = self.facts_of(expr)?
                && let Some(distinct) = facts.distinct(base.tuples)
            {
                return Ok(distinct);
            }
            if self.is_unique(expr)? {
                return Ok(base.tuples.max(1.0));
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
}
