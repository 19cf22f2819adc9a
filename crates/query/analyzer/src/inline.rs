//! Functions written in SQL become what they compute: `lpad(x, 5)` is `lpad(x, 5, ' ')`.
//!
//! A body that is one expression takes the call's place; a body that reads tables becomes a scalar subquery. Not so for
//! functions with rights or settings of their own, for those that return sets, and where an argument that must be computed once would be used
//! more often.

use error::Result;
use ids::Oid;
use parser::ast;

use crate::coerce::Coercion;
use crate::column::shift_levels;
use crate::node::{Visitor, VisitorMut};
use crate::query::*;
use crate::types as ty;
use crate::{Analyzer, Params};

/// The language SQL.
const SQL_LANGUAGE: Oid = Oid(14);

impl Analyzer<'_> {
    /// What a call of a function written in SQL computes; `None` if the call must stay.
    pub(crate) fn inline(&mut self, function: Oid, args: &[Expr], result: SqlType) -> Result<Option<Expr>> {
        let row = self.catalog.function(function)?;
        if row.prolang != SQL_LANGUAGE
            || row.proretset
            || row.prosecdef
            || row.proconfig.is_some()
            || row.prokind != b'f'
        {
            return Ok(None);
        }
        let text = match row.prosqlbody.as_deref().and_then(|body| body.strip_prefix('@')) {
            Some(body) => match body.strip_prefix("RETURN ") {
                Some(expr) => format!("SELECT {expr}"),
                None => body.trim_start_matches("BEGIN ATOMIC").trim_end().trim_end_matches("END").replace("\\n", "\n"),
            },
            None => row.prosrc.to_string(),
        };
        let statements = parser::parse(&text)?;
        let [statement] = &statements[..] else { return Ok(None) };
        let ast::Statement::Select(_) = &statement.statement else { return Ok(None) };
        let mut inner =
            Analyzer::new(self.catalog, self.env, &text, Params::fixed(args.iter().map(|a| a.ty.oid).collect()));
        inner.param_names = match &row.proargnames {
            Some(names) => names.iter().map(|n| n.to_string()).collect(),
            None => Vec::new(),
        };
        let mut query = inner.view_query(&statement.statement)?;
        let number = {
            let mut columns = query.output();
            let (Some(first), None) = (columns.next(), columns.next()) else { return Ok(None) };
            first.number
        };
        let plain = query.range_table.is_empty()
            && !query.has.aggregates
            && !query.has.windows
            && !query.has.target_sets
            && query.where_clause.is_none()
            && query.limit.is_none()
            && query.offset.is_none();
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
        let mut uses = Uses { counts: vec![0; args.len()], inside: 0 };
        Visitor::expr(&mut uses, &body);
        for (arg, count) in args.iter().zip(&uses.counts) {
            let cheap = matches!(arg.kind, ExprKind::Var(_) | ExprKind::Const(_) | ExprKind::Param(_));
            if *count > 1 && !cheap && self.has_volatile(arg)? {
                return Ok(None);
            }
        }
        let is_strict = !row.proisstrict || self.strict_in(&body, args.len())?;
        VisitorMut::expr(&mut Substitute { args, depth: 0 }, &mut body);
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

    fn has_volatile(&self, expr: &Expr) -> Result<bool> {
        struct Finder<'a, 'b>(&'a Analyzer<'b>, Result<bool>);
        impl Visitor for Finder<'_, '_> {
            fn expr(&mut self, expr: &Expr) {
                let function = match &expr.kind {
                    ExprKind::Function(call) => Some(call.function),
                    ExprKind::Operator(call) => Some(call.function),
                    ExprKind::SubLink(_) | ExprKind::NextValue(_) => {
                        self.1 = Ok(true);
                        return;
                    }
                    _ => None,
                };
                if let Some(function) = function {
                    match self.0.catalog.function(function) {
                        Ok(row) if row.provolatile == b'v' => self.1 = Ok(true),
                        Ok(_) => {}
                        Err(e) => self.1 = Err(e),
                    }
                }
                expr.visit_children(self);
            }
            fn as_dyn(&mut self) -> &mut dyn Visitor {
                self
            }
        }
        let mut finder = Finder(self, Ok(false));
        Visitor::expr(&mut finder, expr);
        finder.1
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

/// How often each parameter occurs; within a subquery counts as often.
struct Uses {
    counts: Vec<u32>,
    inside: u32,
}

impl Visitor for Uses {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Param(number) = &expr.kind {
            if let Some(count) = self.counts.get_mut(*number as usize - 1) {
                *count += if self.inside > 0 { 2 } else { 1 };
            }
        } else {
            expr.visit_children(self);
        }
    }
    fn query(&mut self, query: &Query) {
        self.inside += 1;
        query.visit_children(self);
        self.inside -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

struct Substitute<'a> {
    args: &'a [Expr],
    depth: u32,
}

impl VisitorMut for Substitute<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        if let ExprKind::Param(number) = &expr.kind {
            if let Some(arg) = self.args.get(*number as usize - 1) {
                let mut arg = arg.clone();
                shift_levels(&mut arg, self.depth);
                *expr = arg;
            }
        } else {
            expr.visit_children_mut(self);
        }
    }
    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        query.visit_children_mut(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}
