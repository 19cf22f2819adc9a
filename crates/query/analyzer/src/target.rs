//! Target lists: stars, names of columns, and the sort and group clauses that refer to them.

use error::{Result, SqlState};
use ids::Oid;
use parser::ast::{self, Accessor, Constant, ExprKind as Ast};
use types::oid;

use crate::Analyzer;
use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::node::Next;
use crate::query::*;
use crate::scope::Place;
use crate::types::{self as ty, UNKNOWN};

/// Which clause refers to a target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clause {
    GroupBy,
    OrderBy,
    DistinctOn,
}

impl Clause {
    fn words(self) -> &'static str {
        match self {
            Clause::GroupBy => "GROUP BY",
            Clause::OrderBy => "ORDER BY",
            Clause::DistinctOn => "DISTINCT ON",
        }
    }
    fn place(self) -> Place {
        match self {
            Clause::GroupBy => Place::GroupBy,
            Clause::OrderBy => Place::OrderBy,
            Clause::DistinctOn => Place::DistinctOn,
        }
    }
}

impl Analyzer<'_> {
    /// A SELECT or RETURNING list.
    pub(crate) fn target_list(&mut self, list: &[ast::Target], place: Place) -> Result<Vec<TargetEntry>> {
        self.at_place(place, |this| {
            let mut targets = Vec::with_capacity(list.len());
            for item in list {
                if this.is_star(&item.value) {
                    for (name, expr) in this.expand_star(&item.value)? {
                        let number = targets.len() as i16 + 1;
                        targets.push(this.with_origin(target(expr, number, name, false)));
                    }
                } else {
                    let expr = this.expr(&item.value)?;
                    let name = match &item.name {
                        Some(name) => name.to_string(),
                        None => column_name(&item.value),
                    };
                    let number = targets.len() as i16 + 1;
                    targets.push(this.with_origin(target(expr, number, name, false)));
                }
                if targets.len() > 1664 {
                    return Err(this.error(
                        SqlState::TOO_MANY_COLUMNS,
                        "target lists can have at most 1664 entries",
                        NO_LOCATION,
                    ));
                }
            }
            Ok(targets)
        })
    }

    /// Literals of unknown type in a finished list become text.
    pub(crate) fn resolve_unknown_targets(&mut self, targets: &mut [TargetEntry]) -> Result<()> {
        for target in targets {
            if target.expr.ty.oid == UNKNOWN {
                let expr = std::mem::replace(&mut target.expr, ty::boolean(false));
                target.expr =
                    self.coerce(expr, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
            }
        }
        Ok(())
    }

    /// Notes the table's column that a target shows unchanged.
    fn with_origin(&mut self, mut target: TargetEntry) -> TargetEntry {
        if let ExprKind::Var(var) = &target.expr.kind
            && var.column != 0
        {
            let level = self.scopes.len() - 1 - var.level as usize;
            (target.origin_table, target.origin_column) = origin(&self.scopes[level].query, var, &self.scopes, level);
        }
        target
    }

    /// `*`, `t.*`, `(row).*`
    pub(crate) fn is_star(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            Ast::Star { .. } => true,
            Ast::Indirection { path, .. } => matches!(path.last(), Some(Accessor::Star)),
            _ => false,
        }
    }

    /// What a star stands for: names and values.
    pub(crate) fn expand_star(&mut self, expr: &ast::Expr) -> Result<Vec<(String, Expr)>> {
        let location = expr.location;
        match &expr.kind {
            Ast::Star { qualifiers } => {
                if qualifiers.is_empty() {
                    let level = self.scopes.len() - 1;
                    let mut all = Vec::new();
                    let mut any = false;
                    for at in 0..self.scopes[level].names.len() {
                        let visible = &self.scopes[level].names[at];
                        if !visible.by_column || visible.lateral_only {
                            continue;
                        }
                        any = true;
                        all.extend(self.expand_entry(level, at, location));
                    }
                    if !any {
                        return Err(self.error(
                            SqlState::SYNTAX_ERROR,
                            "SELECT * with no tables specified is not valid",
                            location,
                        ));
                    }
                    return Ok(all);
                }
                let (schema, table) = match &qualifiers[..] {
                    [table] => (None, table),
                    [schema, table] | [_, schema, table] => (Some(&**schema), table),
                    _ => {
                        return Err(self.error(
                            SqlState::SYNTAX_ERROR,
                            format!("improper qualified name (too many dotted names): {}.*", qualifiers.join(".")),
                            location,
                        ));
                    }
                };
                match self.find_entry(schema, table, location)? {
                    Some((level, at)) => Ok(self.expand_entry(level, at, location)),
                    None => match self.variable_fields(qualifiers, location)? {
                        Some(fields) => Ok(fields),
                        // Of a variable that is one row value, its fields.
                        None => {
                            let row = self.star_row(qualifiers, location)?;
                            self.named_fields(row, location)
                        }
                    },
                }
            }
            Ast::Indirection { base, path } => {
                let row = if path.len() == 1 {
                    self.expr(base)?
                } else {
                    let shorter = ast::Expr {
                        kind: Ast::Indirection { base: base.clone(), path: path[..path.len() - 1].to_vec() },
                        location,
                    };
                    self.expr(&shorter)?
                };
                self.named_fields(row, location)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The fields of a row value: names and values.
    fn named_fields(&mut self, row: Expr, location: u32) -> Result<Vec<(String, Expr)>> {
        let columns = self.row_columns(&row)?;
        if columns.is_empty() {
            let message = if row.ty.oid == oid::RECORD {
                "record type has not been registered".to_string()
            } else {
                format!("type {} is not composite", self.catalog.format_type(row.ty.oid, -1)?)
            };
            return Err(self.error(SqlState::WRONG_OBJECT_TYPE, message, location));
        }
        Ok(columns
            .into_iter()
            .enumerate()
            .filter(|(_, (name, _))| !name.is_empty())
            .map(|(at, (name, ty))| {
                let kind = ExprKind::Field { arg: Box::new(row.clone()), number: at as i16 + 1 };
                (name, Expr { kind, ty, location })
            })
            .collect())
    }

    /// What `variable.*` stands for.
    fn variable_fields(&self, qualifiers: &[ast::Name], location: u32) -> Result<Option<Vec<(String, Expr)>>> {
        let Some(variables) = self.variables else { return Ok(None) };
        let parts: Vec<&str> = qualifiers.iter().map(|part| &**part).collect();
        let fields = variables.fields(&parts).map_err(|error| self.place(error, location))?;
        let field = |(name, variable): (String, crate::routine::Variable)| {
            (name, Expr { kind: ExprKind::Param(variable.number), ty: variable.ty, location })
        };
        Ok(fields.map(|fields| fields.into_iter().map(field).collect()))
    }

    /// The target that an item of ORDER BY, GROUP BY or DISTINCT ON means: by output name or position (SQL 92), else by
    /// expression (SQL 99), added as junk if there is none.
    pub(crate) fn clause_target(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        item: &ast::Expr,
        clause: Clause,
    ) -> Result<usize> {
        match &item.kind {
            Ast::Column(name) if name.qualifiers.is_empty() => {
                let name = &*name.name;
                // In GROUP BY a column of FROM goes before an output name.
                let from_column = clause == Clause::GroupBy && self.has_from_column(name)?;
                if !from_column {
                    let mut found: Option<usize> = None;
                    for (at, t) in targets.iter().enumerate() {
                        if !t.junk && t.name == name {
                            match found {
                                Some(other) if targets[other].expr != t.expr => {
                                    return Err(self.error(
                                        SqlState::AMBIGUOUS_COLUMN,
                                        format!("{} \"{name}\" is ambiguous", clause.words()),
                                        item.location,
                                    ));
                                }
                                Some(_) => {}
                                None => found = Some(at),
                            }
                        }
                    }
                    if let Some(found) = found {
                        if clause == Clause::GroupBy {
                            self.check_target_groupable(&targets[found])?;
                        }
                        return Ok(found);
                    }
                }
            }
            Ast::Constant(constant) => {
                let Constant::Integer(position) = constant else {
                    return Err(self.error(
                        SqlState::SYNTAX_ERROR,
                        format!("non-integer constant in {}", clause.words()),
                        item.location,
                    ));
                };
                let mut left = *position;
                for (at, t) in targets.iter().enumerate() {
                    if !t.junk {
                        left -= 1;
                        if left == 0 {
                            if clause == Clause::GroupBy {
                                self.check_target_groupable(&targets[at])?;
                            }
                            return Ok(at);
                        }
                    }
                }
                return Err(self.error(
                    SqlState::INVALID_COLUMN_REFERENCE,
                    format!("{} position {position} is not in select list", clause.words()),
                    item.location,
                ));
            }
            _ => {}
        }
        self.find_or_add_target(targets, item, clause.place(), false)
    }

    fn check_target_groupable(&self, target: &TargetEntry) -> Result<()> {
        let mut found = None;
        target.expr.walk_level(|expr| {
            match &expr.kind {
                ExprKind::Aggregate(a) if a.level == 0 => {
                    found = Some((expr.location, "aggregate functions"));
                    return Next::End;
                }
                ExprKind::Window(_) => drop(found.get_or_insert((expr.location, "window functions"))),
                _ => {}
            }
            Next::Below
        });
        match found {
            Some((at, what)) => {
                let state =
                    if what == "window functions" { SqlState::WINDOWING_ERROR } else { SqlState::GROUPING_ERROR };
                Err(self.error(state, format!("{what} are not allowed in GROUP BY"), at))
            }
            None => Ok(()),
        }
    }

    fn has_from_column(&mut self, name: &str) -> Result<bool> {
        let level = self.scopes.len() - 1;
        let scope = &self.scopes[level];
        Ok(scope.names.iter().any(|v| {
            v.by_column
                && match &v.columns {
                    Some(list) => list.iter().any(|(n, _)| n == name),
                    None => scope.query.range_table[v.entry].columns.iter().any(|c| c.name == name),
                }
        }))
    }

    /// The target equal to an expression, added as junk if there is none.
    pub(crate) fn find_or_add_target(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        item: &ast::Expr,
        place: Place,
        keep_place: bool,
    ) -> Result<usize> {
        let expr = if keep_place { self.expr(item)? } else { self.expr_at(place, item)? };
        let same = |target: &TargetEntry| target.expr == expr || *without_implicit_casts(&target.expr) == expr;
        if let Some(at) = targets.iter().position(same) {
            return Ok(at);
        }
        let number = targets.len() as i16 + 1;
        targets.push(target(expr, number, String::new(), true));
        Ok(targets.len() - 1)
    }

    /// The number by which clauses refer to a target.
    pub(crate) fn target_ref(&mut self, target: &mut TargetEntry) -> u32 {
        if target.sort_ref == 0 {
            let scope = self.scope();
            scope.last_ref += 1;
            target.sort_ref = scope.last_ref;
        }
        target.sort_ref
    }

    /// A sort key over a target.
    pub(crate) fn sort_clause(
        &mut self,
        targets: &mut [TargetEntry],
        at: usize,
        sort: &ast::SortBy,
    ) -> Result<SortClause> {
        let target = &mut targets[at];
        if target.expr.ty.oid == UNKNOWN {
            let expr = std::mem::replace(&mut target.expr, ty::boolean(false));
            target.expr = self.coerce(expr, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
        }
        let type_oid = target.expr.ty.oid;
        let order = ty::ordering(self.catalog, type_oid)?;
        let (ordering, equality, descending) = match &sort.direction {
            ast::SortDirection::Using(operator) => {
                let row = self.operator(operator, type_oid, type_oid, operator.location)?;
                let member = self
                    .catalog
                    .operator_families(row.oid)?
                    .iter()
                    .find(|m| {
                        m.amopmethod == catalog::objects::BTREE
                            && matches!(m.amopstrategy, 1 | 5)
                            && m.amoplefttype == m.amoprighttype
                    })
                    .cloned();
                let Some(member) = member else {
                    return Err(self
                        .error(
                            SqlState::WRONG_OBJECT_TYPE,
                            format!("operator {} is not a valid ordering operator", operator.symbol),
                            operator.location,
                        )
                        .hint("Ordering operators must be \"<\" or \">\" members of btree operator families."));
                };
                let equal = self
                    .catalog
                    .family_operator(member.amopfamily, member.amoplefttype, member.amoprighttype, 3)?
                    .unwrap_or_default();
                (row.oid, equal, member.amopstrategy == 5)
            }
            direction => {
                let descending = *direction == ast::SortDirection::Descending;
                let ordering = if descending { order.greater } else { order.less };
                if !ordering.is_valid() {
                    let location = sort.value.location;
                    return Err(self.no_ordering(type_oid, location)?);
                }
                (ordering, order.equal, descending)
            }
        };
        let nulls_first = match sort.nulls {
            ast::SortNulls::Default => descending,
            ast::SortNulls::First => true,
            ast::SortNulls::Last => false,
        };
        let target_ref = self.target_ref(&mut targets[at]);
        Ok(SortClause { target_ref, equality, ordering, descending, nulls_first, hashable: order.hash.is_valid() })
    }

    fn no_ordering(&self, type_oid: Oid, location: u32) -> Result<error::Error> {
        let name = self.catalog.format_type(type_oid, -1)?;
        Ok(self
            .error(
                SqlState::UNDEFINED_FUNCTION,
                format!("could not identify an ordering operator for type {name}"),
                location,
            )
            .hint("Use an explicit ordering operator or modify the query."))
    }

    /// A group key over a target, with the order of an ORDER BY on the same target.
    pub(crate) fn group_clause(
        &mut self,
        targets: &mut [TargetEntry],
        at: usize,
        order_by: &[SortClause],
    ) -> Result<SortClause> {
        let target = &mut targets[at];
        if target.expr.ty.oid == UNKNOWN {
            let expr = std::mem::replace(&mut target.expr, ty::boolean(false));
            target.expr = self.coerce(expr, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
        }
        if let Some(clause) = order_by.iter().find(|c| c.target_ref != 0 && c.target_ref == targets[at].sort_ref) {
            return Ok(*clause);
        }
        let (type_oid, location) = (targets[at].expr.ty.oid, targets[at].expr.location);
        let order = ty::ordering(self.catalog, type_oid)?;
        if !order.equal.is_valid() {
            let name = self.catalog.format_type(type_oid, -1)?;
            return Err(self.error(
                SqlState::UNDEFINED_FUNCTION,
                format!("could not identify an equality operator for type {name}"),
                location,
            ));
        }
        let target_ref = self.target_ref(&mut targets[at]);
        Ok(SortClause {
            target_ref,
            equality: order.equal,
            ordering: order.less,
            descending: false,
            nulls_first: false,
            hashable: order.hash.is_valid(),
        })
    }

    /// ORDER BY
    pub(crate) fn sort_clauses(
        &mut self,
        targets: &mut Vec<TargetEntry>,
        order_by: &[ast::SortBy],
    ) -> Result<Vec<SortClause>> {
        let mut clauses: Vec<SortClause> = Vec::with_capacity(order_by.len());
        for sort in order_by {
            let at = self.clause_target(targets, &sort.value, Clause::OrderBy)?;
            let clause = self.sort_clause(targets, at, sort)?;
            if !clauses.iter().any(|c| c.target_ref == clause.target_ref) {
                clauses.push(clause);
            }
        }
        Ok(clauses)
    }

    /// DISTINCT: all targets; ORDER BY's come first, in its order.
    pub(crate) fn distinct_clauses(
        &mut self,
        targets: &mut [TargetEntry],
        order_by: &[SortClause],
        aggregate: bool,
    ) -> Result<Vec<SortClause>> {
        let mut clauses = Vec::new();
        for clause in order_by {
            let target = targets.iter().find(|t| t.sort_ref == clause.target_ref);
            if let Some(target) = target
                && target.junk
            {
                let message = if aggregate {
                    "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"
                } else {
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
                };
                return Err(self.error(SqlState::INVALID_COLUMN_REFERENCE, message, target.expr.location));
            }
            clauses.push(*clause);
        }
        for at in 0..targets.len() {
            if targets[at].junk
                || clauses.iter().any(|c: &SortClause| c.target_ref == targets[at].sort_ref && c.target_ref != 0)
            {
                continue;
            }
            let clause = self.group_clause(targets, at, &[])?;
            clauses.push(clause);
        }
        if clauses.is_empty() {
            let message = if aggregate {
                "an aggregate with DISTINCT must have at least one argument"
            } else {
                "SELECT DISTINCT must have at least one column"
            };
            return Err(self.error(SqlState::SYNTAX_ERROR, message, NO_LOCATION));
        }
        Ok(clauses)
    }
}

/// An expression as it was written, before it was brought to a type that was asked for.
fn without_implicit_casts(expr: &Expr) -> &Expr {
    const IMPLICIT: CallForm = CallForm::ImplicitCast;
    match &expr.kind {
        ExprKind::Relabel(arg, IMPLICIT)
        | ExprKind::CoerceViaIo(arg, IMPLICIT)
        | ExprKind::ConvertRow(arg, IMPLICIT)
        | ExprKind::CoerceToDomain(arg, IMPLICIT)
        | ExprKind::ArrayCoerce { arg, form: IMPLICIT, .. } => without_implicit_casts(arg),
        ExprKind::Function(FunctionCall { args, form: IMPLICIT, .. }) => {
            args.first().map_or(expr, without_implicit_casts)
        }
        _ => expr,
    }
}

/// The table and column that a column reference shows unchanged.
fn origin(query: &Query, var: &Var, scopes: &[crate::scope::Scope], level: usize) -> (Oid, i16) {
    let entry = &query.range_table[var.relation];
    match &entry.kind {
        EntryKind::Relation { oid, .. } => (*oid, var.column),
        EntryKind::Subquery { query, view, .. } => {
            if view.is_valid() {
                return (*view, var.column);
            }
            match query.output().find(|t| t.number == var.column) {
                Some(target) => (target.origin_table, target.origin_column),
                None => (Oid::INVALID, 0),
            }
        }
        EntryKind::Cte { name, levels_up, recursive: false, .. } => {
            let home = level - *levels_up as usize;
            match scopes[home].query.ctes.iter().find(|c| c.name == *name) {
                Some(cte) => match cte.query.output().find(|t| t.number == var.column) {
                    Some(target) => (target.origin_table, target.origin_column),
                    None => (Oid::INVALID, 0),
                },
                None => (Oid::INVALID, 0),
            }
        }
        _ => (Oid::INVALID, 0),
    }
}

/// The name that a column gets from its expression.
/// The name that a result column gets from its expression, where it gives one: a column's, a function's.
pub fn output_name(expr: &ast::Expr) -> Option<String> {
    figure_name(expr).map(|(name, _)| name)
}

pub(crate) fn column_name(expr: &ast::Expr) -> String {
    figure_name(expr).map_or_else(|| "?column?".to_string(), |(name, _)| name)
}

/// A name, and whether it is a good one (rather than one of a type or of CASE).
fn figure_name(expr: &ast::Expr) -> Option<(String, bool)> {
    let strong = |name: &str| Some((name.to_string(), true));
    match &expr.kind {
        Ast::Column(name) => strong(&name.name),
        Ast::Indirection { base, path } => {
            let field = path.iter().rev().find_map(|a| match a {
                Accessor::Field(name) => Some(name),
                _ => None,
            });
            match field {
                Some(name) => strong(name),
                None => figure_name(base),
            }
        }
        Ast::Call(call) => strong(&call.name.name),
        Ast::NullIf(_) => strong("nullif"),
        Ast::Cast { operand, target } => {
            figure_name(operand).filter(|(_, good)| *good).or_else(|| Some((target.name.name.to_string(), false)))
        }
        Ast::Collate { operand, .. } => figure_name(operand),
        Ast::Grouping(_) => strong("grouping"),
        Ast::MergeAction => strong("merge_action"),
        Ast::Exists(_) => strong("exists"),
        Ast::ArraySubquery(_) | Ast::Array(_) => strong("array"),
        Ast::Subquery(select) => match &select.body {
            ast::SelectBody::Simple(simple) => {
                let first = simple.targets.first()?;
                match &first.name {
                    Some(name) => strong(name),
                    None => figure_name(&first.value),
                }
            }
            ast::SelectBody::Values(_) => strong("column1"),
            ast::SelectBody::SetOperation { first, .. } => match &first.body {
                ast::SelectBody::Simple(simple) => {
                    let first = simple.targets.first()?;
                    match &first.name {
                        Some(name) => strong(name),
                        None => figure_name(&first.value),
                    }
                }
                _ => None,
            },
        },
        Ast::Case(case) => case
            .otherwise
            .as_ref()
            .and_then(figure_name)
            .filter(|(_, good)| *good)
            .or_else(|| Some(("case".to_string(), false))),
        Ast::Is { test: ast::IsTest::Normalized(_), negated: false, .. } => strong("is_normalized"),
        Ast::Row { .. } => strong("row"),
        Ast::Coalesce(_) => strong("coalesce"),
        Ast::Greatest(_) => strong("greatest"),
        Ast::Least(_) => strong("least"),
        Ast::SqlValue(value) => {
            use ast::SqlValue as V;
            strong(match value {
                V::CurrentDate => "current_date",
                V::CurrentTime(_) => "current_time",
                V::CurrentTimestamp(_) => "current_timestamp",
                V::LocalTime(_) => "localtime",
                V::LocalTimestamp(_) => "localtimestamp",
                V::CurrentRole => "current_role",
                V::CurrentUser => "current_user",
                V::User => "user",
                V::SessionUser => "session_user",
                V::CurrentCatalog => "current_catalog",
                V::CurrentSchema => "current_schema",
            })
        }
        Ast::Xml(xml) => strong(match &**xml {
            ast::XmlExpr::Concat(_) => "xmlconcat",
            ast::XmlExpr::Element { .. } => "xmlelement",
            ast::XmlExpr::Forest(_) => "xmlforest",
            ast::XmlExpr::Parse { .. } => "xmlparse",
            ast::XmlExpr::ProcessingInstruction { .. } => "xmlpi",
            ast::XmlExpr::Root { .. } => "xmlroot",
            ast::XmlExpr::Serialize { .. } => "xmlserialize",
        }),
        Ast::Json(json) => strong(match &**json {
            ast::JsonExpr::Object { .. } => "json_object",
            ast::JsonExpr::Array { .. } | ast::JsonExpr::ArrayQuery { .. } => "json_array",
            ast::JsonExpr::ObjectAggregate { .. } => "json_objectagg",
            ast::JsonExpr::ArrayAggregate { .. } => "json_arrayagg",
            ast::JsonExpr::Parse { .. } => "json",
            ast::JsonExpr::Scalar(_) => "json_scalar",
            ast::JsonExpr::Serialize { .. } => "json_serialize",
            ast::JsonExpr::Path(path) => match path.function {
                ast::JsonPathFunction::Exists => "json_exists",
                ast::JsonPathFunction::Query => "json_query",
                ast::JsonPathFunction::Value => "json_value",
            },
            ast::JsonExpr::Value(_) => return None,
        }),
        _ => None,
    }
}

/// Whether lists of expressions were written alike, wherever they stand.
pub(crate) fn same_exprs(a: &[ast::Expr], b: &[ast::Expr]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_expr(a, b))
}

/// The same for sort lists.
pub(crate) fn same_sorts(a: &[ast::SortBy], b: &[ast::SortBy]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.nulls == b.nulls && a.direction == b.direction && same_expr(&a.value, &b.value))
}

fn same_expr(a: &ast::Expr, b: &ast::Expr) -> bool {
    match (&a.kind, &b.kind) {
        (Ast::Column(a), Ast::Column(b)) => a.name == b.name && a.qualifiers == b.qualifiers,
        (Ast::Constant(a), Ast::Constant(b)) => a == b,
        _ => a == b,
    }
}
