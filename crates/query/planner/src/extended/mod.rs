//! What ANALYZE found of several columns together, and of expressions: the objects that CREATE STATISTICS makes.
//!
//! - Statistics of expressions ([`Planner::expression_facts`]), of such objects and of indexes, serve as those of columns do.
//! - The number of different combinations estimates groups ([`Planner::combined_distinct`]).
//! - Dependencies and common combinations estimate lists of conditions ([`clauses`]).
//!
//! The rules are those of PostgreSQL's documentation ("How the Planner Uses Statistics: Multivariate Statistics Examples").

mod clauses;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::{Expr, ExprKind};
use catalog::Entry;
use catalog::field::{Part, Raw};
use catalog::index;
use catalog::rows::{PgStatisticExt, PgStatisticExtData};
use error::Result;
use ids::Oid;
use types::extended::{Combination, CommonValues, read_combinations};

use crate::facts::ColumnFacts;
use crate::fold::Folder;
use crate::level::Planner;
use crate::prepare::relids_of;
use crate::scan::{renumber, stripped};

/// A statistics object with what ANALYZE found.
pub(crate) struct Object {
    /// Its columns, by number.
    columns: Vec<i16>,
    /// Its expressions, over entry 0 of a range table.
    exprs: Vec<Expr>,
    data: Entry<PgStatisticExtData>,
    facts: OnceCell<Vec<Option<Rc<ColumnFacts>>>>,
    distinct: OnceCell<Rc<[Combination]>>,
    dependencies: OnceCell<Rc<[Combination]>>,
    common: OnceCell<Option<Rc<CommonValues>>>,
}

fn combinations(stored: &Option<Raw>) -> Rc<[Combination]> {
    let read = stored.as_ref().and_then(|raw| read_combinations(&raw.0).ok());
    read.unwrap_or_default().into()
}

impl Object {
    fn distinct(&self) -> &[Combination] {
        self.distinct.get_or_init(|| combinations(&self.data.stxdndistinct))
    }

    fn dependencies(&self) -> &[Combination] {
        self.dependencies.get_or_init(|| combinations(&self.data.stxddependencies))
    }

    fn common(&self) -> Option<Rc<CommonValues>> {
        let read = || self.data.stxdmcv.as_ref().and_then(|raw| CommonValues::read(&raw.0).ok()).map(Rc::new);
        self.common.get_or_init(read).clone()
    }

    fn facts(&self, expression: usize) -> Option<Rc<ColumnFacts>> {
        let read = || {
            let rows =
                self.data.stxdexpr.as_ref().and_then(|raw| catalog::statistics::expression_statistics(&raw.0).ok());
            let facts = |row| Rc::new(ColumnFacts::new(Entry::Cached(Arc::new(row))));
            rows.unwrap_or_default().into_iter().map(|row| row.map(facts)).collect()
        };
        self.facts.get_or_init(read).get(expression).cloned().flatten()
    }

    /// The object's number of what an expression is, if it is about it: a column's, or -1, -2 … for its expressions.
    fn number_of(&self, expr: &Expr, at: usize) -> Option<i16> {
        if let ExprKind::Var(var) = &expr.kind {
            let known = var.level == 0 && var.relation == at && self.columns.contains(&var.column);
            return known.then_some(var.column);
        }
        let found = self.exprs.iter().position(|own| {
            let mut own = own.clone();
            renumber(&mut own, at);
            stripped(&own) == expr
        });
        found.map(|found| -1 - found as i16)
    }
}

/// Expressions of different values, each with how many it has; of one relation.
pub(crate) struct Distinct {
    pub expr: Expr,
    pub values: f64,
}

