//! Aggregates, GROUPING and window functions: their calls, and the check that a grouped query uses its columns properly.

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::returns_set;
use crate::function::Resolved;
use crate::node::Visitor;
use crate::query::*;
use crate::scope::Place;

/// The nearest level whose columns or aggregates an expression uses; and whether it holds certain calls at level 0.
struct Uses {
    depth: u32,
    nearest: Option<u32>,
    aggregate: Option<(u32, u32)>,
    window: Option<u32>,
    /// The nearest WITH query that is not the expression's own: its level, and its name.
    cte: Option<(u32, String)>,
}

impl Visitor for Uses {
    fn expr(&mut self, expr: &Expr) {
        let mut see = |level: u32, depth: u32| {
            if level >= depth {
                let level = level - depth;
                self.nearest = Some(self.nearest.map_or(level, |n| n.min(level)));
            }
        };
        match &expr.kind {
            ExprKind::Var(var) => see(var.level, self.depth),
            ExprKind::Aggregate(aggregate) => {
                if aggregate.level >= self.depth {
                    let level = aggregate.level - self.depth;
                    see(aggregate.level, self.depth);
                    if self.aggregate.is_none_or(|(l, _)| level < l) {
                        self.aggregate = Some((level, expr.location));
                    }
                    return;
                }
                expr.visit_children(self);
            }
            ExprKind::Grouping { level, .. } => {
                see(*level, self.depth);
                if *level >= self.depth && self.aggregate.is_none_or(|(l, _)| level - self.depth < l) {
                    self.aggregate = Some((level - self.depth, expr.location));
                }
            }
            ExprKind::Window(_) if self.depth == 0 => {
                self.window.get_or_insert(expr.location);
                expr.visit_children(self);
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        for entry in &query.range_table {
            if let EntryKind::Cte { name, levels_up, .. } = &entry.kind
                && let Some(level) = levels_up.checked_sub(self.depth)
                && self.cte.as_ref().is_none_or(|(nearest, _)| level < *nearest)
            {
                self.cte = Some((level, name.clone()));
            }
        }
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

fn uses<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Uses {
    let mut uses = Uses { depth: 0, nearest: None, aggregate: None, window: None, cte: None };
    exprs.into_iter().for_each(|expr| uses.expr(expr));
    uses
}

impl Analyzer<'_> {
    /// An aggregate's call, its function resolved. `direct` is the number of arguments within the parentheses.
    pub(crate) fn aggregate_call(
        &mut self,
        call: &ast::FunctionCall,
        resolved: Resolved,
        direct: usize,
        location: u32,
    ) -> Result<Expr> {
        let Resolved { row, mut args, result, variadic, .. } = resolved;
        let kind = self.catalog.aggregate(row.oid)?.aggkind;
        let filter = match &call.filter {
            Some(filter) => Some(self.condition_at(Place::Filter, filter, "FILTER")?),
            None => None,
        };
        let mut direct_args = Vec::new();
        if kind != b'n' {
            let sorted = args.split_off(direct.min(args.len()));
            direct_args = std::mem::replace(&mut args, sorted);
        }
        if kind == b'h' {
            self.unify_hypothetical(&mut direct_args, &mut args)?;
        }
        let mut targets: Vec<TargetEntry> =
            args.into_iter().enumerate().map(|(at, expr)| target(expr, at as i16 + 1, String::new(), false)).collect();
        let (mut order_by, mut distinct) = (Vec::new(), Vec::new());
        let before = self.scope().last_ref;
        self.scope().last_ref = 0;
        if call.within_group {
            for (at, sort) in call.order_by.iter().enumerate() {
                let clause = self.sort_clause(&mut targets, at, sort)?;
                order_by.push(clause);
            }
        } else {
            for sort in &call.order_by {
                let at = self.find_or_add_target(&mut targets, &sort.value, Place::OrderBy, true)?;
                let clause = self.sort_clause(&mut targets, at, sort)?;
                if !order_by.iter().any(|c: &SortClause| c.target_ref == clause.target_ref) {
                    order_by.push(clause);
                }
            }
            if call.distinct {
                distinct = self.distinct_clauses(&mut targets, &order_by, true)?;
                for clause in &distinct {
                    if !clause.ordering.is_valid() {
                        let expr = targets.iter().find(|t| t.sort_ref == clause.target_ref).map(|t| &t.expr);
                        let name = self.catalog.format_type(expr.map_or(Oid::INVALID, |e| e.ty.oid), -1)?;
                        return Err(self
                            .error(
                                SqlState::UNDEFINED_FUNCTION,
                                format!("could not identify an ordering operator for type {name}"),
                                expr.map_or(NO_LOCATION, |e| e.location),
                            )
                            .detail("Aggregates with DISTINCT must be able to sort their inputs."));
                    }
                }
            }
        }
        self.scope().last_ref = before;
        // Which query it aggregates: the nearest whose columns it uses.
        let found = uses(targets.iter().map(|t| &t.expr).chain(&filter));
        let level = found.nearest.unwrap_or(0);
        if let Some((inner, at)) = found.aggregate
            && inner == level
        {
            return Err(self.error(SqlState::GROUPING_ERROR, "aggregate function calls cannot be nested", at));
        }
        if let Some(at) = found.window {
            return Err(self.error(
                SqlState::GROUPING_ERROR,
                "aggregate function calls cannot contain window function calls",
                at,
            ));
        }
        if let Some((at, name)) = found.cte
            && at < level
        {
            let text = "outer-level aggregate cannot use a nested CTE";
            return Err(self
                .error(SqlState::FEATURE_NOT_SUPPORTED, text, location)
                .detail(format!("CTE \"{name}\" is below the aggregate's semantic level.")));
        }
        if let Some(t) = targets.iter().find(|t| returns_set(&t.expr)) {
            let at = t.expr.location;
            return Err(self
                .error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "aggregate function calls cannot contain set-returning function calls",
                    at,
                )
                .hint("You might be able to move the set-returning function into a LATERAL FROM item."));
        }
        for arg in &direct_args {
            let direct = uses([arg]);
            if let Some((inner, at)) = direct.aggregate
                && inner == level
            {
                return Err(self.error(SqlState::GROUPING_ERROR, "aggregate function calls cannot be nested", at));
            }
            if direct.nearest.is_some_and(|l| l < level) {
                return Err(self.error(
                    SqlState::GROUPING_ERROR,
                    "outer-level aggregate cannot contain a lower-level variable in its direct arguments",
                    arg.location,
                ));
            }
        }
        self.allow_aggregate(level, location, "aggregate functions")?;
        let collation = self.catalog.type_(result)?.typcollation;
        let aggregate = Aggregate {
            function: row.oid,
            direct_args,
            args: targets,
            order_by,
            distinct,
            filter,
            star: call.star,
            variadic,
            kind,
            level,
            input_collation: Oid::INVALID,
        };
        Ok(Expr {
            kind: ExprKind::Aggregate(Box::new(aggregate)),
            ty: SqlType { oid: result, typmod: -1, collation },
            location,
        })
    }

    /// A hypothetical row's values and the values that rows are sorted by, in pairs of one type. Direct arguments before them are the
    /// aggregate's own.
    fn unify_hypothetical(&mut self, direct: &mut [Expr], sorted: &mut [Expr]) -> Result<()> {
        const WORDS: &str = "WITHIN GROUP";
        let own = direct.len().saturating_sub(sorted.len());
        for (value, key) in direct[own..].iter_mut().zip(sorted) {
            // The sorted column's type is preferred.
            let common = self.common_type(&[key, value], WORDS)?;
            for expr in [value, key] {
                *expr = self.coerce_common(expr.clone(), common, WORDS)?;
            }
        }
        Ok(())
    }

    fn allow_aggregate(&mut self, level: u32, location: u32, what: &str) -> Result<()> {
        let at = self.scopes.len() - 1 - level as usize;
        let place = self.scopes[at].place;
        if let Some(words) = place.without_aggregates() {
            return Err(self.error(SqlState::GROUPING_ERROR, format!("{what} are not allowed in {words}"), location));
        }
        if place == Place::FromSubquery {
            return Err(self.error(
                SqlState::GROUPING_ERROR,
                format!("{what} are not allowed in FROM clause of their own query level"),
                location,
            ));
        }
        self.scopes[at].query.has.aggregates = true;
        Ok(())
    }

    /// `GROUPING(…)`
    pub(crate) fn grouping(&mut self, args: &[ast::Expr], location: u32) -> Result<Expr> {
        if args.len() > 31 {
            return Err(self.error(
                SqlState::TOO_MANY_ARGUMENTS,
                "GROUPING must have fewer than 32 arguments",
                location,
            ));
        }
        let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        let level = uses(&args).nearest.unwrap_or(0);
        self.allow_aggregate(level, location, "grouping operations")?;
        Ok(Expr { kind: ExprKind::Grouping { args, level }, ty: SqlType::plain(oid::INT4), location })
    }

    /// A window function's call.
    pub(crate) fn window_call(
        &mut self,
        call: &ast::FunctionCall,
        resolved: Resolved,
        aggregate: bool,
        location: u32,
    ) -> Result<Expr> {
        let Resolved { row, args, result, .. } = resolved;
        let unsupported =
            |this: &Self, message: &str| Err(this.error(SqlState::FEATURE_NOT_SUPPORTED, message, location));
        if call.distinct {
            return unsupported(self, "DISTINCT is not implemented for window functions");
        }
        if !aggregate && call.star {
            return Err(self.error(
                SqlState::WRONG_OBJECT_TYPE,
                format!("{}(*) must be used to call a parameterless aggregate function", row.proname),
                location,
            ));
        }
        if !call.order_by.is_empty() {
            return unsupported(self, "aggregate ORDER BY is not implemented for window functions");
        }
        if !aggregate && call.filter.is_some() {
            return unsupported(self, "FILTER is not implemented for non-aggregate window functions");
        }
        if row.proretset {
            return Err(self.error(
                SqlState::INVALID_FUNCTION_DEFINITION,
                "window functions cannot return sets",
                location,
            ));
        }
        let filter = match &call.filter {
            Some(filter) => Some(self.condition_at(Place::Filter, filter, "FILTER")?),
            None => None,
        };
        if let Some(at) = uses(args.iter().chain(&filter)).window {
            return Err(self.error(SqlState::WINDOWING_ERROR, "window function calls cannot be nested", at));
        }
        if let Some(words) = self.scope().place.without_windows() {
            return Err(self.error(
                SqlState::WINDOWING_ERROR,
                format!("window functions are not allowed in {words}"),
                location,
            ));
        }
        self.scope().query.has.windows = true;
        let window = match &call.over {
            Some(ast::Over::Window { name, location }) => {
                match self.scope().windows.iter().position(|w| w.name == *name) {
                    Some(at) => at,
                    None => {
                        return Err(self.error(
                            SqlState::UNDEFINED_OBJECT,
                            format!("window \"{name}\" does not exist"),
                            *location,
                        ));
                    }
                }
            }
            Some(ast::Over::Inline(specification)) => {
                let scope = self.scope();
                let named = scope.windows.len();
                let same = |other: &ast::WindowSpecification| {
                    other.base == specification.base
                        && crate::target::same_exprs(&other.partition_by, &specification.partition_by)
                        && crate::target::same_sorts(&other.order_by, &specification.order_by)
                        && other.frame == specification.frame
                };
                match scope.inline_windows.iter().position(|(other, _)| same(other)) {
                    Some(at) => named + at,
                    None => {
                        scope.inline_windows.push(((**specification).clone(), 0));
                        named + scope.inline_windows.len() - 1
                    }
                }
            }
            None => return Err(Error::internal("a window function without OVER")),
        };
        let collation = self.catalog.type_(result)?.typcollation;
        let window_call = WindowCall {
            function: row.oid,
            args,
            filter,
            window,
            star: call.star,
            aggregate,
            input_collation: Oid::INVALID,
        };
        Ok(Expr {
            kind: ExprKind::Window(Box::new(window_call)),
            ty: SqlType { oid: result, typmod: -1, collation },
            location,
        })
    }

    /// Checks that a grouped query's output uses only grouped columns outside of aggregates.
    pub(crate) fn check_grouping(&self, query: &mut Query) -> Result<()> {
        let groups: Vec<Expr> = query
            .group_by
            .iter()
            .filter_map(|clause| query.targets.iter().find(|t| t.sort_ref == clause.target_ref))
            .map(|t| t.expr.clone())
            .collect();
        // Columns grouped in every set; a primary key among them determines its table's other columns.
        let always: Vec<&Expr> = match &query.grouping_sets {
            None => groups.iter().collect(),
            Some(sets) => query
                .group_by
                .iter()
                .zip(&groups)
                .filter(|(clause, _)| sets.iter().all(|set| set.contains(&clause.target_ref)))
                .map(|(_, group)| group)
                .collect(),
        };
        let mut determined = vec![false; query.range_table.len()];
        let mut constraints = Vec::new();
        for (at, entry) in query.range_table.iter().enumerate() {
            let EntryKind::Relation { oid, .. } = &entry.kind else { continue };
            let grouped = |column: i16| {
                always.iter().any(
                    |g| matches!(&g.kind, ExprKind::Var(v) if v.level == 0 && v.relation == at && v.column == column),
                )
            };
            if !always.iter().any(|g| matches!(&g.kind, ExprKind::Var(v) if v.level == 0 && v.relation == at)) {
                continue;
            }
            let relation = self.catalog.relation(*oid)?;
            for constraint in relation.constraints.iter().filter(|c| c.contype == b'p' && !c.condeferrable) {
                if constraint.conkey.as_ref().is_some_and(|key| !key.is_empty() && key.iter().all(|&c| grouped(c))) {
                    determined[at] = true;
                    constraints.push(constraint.oid);
                }
            }
        }
        let mut check =
            GroupCheck { groups: &groups, determined: &determined, depth: 0, found: None, grouping: None, used: false };
        for target in &query.targets {
            check.expr(&target.expr);
        }
        if let Some(having) = &query.having {
            check.expr(having);
        }
        let (found, grouping, used) = (check.found, check.grouping, check.used);
        if let Some(at) = grouping {
            return Err(self.error(
                SqlState::GROUPING_ERROR,
                "arguments to GROUPING must be grouping expressions of the associated query level",
                at,
            ));
        }
        if let Some((var, location, depth)) = found {
            let entry = &query.range_table[var.relation];
            let column = match var.column {
                0 => "*".to_string(),
                n if n < 0 => catalog::relation::system_columns()
                    .iter()
                    .find(|c| c.attnum == n)
                    .map_or_else(String::new, |c| c.attname.to_string()),
                n => entry.columns.get(n as usize - 1).map_or_else(String::new, |c| c.name.clone()),
            };
            let message = if depth == 0 {
                format!(
                    "column \"{}.{column}\" must appear in the GROUP BY clause or be used in an aggregate function",
                    entry.name
                )
            } else {
                format!("subquery uses ungrouped column \"{}.{column}\" from outer query", entry.name)
            };
            return Err(self.error(SqlState::GROUPING_ERROR, message, location));
        }
        if used {
            query.constraint_dependencies.extend(constraints);
        }
        Ok(())
    }
}

struct GroupCheck<'a> {
    groups: &'a [Expr],
    determined: &'a [bool],
    depth: u32,
    found: Option<(Var, u32, u32)>,
    grouping: Option<u32>,
    used: bool,
}

impl GroupCheck<'_> {
    fn is_grouped(&self, expr: &Expr) -> bool {
        if self.depth == 0 {
            return self.groups.contains(expr);
        }
        // A column of the grouped query, seen from a subquery.
        let ExprKind::Var(var) = expr.kind else { return false };
        if var.level != self.depth {
            return false;
        }
        let own = Var { level: 0, ..var };
        self.groups.iter().any(|g| matches!(g.kind, ExprKind::Var(v) if v == own))
    }
}

