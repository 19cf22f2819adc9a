//! What happens to a query between analysis and planning: views become subqueries, DEFAULT and missing columns get their
//! values; and expressions that the catalogs store are made and read.

use catalog::relation::kind;
use catalog::{Catalog, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::{Environment, oid};

use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::node::{Next, VisitorMut, from_text};
use crate::query::*;
use crate::scope::{Place, Scope, Visible};
use crate::types as ty;
use crate::updatable::boolean_option;
use crate::{Analyzer, Params};

impl Analyzer<'_> {
    /// Brings a query and all queries in it into the form that the planner takes.
    pub(crate) fn rewrite(&mut self, query: &mut Query) -> Result<()> {
        query.from.iter_mut().for_each(forget_join_columns);
        self.rewrite_defaults(query)?;
        let mut secured = Vec::new();
        for at in 0..query.range_table.len() {
            if self.expand_view(query, at)? {
                secured.push(at);
            }
            self.inline_in_from(query, at)?;
            if let EntryKind::Subquery { query: inner, view, .. } = &mut query.range_table[at].kind
                && !view.is_valid()
            {
                if let Some(mark) = query.row_marks.iter().position(|mark| mark.relation == at) {
                    let mark = query.row_marks.remove(mark);
                    crate::select::lock_query(inner, mark.strength, mark.wait)?;
                }
                self.deeper(|this| this.rewrite(inner))?;
            }
        }
        for cte in &mut query.ctes {
            self.rewrite_search_and_cycle(cte)?;
            self.deeper(|this| this.rewrite(&mut cte.query))?;
        }
        let mut links = SubLinks::new(self);
        query.visit_children_mut(&mut links);
        query.has.sublinks |= links.finish()?;
        // Last, since their expressions are rewritten when they are added.
        self.apply_policies(query, &secured)
    }

    /// Rewrites the subqueries in an expression, and puts the bodies of functions written in SQL where they are called.
    pub(crate) fn rewrite_expression(&mut self, expr: &mut Expr) -> Result<()> {
        let mut links = SubLinks::new(self);
        links.expr(expr);
        links.finish().map(|_| ())
    }

    /// A view in FROM becomes its query. True for a table with row security.
    fn expand_view(&mut self, query: &mut Query, at: usize) -> Result<bool> {
        let entry = &mut query.range_table[at];
        let EntryKind::Relation { oid: view, relkind, .. } = entry.kind else { return Ok(false) };
        if query.result_relation == Some(at) && relkind == kind::VIEW {
            // Triggers change it.
            return Ok(false);
        }
        let relation = self.catalog.relation(view)?;
        if relkind == kind::MATERIALIZED_VIEW && query.row_marks.iter().any(|mark| mark.relation == at) {
            let text = format!("cannot lock rows in materialized view \"{}\"", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        if relkind != kind::VIEW {
            return Ok(relation.class.relrowsecurity);
        }
        if self.expanding.contains(&view) {
            return Err(Error::new(
                SqlState::INVALID_OBJECT_DEFINITION,
                format!("infinite recursion detected in rules for relation \"{}\"", relation.name()),
            ));
        }
        let mut inner = stored_query(self.catalog, self.env, &relation)?;
        let barrier = boolean_option(&relation, "security_barrier");
        // Before views within it are expanded: those with `security_invoker` are checked as if the user had named them.
        if !boolean_option(&relation, "security_invoker") {
            check_as(&mut inner, relation.class.relowner);
        }
        if let Some(mark) = query.row_marks.iter().position(|mark| mark.relation == at) {
            let mark = query.row_marks.remove(mark);
            crate::select::lock_query(&mut inner, mark.strength, mark.wait)?;
        }
        self.expanding.push(view);
        let result = self.deeper(|this| this.rewrite(&mut inner));
        self.expanding.pop();
        result?;
        // The entry's names are the view's own. CREATE OR REPLACE may have added columns since a query over it was stored: rules speak of them.
        let entry = &mut query.range_table[at];
        let added = inner.output().skip(entry.columns.len());
        entry.columns.extend(added.map(|target| EntryColumn { name: target.name.clone(), ty: target.expr.ty }));
        entry.kind = EntryKind::Subquery { query: Box::new(inner), view, security_barrier: barrier };
        Ok(false)
    }

    /// Fills in defaults.
    pub(crate) fn rewrite_defaults(&mut self, query: &mut Query) -> Result<()> {
        let Some(at) = query.result_relation else { return Ok(()) };
        let EntryKind::Relation { oid: table, .. } = query.range_table[at].kind else { return Ok(()) };
        let relation = self.catalog.relation(table)?;
        match query.command {
            Command::Insert => {
                let mut targets = std::mem::take(&mut query.targets);
                let values = targets.iter().find_map(|t| match t.expr.kind {
                    ExprKind::Var(v) => match query.range_table[v.relation].kind {
                        EntryKind::Values { .. } => Some(v.relation),
                        _ => None,
                    },
                    _ => None,
                });
                if let Some(values) = values {
                    self.default_values(query, values, &mut targets, &relation)?;
                }
                let overriding = query.overriding;
                self.insert_defaults(&relation, &mut targets, overriding, values)?;
                query.targets = targets;
                if let Some(conflict) = &mut query.on_conflict {
                    let mut set = std::mem::take(&mut conflict.set);
                    self.update_defaults(&relation, &mut set)?;
                    conflict.set = set;
                }
            }
            Command::Update => {
                let mut targets = std::mem::take(&mut query.targets);
                self.update_defaults(&relation, &mut targets)?;
                query.targets = targets;
            }
            Command::Merge => {
                let mut actions = std::mem::take(&mut query.merge_actions);
                for action in &mut actions {
                    match action.command {
                        Command::Insert => {
                            self.insert_defaults(&relation, &mut action.targets, action.overriding, None)?
                        }
                        Command::Update => self.update_defaults(&relation, &mut action.targets)?,
                        _ => {}
                    }
                }
                query.merge_actions = actions;
            }
            _ => {}
        }
        Ok(())
    }

    /// DEFAULT within the rows of a multi-row VALUES.
    fn default_values(
        &mut self,
        query: &mut Query,
        values: usize,
        targets: &mut [TargetEntry],
        relation: &Relation,
    ) -> Result<()> {
        let overriding = query.overriding;
        let EntryKind::Values { rows } = &mut query.range_table[values].kind else { return Ok(()) };
        for t in targets.iter_mut() {
            let ExprKind::Var(var) = t.expr.kind else { continue };
            if var.relation != values {
                continue;
            }
            let at = var.column as usize - 1;
            let column = &relation.columns[t.number as usize - 1];
            let any_value = rows.iter().any(|row| !matches!(row[at].kind, ExprKind::Default));
            if any_value && column.attgenerated != 0 {
                return Err(generated_error(&column.attname, "insert"));
            }
            if any_value && column.attidentity == b'a' && overriding == Overriding::None {
                return Err(identity_error(&column.attname));
            }
            let replace_all = column.attidentity != 0 && overriding == Overriding::User;
            for row in rows.iter_mut() {
                if replace_all || matches!(row[at].kind, ExprKind::Default) {
                    row[at] = match self.column_default(relation, t.number)? {
                        Some(default) if column.attgenerated == 0 => default,
                        _ => ty::null(SqlType {
                            oid: column.atttypid,
                            typmod: column.atttypmod,
                            collation: column.attcollation,
                        }),
                    };
                }
            }
        }
        Ok(())
    }

    /// Gives an INSERT's targets the columns' defaults. What comes from the rows of `values`, a VALUES list, has got them already.
    pub(crate) fn insert_defaults(
        &mut self,
        relation: &Relation,
        targets: &mut Vec<TargetEntry>,
        overriding: Overriding,
        values: Option<usize>,
    ) -> Result<()> {
        for column in relation.live_columns() {
            let number = column.attnum;
            let at = targets.iter().position(|t| t.number == number);
            let is_default = at.is_none_or(|at| matches!(targets[at].expr.kind, ExprKind::Default));
            let from_values = |at: usize| match &targets[at].expr.kind {
                ExprKind::Var(var) => Some(var.relation) == values,
                _ => false,
            };
            if at.is_some_and(from_values) {
                continue;
            }
            let mut replace = is_default;
            if !is_default {
                if column.attgenerated != 0 {
                    return Err(generated_error(&column.attname, "insert"));
                }
                if column.attidentity == b'a' && overriding == Overriding::None {
                    return Err(identity_error(&column.attname));
                }
            }
            if column.attidentity != 0 && overriding == Overriding::User {
                replace = true;
            }
            if !replace {
                continue;
            }
            let default = if column.attgenerated != 0 { None } else { self.column_default(relation, number)? };
            match (at, default) {
                (Some(at), Some(default)) => targets[at].expr = default,
                (None, Some(default)) => targets.push(target(default, number, column.attname.to_string(), false)),
                (Some(at), None) => {
                    targets[at].expr = ty::null(SqlType {
                        oid: column.atttypid,
                        typmod: column.atttypmod,
                        collation: column.attcollation,
                    });
                }
                (None, None) => {}
            }
        }
        targets.sort_by_key(|t| t.number);
        Ok(())
    }

    pub(crate) fn update_defaults(&mut self, relation: &Relation, targets: &mut Vec<TargetEntry>) -> Result<()> {
        for t in targets.iter_mut() {
            let column = &relation.columns[t.number as usize - 1];
            let is_default = matches!(t.expr.kind, ExprKind::Default);
            if column.attgenerated != 0 && !is_default {
                return Err(generated_error(&column.attname, "update"));
            }
            if column.attidentity == b'a' && !is_default {
                return Err(Error::new(
                    SqlState::GENERATED_ALWAYS,
                    format!("column \"{}\" can only be updated to DEFAULT", column.attname),
                )
                .detail(format!("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", column.attname)));
            }
            if is_default {
                t.expr = match self.column_default(relation, t.number)? {
                    Some(default) if column.attgenerated == 0 => default,
                    _ => ty::null(SqlType {
                        oid: column.atttypid,
                        typmod: column.atttypmod,
                        collation: column.attcollation,
                    }),
                };
            }
        }
        targets.retain(|t| relation.columns[t.number as usize - 1].attgenerated == 0);
        targets.sort_by_key(|t| t.number);
        Ok(())
    }

    /// What a column gets if nothing is said: its default, its identity sequence's next value, its domain's default.
    pub(crate) fn column_default(&mut self, relation: &Relation, number: i16) -> Result<Option<Expr>> {
        let column = &relation.columns[number as usize - 1];
        let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
        if column.attidentity != 0 {
            let sequence = identity_sequence(self.catalog, relation.oid, number)?
                .ok_or_else(|| Error::internal(format!("no owned sequence found for column \"{}\"", column.attname)))?;
            let next =
                Expr { kind: ExprKind::NextValue(sequence), ty: SqlType::plain(oid::INT8), location: NO_LOCATION };
            return self.coerce_to_target(
                next,
                ty.oid,
                ty.typmod,
                Coercion::Assignment,
                CallForm::ImplicitCast,
                NO_LOCATION,
            );
        }
        let stored = match relation.default_of(number) {
            Some(text) => Some(stored_expression(self.catalog, self.env, text)?),
            None => {
                let row = self.catalog.type_(column.atttypid)?;
                match (&row.typdefaultbin, &row.typdefault) {
                    (Some(text), _) => Some(stored_expression(self.catalog, self.env, text)?),
                    (None, Some(text)) => Some(ty::constant(
                        batch::Datum::Bytes(text.as_bytes().into()),
                        SqlType::plain(ty::UNKNOWN),
                        NO_LOCATION,
                    )),
                    (None, None) => None,
                }
            }
        };
        let Some(expr) = stored else {
            // A domain's constraint may refuse nulls.
            if self.catalog.type_(column.atttypid)?.typtype == b'd' {
                let null = ty::constant(batch::Datum::Null, SqlType::plain(ty::UNKNOWN), NO_LOCATION);
                return self.coerce_to_target(
                    null,
                    ty.oid,
                    ty.typmod,
                    Coercion::Implicit,
                    CallForm::ImplicitCast,
                    NO_LOCATION,
                );
            }
            return Ok(None);
        };
        self.coerce_to_target(expr, ty.oid, ty.typmod, Coercion::Assignment, CallForm::ImplicitCast, NO_LOCATION)
    }
}

/// Rewrites subqueries in expressions, and inlines functions.
struct SubLinks<'a, 'b> {
    analyzer: &'a mut Analyzer<'b>,
    result: Result<()>,
    inlined: bool,
}
impl<'a, 'b> SubLinks<'a, 'b> {
    fn new(analyzer: &'a mut Analyzer<'b>) -> SubLinks<'a, 'b> {
        SubLinks { analyzer, result: Ok(()), inlined: false }
    }

    /// Whether a function was inlined.
    fn finish(self) -> Result<bool> {
        self.result.map(|()| self.inlined)
    }
}

impl VisitorMut for SubLinks<'_, '_> {
    fn expr(&mut self, expr: &mut Expr) {
        if self.result.is_err() {
            return;
        }
        if let ExprKind::SubLink(link) = &mut expr.kind {
            self.result = self.analyzer.deeper(|this| this.rewrite(&mut link.query));
            link.test.iter_mut().for_each(|test| self.expr(test));
        } else {
            expr.visit_children_mut(self);
            let (function, args, collation) = match &expr.kind {
                ExprKind::Function(call) => (call.function, &call.args, call.input_collation),
                ExprKind::Operator(call) => (call.function, &call.args, call.input_collation),
                _ => return,
            };
            if self.result.is_ok() {
                match self.analyzer.inline(function, args, collation, expr.ty) {
                    Ok(Some(body)) => {
                        *expr = body;
                        self.inlined = true;
                        let depth = self.analyzer.depth;
                        if depth > 100 {
                            return; // a function that calls itself
                        }
                        self.analyzer.depth += 1;
                        self.expr(expr);
                        self.analyzer.depth = depth;
                    }
                    Ok(None) => {}
                    Err(e) => self.result = Err(e),
                }
            }
        }
    }
    fn query(&mut self, _: &mut Query) {}
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// A stored query without what its joins remember of their columns only for printing.
pub fn without_names(query: &Query) -> Query {
    struct Forget;
    impl VisitorMut for Forget {
        fn query(&mut self, query: &mut Query) {
            query.from.iter_mut().for_each(forget_join_columns);
            query.visit_children_mut(self);
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    let mut query = query.clone();
    Forget.query(&mut query);
    query
}

/// What stored joins remember of their columns is of no use from here on.
fn forget_join_columns(item: &mut FromItem) {
    if let FromItem::Join(join) = item {
        join.columns = Vec::new();
        forget_join_columns(&mut join.left);
        forget_join_columns(&mut join.right);
    }
}

fn generated_error(column: &str, verb: &str) -> Error {
    let message = if verb == "insert" {
        format!("cannot insert a non-DEFAULT value into column \"{column}\"")
    } else {
        format!("column \"{column}\" can only be updated to DEFAULT")
    };
    Error::new(SqlState::GENERATED_ALWAYS, message).detail(format!("Column \"{column}\" is a generated column."))
}

fn identity_error(column: &str) -> Error {
    Error::new(SqlState::GENERATED_ALWAYS, format!("cannot insert a non-DEFAULT value into column \"{column}\""))
        .detail(format!("Column \"{column}\" is an identity column defined as GENERATED ALWAYS."))
        .hint("Use OVERRIDING SYSTEM VALUE to override.")
}

/// The sequence that an identity column counts with, as `pg_depend` says. Partitions count with that of the table at the top of their tree.
pub fn identity_sequence(catalog: &Catalog, relation: Oid, column: i16) -> Result<Option<Oid>> {
    const PG_CLASS: Oid = Oid(1259);
    let (mut relation, mut column) = (relation, column);
    loop {
        let table = catalog.relation(relation)?;
        if !table.class.relispartition {
            break;
        }
        let Some(&parent) = catalog.parents(relation)?.first() else { break };
        let above = catalog.relation(parent)?;
        let name = table.column(column).map(|own| &own.attname);
        let Some(number) = name.and_then(|name| above.column_by_name(name)).map(|theirs| theirs.attnum) else {
            return Ok(None);
        };
        (relation, column) = (parent, number);
    }
    let rows = catalog.rows::<catalog::rows::PgDepend>(
        catalog::index::PG_DEPEND_REFERENCE_INDEX,
        &[PG_CLASS.into(), relation.into(), i32::from(column).into()],
    )?;
    for row in rows.iter().filter(|row| row.classid == PG_CLASS && row.deptype == b'i') {
        if catalog.class(row.objid)?.is_some_and(|class| class.relkind == kind::SEQUENCE) {
            return Ok(Some(row.objid));
        }
    }
    Ok(None)
}

/// Lets the relations of a view's query be checked as its owner.
pub fn check_as(query: &mut Query, owner: Oid) {
    struct Owner(Oid);
    impl VisitorMut for Owner {
        fn query(&mut self, query: &mut Query) {
            for entry in &mut query.range_table {
                if let Some(permission) = &mut entry.permission
                    && !permission.check_as.is_valid()
                {
                    permission.check_as = self.0;
                }
            }
            query.visit_children_mut(self);
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    Owner(owner).query(query);
}

/// The stored query of a view, not yet rewritten. A session reads each only once.
pub fn stored_query(catalog: &Catalog, env: &dyn Environment, view: &Relation) -> Result<Query> {
    let query = catalog.handle(view.oid, || read_stored_query(catalog, env, view))?;
    Ok(Query::clone(&query))
}

fn read_stored_query(catalog: &Catalog, env: &dyn Environment, view: &Relation) -> Result<Query> {
    let rule = view.rules.iter().find(|rule| rule.ev_type == b'1' && rule.rulename == "_RETURN");
    let text = rule.map_or("", |rule| &*rule.ev_action);
    let sql = match text.strip_prefix('@') {
        Some("view") => catalog
            .view_definition(view.oid)
            .ok_or_else(|| Error::not_implemented(format_args!("view {}", view.name())))?
            .to_string(),
        Some(sql) => sql.to_string(),
        None if !text.is_empty() => return from_text(text),
        None => return Err(Error::internal(format!("view {} has no rule", view.name()))),
    };
    let statements = parser::parse(&sql)?;
    let [statement] = &statements[..] else {
        return Err(Error::internal(format!("view {} is not one query", view.name())));
    };
    Analyzer::new(catalog, env, &sql, Params::default()).view_query(&statement.statement)
}

/// An expression that a catalog stores: a tree's text, or SQL behind an `@`.
pub fn stored_expression(catalog: &Catalog, env: &dyn Environment, text: &str) -> Result<Expr> {
    match text.strip_prefix('@') {
        None => from_text(text),
        Some(sql) => parse_list(catalog, env, sql)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::corrupted("a stored expression is empty")),
    }
}

/// A domain's CHECK that a catalog stores: a tree's text, or SQL behind an `@` in which `VALUE` is of type `base`.
pub fn stored_domain_check(catalog: &Catalog, env: &dyn Environment, text: &str, base: SqlType) -> Result<Expr> {
    let Some(sql) = text.strip_prefix('@') else { return from_text(text) };
    let text = format!("SELECT {sql}");
    let statements = parser::parse(&text)?;
    let wrong = || Error::corrupted("a stored check is no expression");
    let Some(ast::Statement::Select(select)) = statements.first().map(|s| &s.statement) else { return Err(wrong()) };
    let ast::SelectBody::Simple(simple) = &select.body else { return Err(wrong()) };
    let [target] = &simple.targets[..] else { return Err(wrong()) };
    Analyzer::new(catalog, env, &text, Params::default()).domain_check(&target.value, base)
}

/// Expressions written as SQL, without columns.
pub(crate) fn parse_list(catalog: &Catalog, env: &dyn Environment, sql: &str) -> Result<Vec<Expr>> {
    let text = format!("SELECT {sql}");
    let statements = parser::parse(&text)?;
    let Some(ast::Statement::Select(select)) = statements.first().map(|s| &s.statement) else {
        return Err(Error::corrupted("a stored expression is no expression"));
    };
    let mut analyzer = Analyzer::new(catalog, env, &text, Params::default());
    let query = analyzer.select(select, false)?;
    Ok(query.targets.into_iter().map(|t| t.expr).collect())
}

/// A table's columns for an expression that belongs to it (CHECK, index, generated column …). They become [`Var`]s of
/// relation 0.
pub struct TableColumns<'t> {
    /// The table's name.
    pub name: &'t str,
    /// The table, or zero while it is being created.
    pub oid: Oid,
    /// Its columns by number.
    pub columns: Vec<EntryColumn>,
}

/// What an expression is wanted for.
pub enum Wanted<'t> {
    /// Any value.
    Any,
    /// Any value, a literal of unknown type as well.
    Untyped,
    /// A condition, of a construct so named in errors (`CHECK`, `WHERE`).
    Condition(&'t str),
    /// A value of a type, for a column of this name; `what` is "default expression" or the like.
    Column {
        /// The column.
        name: &'t str,
        /// Its type.
        ty: SqlType,
        /// How errors call the expression.
        what: &'t str,
    },
}

impl Analyzer<'_> {
    /// An expression that is stored in a catalog, from its syntax.
    pub fn expression(
        mut self,
        expr: &ast::Expr,
        place: Place,
        table: Option<TableColumns<'_>>,
        wanted: Wanted<'_>,
    ) -> Result<Expr> {
        let mut scope = Scope::new(Command::Select);
        scope.place = place;
        self.scopes.push(scope);
        if let Some(table) = table {
            let entry = self.add_entry(RangeTableEntry {
                kind: EntryKind::Relation {
                    oid: table.oid,
                    relkind: kind::TABLE,
                    inherit: false,
                    lock: 1,
                    sample: None,
                },
                alias: Some(table.name.to_string()),
                column_aliases: false,
                name: table.name.to_string(),
                columns: table.columns,
                lateral: false,
                in_from: true,
                permission: None,
                security: Vec::new(),
            });
            let visible: Visible = self.show_entry(entry);
            self.scope().names.push(visible);
        }
        let value = self.expr(expr)?;
        let mut value = match wanted {
            Wanted::Any if value.ty.oid == ty::UNKNOWN => {
                self.coerce(value, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?
            }
            Wanted::Any | Wanted::Untyped => value,
            Wanted::Condition(construct) => self.coerce_boolean(value, construct)?,
            Wanted::Column { name, ty, what } => {
                let (from, at) = (value.ty.oid, value.location);
                match self.coerce_to_target(
                    value,
                    ty.oid,
                    ty.typmod,
                    Coercion::Assignment,
                    CallForm::ImplicitCast,
                    NO_LOCATION,
                )? {
                    Some(value) => value,
                    None => {
                        let error = self.column_mismatch(name, ty.oid, from, what, at)?;
                        let mut error = error;
                        error.fields_mut().position = None;
                        return Err(error);
                    }
                }
            }
        };
        self.assign_collations(&mut value)?;
        Ok(value)
    }

    /// A trigger's WHEN, from its syntax: its columns are those of the rows `old` and `new` of one table.
    pub fn trigger_condition(mut self, expr: &ast::Expr, table: TableColumns<'_>) -> Result<Expr> {
        let mut scope = Scope::new(Command::Select);
        scope.place = Place::TriggerWhen;
        self.scopes.push(scope);
        for name in ["old", "new"] {
            let entry = self.add_entry(RangeTableEntry {
                kind: EntryKind::Relation {
                    oid: table.oid,
                    relkind: kind::TABLE,
                    inherit: false,
                    lock: 1,
                    sample: None,
                },
                alias: Some(name.to_string()),
                column_aliases: false,
                name: name.to_string(),
                columns: table.columns.clone(),
                lateral: false,
                in_from: true,
                permission: None,
                security: Vec::new(),
            });
            let visible: Visible = self.show_entry(entry);
            self.scope().names.push(visible);
        }
        let value = self.expr(expr)?;
        let mut value = self.coerce_boolean(value, "WHEN")?;
        self.assign_collations(&mut value)?;
        value.walk_mut(|expr, _| {
            let ExprKind::Var(var) = &mut expr.kind else { return Next::Below };
            var.version = if var.relation == 0 { RowVersion::Old } else { RowVersion::New };
            var.relation = 0;
            Next::Past
        });
        Ok(value)
    }

    /// A domain's CHECK, from its syntax: `VALUE` is of this type.
    pub fn domain_check(mut self, expr: &ast::Expr, base: SqlType) -> Result<Expr> {
        let mut scope = Scope::new(Command::Select);
        scope.place = Place::DomainCheck;
        scope.domain_value = Some(base);
        self.scopes.push(scope);
        let value = self.expr(expr)?;
        let mut value = self.coerce_boolean(value, "CHECK")?;
        self.assign_collations(&mut value)?;
        Ok(value)
    }
}

/// A value as it is assigned to a column of another type; none if there is no such cast.
pub fn assignment(catalog: &Catalog, env: &dyn Environment, expr: Expr, ty: SqlType) -> Result<Option<Expr>> {
    let mut analyzer = Analyzer::new(catalog, env, "", Params::default());
    analyzer.scopes.push(Scope::new(Command::Select));
    let found = analyzer.coerce_to_target(
        expr,
        ty.oid,
        ty.typmod,
        Coercion::Assignment,
        CallForm::ImplicitCast,
        NO_LOCATION,
    )?;
    let Some(mut value) = found else { return Ok(None) };
    analyzer.assign_collations(&mut value)?;
    Ok(Some(value))
}

/// What a column gets if nothing is said: its default, its identity sequence's next value, its type's default, or a null that its domain may
/// refuse. `None` if that is a null which nobody looks at.
pub fn column_default(
    catalog: &Catalog,
    env: &dyn Environment,
    relation: &Relation,
    number: i16,
) -> Result<Option<Expr>> {
    let mut analyzer = Analyzer::new(catalog, env, "", Params::default());
    analyzer.scopes.push(Scope::new(Command::Select));
    let Some(mut value) = analyzer.column_default(relation, number)? else { return Ok(None) };
    analyzer.assign_collations(&mut value)?;
    Ok(Some(value))
}

/// A value of another type by an implicit cast: for columns of set operations.
pub fn coerce_expression(catalog: &Catalog, env: &dyn Environment, expr: Expr, ty: SqlType) -> Result<Expr> {
    let mut analyzer = Analyzer::new(catalog, env, "", Params::default());
    analyzer.scopes.push(Scope::new(Command::Select));
    let from = expr.ty.oid;
    analyzer
        .coerce_to_target(expr, ty.oid, ty.typmod, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?
        .ok_or_else(|| Error::internal(format!("no implicit cast from type {from} to type {}", ty.oid)))
}