impl Planner<'_> {
    /// The objects of the relation that stands at a place of the range table; those for the whole tree if it is one.
    fn objects_of(&mut self, at: usize) -> Result<Rc<[Object]>> {
        let Some(relation) = self.entry_relation(at) else { return Ok(Rc::new([])) };
        let tree = self.stands_for_tree(at)?;
        if let Some(known) = self.memory.objects.get(&(relation, tree)) {
            return Ok(known.clone());
        }
        let catalog = self.ctx.catalog;
        let rows = catalog.rows::<PgStatisticExt>(index::PG_STATISTIC_EXT_RELID_INDEX, &[relation.into()])?;
        let mut rows: Vec<&Entry<PgStatisticExt>> = rows.iter().collect();
        rows.sort_by_key(|row| row.oid);
        let mut objects = Vec::new();
        for row in rows {
            let key = [row.oid.into(), Part::Int(tree.into())];
            let unique = index::PG_STATISTIC_EXT_DATA_STXOID_INH_INDEX;
            let Some(data) = catalog.row::<PgStatisticExtData>(unique, &key)? else { continue };
            let exprs = match &row.stxexprs {
                Some(text) => self.stored_list_folded(text)?,
                None => Vec::new(),
            };
            objects.push(Object {
                columns: row.stxkeys.to_vec(),
                exprs,
                data,
                facts: OnceCell::new(),
                distinct: OnceCell::new(),
                dependencies: OnceCell::new(),
                common: OnceCell::new(),
            });
        }
        let objects: Rc<[Object]> = objects.into();
        self.memory.objects.insert((relation, tree), objects.clone());
        Ok(objects)
    }

    /// A stored list of expressions, constants in them computed as in those of a query.
    pub fn stored_list_folded(&self, text: &str) -> Result<Vec<Expr>> {
        let mut exprs = self.stored_list(text)?;
        for expr in &mut exprs {
            Folder::fold(self.ctx.catalog, self.ctx.env, expr)?;
        }
        Ok(exprs)
    }

    /// Statistics of an expression over one relation, from an index on it or a statistics object.
    pub fn expression_facts(&mut self, expr: &Expr) -> Result<Option<Rc<ColumnFacts>>> {
        let expr = stripped(expr);
        if matches!(expr.kind, ExprKind::Const(_) | ExprKind::Param(_) | ExprKind::Var(_)) {
            return Ok(None);
        }
        let relids = relids_of(expr);
        if relids.count_ones() != 1 {
            return Ok(None);
        }
        let at = relids.trailing_zeros() as usize;
        let Some(oid) = self.entry_relation(at) else { return Ok(None) };
        let relation = self.relation(oid)?;
        for &index in &relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)?.filter(|row| row.indexprs.is_some()) else { continue };
            let columns = self.index_columns(at, &row)?;
            let found =
                row.indkey.iter().zip(&columns).position(|(number, (own, ..))| *number == 0 && stripped(own) == expr);
            if let Some(found) = found
                && let Some(facts) = self.stored_facts(index, found as i16 + 1, false)?
            {
                return Ok(Some(facts));
            }
        }
        let objects = self.objects_of(at)?;
        let found = objects.iter().find_map(|object| match object.number_of(expr, at) {
            Some(number) if number < 0 => object.facts((-1 - number) as usize),
            _ => None,
        });
        Ok(found)
    }

    /// Takes out of a list those expressions of one relation about which an object knows most, and gives the number of their combinations.
    /// Expressions say more than columns, for they were named one by one.
    pub fn combined_distinct(&mut self, at: usize, list: &mut Vec<Distinct>) -> Result<Option<f64>> {
        if list.len() < 2 {
            return Ok(None);
        }
        let objects = self.objects_of(at)?;
        let mut best: Option<(usize, usize, &Object, Vec<Option<i16>>)> = None;
        for object in objects.iter().filter(|object| !object.distinct().is_empty()) {
            let numbers: Vec<Option<i16>> =
                list.iter().map(|item| object.number_of(stripped(&item.expr), at)).collect();
            let exprs = numbers.iter().flatten().filter(|number| **number < 0).count();
            let columns = numbers.iter().flatten().count() - exprs;
            if exprs + columns >= 2 && best.as_ref().is_none_or(|best| (exprs, columns) > (best.0, best.1)) {
                best = Some((exprs, columns, object, numbers));
            }
        }
        let Some((.., object, numbers)) = best else { return Ok(None) };
        let mut wanted: Vec<i16> = numbers.iter().flatten().copied().collect();
        wanted.sort_unstable();
        let same = |item: &&Combination| {
            let mut columns = item.columns.clone();
            columns.sort_unstable();
            columns == wanted
        };
        let Some(item) = object.distinct().iter().find(same) else { return Ok(None) };
        let mut numbers = numbers.iter();
        list.retain(|_| numbers.next().is_some_and(Option::is_none));
        Ok(Some(item.value))
    }
}

/// The relation of an expression, if it is one only.
fn relation_of(expr: &Expr) -> Option<usize> {
    let relids = relids_of(expr);
    (relids.count_ones() == 1).then_some(relids.trailing_zeros() as usize)
}

/// The key of [`crate::level::Memory::objects`]: a relation, and whether it stands for its tree.
pub(crate) type ObjectsKey = (Oid, bool);
