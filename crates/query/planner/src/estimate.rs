//! How many rows: sizes of relations, widths, distinct values. Which part of the rows a condition lets through says [`crate::selectivity`].

use analyzer::node::Visitor;
use analyzer::query::{self as q, EntryKind, ExprKind};
use catalog::rows::PgStatistic;
use catalog::{Entry, Relation};
use error::Result;
use ids::Oid;

use crate::extended::Distinct;
use crate::level::Planner;
use crate::selectivity::DISTINCT;

/// `generate_series` of whole numbers: four functions in a row of object ids.
const SERIES: u32 = 1066;
/// `unnest` of an array.
const UNNEST: u32 = 2331;
/// Elements of an array of which nothing is known.
const ELEMENTS: f64 = 10.0;

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
        let tuples = if tuples_then == 0.0 && pages_then == pages && pages == 0.0 {
            0.0
        } else {
            (density * pages).round_ties_even()
        };
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
        columns.iter().map(|c| self.expression_width(c)).sum::<f64>().round_ties_even() as u32
    }

    /// Bytes of a value: as ANALYZE found, or as its type has it.
    fn expression_width(&mut self, expr: &q::Expr) -> f64 {
        match self.facts_of(expr) {
            Ok(Some(facts)) if facts.width() > 0 => f64::from(facts.width()),
            _ => self.type_width(expr.ty.oid, expr.ty.typmod),
        }
    }

    /// Statistics of a column.
    pub fn statistics(&self, relation: Oid, column: i16, tree: bool) -> Result<Option<Entry<PgStatistic>>> {
        self.ctx.catalog.row::<PgStatistic>(
            catalog::index::PG_STATISTIC_RELID_ATT_INH_INDEX,
            &[relation.into(), column.into(), catalog::field::Part::Int(tree.into())],
        )
    }

    /// Whether an entry of the range table stands for a table with its children.
    pub fn stands_for_tree(&mut self, at: usize) -> Result<bool> {
        let EntryKind::Relation { oid, inherit: true, .. } = self.level().query.range_table[at].kind else {
            return Ok(false);
        };
        let relation = self.relation(oid)?;
        self.is_tree(&relation, true)
    }

    /// How many rows the relation of an expression has, and how many of them meet its conditions; `None` if it is not one relation's.
    pub fn relation_size(&mut self, expr: &q::Expr) -> Result<Option<(f64, f64)>> {
        let relids = crate::prepare::relids_of(expr);
        if relids.count_ones() != 1 {
            return Ok(None);
        }
        let at = relids.trailing_zeros() as usize;
        let level = self.level();
        if level.member.is_none_or(|(tree, _)| tree != at)
            && let Some(&size) = level.sizes.get(&at)
        {
            return Ok(Some(size));
        }
        match self.entry_relation(at) {
            Some(oid) => {
                let tuples = self.base_relation(oid)?.tuples;
                Ok(Some((tuples, tuples)))
            }
            None => Ok(None),
        }
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
    ///
    /// A key that is an expression counts as the columns in it, unless there are statistics of it.
    pub fn groups(&mut self, keys: &[q::Expr], rows: f64) -> Result<f64> {
        let mut groups = 1.0;
        let mut distinct: Vec<(usize, Distinct)> = Vec::new();
        for key in keys {
            if key.ty.oid == types::oid::BOOL {
                groups *= 2.0;
                continue;
            }
            if self.facts_of(key)?.is_some() {
                self.add_distinct(&mut distinct, key, rows)?;
                continue;
            }
            let columns = columns_of(key);
            if columns.is_empty() && crate::prepare::is_volatile(self.ctx.catalog, key)? {
                // Each row may be its own group.
                return Ok(rows.ceil().max(1.0));
            }
            for column in columns {
                self.add_distinct(&mut distinct, &column, rows)?;
            }
        }
        while let Some((at, _)) = distinct.first() {
            let at = *at;
            let (own, others): (Vec<_>, Vec<_>) = distinct.into_iter().partition(|(other, _)| *other == at);
            distinct = others;
            groups *= self.groups_of_relation(at, own.into_iter().map(|(_, own)| own).collect())?;
        }
        Ok(groups.ceil().min(rows).max(1.0))
    }

    /// Notes a key of groups; of those that are equal to each other, the one with the fewest values.
    fn add_distinct(&mut self, list: &mut Vec<(usize, Distinct)>, expr: &q::Expr, rows: f64) -> Result<()> {
        let at = crate::prepare::relids_of(expr).trailing_zeros() as usize;
        if list.iter().any(|(_, other)| other.expr == *expr) {
            return Ok(());
        }
        let values = self.distinct_values(expr, rows)?;
        let canonical = self.canonical(expr);
        for n in 0..list.len() {
            if list[n].0 != at && self.canonical(&list[n].1.expr) == canonical {
                if list[n].1.values <= values {
                    return Ok(());
                }
                list.remove(n);
                break;
            }
        }
        list.push((at, Distinct { expr: expr.clone(), values }));
        Ok(())
    }

    fn groups_of_relation(&mut self, at: usize, mut list: Vec<Distinct>) -> Result<f64> {
        let size = match list.first() {
            Some(first) => self.relation_size(&first.expr)?,
            None => return Ok(1.0),
        };
        let (mut product, mut most, mut count) = (1.0, 1.0f64, 0);
        while let Some(combined) = self.combined_distinct(at, &mut list)? {
            (product, most, count) = (product * combined, most.max(combined), count + 1);
        }
        for item in &list {
            (product, most, count) = (product * item.values, most.max(item.values), count + 1);
        }
        let Some((tuples, rows)) = size.filter(|(tuples, _)| *tuples > 0.0) else { return Ok(product) };
        if count > 1 {
            product = product.min((tuples * 0.1).max(most));
        }
        product = product.min(tuples);
        if rows < tuples && product > 0.0 {
            // Of how many values one at least is left when so many rows are picked at random (Yao 1977, as an approximation for
            // values that are equally frequent).
            product *= 1.0 - ((tuples - rows) / tuples).powf(tuples / product);
        }
        Ok(product.round_ties_even().max(1.0))
    }

    /// How many rows a function that returns a set is expected to return: series between constants and the elements of arrays are
    /// counted, of others the catalog says.
    pub fn set_rows(&self, call: &q::FunctionCall) -> Result<f64> {
        let function = call.function;
        if (SERIES..SERIES + 4).contains(&function.0) {
            let number = |arg: Option<&q::Expr>| match arg.and_then(crate::facts::constant) {
                Some(batch::Datum::B4(n)) => Some(f64::from(*n)),
                Some(batch::Datum::B8(n)) => Some(*n as f64),
                _ => None,
            };
            let is_null = |arg: &q::Expr| crate::facts::constant(arg).is_some_and(batch::Datum::is_null);
            if call.args.iter().any(is_null) {
                return Ok(0.0);
            }
            let step = if call.args.len() > 2 { number(call.args.get(2)) } else { Some(1.0) };
            if let (Some(from), Some(to), Some(step)) = (number(call.args.first()), number(call.args.get(1)), step)
                && step != 0.0
            {
                return Ok(((to - from + step) / step).floor().max(0.0));
            }
        }
        if function.0 == UNNEST
            && let Some(arg) = call.args.first()
        {
            return Ok(match &crate::scan::stripped(arg).kind {
                ExprKind::Const(value) => {
                    let bytes = value.as_bytes();
                    bytes.map_or(Ok(0.0), |bytes| types::array::View::new(bytes).map(|view| view.len() as f64))?
                }
                ExprKind::Array { elements, nested: false, .. } => elements.len() as f64,
                _ => ELEMENTS,
            });
        }
        Ok(f64::from(self.ctx.catalog.function(function)?.prorows))
    }

    /// How many different values an expression has.
    pub fn distinct_values(&mut self, expr: &q::Expr, rows: f64) -> Result<f64> {
        if matches!(expr.kind, ExprKind::Const(_) | ExprKind::Param(_)) {
            return Ok(1.0);
        }
        let size = self.relation_size(expr)?;
        let column = self.base_column(expr).map(|(.., column)| column);
        let tuples = size.map_or(rows, |(tuples, _)| tuples).max(1.0);
        if column == Some(-1) {
            return Ok(tuples);
        }
        if let Some(facts) = self.facts_of(expr)?
            && let Some(distinct) = facts.distinct(tuples)
        {
            return Ok(distinct);
        }
        if column.is_some() && self.is_unique(expr)? {
            return Ok(tuples);
        }
        if column.is_some() && expr.ty.oid == types::oid::BOOL {
            return Ok(2.0);
        }
        Ok(DISTINCT.min(tuples))
    }
}

/// The columns that an expression of the present query reads, each once.
fn columns_of(expr: &q::Expr) -> Vec<q::Expr> {
    struct Columns(Vec<q::Expr>, u32);
    impl Visitor for Columns {
        fn expr(&mut self, expr: &q::Expr) {
            match &expr.kind {
                ExprKind::Var(var) if var.level == self.1 => {
                    let mut var = *var;
                    var.level = 0;
                    let column = q::Expr { kind: ExprKind::Var(var), ..expr.clone() };
                    if !self.0.contains(&column) {
                        self.0.push(column);
                    }
                }
                _ => expr.visit_children(self),
            }
        }
        fn query(&mut self, query: &q::Query) {
            self.1 += 1;
            query.visit_children(self);
            self.1 -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut columns = Columns(Vec::new(), 0);
    columns.expr(expr);
    columns.0
}
