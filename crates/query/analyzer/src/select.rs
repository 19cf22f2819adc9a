//! SELECT, VALUES and their clauses.

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, GroupItem, SelectBody};
use types::oid;

use crate::Analyzer;
use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::expression::has_columns;
use crate::query::*;
use crate::scope::{Place, Scope};
use crate::target::Clause;
use crate::types as ty;

/// The most grouping sets.
const GROUPING_SETS_MAX: usize = 4096;

impl Analyzer<'_> {
    /// A query in a scope of its own.
    pub(crate) fn select(&mut self, select: &ast::Select, resolve_unknowns: bool) -> Result<Query> {
        let mut scope = Scope::new(Command::Select);
        scope.resolve_unknowns = resolve_unknowns;
        self.scopes.push(scope);
        self.enter_rule();
        if let Some(with) = &select.with {
            self.with_clause(with)?;
        }
        match &select.body {
            SelectBody::Simple(simple) => self.simple_select(select, simple)?,
            SelectBody::Values(rows) => self.values_select(select, rows)?,
            SelectBody::SetOperation { first, rest } => self.set_operation_select(select, first, rest)?,
        }
        let mut query = self.pop_scope()?;
        self.assign_query_collations(&mut query)?;
        if query.has.aggregates || !query.group_by.is_empty() || query.grouping_sets.is_some() || query.having.is_some()
        {
            self.check_grouping(&mut query)?;
            self.check_recursive_term(&query)?;
        }
        Ok(query)
    }

    /// The finished query of the innermost scope.
    pub(crate) fn pop_scope(&mut self) -> Result<Query> {
        match self.scopes.pop() {
            Some(scope) => Ok(scope.query),
            None => Err(Error::internal("no query is being analyzed")),
        }
    }

    fn simple_select(&mut self, select: &ast::Select, simple: &ast::SimpleSelect) -> Result<()> {
        if let Some(into) = &simple.into {
            // As a statement of its own it is none for the analyzer.
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                "SELECT ... INTO is not allowed here",
                into.relation.location,
            ));
        }
        self.scope().windows = simple.windows.clone();
        for (at, window) in simple.windows.iter().enumerate() {
            if simple.windows[..at].iter().any(|w| w.name == window.name) {
                return Err(self.error(
                    SqlState::WINDOWING_ERROR,
                    format!("window \"{}\" is already defined", window.name),
                    window.specification.location,
                ));
            }
        }
        self.add_from(&simple.from)?;
        let mut targets = self.target_list(&simple.targets, Place::SelectTarget)?;
        if let Some(filter) = &simple.filter {
            let condition = self.condition_at(Place::Where, filter, "WHERE")?;
            self.scope().query.where_clause = Some(condition);
        }
        if let Some(having) = &simple.having {
            let condition = self.condition_at(Place::Having, having, "HAVING")?;
            self.scope().query.having = Some(condition);
        }
        let order_by = self.sort_clauses(&mut targets, &select.order_by)?;
        self.group_by(&mut targets, simple, &order_by)?;
        match &simple.distinct {
            None => {}
            Some(ast::Distinct::All) => {
                let distinct = self.distinct_clauses(&mut targets, &order_by, false)?;
                self.scope().query.distinct = distinct;
            }
            Some(ast::Distinct::On(exprs)) => {
                let distinct = self.distinct_on(&mut targets, exprs, &order_by)?;
                let query = &mut self.scope().query;
                query.distinct = distinct;
                query.distinct_on = true;
            }
        }
        self.limit(select)?;
        self.window_clauses(&mut targets)?;
        if self.scope().resolve_unknowns {
            self.resolve_unknown_targets(&mut targets)?;
        }
        let query = &mut self.scope().query;
        query.targets = targets;
        query.order_by = order_by;
        self.locking(select)
    }

    fn group_by(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        simple: &ast::SimpleSelect,
        order_by: &[SortClause],
    ) -> Result<()> {
        if simple.group_by.is_empty() {
            return Ok(());
        }
        let plain = simple.group_by.iter().all(|item| matches!(item, GroupItem::Expr(_)));
        let mut sets: Vec<Vec<u32>> = vec![Vec::new()];
        let mut written = Vec::new();
        for item in &simple.group_by {
            let (choices, shape) = self.group_item(targets, item, order_by)?;
            written.push(shape);
            if sets.len() * choices.len() > GROUPING_SETS_MAX {
                return Err(Error::new(
                    SqlState::STATEMENT_TOO_COMPLEX,
                    format!("too many grouping sets present (maximum {GROUPING_SETS_MAX})"),
                ));
            }
            sets = sets
                .iter()
                .flat_map(|set| {
                    choices.iter().map(move |choice| {
                        let mut set = set.clone();
                        for &r in choice {
                            if !set.contains(&r) {
                                set.push(r);
                            }
                        }
                        set
                    })
                })
                .collect();
        }
        if !plain {
            if simple.group_distinct {
                let mut unique: Vec<Vec<u32>> = Vec::new();
                for set in sets {
                    let mut sorted = set.clone();
                    sorted.sort_unstable();
                    let seen = unique.iter().any(|other| {
                        let mut other = other.clone();
                        other.sort_unstable();
                        other == sorted
                    });
                    if !seen {
                        unique.push(set);
                    }
                }
                sets = unique;
            }
            let keeps = self.stores;
            let query = &mut self.scope().query;
            query.grouping_sets = Some(sets);
            query.grouping_written = if keeps { written } else { Vec::new() };
        }
        self.scope().query.group_distinct = simple.group_distinct;
        Ok(())
    }

    fn group_item(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        item: &GroupItem,
        order_by: &[SortClause],
    ) -> Result<(Vec<Vec<u32>>, GroupingWritten)> {
        let shapes = |parts: &[Vec<u32>]| parts.iter().cloned().map(GroupingWritten::Set).collect();
        Ok(match item {
            GroupItem::Expr(expr) => {
                let set = self.group_expr(targets, expr, order_by)?;
                (vec![set.clone()], GroupingWritten::Set(set))
            }
            GroupItem::Empty { .. } => (vec![Vec::new()], GroupingWritten::Set(Vec::new())),
            GroupItem::Rollup { items, .. } => {
                let parts = self.group_parts(targets, items, order_by)?;
                let sets = (0..=parts.len()).rev().map(|n| parts[..n].concat()).collect();
                (sets, GroupingWritten::Rollup(shapes(&parts)))
            }
            GroupItem::Cube { items, location } => {
                if items.len() > 12 {
                    return Err(self.error(SqlState::TOO_MANY_COLUMNS, "CUBE is limited to 12 elements", *location));
                }
                let parts = self.group_parts(targets, items, order_by)?;
                let n = parts.len();
                let mut sets = Vec::with_capacity(1 << n);
                for mask in (0..1usize << n).rev() {
                    let chosen = (0..n).filter(|&at| mask >> (n - 1 - at) & 1 == 1);
                    sets.push(chosen.flat_map(|at| parts[at].iter().copied()).collect());
                }
                (sets, GroupingWritten::Cube(shapes(&parts)))
            }
            GroupItem::GroupingSets { items, .. } => {
                let (mut sets, mut shapes) = (Vec::new(), Vec::new());
                for item in items {
                    let (more, shape) = self.deeper(|this| this.group_item(targets, item, order_by))?;
                    sets.extend(more);
                    shapes.push(shape);
                    if sets.len() > GROUPING_SETS_MAX {
                        return Err(Error::new(
                            SqlState::STATEMENT_TOO_COMPLEX,
                            format!("too many grouping sets present (maximum {GROUPING_SETS_MAX})"),
                        ));
                    }
                }
                (sets, GroupingWritten::Sets(shapes))
            }
        })
    }

    fn group_parts(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        items: &[ast::Expr],
        order_by: &[SortClause],
    ) -> Result<Vec<Vec<u32>>> {
        items.iter().map(|item| self.group_expr(targets, item, order_by)).collect()
    }

    fn group_expr(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        expr: &ast::Expr,
        order_by: &[SortClause],
    ) -> Result<Vec<u32>> {
        if let ast::ExprKind::Row { fields, explicit: false } = &expr.kind {
            let mut refs = Vec::new();
            for field in fields {
                refs.extend(self.deeper(|this| this.group_expr(targets, field, order_by))?);
            }
            return Ok(refs);
        }
        let at = self.clause_target(targets, expr, Clause::GroupBy)?;
        if targets[at].sort_ref != 0 && self.scope().query.group_by.iter().any(|c| c.target_ref == targets[at].sort_ref)
        {
            return Ok(vec![targets[at].sort_ref]);
        }
        let clause = self.group_clause(targets, at, order_by)?;
        self.scope().query.group_by.push(clause);
        Ok(vec![clause.target_ref])
    }

    fn distinct_on(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        exprs: &[ast::Expr],
        order_by: &[SortClause],
    ) -> Result<Vec<SortClause>> {
        let mut wanted = Vec::new();
        for expr in exprs {
            let at = self.clause_target(targets, expr, Clause::DistinctOn)?;
            self.target_ref(&mut targets[at]);
            if !wanted.contains(&at) {
                wanted.push(at);
            }
        }
        // In ORDER BY's order; its leading keys must be just these.
        let mut clauses: Vec<SortClause> = Vec::new();
        let mut skipped = false;
        for clause in order_by {
            let is_wanted = wanted.iter().any(|&at| targets[at].sort_ref == clause.target_ref);
            if is_wanted {
                if skipped {
                    return Err(self.error(
                        SqlState::INVALID_COLUMN_REFERENCE,
                        "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                        exprs.first().map_or(NO_LOCATION, |e| e.location),
                    ));
                }
                clauses.push(*clause);
            } else {
                skipped = true;
            }
        }
        for at in wanted {
            if clauses.iter().any(|c| c.target_ref == targets[at].sort_ref) {
                continue;
            }
            if skipped {
                return Err(self.error(
                    SqlState::INVALID_COLUMN_REFERENCE,
                    "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                    exprs.first().map_or(NO_LOCATION, |e| e.location),
                ));
            }
            let clause = self.group_clause(targets, at, &[])?;
            clauses.push(clause);
        }
        Ok(clauses)
    }

    /// LIMIT and OFFSET.
    pub(crate) fn limit(&mut self, select: &ast::Select) -> Result<()> {
        let Some(limit) = &select.limit else { return Ok(()) };
        let bound = |this: &mut Self, expr: &ast::Expr, place: Place, word: &str| -> Result<Expr> {
            let value = this.expr_at(place, expr)?;
            let value = this.coerce_specific(value, oid::INT8, word)?;
            if has_columns(&value) {
                return Err(this.error(
                    SqlState::INVALID_COLUMN_REFERENCE,
                    format!("argument of {word} must not contain variables"),
                    value.location,
                ));
            }
            Ok(value)
        };
        let offset = limit.offset.as_ref().map(|e| bound(self, e, Place::Offset, "OFFSET")).transpose()?;
        let count = limit.count.as_ref().map(|e| bound(self, e, Place::Limit, "LIMIT")).transpose()?;
        if limit.with_ties
            && let Some(count) = &count
            && matches!(count.kind, ExprKind::Const(batch::Datum::Null))
        {
            return Err(Error::new(
                SqlState::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE,
                "row count cannot be null in FETCH FIRST ... WITH TIES clause",
            ));
        }
        if limit.with_ties && select.order_by.is_empty() {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "WITH TIES cannot be specified without ORDER BY clause"));
        }
        if limit.with_ties && select.locking.iter().any(|l| l.wait == ast::LockWait::SkipLocked) {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "SKIP LOCKED and WITH TIES options cannot be used together",
            ));
        }
        let query = &mut self.scope().query;
        (query.offset, query.limit, query.with_ties) = (offset, count, limit.with_ties);
        Ok(())
    }

    /// WINDOW clauses and inline windows, once the target list is known.
    fn window_clauses(&mut self, targets: &mut Vec<TargetEntry>) -> Result<()> {
        let scope = self.scope();
        if scope.windows.is_empty() && scope.inline_windows.is_empty() {
            return Ok(());
        }
        let named: Vec<(Option<String>, ast::WindowSpecification)> =
            scope.windows.iter().map(|w| (Some(w.name.to_string()), w.specification.clone())).collect();
        let inline: Vec<_> = scope.inline_windows.iter().map(|(s, _)| (None, s.clone())).collect();
        let mut clauses: Vec<WindowClause> = Vec::new();
        for (name, specification) in named.into_iter().chain(inline) {
            let base = match &specification.base {
                None => None,
                Some(base) => match clauses.iter().find(|c| c.name.as_deref() == Some(base)) {
                    Some(found) => Some(found.clone()),
                    None => {
                        return Err(self.error(
                            SqlState::UNDEFINED_OBJECT,
                            format!("window \"{base}\" does not exist"),
                            specification.location,
                        ));
                    }
                },
            };
            let mut order_by = Vec::new();
            for sort in &specification.order_by {
                let at = self.find_or_add_target(targets, &sort.value, Place::WindowOrder, false)?;
                let clause = self.sort_clause(targets, at, sort)?;
                if !order_by.iter().any(|c: &SortClause| c.target_ref == clause.target_ref) {
                    order_by.push(clause);
                }
            }
            let mut partition_by = Vec::new();
            for expr in &specification.partition_by {
                let at = self.find_or_add_target(targets, expr, Place::WindowPartition, false)?;
                let clause = self.group_clause(targets, at, &[])?;
                if !partition_by.iter().any(|c: &SortClause| c.target_ref == clause.target_ref) {
                    partition_by.push(clause);
                }
            }
            if let Some(base) = &base {
                let base_name = base.name.clone().unwrap_or_default();
                let wrong = |this: &Self, what: String| {
                    Err(this.error(SqlState::WINDOWING_ERROR, what, specification.location))
                };
                if !partition_by.is_empty() {
                    return wrong(self, format!("cannot override PARTITION BY clause of window \"{base_name}\""));
                }
                if !order_by.is_empty() && !base.order_by.is_empty() {
                    return wrong(self, format!("cannot override ORDER BY clause of window \"{base_name}\""));
                }
                if base.frame.explicit {
                    return wrong(self, format!("cannot copy window \"{base_name}\" because it has a frame clause"));
                }
                partition_by = base.partition_by.clone();
                if order_by.is_empty() {
                    order_by = base.order_by.clone();
                }
            }
            let frame = self.frame(&specification, &order_by, targets)?;
            clauses.push(WindowClause {
                name,
                base: specification.base.as_ref().map(|b| b.to_string()),
                partition_by,
                order_by,
                frame,
            });
        }
        self.scope().query.windows = clauses;
        Ok(())
    }

    fn frame(
        &mut self,
        specification: &ast::WindowSpecification,
        order_by: &[SortClause],
        targets: &[TargetEntry],
    ) -> Result<Frame> {
        let mut frame = Frame {
            explicit: false,
            between: false,
            unit: FrameUnit::Range,
            start: FrameBound::UnboundedPreceding,
            end: FrameBound::CurrentRow,
            exclude: FrameExclusion::NoOthers,
            in_range: (Oid::INVALID, Oid::INVALID),
            in_range_collation: Oid::INVALID,
            in_range_ascending: false,
            in_range_nulls_first: false,
        };
        let Some(written) = &specification.frame else { return Ok(frame) };
        frame.explicit = true;
        frame.between = written.end.is_some();
        let place = match written.units {
            ast::FrameUnits::Range => {
                frame.unit = FrameUnit::Range;
                Place::FrameRange
            }
            ast::FrameUnits::Rows => {
                frame.unit = FrameUnit::Rows;
                Place::FrameRows
            }
            ast::FrameUnits::Groups => {
                frame.unit = FrameUnit::Groups;
                if order_by.is_empty() {
                    return Err(self.error(
                        SqlState::WINDOWING_ERROR,
                        "GROUPS mode requires an ORDER BY clause",
                        specification.location,
                    ));
                }
                Place::FrameGroups
            }
        };
        frame.exclude = match written.exclusion {
            ast::FrameExclusion::NoOthers => FrameExclusion::NoOthers,
            ast::FrameExclusion::CurrentRow => FrameExclusion::CurrentRow,
            ast::FrameExclusion::Group => FrameExclusion::Group,
            ast::FrameExclusion::Ties => FrameExclusion::Ties,
        };
        let has_offset =
            |bound: &ast::FrameBound| matches!(bound, ast::FrameBound::Preceding(_) | ast::FrameBound::Following(_));
        let ranged = frame.unit == FrameUnit::Range
            && (has_offset(&written.start) || written.end.as_ref().is_some_and(has_offset));
        if ranged && order_by.len() != 1 {
            return Err(self.error(
                SqlState::WINDOWING_ERROR,
                "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
                specification.location,
            ));
        }
        let key = if ranged {
            let target = targets.iter().find(|t| t.sort_ref == order_by[0].target_ref);
            target.map(|t| (t.expr.ty, order_by[0]))
        } else {
            None
        };
        let mut in_range = [Oid::INVALID; 2];
        let mut ends = Vec::new();
        let default_end = ast::FrameBound::CurrentRow;
        for (at, bound) in [&written.start, written.end.as_ref().unwrap_or(&default_end)].into_iter().enumerate() {
            ends.push(match bound {
                ast::FrameBound::UnboundedPreceding => FrameBound::UnboundedPreceding,
                ast::FrameBound::CurrentRow => FrameBound::CurrentRow,
                ast::FrameBound::UnboundedFollowing => FrameBound::UnboundedFollowing,
                ast::FrameBound::Preceding(expr) | ast::FrameBound::Following(expr) => {
                    let value = self.expr_at(place, expr)?;
                    let value = match &key {
                        None => {
                            let word = if place == Place::FrameRows { "ROWS" } else { "GROUPS" };
                            self.coerce_specific(value, oid::INT8, word)?
                        }
                        Some((ty, clause)) => {
                            let (value, function) = self.range_offset(value, *ty, clause)?;
                            in_range[at] = function;
                            value
                        }
                    };
                    if has_columns(&value) {
                        let word = match frame.unit {
                            FrameUnit::Range => "RANGE",
                            FrameUnit::Rows => "ROWS",
                            FrameUnit::Groups => "GROUPS",
                        };
                        return Err(self.error(
                            SqlState::INVALID_COLUMN_REFERENCE,
                            format!("argument of {word} must not contain variables"),
                            value.location,
                        ));
                    }
                    if matches!(bound, ast::FrameBound::Preceding(_)) {
                        FrameBound::Preceding(Box::new(value))
                    } else {
                        FrameBound::Following(Box::new(value))
                    }
                }
            });
        }
        if let Some((ty, clause)) = key {
            frame.in_range = (in_range[0], in_range[1]);
            frame.in_range_collation = ty.collation;
            frame.in_range_ascending = !clause.descending;
            frame.in_range_nulls_first = clause.nulls_first;
        }
        let mut ends = ends.into_iter();
        if let (Some(start), Some(end)) = (ends.next(), ends.next()) {
            (frame.start, frame.end) = (start, end);
        }
        Ok(frame)
    }

    /// The offset of a RANGE frame, converted for the `in_range` function of the sort key's type.
    fn range_offset(&mut self, value: Expr, key: SqlType, clause: &SortClause) -> Result<(Expr, Oid)> {
        let families = self.catalog.operator_families(clause.ordering)?;
        let Some(member) = families.iter().find(|m| m.amopmethod == catalog::objects::BTREE) else {
            return Err(Error::internal("an ordering operator is in no B-tree family"));
        };
        let family = member.amopfamily;
        let column = member.amoplefttype;
        // Support function 3 takes offsets of several types: one that fits, the preferred one for literals.
        let rows = self.catalog.rows::<catalog::rows::PgAmproc>(
            catalog::index::PG_AMPROC_FAM_PROC_INDEX,
            &[family.into(), column.into()],
        )?;
        let mut found: Option<(Oid, Oid)> = None;
        let mut count = 0;
        for row in rows.iter().filter(|r| r.amprocnum == 3) {
            if row.amprocrighttype == value.ty.oid {
                found = Some((row.amprocrighttype, row.amproc));
                count = 1;
                break;
            }
            if self.can_coerce(&[value.ty.oid], &[row.amprocrighttype], Coercion::Implicit)? {
                let preferred = self.catalog.type_category(row.amprocrighttype)?.1;
                if found.is_none() || preferred || row.amprocrighttype == column {
                    found = Some((row.amprocrighttype, row.amproc));
                }
                count += 1;
            }
        }
        let key_name = self.catalog.format_type(key.oid, -1)?;
        match found {
            Some((offset_type, function)) => {
                let value =
                    self.coerce(value, offset_type, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
                Ok((value, function))
            }
            None if count == 0 && rows.iter().any(|r| r.amprocnum == 3) => {
                let message = format!(
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {key_name} and offset type {}",
                    self.catalog.format_type(value.ty.oid, -1)?
                );
                Err(self
                    .error(SqlState::FEATURE_NOT_SUPPORTED, message, value.location)
                    .hint("Cast the offset value to an appropriate type."))
            }
            None => Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {key_name}"),
                value.location,
            )),
        }
    }

    /// VALUES as a query.
    fn values_select(&mut self, select: &ast::Select, rows: &[Vec<ast::Expr>]) -> Result<()> {
        let width = rows.first().map_or(0, Vec::len);
        let mut values: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row = self.at_place(Place::Values, |this| this.row_fields(row))?;
            if row.len() != values.first().map_or(row.len(), Vec::len) {
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    "VALUES lists must all be the same length",
                    row.first().map_or(NO_LOCATION, |e| e.location),
                ));
            }
            values.push(row);
        }
        let width = values.first().map_or(width, Vec::len);
        let mut columns = Vec::with_capacity(width);
        for at in 0..width {
            let column: Vec<&Expr> = values.iter().map(|row| &row[at]).collect();
            let common = self.common_type(&column, "VALUES")?;
            for row in &mut values {
                let value = std::mem::replace(&mut row[at], ty::boolean(false));
                row[at] = self.coerce_common(value, common, "VALUES")?;
            }
            let column: Vec<&Expr> = values.iter().map(|row| &row[at]).collect();
            let typmod = self.common_typmod(&column, common);
            let mut cells: Vec<&mut Expr> = values.iter_mut().map(|row| &mut row[at]).collect();
            let collation = if self.catalog.type_(common)?.typcollation.is_valid() {
                self.common_collation(&mut cells, true)?
            } else {
                Oid::INVALID
            };
            columns.push(EntryColumn {
                name: format!("column{}", at + 1),
                ty: SqlType { oid: common, typmod, collation },
            });
        }
        let entry = self.add_entry(RangeTableEntry {
            kind: EntryKind::Values { rows: values },
            alias: None,
            column_aliases: false,
            name: "*VALUES*".into(),
            columns,
            lateral: false,
            in_from: true,
            permission: None,
            security: Vec::new(),
        });
        let visible = self.show_entry(entry);
        let scope = self.scope();
        scope.query.from.push(FromItem::Relation(entry));
        scope.names.push(visible);
        let name = scope.names.len() - 1;
        let mut targets: Vec<TargetEntry> = self
            .expand_entry(self.scopes.len() - 1, name, NO_LOCATION)
            .into_iter()
            .enumerate()
            .map(|(at, (name, expr))| target(expr, at as i16 + 1, name, false))
            .collect();
        let order_by = self.sort_clauses(&mut targets, &select.order_by)?;
        self.limit(select)?;
        if let Some(locking) = select.locking.first() {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("{} cannot be applied to VALUES", lock_words(locking.strength)),
            ));
        }
        let query = &mut self.scope().query;
        query.targets = targets;
        query.order_by = order_by;
        Ok(())
    }

    /// FOR UPDATE and its like.
    fn locking(&mut self, select: &ast::Select) -> Result<()> {
        for clause in &select.locking {
            let words = lock_words(clause.strength);
            check_lockable(&self.scope().query, words)?;
            let strength = match clause.strength {
                ast::LockStrength::KeyShare => LockStrength::KeyShare,
                ast::LockStrength::Share => LockStrength::Share,
                ast::LockStrength::NoKeyUpdate => LockStrength::NoKeyUpdate,
                ast::LockStrength::Update => LockStrength::Update,
            };
            let wait = match clause.wait {
                ast::LockWait::Wait => LockWait::Block,
                ast::LockWait::SkipLocked => LockWait::Skip,
                ast::LockWait::NoWait => LockWait::Error,
            };
            self.scope().query.has.for_update = true;
            if clause.relations.is_empty() {
                let from = self.scope().query.from.clone();
                let mut entries = Vec::new();
                from.iter().for_each(|item| collect_entries(item, &mut entries));
                for at in entries {
                    self.lock_entry(at, strength, wait);
                }
                continue;
            }
            for name in &clause.relations {
                if name.schema.is_some() || name.database.is_some() {
                    return Err(self.error(
                        SqlState::SYNTAX_ERROR,
                        format!("{words} must specify unqualified relation names"),
                        name.location,
                    ));
                }
                let found = self
                    .scope()
                    .names
                    .iter()
                    .find(|v| v.by_name && v.name.as_deref() == Some(&*name.name))
                    .map(|v| v.entry);
                let Some(at) = found else {
                    return Err(self.error(
                        SqlState::UNDEFINED_TABLE,
                        format!("relation \"{}\" in {words} clause not found in FROM clause", name.name),
                        name.location,
                    ));
                };
                let problem = match &self.scope().query.range_table[at].kind {
                    EntryKind::Relation { .. } | EntryKind::Subquery { .. } => None,
                    EntryKind::Join { .. } => Some("a join"),
                    EntryKind::Function { .. } => Some("a function"),
                    EntryKind::Values { .. } => Some("VALUES"),
                    EntryKind::Cte { .. } => Some("a WITH query"),
                    EntryKind::NamedTuplestore { .. } => Some("a named tuplestore"),
                    EntryKind::Result => Some("a join"),
                };
                if let Some(problem) = problem {
                    return Err(self.error(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        format!("{words} cannot be applied to {problem}"),
                        name.location,
                    ));
                }
                self.lock_entry(at, strength, wait);
            }
        }
        Ok(())
    }

    fn lock_entry(&mut self, at: usize, strength: LockStrength, wait: LockWait) {
        let query = &mut self.scope().query;
        lock_in_query(query, at, strength, wait);
    }
}

