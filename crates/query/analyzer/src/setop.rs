//! UNION, INTERSECT, EXCEPT.

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, SelectBody};

use crate::Analyzer;
use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::node::Next;
use crate::query::*;
use crate::scope::Visible;
use crate::types::{self as ty, UNKNOWN};
use crate::with::{Recursion, Within};

impl Analyzer<'_> {
    pub(crate) fn set_operation_select(
        &mut self,
        select: &ast::Select,
        first: &ast::Select,
        rest: &[ast::SetStep],
    ) -> Result<()> {
        let top = self.scopes.len() - 1;
        // A recursive WITH query learns its columns from the first part.
        let recursive = top.checked_sub(1).and_then(|home| self.scopes[home].recursion.last().map(|_| home));
        let recursive = recursive.filter(|&home| self.recursion(home).is_some_and(|r| r.columns.is_none()));
        let tree = self.set_chain(first, rest, recursive)?;
        // The output is named as the leftmost query's is.
        let mut leftmost = &tree;
        while let SetOperation::Node { left, .. } = leftmost {
            leftmost = left;
        }
        let SetOperation::Leaf(leaf) = *leftmost else { return Err(Error::internal("a set operation without leaves")) };
        let SetOperation::Node { columns, .. } = &tree else {
            return Err(Error::internal("a set operation of one query"));
        };
        let names: Vec<String> = self.scope().query.range_table[leaf].columns.iter().map(|c| c.name.clone()).collect();
        let mut targets: Vec<TargetEntry> = columns
            .iter()
            .zip(&names)
            .enumerate()
            .map(|(at, (&ty, name))| {
                let var = Var { level: 0, relation: leaf, column: at as i16 + 1, version: RowVersion::Default };
                let expr = Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION };
                target(expr, at as i16 + 1, name.clone(), false)
            })
            .collect();
        // ORDER BY sees the output columns only.
        let visible = Visible {
            entry: leaf,
            name: None,
            relation: Oid::INVALID,
            columns: Some(targets.iter().map(|t| (t.name.clone(), t.expr.clone())).collect()),
            by_name: false,
            by_column: true,
            lateral_only: false,
            lateral_ok: true,
            version: RowVersion::Default,
        };
        self.scope().names = vec![visible];
        let count = targets.len();
        let order_by = self.sort_clauses(&mut targets, &select.order_by)?;
        if targets.len() > count {
            return Err(self
                .error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                    targets[count].expr.location,
                )
                .detail("Only result column names can be used, not expressions or functions.")
                .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."));
        }
        self.scope().names.clear();
        self.limit(select)?;
        if let Some(locking) = select.locking.first() {
            let words = crate::select::lock_words(locking.strength);
            let text = format!("{words} is not allowed with UNION/INTERSECT/EXCEPT");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        let query = &mut self.scope().query;
        query.targets = targets;
        query.order_by = order_by;
        query.set_operation = Some(Box::new(tree));
        Ok(())
    }

    fn set_chain(
        &mut self,
        first: &ast::Select,
        rest: &[ast::SetStep],
        recursive: Option<usize>,
    ) -> Result<SetOperation> {
        let mut left = self.within(surrounding(None, rest), |this| this.deeper(|this| this.set_operand(first)))?;
        for (at, step) in rest.iter().enumerate() {
            if at + 1 == rest.len()
                && let Some(home) = recursive
            {
                self.learn_recursive_columns(&left, home, step)?;
            }
            let place = surrounding(Some(step), &rest[at + 1..]);
            let right = self.within(place, |this| this.deeper(|this| this.set_operand(&step.right)))?;
            let is_recursive = at + 1 == rest.len()
                && recursive.and_then(|home| self.recursion(home)).is_some_and(|r| r.references > 0);
            left = self.combine(step, left, right, is_recursive)?;
        }
        Ok(left)
    }

    fn set_operand(&mut self, select: &ast::Select) -> Result<SetOperation> {
        if let SelectBody::SetOperation { first, rest } = &select.body
            && select.with.is_none()
            && select.order_by.is_empty()
            && select.limit.is_none()
            && select.locking.is_empty()
        {
            return self.set_chain(first, rest, None);
        }
        let query = self.select(select, false)?;
        let number = self.scope().query.range_table.len() + 1;
        let entry = self.subquery_entry(query, None, &format!("*SELECT* {number}"), false)?;
        let entry = RangeTableEntry { in_from: false, ..entry };
        Ok(SetOperation::Leaf(self.add_entry(entry)))
    }

    /// Types, and the expression of each column if it is a leaf's.
    fn operand_columns(&mut self, operand: &SetOperation) -> Vec<Expr> {
        match operand {
            SetOperation::Leaf(at) => match &self.scope().query.range_table[*at].kind {
                EntryKind::Subquery { query, .. } => query.output().map(|t| t.expr.clone()).collect(),
                _ => Vec::new(),
            },
            SetOperation::Node { columns, .. } => columns.iter().map(|&ty| ty::null(ty)).collect(),
        }
    }

    fn combine(
        &mut self,
        step: &ast::SetStep,
        mut left: SetOperation,
        mut right: SetOperation,
        recursive: bool,
    ) -> Result<SetOperation> {
        let (kind, word) = match step.operator {
            ast::SetOperator::Union => (SetKind::Union, "UNION"),
            ast::SetOperator::Intersect => (SetKind::Intersect, "INTERSECT"),
            ast::SetOperator::Except => (SetKind::Except, "EXCEPT"),
        };
        let (l, r) = (self.operand_columns(&left), self.operand_columns(&right));
        if l.len() != r.len() {
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                format!("each {word} query must have the same number of columns"),
                r.first().map_or(step.right.location, |e| {
                    if e.location == NO_LOCATION { step.right.location } else { e.location }
                }),
            ));
        }
        let mut columns = Vec::with_capacity(l.len());
        let mut group = Vec::new();
        for (at, (mut l, mut r)) in l.into_iter().zip(r).enumerate() {
            let common = if recursive {
                if l.ty.oid == UNKNOWN { self.common_type(&[&l, &r], word)? } else { l.ty.oid }
            } else {
                self.common_type(&[&l, &r], word)?
            };
            if recursive {
                let overall = self.common_type(&[&l, &r], word)?;
                let typmod = self.common_typmod(&[&l, &r], overall);
                let known = l.ty.oid == overall && l.ty.typmod != typmod;
                if overall != common || known {
                    let message = format!(
                        "recursive query \"{}\" column {} has type {} in non-recursive term but type {} overall",
                        self.recursive_name(),
                        at + 1,
                        self.catalog.format_type(common, if known { l.ty.typmod } else { -1 })?,
                        self.catalog.format_type(overall, typmod)?
                    );
                    return Err(self
                        .error(SqlState::DATATYPE_MISMATCH, message, first_place(&l))
                        .hint("Cast the output of the non-recursive term to the correct type."));
                }
            }
            // Literals of unknown type take the common type where they stand.
            self.resolve_operand(&mut left, at, &mut l, common)?;
            self.resolve_operand(&mut right, at, &mut r, common)?;
            for side in [&l, &r] {
                if side.ty.oid != common && !self.can_coerce(&[side.ty.oid], &[common], Coercion::Implicit)? {
                    let message = format!(
                        "{word} could not convert type {} to {}",
                        self.catalog.format_type(side.ty.oid, -1)?,
                        self.catalog.format_type(common, -1)?
                    );
                    return Err(self.error(SqlState::CANNOT_COERCE, message, side.location));
                }
            }
            let typmod = self.common_typmod(&[&l, &r], common);
            let collation = if self.catalog.type_(common)?.typcollation.is_valid() {
                let lenient = kind == SetKind::Union && step.all;
                self.common_collation(&mut [&mut l.clone(), &mut r.clone()], lenient)?
            } else {
                Oid::INVALID
            };
            if recursive && l.ty.collation != collation {
                let name = |collation: Oid| -> Result<String> {
                    Ok(self.catalog.find_collation(collation)?.map_or_else(String::new, |row| row.collname.to_string()))
                };
                let message = format!(
                    "recursive query \"{}\" column {} has collation \"{}\" in non-recursive term but collation \"{}\" overall",
                    self.recursive_name(),
                    at + 1,
                    name(l.ty.collation)?,
                    name(collation)?
                );
                return Err(self
                    .error(SqlState::COLLATION_MISMATCH, message, l.location)
                    .hint("Use the COLLATE clause to set the collation of the non-recursive term."));
            }
            columns.push(SqlType { oid: common, typmod, collation });
            if !(kind == SetKind::Union && step.all) {
                let order = ty::ordering(self.catalog, common)?;
                if !order.equal.is_valid() {
                    let message = format!(
                        "could not identify an equality operator for type {}",
                        self.catalog.format_type(common, -1)?
                    );
                    return Err(self.error(SqlState::UNDEFINED_FUNCTION, message, r.location));
                }
                group.push(SortClause {
                    target_ref: at as u32 + 1,
                    equality: order.equal,
                    ordering: order.less,
                    descending: false,
                    nulls_first: false,
                    hashable: order.hash.is_valid(),
                });
            }
        }
        Ok(SetOperation::Node { kind, all: step.all, left: Box::new(left), right: Box::new(right), columns, group })
    }

    /// Gives a leaf's literal of unknown type the type of the set operation's column.
    fn resolve_operand(&mut self, operand: &mut SetOperation, at: usize, column: &mut Expr, common: Oid) -> Result<()> {
        if column.ty.oid != UNKNOWN {
            return Ok(());
        }
        let SetOperation::Leaf(leaf) = *operand else { return Ok(()) };
        let converted =
            self.coerce(column.clone(), common, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
        *column = converted.clone();
        let entry = &mut self.scope().query.range_table[leaf];
        entry.columns[at].ty = converted.ty;
        if let EntryKind::Subquery { query, .. } = &mut entry.kind
            && let Some(target) = query.targets.iter_mut().filter(|t| !t.junk).nth(at)
        {
            target.expr = converted;
        }
        Ok(())
    }

    /// The query of a WITH RECURSIVE that is being analyzed in the scope at `home`.
    fn recursion(&self, home: usize) -> Option<&Recursion> {
        self.scopes[home].recursion.last()
    }

    fn recursive_name(&self) -> &str {
        let home = self.scopes.len().checked_sub(2);
        home.and_then(|home| self.recursion(home)).map_or("", Recursion::name)
    }

    /// The columns of a recursive query, from its non-recursive part.
    fn learn_recursive_columns(&mut self, left: &SetOperation, home: usize, step: &ast::SetStep) -> Result<()> {
        if step.operator != ast::SetOperator::Union {
            return Ok(());
        }
        let exprs = self.operand_columns(left);
        let mut leftmost = left;
        while let SetOperation::Node { left, .. } = leftmost {
            leftmost = left;
        }
        let names: Vec<String> = match leftmost {
            SetOperation::Leaf(at) => {
                self.scope().query.range_table[*at].columns.iter().map(|c| c.name.clone()).collect()
            }
            _ => Vec::new(),
        };
        let mut columns = Vec::new();
        for (mut expr, name) in exprs.into_iter().zip(names) {
            self.assign_collations(&mut expr)?;
            let ty = if expr.ty.oid == UNKNOWN {
                SqlType { oid: types::oid::TEXT, typmod: -1, collation: ty::DEFAULT_COLLATION }
            } else {
                expr.ty
            };
            columns.push(EntryColumn { name, ty });
        }
        if let Some(recursion) = self.recursion(home) {
            self.check_column_names(recursion.name(), recursion.aliases.len(), columns.len(), recursion.location())?;
        }
        let Some(recursion) = self.scopes[home].recursion.last_mut() else { return Ok(()) };
        for (column, alias) in columns.iter_mut().zip(&recursion.aliases) {
            column.name.clone_from(alias);
        }
        recursion.columns = Some(columns);
        Ok(())
    }
}

/// Where the text of an expression begins: a cast stands behind what it casts.
fn first_place(expr: &Expr) -> u32 {
    let mut first = NO_LOCATION;
    expr.walk(|expr, _| {
        first = first.min(expr.location);
        Next::Below
    });
    first
}

/// What stands around an operand of a chain of set operations, the nearest that recursive references mind: the step that it is the
/// right operand of, or a later one.
fn surrounding(own: Option<&ast::SetStep>, later: &[ast::SetStep]) -> Option<Within> {
    let place = |step: &ast::SetStep, right: bool| match step.operator {
        ast::SetOperator::Union => None,
        ast::SetOperator::Intersect => step.all.then_some(Within::Intersect),
        ast::SetOperator::Except => (step.all || right).then_some(Within::Except),
    };
    own.and_then(|step| place(step, true)).or_else(|| later.iter().find_map(|step| place(step, false)))
}
