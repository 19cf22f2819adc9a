//! Functions written in SQL become what they compute: `lpad(x, 5)` is `lpad(x, 5, ' ')`.
//!
//! A body that is one expression takes the call's place; a body of a built-in function that reads tables becomes a scalar subquery; a
//! stable function that returns a set becomes a subquery of FROM. Not so for functions with rights or settings of their own, and where an argument that must be computed once would be used
//! more often.

use catalog::rows::PgProc;
use error::{Error, Result};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::coerce::Coercion;
use crate::column::shift_levels;
use crate::node::Next;
use crate::query::*;
use crate::routine::{Arguments, RoutineBody, RoutineResult};
use crate::types as ty;
use crate::{Analyzer, Params};

/// The language SQL.
const SQL_LANGUAGE: Oid = Oid(14);

impl Analyzer<'_> {
    /// What a call of a function written in SQL computes; `None` if the call must stay.
    pub(crate) fn inline(
        &mut self,
        function: Oid,
        args: &[Expr],
        collation: Oid,
        result: SqlType,
    ) -> Result<Option<Expr>> {
        let row = self.catalog.function(function)?;
        if row.prolang != SQL_LANGUAGE || row.proretset || row.prorettype == oid::RECORD || !self.may_inline(&row)? {
            return Ok(None);
        }
        let Some(mut query) = self.single_query(&row, args, collation)? else { return Ok(None) };
        let number = {
            let mut columns = query.output();
            let (Some(first), None) = (columns.next(), columns.next()) else { return Ok(None) };
            first.number
        };
        let plain = query.range_table.is_empty()
            && query.ctes.is_empty()
            && query.set_operation.is_none()
            && !query.has.aggregates
            && !query.has.windows
            && !query.has.target_sets
            && query.having.is_none()
            && query.group_by.is_empty()
            && query.where_clause.is_none()
            && query.limit.is_none()
            && query.offset.is_none();
        let users = function >= Oid::FIRST_NORMAL;
        if users && !plain {
            return Ok(None);
        }
        // The body's value as the function's result.
        let Some(target) = query.targets.iter_mut().find(|t| t.number == number && !t.junk) else { return Ok(None) };
        let value = target.expr.clone();
        let Some(value) = self.coerce_to_target(
            value,
            result.oid,
            result.typmod,
            Coercion::Assignment,
            CallForm::ImplicitCast,
            NO_LOCATION,
        )?
        else {
            return Ok(None);
        };
        let mut body = if plain {
            value
        } else {
            target.expr = value;
            let link = SubLink {
                kind: SubLinkKind::Scalar,
                test: Vec::new(),
                operators: Vec::new(),
                casts: Vec::new(),
                operator_name: String::new(),
                query,
            };
            Expr { kind: ExprKind::SubLink(Box::new(link)), ty: result, location: NO_LOCATION }
        };
        // How often each parameter occurs; within a subquery counts as often.
        let mut counts = vec![0; args.len()];
        body.walk(|expr, depth| {
            let ExprKind::Param(number) = &expr.kind else { return Next::Below };
            if let Some(count) = counts.get_mut(*number as usize - 1) {
                *count += if depth > 0 { 2 } else { 1 };
            }
            Next::Past
        });
        for (arg, count) in args.iter().zip(&counts) {
            let cheap = matches!(arg.kind, ExprKind::Var(_) | ExprKind::Const(_) | ExprKind::Param(_));
            if (*count > 1 || users && *count == 0) && !cheap && self.changes(arg, b'v')? {
                return Ok(None);
            }
        }
        let is_strict = !row.proisstrict || self.strict_in(&body, args.len())?;
        if users && (!is_strict || row.provolatile != b'v' && self.changes(&body, row.provolatile)?) {
            return Ok(None);
        }
        body.walk_mut(|expr, depth| substitute(expr, depth, args));
        if !is_strict {
            // The body would make something of nulls that the function never sees.
            let tests: Vec<Expr> = args
                .iter()
                .filter(|a| !matches!(&a.kind, ExprKind::Const(value) if !value.is_null()))
                .map(|a| {
                    ty::condition(
                        ExprKind::NullTest { arg: Box::new(a.clone()), is_null: true, row: false },
                        NO_LOCATION,
                    )
                })
                .collect();
            let test = match tests.len() {
                0 => None,
                1 => tests.into_iter().next(),
                _ => Some(ty::condition(ExprKind::Or(tests), NO_LOCATION)),
            };
            if let Some(test) = test {
                let whens = vec![(test, ty::null(result))];
                body = Expr {
                    kind: ExprKind::Case { arg: None, whens, otherwise: Box::new(body) },
                    ty: result,
                    location: NO_LOCATION,
                };
            }
        }
        body.ty = SqlType { typmod: body.ty.typmod, ..result };
        Ok(Some(body))
    }

    /// Whether a function may take its calls' place, as far as rights and settings go.
    fn may_inline(&self, row: &PgProc) -> Result<bool> {
        if row.prosecdef || row.proconfig.is_some() || row.prokind != b'f' {
            return Ok(false);
        }
        // Who may not call it gets the refusal when the call is executed.
        let kind = catalog::privileges::ObjectKind::Function;
        let wanted = catalog::acl::Privileges::EXECUTE;
        Ok(row.proacl.is_none()
            || self.catalog.privileges(kind, row.oid, self.catalog.current_user(), wanted)? == Some(wanted))
    }

    /// The one SELECT of a function's body over these arguments, not rewritten; `None` if it is something else.
    fn single_query(&self, row: &PgProc, args: &[Expr], collation: Oid) -> Result<Option<Query>> {
        if let Some(stored) = crate::routine::stored_body(row) {
            let query = match crate::node::from_text(stored)? {
                RoutineBody::Return(query) => *query,
                RoutineBody::Atomic(mut queries) if queries.len() == 1 => queries.swap_remove(0),
                RoutineBody::Atomic(_) => return Ok(None),
            };
            return Ok((query.command == Command::Select).then_some(query));
        }
        let text = crate::routine::body_text(row);
        let explain = |error: Error| {
            crate::routine::in_body(error, &text).context(format!("SQL function \"{}\" during inlining", row.proname))
        };
        let statements = parser::parse(&text).map_err(explain)?;
        let [statement] = &statements[..] else { return Ok(None) };
        if !matches!(statement.statement, ast::Statement::Select(_)) || !crate::is_query(&statement.statement) {
            return Ok(None);
        }
        let types: Vec<Oid> = args.iter().map(|arg| arg.ty.oid).collect();
        let arguments = Arguments::of(self.catalog, row, &types, collation)?;
        let inner = Analyzer::new(self.catalog, self.env, &text, Params::default()).with_variables(&arguments);
        inner.view_query(&statement.statement).map(Some).map_err(explain)
    }

    /// A set-returning function written in SQL, alone in FROM, becomes the subquery that it is. Not if it is volatile, since its body
    /// would see what the statement changes, nor if it is strict.
    pub(crate) fn inline_in_from(&mut self, query: &mut Query, at: usize) -> Result<()> {
        let entry = &query.range_table[at];
        let EntryKind::Function { functions, ordinality: false } = &entry.kind else { return Ok(()) };
        let [RangeFunction { call: Expr { kind: ExprKind::Function(call), ty, .. }, .. }] = &functions[..] else {
            return Ok(());
        };
        let row = self.catalog.function(call.function)?;
        if row.prolang != SQL_LANGUAGE
            || row.oid < Oid::FIRST_NORMAL
            || !row.proretset
            || row.proisstrict
            || row.provolatile == b'v'
            || row.prorettype == oid::VOID
            || self.depth > 100
            || !self.may_inline(&row)?
        {
            return Ok(());
        }
        for arg in &call.args {
            if self.changes(arg, b'v')? {
                return Ok(());
            }
        }
        let Some(mut body) = self.single_query(&row, &call.args, call.input_collation)? else { return Ok(()) };
        let types: Vec<Oid> = call.args.iter().map(|arg| arg.ty.oid).collect();
        let result = RoutineResult::of(self.catalog, &row, &types, ty.oid)?;
        self.fit_result(Some(&mut body), row.prorettype, &result)?;
        let given: Vec<Oid> = body.output().map(|target| target.expr.ty.oid).collect();
        if !entry.columns.iter().map(|column| column.ty.oid).eq(given) {
            return Ok(());
        }
        body.walk_mut(|expr, depth| substitute(expr, depth + 1, &call.args));
        let entry = &mut query.range_table[at];
        entry.kind = EntryKind::Subquery { query: Box::new(body), view: Oid::INVALID, security_barrier: false };
        Ok(())
    }

    /// Whether an expression is less constant than `volatility` says (`v`: whether it is volatile).
    fn changes(&self, expr: &Expr, volatility: u8) -> Result<bool> {
        let mut found = Ok(false);
        expr.walk(|expr, _| {
            found = match &expr.kind {
                ExprKind::Function(FunctionCall { function, .. })
                | ExprKind::Operator(OperatorCall { function, .. }) => self
                    .catalog
                    .function(*function)
                    .map(|row| row.provolatile == b'v' || volatility == b'i' && row.provolatile != b'i'),
                ExprKind::SubLink(_) | ExprKind::NextValue(_) => Ok(true),
                _ => Ok(false),
            };
            Next::until(!matches!(found, Ok(false)))
        });
        found
    }

    /// Whether a null for any of `$1` to `$count` makes the expression null by itself.
    fn strict_in(&self, expr: &Expr, count: usize) -> Result<bool> {
        let mut seen = vec![false; count];
        self.strict_params(expr, &mut seen)?;
        Ok(seen.into_iter().all(|s| s))
    }

    fn strict_params(&self, expr: &Expr, seen: &mut [bool]) -> Result<()> {
        match &expr.kind {
            ExprKind::Param(number) => {
                if let Some(slot) = seen.get_mut(*number as usize - 1) {
                    *slot = true;
                }
            }
            ExprKind::Function(call) if self.catalog.function(call.function)?.proisstrict => {
                for arg in &call.args {
                    self.strict_params(arg, seen)?;
                }
            }
            ExprKind::Operator(call) if self.catalog.function(call.function)?.proisstrict => {
                for arg in &call.args {
                    self.strict_params(arg, seen)?;
                }
            }
            ExprKind::Relabel(arg, _) | ExprKind::CoerceViaIo(arg, _) | ExprKind::Collate(arg) => {
                self.strict_params(arg, seen)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Puts arguments in the place of parameters, in an expression that stands in `depth` queries below where the arguments belong.
fn substitute(expr: &mut Expr, depth: u32, args: &[Expr]) -> Next {
    let ExprKind::Param(number) = &expr.kind else { return Next::Below };
    if let Some(arg) = args.get(*number as usize - 1) {
        let mut arg = arg.clone();
        shift_levels(&mut arg, depth);
        *expr = arg;
    }
    Next::Past
}