/// The rows of a query must be rows of its tables, to be locked.
fn check_lockable(query: &Query, words: &str) -> Result<()> {
    let problems = [
        (query.set_operation.is_some(), "UNION/INTERSECT/EXCEPT"),
        (!query.distinct.is_empty(), "DISTINCT clause"),
        (!query.group_by.is_empty() || query.grouping_sets.is_some(), "GROUP BY clause"),
        (query.having.is_some(), "HAVING clause"),
        (query.has.aggregates, "aggregate functions"),
        (query.has.windows, "window functions"),
        (query.has.target_sets, "set-returning functions in the target list"),
    ];
    match problems.iter().find(|(there, _)| *there) {
        Some((_, problem)) => {
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{words} is not allowed with {problem}")))
        }
        None => Ok(()),
    }
}

/// Locks the rows of all tables of a subquery or of a view's query.
pub(crate) fn lock_query(query: &mut Query, strength: LockStrength, wait: LockWait) -> Result<()> {
    check_lockable(
        query,
        match strength {
            LockStrength::KeyShare => "FOR KEY SHARE",
            LockStrength::Share => "FOR SHARE",
            LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
            LockStrength::Update => "FOR UPDATE",
        },
    )?;
    let mut entries = Vec::new();
    query.from.iter().for_each(|item| collect_entries(item, &mut entries));
    for at in entries {
        lock_in_query(query, at, strength, wait);
    }
    query.has.for_update = true;
    Ok(())
}

