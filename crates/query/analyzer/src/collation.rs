//! Collations: derived bottom-up through finished expressions.
//!
//! Each part of an expression has a collation with a strength: none, implicit (from columns and types), conflicting implicit
//! ones, explicit (COLLATE). Functions and operators that mind get what their arguments agree on.

use error::{Result, SqlState};
use ids::Oid;

use crate::Analyzer;
use crate::query::*;
use crate::types::DEFAULT_COLLATION;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    None,
    Implicit,
    Conflict,
    Explicit,
}

/// What some expressions agree on.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    collation: Oid,
    strength: Strength,
    location: u32,
    /// The two that conflict.
    other: Oid,
}

impl Agreed {
    const NONE: Agreed =
        Agreed { collation: Oid::INVALID, strength: Strength::None, location: NO_LOCATION, other: Oid::INVALID };

    /// What a function may work with.
    fn input(self) -> Oid {
        if self.strength == Strength::Conflict { Oid::INVALID } else { self.collation }
    }
}

impl Analyzer<'_> {
    /// Derives the collations of an expression.
    pub(crate) fn assign_collations(&self, expr: &mut Expr) -> Result<()> {
        self.collate(expr).map(drop)
    }

    /// The collation that several expressions agree on; conflicting implicit ones are an error unless `lenient`.
    pub(crate) fn common_collation(&self, exprs: &mut [&mut Expr], lenient: bool) -> Result<Oid> {
        let mut agreed = Agreed::NONE;
        for expr in exprs {
            let one = self.collate(expr)?;
            self.merge(&mut agreed, one)?;
        }
        if agreed.strength == Strength::Conflict && lenient {
            return Ok(Oid::INVALID);
        }
        self.require_agreement(agreed)?;
        Ok(agreed.collation)
    }

    /// Fails for conflicting implicit collations.
    fn require_agreement(&self, agreed: Agreed) -> Result<()> {
        if agreed.strength != Strength::Conflict {
            return Ok(());
        }
        let message = format!(
            "collation mismatch between implicit collations \"{}\" and \"{}\"",
            self.collation_name(agreed.collation)?,
            self.collation_name(agreed.other)?
        );
        Err(self
            .error(SqlState::COLLATION_MISMATCH, message, agreed.location)
            .hint("You can choose the collation by applying the COLLATE clause to one or both expressions."))
    }

    /// Derives the collations of a finished query's own expressions; its subqueries have theirs.
    pub(crate) fn assign_query_collations(&self, query: &mut Query) -> Result<()> {
        struct Walk<'a, 'b>(&'a Analyzer<'b>, Result<()>);
        impl crate::node::VisitorMut for Walk<'_, '_> {
            fn expr(&mut self, expr: &mut Expr) {
                if self.1.is_ok() {
                    self.1 = self.0.assign_collations(expr);
                }
            }
            fn query(&mut self, _: &mut Query) {}
            fn as_dyn(&mut self) -> &mut dyn crate::node::VisitorMut {
                self
            }
        }
        let mut walk = Walk(self, Ok(()));
        query.visit_children_mut(&mut walk);
        walk.1?;
        // What is sorted or grouped by must have one.
        for target in query.targets.iter_mut().filter(|target| target.sort_ref != 0) {
            let agreed = self.collate(&mut target.expr)?;
            self.require_agreement(agreed)?;
        }
        Ok(())
    }

    fn collation_name(&self, collation: Oid) -> Result<String> {
        Ok(self
            .catalog
            .find_collation(collation)?
            .map_or_else(|| collation.to_string(), |row| row.collname.to_string()))
    }

    fn merge(&self, into: &mut Agreed, one: Agreed) -> Result<()> {
        if one.strength > into.strength {
            *into = one;
        } else if one.strength == into.strength {
            match one.strength {
                Strength::None | Strength::Conflict => {}
                Strength::Implicit if one.collation != into.collation => {
                    if into.collation == DEFAULT_COLLATION {
                        *into = one;
                    } else if one.collation != DEFAULT_COLLATION {
                        into.strength = Strength::Conflict;
                        into.other = one.collation;
                        into.location = one.location;
                    }
                }
                Strength::Explicit if one.collation != into.collation => {
                    let message = format!(
                        "collation mismatch between explicit collations \"{}\" and \"{}\"",
                        self.collation_name(into.collation)?,
                        self.collation_name(one.collation)?
                    );
                    return Err(self.error(SqlState::COLLATION_MISMATCH, message, one.location));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_all<'e>(&self, exprs: impl IntoIterator<Item = &'e mut Expr>) -> Result<Agreed> {
        let mut agreed = Agreed::NONE;
        for expr in exprs {
            let one = self.collate(expr)?;
            self.merge(&mut agreed, one)?;
        }
        Ok(agreed)
    }

    fn collate(&self, expr: &mut Expr) -> Result<Agreed> {
        let location = expr.location;
        let leaf = |collation: Oid| Agreed {
            collation,
            strength: if collation.is_valid() { Strength::Implicit } else { Strength::None },
            location,
            other: Oid::INVALID,
        };
        let agreed = match &mut expr.kind {
            ExprKind::Const(_)
            | ExprKind::Var(_)
            | ExprKind::Param(_)
            | ExprKind::CaseTest
            | ExprKind::DomainValue
            | ExprKind::SqlValue(_)
            | ExprKind::Default
            | ExprKind::CurrentOf { .. }
            | ExprKind::MergeAction
            | ExprKind::PlaceHolder { .. }
            | ExprKind::NextValue(_) => return Ok(leaf(expr.ty.collation)),
            ExprKind::Collate(arg) => {
                self.collate(arg)?;
                return Ok(Agreed {
                    collation: expr.ty.collation,
                    strength: Strength::Explicit,
                    location,
                    other: Oid::INVALID,
                });
            }
            ExprKind::Function(call) => {
                let agreed = self.merge_all(&mut call.args)?;
                call.input_collation = agreed.input();
                agreed
            }
            ExprKind::Operator(call) | ExprKind::NullIf(call) => {
                let agreed = self.merge_all(&mut call.args)?;
                call.input_collation = agreed.input();
                agreed
            }
            ExprKind::Distinct(call) | ExprKind::ScalarArray { call, .. } => {
                let agreed = self.merge_all(&mut call.args)?;
                call.input_collation = agreed.input();
                return Ok(Agreed::NONE);
            }
            ExprKind::And(args) | ExprKind::Or(args) => {
                // Conditions do not influence each other.
                args.iter_mut().try_for_each(|arg| self.collate(arg).map(drop))?;
                return Ok(Agreed::NONE);
            }
            ExprKind::Not(arg) | ExprKind::NullTest { arg, .. } | ExprKind::BooleanTest { arg, .. } => {
                self.collate(arg)?;
                return Ok(Agreed::NONE);
            }
            ExprKind::Aggregate(aggregate) => {
                for arg in &mut aggregate.direct_args {
                    self.collate(arg)?;
                }
                let mut agreed = Agreed::NONE;
                for arg in &mut aggregate.args {
                    let one = self.collate(&mut arg.expr)?;
                    if arg.sort_ref != 0 {
                        self.require_agreement(one)?;
                    }
                    if !arg.junk {
                        self.merge(&mut agreed, one)?;
                    }
                }
                if let Some(filter) = &mut aggregate.filter {
                    self.collate(filter)?;
                }
                aggregate.input_collation = agreed.input();
                agreed
            }
            ExprKind::Window(call) => {
                let agreed = self.merge_all(&mut call.args)?;
                if let Some(filter) = &mut call.filter {
                    self.collate(filter)?;
                }
                call.input_collation = agreed.input();
                agreed
            }
            ExprKind::Grouping { args, .. } => {
                // They have to be the same as what is grouped by.
                args.iter_mut().try_for_each(|arg| self.collate(arg).map(drop))?;
                return Ok(Agreed::NONE);
            }
            ExprKind::SubLink(link) => {
                let mut columns: Vec<Agreed> = Vec::new();
                for cast in &mut link.casts {
                    columns.push(self.collate(cast)?);
                }
                for (at, test) in link.test.iter_mut().enumerate() {
                    let mut agreed = self.collate(test)?;
                    if let Some(&column) = columns.get(at) {
                        self.merge(&mut agreed, column)?;
                    }
                    if let Some(operator) = link.operators.get_mut(at) {
                        operator.input_collation = agreed.input();
                    }
                }
                return Ok(match link.kind {
                    SubLinkKind::Scalar | SubLinkKind::Array => leaf(expr.ty.collation),
                    _ => Agreed::NONE,
                });
            }
            ExprKind::Case { arg, whens, otherwise } => {
                let mut agreed = Agreed::NONE;
                let test = match arg {
                    Some(arg) => Some(self.collate(arg)?),
                    None => None,
                };
                for (condition, result) in whens.iter_mut() {
                    if let Some(test) = test {
                        set_case_test(condition, test.input());
                    }
                    self.collate(condition)?;
                    let one = self.collate(result)?;
                    self.merge(&mut agreed, one)?;
                }
                let one = self.collate(otherwise)?;
                self.merge(&mut agreed, one)?;
                agreed
            }
            ExprKind::Coalesce(args) => self.merge_all(args)?,
            ExprKind::MinMax { args, input_collation, .. } => {
                let agreed = self.merge_all(args)?;
                *input_collation = agreed.input();
                agreed
            }
            ExprKind::Array { elements, .. } => self.merge_all(elements)?,
            ExprKind::Row { fields, .. } => {
                fields.iter_mut().try_for_each(|field| self.collate(field).map(drop))?;
                return Ok(Agreed::NONE);
            }
            ExprKind::RowCompare { input_collations, left, right, .. } => {
                for ((l, r), input) in left.iter_mut().zip(right).zip(input_collations) {
                    let mut agreed = self.collate(l)?;
                    let one = self.collate(r)?;
                    self.merge(&mut agreed, one)?;
                    *input = agreed.input();
                }
                return Ok(Agreed::NONE);
            }
            ExprKind::Field { arg, .. } => {
                self.collate(arg)?;
                return Ok(leaf(expr.ty.collation));
            }
            ExprKind::FieldStore { arg, fields } => {
                self.collate(arg)?;
                fields.iter_mut().try_for_each(|(_, field)| self.collate(field).map(drop))?;
                return Ok(Agreed::NONE);
            }
            ExprKind::Subscript { container, upper, lower, assign, .. } => {
                let agreed = self.collate(container)?;
                for index in upper.iter_mut().chain(lower).flatten() {
                    self.collate(index)?;
                }
                if let Some(assign) = assign {
                    self.collate(assign)?;
                }
                agreed
            }
            ExprKind::Relabel(arg, _)
            | ExprKind::CoerceViaIo(arg, _)
            | ExprKind::ConvertRow(arg, _)
            | ExprKind::CoerceToDomain(arg, _) => self.collate(arg)?,
            ExprKind::JsonForm { value, .. } => self.collate(value)?,
            ExprKind::JsonCall { args, .. } => {
                args.iter_mut().try_for_each(|arg| self.collate(arg).map(drop))?;
                Agreed::NONE
            }
            ExprKind::JsonPath(path) => {
                self.collate(&mut path.context)?;
                self.collate(&mut path.path)?;
                path.passing.iter_mut().try_for_each(|(_, value)| self.collate(value).map(drop))?;
                let behaviors = [&mut path.on_empty, &mut path.on_error].into_iter().flatten();
                behaviors.filter_map(|b| b.value.as_mut()).try_for_each(|value| self.collate(value).map(drop))?;
                Agreed::NONE
            }
            ExprKind::JsonTable(table) => {
                self.collate(&mut table.context)?;
                table.passing.iter_mut().try_for_each(|(_, value)| self.collate(value).map(drop))?;
                self.collate_json_rows(&mut table.rows)?;
                Agreed::NONE
            }
            ExprKind::ArrayCoerce { arg, element, .. } => {
                let agreed = self.collate(arg)?;
                self.collate(element)?;
                agreed
            }
        };
        // The result's collation: what the inputs agree on; the type's own if they have none.
        let row = self.catalog.type_(expr.ty.oid)?;
        if !row.typcollation.is_valid() {
            expr.ty.collation = Oid::INVALID;
            return Ok(Agreed::NONE);
        }
        // A domain's own collation, unless it is the default one, yields to an explicit one only.
        let domain = matches!(expr.kind, ExprKind::CoerceToDomain(..)) && row.typcollation != DEFAULT_COLLATION;
        if agreed.strength == Strength::None || domain && agreed.strength != Strength::Explicit {
            expr.ty.collation = row.typcollation;
            return Ok(leaf(row.typcollation));
        }
        expr.ty.collation = agreed.input();
        Ok(agreed)
    }
}

impl Analyzer<'_> {
    fn collate_json_rows(&self, rows: &mut JsonTableRows) -> Result<()> {
        let mut columns = rows.columns.iter_mut().filter_map(|column| column.value.as_mut());
        columns.try_for_each(|value| self.collate(value).map(drop))?;
        rows.nested.iter_mut().try_for_each(|nested| self.collate_json_rows(nested))
    }
}

/// Gives the placeholders of a CASE's argument its collation.
fn set_case_test(expr: &mut Expr, collation: Oid) {
    if let ExprKind::Operator(call) = &mut expr.kind
        && let Some(first) = call.args.first_mut()
    {
        let mut at = first;
        loop {
            match &mut at.kind {
                ExprKind::CaseTest => {
                    if at.ty.collation.is_valid() {
                        at.ty.collation = collation;
                    }
                    return;
                }
                ExprKind::Relabel(arg, _) => at = arg,
                _ => return,
            }
        }
    }
}
