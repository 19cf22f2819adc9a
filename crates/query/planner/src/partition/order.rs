//! Partitions that give their rows in order when they are read one after the other.
//!
//! The partitions of ranges follow each other as their keys do, and so do those of lists that do not lie around each other. So where each member of a tree
//! is read in an order that begins with the partition key, or that the key begins with, an Append of them is in that order: no merge is needed.
//! Descending orders read the members from the last one to the first. A partitioned table below takes its place among the others if it can do the same.

use analyzer::query::{Expr, ExprKind};
use error::Result;

use crate::level::{PathKey, Planner};
use crate::plan::PruneChild;
use crate::scan::stripped;
use crate::tree::{Tree, numbers, translate};

/// In which turn a tree's members are to be read for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is one member at most.
    Any,
    /// As they stand.
    Forward,
    /// From the last one to the first.
    Backward,
}

impl Planner<'_> {
    /// In which turn the members of a tree give rows in this order, if each is in it; none if they have to be merged.
    pub(crate) fn turn(&self, tree: &Tree, order: &[PathKey]) -> Result<Option<Turn>> {
        match tree.branches.is_empty() || order.is_empty() {
            true => Ok(None),
            false => self.turn_of_branch(tree, 0, order),
        }
    }

    fn turn_of_branch(&self, tree: &Tree, place: usize, order: &[PathKey]) -> Result<Option<Turn>> {
        let branch = &tree.branches[place];
        let read = branch.children.iter().flatten().count();
        let mut turn = Turn::Any;
        if read > 1 {
            match self.turn_of_key(tree, place, order)? {
                Some(own) if branch.is_ordered() => turn = own,
                _ => return Ok(None),
            }
        }
        for child in branch.children.iter().flatten() {
            let PruneChild::Level(level) = child else { continue };
            match self.turn_of_branch(tree, *level, order)? {
                None => return Ok(None),
                Some(Turn::Any) => {}
                Some(below) if turn == Turn::Any => turn = below,
                Some(below) if below == turn => {}
                Some(_) => return Ok(None),
            }
        }
        Ok(Some(turn))
    }

    /// Whether an order is that of a partition key, as far as both go, and which way round.
    fn turn_of_key(&self, tree: &Tree, place: usize, order: &[PathKey]) -> Result<Option<Turn>> {
        let (relation, key) = (&tree.branches[place].relation, &tree.branches[place].table.key);
        let below = numbers(&tree.top, relation)?;
        let named = |n: i16| below.iter().position(|&below| below == n).map_or(0, |at| at as i16 + 1);
        let inverse: Vec<i16> = (1..=relation.columns.len() as i16).map(named).collect();
        let mut wanted = order.iter();
        let mut turn = None;
        for (n, expr) in key.exprs.iter().enumerate() {
            let mut expr = expr.clone();
            crate::scan::renumber(&mut expr, tree.relation);
            let expr = translate(&expr, tree.relation, &inverse, relation, &tree.top);
            // What is the same in all rows decides nothing.
            if self.is_fixed(tree, &expr) {
                continue;
            }
            let Some(key_wanted) = wanted.next() else { break };
            let family = self.ctx.catalog.opclass(key.classes[n])?.opcfamily;
            let own = match (self.ctx.catalog.operator_strategy(key_wanted.operator, family)?, key_wanted.descending) {
                (Some(1), false) if !key_wanted.nulls_first => Turn::Forward,
                (Some(5), true) if key_wanted.nulls_first => Turn::Backward,
                _ => return Ok(None),
            };
            let collated = !key.collations[n].is_valid() || key.collations[n] == key_wanted.expr.ty.collation;
            let same = stripped(&self.canonical(&expr)) == stripped(&key_wanted.expr);
            if !collated || !same || turn.is_some_and(|turn| turn != own) {
                return Ok(None);
            }
            turn = Some(own);
        }
        Ok(turn)
    }

    /// Whether conditions say that an expression has the same value in all rows of a tree.
    fn is_fixed(&self, tree: &Tree, expr: &Expr) -> bool {
        let own = stripped(expr);
        let constant = self.levels.last().is_some_and(|level| {
            level.classes.iter().any(|class| class.constant && class.members.iter().any(|m| stripped(m) == own))
        });
        constant
            || tree.quals.iter().any(|qual| match &qual.kind {
                ExprKind::Not(arg) => stripped(arg) == own,
                _ => expr.ty.oid == types::oid::BOOL && stripped(qual) == own,
            })
    }
}