/// Locks an entry's rows. What that means for the tables of a subquery or view is said when the query is rewritten.
fn lock_in_query(query: &mut Query, at: usize, strength: LockStrength, wait: LockWait) {
    let entry = &mut query.range_table[at];
    match &mut entry.kind {
        EntryKind::Relation { relkind, lock, .. } if *relkind != b'S' => {
            *lock = (*lock).max(crate::from::ROW_SHARE);
            if let Some(permission) = &mut entry.permission {
                permission.required |= acl::UPDATE | acl::SELECT;
            }
        }
        EntryKind::Subquery { .. } => {}
        _ => return,
    }
    match query.row_marks.iter_mut().find(|m| m.relation == at) {
        Some(mark) => {
            mark.strength = mark.strength.max(strength);
            mark.wait = mark.wait.max(wait);
        }
        None => query.row_marks.push(RowMark { relation: at, strength, wait }),
    }
}

/// The entries under an element of FROM, joins left out.
pub fn collect_entries(item: &FromItem, entries: &mut Vec<usize>) {
    match item {
        FromItem::Relation(at) => entries.push(*at),
        FromItem::Join(join) => {
            collect_entries(&join.left, entries);
            collect_entries(&join.right, entries);
        }
    }
}

pub(crate) fn lock_words(strength: ast::LockStrength) -> &'static str {
    match strength {
        ast::LockStrength::KeyShare => "FOR KEY SHARE",
        ast::LockStrength::Share => "FOR SHARE",
        ast::LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
        ast::LockStrength::Update => "FOR UPDATE",
    }
}