impl Visitor for GroupCheck<'_> {
    fn expr(&mut self, expr: &Expr) {
        if self.found.is_some() || self.grouping.is_some() {
            return;
        }
        match &expr.kind {
            ExprKind::Aggregate(aggregate) if aggregate.level == self.depth => {
                for arg in &aggregate.direct_args {
                    self.expr(arg);
                }
                return;
            }
            ExprKind::Aggregate(aggregate) if aggregate.level > self.depth => return,
            ExprKind::Grouping { args, level } => {
                if *level == self.depth && !args.iter().all(|arg| self.is_grouped(arg)) {
                    self.grouping =
                        Some(args.iter().find(|a| !self.is_grouped(a)).map_or(expr.location, |a| a.location));
                }
                return;
            }
            _ => {}
        }
        if self.is_grouped(expr) {
            return;
        }
        match &expr.kind {
            ExprKind::Var(var) => {
                if var.level == self.depth {
                    if self.determined.get(var.relation).copied().unwrap_or(false) && var.column > 0 {
                        self.used = true;
                    } else {
                        self.found = Some((*var, expr.location, self.depth));
                    }
                }
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// A target entry.
pub(crate) fn target(expr: Expr, number: i16, name: String, junk: bool) -> TargetEntry {
    TargetEntry { expr, number, name, sort_ref: 0, junk, origin_table: Oid::INVALID, origin_column: 0 }
}
