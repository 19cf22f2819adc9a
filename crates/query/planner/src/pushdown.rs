//! Conditions on a subquery's columns go into the subquery, and what nobody reads of it is not computed.
//!
//! A subquery that groups, sorts out duplicates, computes window functions or combines others stays a query of its own. A
//! condition on its columns is asked as far down as it means the same: of the rows before they are grouped if it is about keys, of the groups
//! otherwise, of every operand of a set operation. There it may serve an index. It must not go below a LIMIT, nor change which rows a window
//! function or DISTINCT ON looks at, nor be computed more or less often than it was written if that shows.
//!
//! What cannot go in may still be a bound of a window function that only grows (or only falls) from row to row: a *run condition*, at which
//! the partition ends ([`crate::run_condition`]).

use analyzer::node::{Visitor, VisitorMut};
use analyzer::query::{self as q, EntryKind, Expr, ExprKind, Query, RowVersion, SetKind, SetOperation, Var};
use error::Result;

use crate::level::Planner;
use crate::prepare::{conjuncts, is_volatile};

/// Stands for the subquery's output in a condition that is on its way.
const OUTPUT: usize = usize::MAX;

impl Planner<'_> {
    /// Puts conditions on the entry `at`, which is this query, into it. Gives back those that must stay above.
    pub fn push_into(
        &mut self,
        at: usize,
        query: &mut Query,
        barrier: bool,
        conditions: Vec<Expr>,
    ) -> Result<Vec<Expr>> {
        if conditions.is_empty() {
            return Ok(conditions);
        }
        let Some(columns) = self.open_columns(query)? else { return Ok(conditions) };
        let mut rest = Vec::new();
        for condition in conditions {
            let mut uses = Uses { columns: &columns, relation: at, fits: true };
            uses.expr(&condition);
            let grouped = |expr: &Expr| match expr.kind {
                ExprKind::Var(Var { level: 0, column, .. }) => columns.get(column as usize - 1) == Some(&Some(true)),
                _ => false,
            };
            let fits = uses.fits
                && self.agrees(&condition, &grouped)?
                && !is_volatile(self.ctx.catalog, &condition)?
                && !(barrier && analyzer::leaks(self.ctx.catalog, &condition)?);
            if !fits {
                rest.push(condition);
                continue;
            }
            let mut condition = condition;
            Output(at).expr(&mut condition);
            analyzer::shift_levels_from(&mut condition, 1, 1);
            add(query, condition);
        }
        Ok(rest)
    }

    /// For each column of a query whether, if a condition on it can be asked within, equal values of it are put together there; none if there is no
    /// such column.
    fn open_columns(&self, query: &Query) -> Result<Option<Vec<Option<bool>>>> {
        let kept_apart = query.command != q::Command::Select
            || query.limit.is_some()
            || query.offset.is_some()
            || query.grouping_sets.is_some()
            || !query.row_marks.is_empty();
        if kept_apart {
            return Ok(None);
        }
        let Some(operation) = query.set_operation.as_deref() else {
            let mut columns = Vec::with_capacity(query.targets.len());
            for target in query.output() {
                columns.push(self.is_open(query, target)?);
            }
            return Ok(columns.iter().any(Option::is_some).then_some(columns));
        };
        let SetOperation::Node { columns: types, .. } = operation else { return Ok(None) };
        let mut columns = vec![Some(!is_union_all(operation)); types.len()];
        let mut leaves = Vec::new();
        if !leaves_of(operation, &mut leaves) {
            return Ok(None);
        }
        for leaf in leaves {
            let EntryKind::Subquery { query: leaf, .. } = &query.range_table[leaf].kind else { return Ok(None) };
            let Some(open) = self.open_columns(leaf)? else { return Ok(None) };
            for (at, target) in leaf.output().enumerate() {
                let same = target.expr.ty.oid == types[at].oid;
                columns[at] = match (columns[at], open[at]) {
                    (Some(one), Some(other)) if same => Some(one || other),
                    _ => None,
                };
            }
        }
        for (column, ty) in columns.iter_mut().zip(types) {
            if *column == Some(true) && !self.tells_apart(ty)? {
                *column = None;
            }
        }
        Ok(Some(columns))
    }

    fn is_open(&self, query: &Query, target: &q::TargetEntry) -> Result<Option<bool>> {
        let listed = |clauses: &[q::SortClause]| {
            target.sort_ref != 0 && clauses.iter().any(|clause| clause.target_ref == target.sort_ref)
        };
        let grouped = !query.group_by.is_empty() || !query.distinct.is_empty() || !query.windows.is_empty();
        let open = (!query.distinct_on || listed(&query.distinct))
            && query.windows.iter().all(|window| listed(&window.partition_by))
            && is_plain(&target.expr)
            && !is_volatile(self.ctx.catalog, &target.expr)?
            && (!grouped || self.tells_apart(&target.expr.ty)?);
        Ok(open.then_some(grouped))
    }

    /// Whether no operator of a condition tells values of a key apart that are equal when rows are grouped: as `*=` does for rows.
    fn agrees(&self, condition: &Expr, is_key: &dyn Fn(&Expr) -> bool) -> Result<bool> {
        let mut compared = Compared { is_key, found: Vec::new() };
        compared.expr(condition);
        for (operator, ty) in compared.found {
            let catalog = self.ctx.catalog;
            let (own, equality) = (catalog.operator_families(operator)?, analyzer::types::ordering(catalog, ty)?.equal);
            let theirs = catalog.operator_families(equality)?;
            let shared = own.iter().any(|own| theirs.iter().any(|other| own.amopfamily == other.amopfamily));
            if !own.is_empty() && !shared {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether values that are equal under a type's collation are the same: what is asked of one of them may be asked of another.
    fn tells_apart(&self, ty: &q::SqlType) -> Result<bool> {
        if !ty.collation.is_valid() {
            return Ok(true);
        }
        Ok(self.ctx.catalog.find_collation(ty.collation)?.is_none_or(|row| row.collisdeterministic))
    }

    /// Leaves out what a query computes for columns of the entry `at` that nobody reads: they are null.
    pub fn drop_unread(&mut self, at: usize, query: &mut Query) -> Result<()> {
        let needed = self.level().needed.get(at).cloned();
        let Some(needed) = needed.filter(|needed| !needed.contains(&0)) else { return Ok(()) };
        if query.set_operation.is_some() || !query.distinct.is_empty() || query.command != q::Command::Select {
            return Ok(());
        }
        for (number, target) in (1..).zip(query.targets.iter_mut().filter(|target| !target.junk)) {
            let kept = needed.contains(&number)
                || target.sort_ref != 0
                || matches!(target.expr.kind, ExprKind::Var(_) | ExprKind::Const(_))
                || returns_sets(&target.expr)
                || is_volatile(self.ctx.catalog, &target.expr)?;
            if !kept {
                target.expr = analyzer::types::null(target.expr.ty);
            }
        }
        Ok(())
    }

    /// Asks of rows before they are grouped what HAVING says of keys alone.
    pub fn move_having(&mut self) -> Result<()> {
        let query = &mut self.level().query;
        if query.having.is_none() {
            return Ok(());
        }
        // A group that is there without any row is left out by HAVING alone; that its rows need not be read helps all the same.
        let sets = query.grouping_sets.as_deref().unwrap_or_default();
        let keeps = query.group_by.is_empty() || sets.iter().any(Vec::is_empty);
        // Keys that some sets lack are null in these.
        let in_all = |key: u32| sets.iter().all(|set| set.contains(&key));
        let mut conditions = Vec::new();
        if let Some(having) = query.having.take() {
            conjuncts(having, &mut conditions);
        }
        let is_key = |target: &&q::TargetEntry| {
            query.group_by.iter().any(|c| c.target_ref == target.sort_ref && in_all(c.target_ref))
        };
        let keys: Vec<Expr> = query.targets.iter().filter(is_key).map(|target| target.expr.clone()).collect();
        let lacking = |target: &&q::TargetEntry| query.group_by.iter().any(|c| c.target_ref == target.sort_ref);
        let nullable: Vec<Expr> = match sets.is_empty() {
            true => Vec::new(),
            false => {
                let some = query.targets.iter().filter(lacking).filter(|target| !is_key(target));
                some.map(|target| target.expr.clone()).collect()
            }
        };
        let mut plain_keys = true;
        for key in &keys {
            plain_keys &= self.tells_apart(&key.ty)?;
        }
        let (mut groups, mut rows) = (Vec::new(), Vec::new());
        for condition in conditions {
            let moves = plain_keys
                && !reads_nullable(&condition, &keys, &nullable)
                && self.agrees(&condition, &|expr| keys.contains(expr))?
                && is_plain(&condition)
                && !aggregates(&condition)
                && !is_volatile(self.ctx.catalog, &condition)?;
            if keeps || !moves {
                groups.push(condition.clone());
            }
            if moves {
                rows.push(condition);
            }
        }
        let query = &mut self.level().query;
        query.having = analyzer::types::all_of(groups);
        if !rows.is_empty() {
            rows.splice(0..0, query.where_clause.take());
            query.where_clause = analyzer::types::all_of(rows);
        }
        Ok(())
    }
}

/// Whether an expression reads a key that some grouping sets lack, other than as part of a key that none of them lacks.
fn reads_nullable(expr: &Expr, keys: &[Expr], nullable: &[Expr]) -> bool {
    struct Finder<'k>(&'k [Expr], &'k [Expr], bool);
    impl Visitor for Finder<'_> {
        fn expr(&mut self, expr: &Expr) {
            if self.0.contains(expr) {
                return;
            }
            self.2 |= self.1.contains(expr);
            expr.visit_children(self);
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(keys, nullable, false);
    finder.expr(expr);
    finder.2
}

/// Adds a condition on a query's output, to what it is about.
fn add(query: &mut Query, condition: Expr) {
    if let Some(operation) = query.set_operation.as_deref() {
        let mut leaves = Vec::new();
        leaves_of(operation, &mut leaves);
        for leaf in leaves {
            if let EntryKind::Subquery { query: leaf, .. } = &mut query.range_table[leaf].kind {
                let mut condition = condition.clone();
                analyzer::shift_levels_from(&mut condition, 1, 1);
                add(leaf, condition);
            }
        }
        return;
    }
    let mut condition = condition;
    let outputs: Vec<Expr> = query.output().map(|target| target.expr.clone()).collect();
    Replace(&outputs).expr(&mut condition);
    let of_groups =
        aggregates(&condition) || query.group_by.is_empty() && (query.has.aggregates || query.having.is_some());
    let place = if of_groups { &mut query.having } else { &mut query.where_clause };
    *place = analyzer::types::all_of(place.take().into_iter().chain([condition]).collect());
}

/// The operands of a set operation; false if what is asked of the result cannot be asked of all of them.
fn leaves_of(operation: &SetOperation, into: &mut Vec<usize>) -> bool {
    match operation {
        SetOperation::Leaf(leaf) => {
            into.push(*leaf);
            true
        }
        SetOperation::Node { kind: SetKind::Except, .. } => false,
        SetOperation::Node { left, right, .. } => leaves_of(left, into) && leaves_of(right, into),
    }
}

fn is_union_all(operation: &SetOperation) -> bool {
    match operation {
        SetOperation::Leaf(_) => true,
        SetOperation::Node { kind, all, left, right, .. } => {
            *kind == SetKind::Union && *all && is_union_all(left) && is_union_all(right)
        }
    }
}

/// The operators that compare keys directly, and the keys' types.
struct Compared<'k> {
    is_key: &'k dyn Fn(&Expr) -> bool,
    found: Vec<(ids::Oid, ids::Oid)>,
}

impl Visitor for Compared<'_> {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Operator(call)
        | ExprKind::Distinct(call)
        | ExprKind::NullIf(call)
        | ExprKind::ScalarArray { call, .. } = &expr.kind
        {
            let keys = call.args.iter().map(crate::scan::stripped).filter(|arg| (self.is_key)(arg));
            self.found.extend(keys.map(|key| (call.operator, key.ty.oid)));
        }
        expr.visit_children(self);
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Whether a condition is only about columns that are open.
struct Uses<'c> {
    columns: &'c [Option<bool>],
    relation: usize,
    fits: bool,
}

impl Visitor for Uses<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(Var { level: 0, relation, column, version: RowVersion::Default }) => {
                let open = usize::try_from(*column - 1).ok().and_then(|at| self.columns.get(at));
                self.fits &= *relation == self.relation && matches!(open, Some(Some(_)));
            }
            ExprKind::Var(Var { level: 0, .. }) | ExprKind::SubLink(_) | ExprKind::CurrentOf { .. } => {
                self.fits = false
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, _: &Query) {
        self.fits = false;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Renames the entry in a condition.
struct Output(usize);

impl VisitorMut for Output {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Var(var) if var.level == 0 && var.relation == self.0 => var.relation = OUTPUT,
            _ => expr.visit_children_mut(self),
        }
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// Puts what a query computes for its output in the place of its columns.
struct Replace<'o>(&'o [Expr]);

impl VisitorMut for Replace<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        match &expr.kind {
            ExprKind::Var(Var { level: 0, relation: OUTPUT, column, .. }) => {
                if let Some(output) = self.0.get(*column as usize - 1) {
                    *expr = output.clone();
                }
            }
            _ => expr.visit_children_mut(self),
        }
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// What an expression has in it that ties it to its place.
#[derive(Default)]
struct Parts {
    sets: bool,
    windows: bool,
    queries: bool,
    aggregates: bool,
}

impl Visitor for Parts {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Function(call) => self.sets |= call.set,
            ExprKind::Operator(call) => self.sets |= call.set,
            ExprKind::Window(_) => self.windows = true,
            ExprKind::SubLink(_) => self.queries = true,
            ExprKind::Aggregate(call) => self.aggregates |= call.level == 0,
            ExprKind::Grouping { .. } => self.aggregates = true,
            _ => {}
        }
        expr.visit_children(self);
    }
    fn query(&mut self, _: &Query) {
        self.queries = true;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

fn parts_of(expr: &Expr) -> Parts {
    let mut parts = Parts::default();
    parts.expr(expr);
    parts
}

/// Neither sets nor window functions nor subqueries.
pub(crate) fn is_plain(expr: &Expr) -> bool {
    let parts = parts_of(expr);
    !parts.sets && !parts.windows && !parts.queries
}

fn returns_sets(expr: &Expr) -> bool {
    parts_of(expr).sets
}

fn aggregates(expr: &Expr) -> bool {
    parts_of(expr).aggregates
}
