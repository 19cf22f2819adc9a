//! Tests for null of what is never null, and equalities that ask for nothing else.
//!
//! A column with a valid NOT NULL constraint is null only where an outer join has added its row. Where none did, a test of it is decided when the query is planned,
//! and with it perhaps an OR around it.

use analyzer::query::{self as q, Expr, ExprKind};
use error::Result;

use super::is_known;
use crate::level::Planner;
use crate::prepare::{Relids, is_volatile, relids_of};

impl Planner<'_> {
    /// A condition without the tests for null that are decided: a constant, perhaps. `nullable` are the relations whose rows may be missing there.
    pub(super) fn without_null_tests(&mut self, mut expr: Expr, nullable: Relids) -> Result<Expr> {
        match &mut expr.kind {
            ExprKind::NullTest { .. } => {
                let decided = self.null_test(&expr, relids_of(&expr) & nullable != 0)?;
                return Ok(decided.map_or(expr, analyzer::types::boolean));
            }
            ExprKind::Or(arms) => {
                let mut all_false = true;
                for arm in arms.iter() {
                    let decided = self.null_test(arm, relids_of(arm) & nullable != 0)?;
                    if decided == Some(true) {
                        return Ok(analyzer::types::boolean(true));
                    }
                    all_false &= decided == Some(false);
                }
                if all_false {
                    return Ok(analyzer::types::boolean(false));
                }
            }
            ExprKind::Operator(call) if relids_of_call(call) & nullable == 0 => {
                if let [left, right] = &call.args[..]
                    && left == right
                    && relids_of(left) != 0
                    && is_known(call.operator)
                    && analyzer::types::ordering(self.ctx.catalog, left.ty.oid)?.equal == call.operator
                    && !is_volatile(self.ctx.catalog, left)?
                {
                    let arg = Box::new(left.clone());
                    expr.kind = ExprKind::NullTest { arg, is_null: false, row: false };
                    return self.without_null_tests(expr, nullable);
                }
            }
            _ => {}
        }
        Ok(expr)
    }

    /// What a test for null of a column that has none comes to.
    fn null_test(&mut self, expr: &Expr, nullable: bool) -> Result<Option<bool>> {
        let ExprKind::NullTest { arg, is_null, row: false } = &expr.kind else { return Ok(None) };
        let ExprKind::Var(var) = &arg.kind else { return Ok(None) };
        if nullable || var.level != 0 || var.column == 0 || var.version != q::RowVersion::Default {
            return Ok(None);
        }
        let Some(relation) = self.entry_relation(var.relation) else { return Ok(None) };
        if !self.level().query.range_table[var.relation].security.is_empty() {
            return Ok(None);
        }
        let relation = self.relation(relation)?;
        let not_null = match var.column {
            ..0 => true,
            column => relation.column(column).is_some_and(|column| column.attnotnull && column.attgenerated != b'v'),
        };
        // A constraint that is not inherited says nothing of the children's rows; one that was not checked, nothing of those there are.
        let whole = !relation.class.relhassubclass || relation.kind() == catalog::relation::kind::PARTITIONED_TABLE;
        let valid = !relation.constraints.iter().any(|constraint| {
            constraint.contype == b'n'
                && !constraint.convalidated
                && constraint.conkey.as_ref().is_some_and(|columns| columns.contains(&var.column))
        });
        Ok((not_null && whole && valid).then_some(!*is_null))
    }
}

fn relids_of_call(call: &q::OperatorCall) -> Relids {
    call.args.iter().fold(0, |set, arg| set | relids_of(arg))
}
