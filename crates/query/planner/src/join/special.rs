//! Outer, semi- and antijoins: which units must be there before one can be made, and which joins would spoil it.
//!
//! The rules are those of reordering outer joins (Galindo-Legaria and Rosenthal, 1997). A join with a side that may be missing can be moved past others
//! unless its condition names what they may have made null; and `A leftjoin (B leftjoin C)` equals `(A leftjoin B) leftjoin C` if the condition between B and C
//! cannot be true where B is missing.

use analyzer::query::{Expr, ExprKind};
use error::Result;

use super::Problem;
use crate::level::Planner;
use crate::plan::JoinType;
use crate::prepare::{Relids, null_rejecting, relids_of};

/// An outer, semi- or antijoin.
pub(crate) struct Special {
    pub join: JoinType,
    /// The sides as they were written.
    pub left: Relids,
    pub right: Relids,
    /// What of the sides must be there.
    pub needs_left: Relids,
    pub needs_right: Relids,
    /// What may be joined to the right side before: it, and what further joins bring to it.
    pub reach: Relids,
    /// What makes rows match.
    pub quals: Vec<Expr>,
    /// Relations of which a missing row makes the condition false.
    pub strict: Relids,
}

impl Special {
    /// Whether it was written within these relations.
    pub fn within(&self, relids: Relids) -> bool {
        (self.left | self.right) & !relids == 0
    }

    /// Whether it may make columns of these relations null that were not, or hide them.
    pub fn adds_nulls_to(&self, relids: Relids) -> bool {
        match self.join {
            JoinType::Full => (self.left | self.right) & relids != 0,
            _ => self.reach & relids != 0,
        }
    }

    /// Whether a set of relations that holds what it needs has been joined by it.
    pub fn is_made(&self, relids: Relids) -> bool {
        (self.needs_left | self.needs_right) & !relids == 0
    }
}

impl Planner<'_> {
    /// Adds a special join: sides with the relations that inner joins bring together there.
    pub(super) fn special(
        &mut self,
        problem: &mut Problem,
        join: JoinType,
        (left, _): (Relids, Relids),
        (right, right_inner): (Relids, Relids),
        lateral: Relids,
        quals: Vec<Expr>,
    ) -> Result<()> {
        let named = quals.iter().fold(0, |set, qual| set | relids_of(qual)) | lateral;
        let mut strict = 0;
        for qual in &quals {
            strict |= null_rejecting(self.ctx.catalog, qual)?;
        }
        let (mut needs_left, mut needs_right) = match join {
            JoinType::Full => (left, right),
            _ => (named & left, (named | right_inner) & right),
        };
        for lower in &problem.specials {
            let all = lower.left | lower.right;
            if lower.within(left) {
                if join == JoinType::Full || lower.join == JoinType::Full && all & needs_left != 0 {
                    needs_left |= all;
                } else if lower.right & needs_left != 0 {
                    // It names what the lower one may have made null: after it, unless both can change places.
                    let commutes = join == JoinType::Left
                        && lower.join == JoinType::Left
                        && strict & lower.right != 0
                        && named & lower.left == 0;
                    if !commutes {
                        needs_left |= all;
                    }
                }
            }
            if lower.within(right) {
                let commutes = join == JoinType::Left
                    && lower.join == JoinType::Left
                    && named & lower.right == 0
                    && lower.strict & lower.left != 0;
                if !commutes {
                    needs_right |= all;
                }
            }
        }
        // What a condition within the missing side asks of rows that a lower join may have added must be asked before.
        for qual in problem.quals.iter().filter(|qual| qual.relids & !right == 0 && qual.after != 0) {
            needs_right |= qual.relids;
            for (_, lower) in problem.specials.iter().enumerate().filter(|(at, _)| qual.after >> at & 1 == 1) {
                needs_right |= lower.left | lower.right;
            }
        }
        // Placeholders are made of the side before it may be missing.
        for value in &self.level().kept_values {
            if let ExprKind::PlaceHolder { relations, .. } = &value.kind
                && relations & !right == 0
                && join == JoinType::Left
            {
                needs_right |= relations;
            }
        }
        if needs_left == 0 {
            needs_left = left;
        }
        if needs_right == 0 {
            needs_right = right;
        }
        // Lower joins to whose missing side this one may be added first.
        for lower in &mut problem.specials {
            if lower.within(left)
                && join == JoinType::Left
                && lower.join == JoinType::Left
                && needs_left & !lower.reach == 0
            {
                lower.reach |= right;
            }
        }
        problem.specials.push(Special { join, left, right, needs_left, needs_right, reach: right, quals, strict });
        Ok(())
    }
}

/// What may be done with two sets.
pub(super) enum Legal<'p> {
    No,
    /// An inner join.
    Inner,
    /// This special join; `turned`: its left side is the second set.
    Special {
        at: usize,
        special: &'p Special,
        turned: bool,
    },
}

/// Whether two sets of relations may be joined, and by what.
pub(super) fn legal(problem: &Problem, left: Relids, right: Relids) -> Legal<'_> {
    let both = left | right;
    let mut found = None;
    for (at, special) in problem.specials.iter().enumerate() {
        let touched = match special.join {
            JoinType::Full => both & (special.left | special.right) != 0,
            _ => both & special.right != 0,
        };
        if !touched || special.is_made(left) || special.is_made(right) {
            continue;
        }
        if special.is_made(both) {
            let fits = |l: Relids, r: Relids| {
                special.needs_left & !l == 0
                    && special.needs_right & !r == 0
                    && r & !special.reach == 0
                    && l & special.right == 0
                    && (special.join != JoinType::Full || l & !special.left == 0)
            };
            let turned = match (fits(left, right), fits(right, left)) {
                (true, _) => false,
                (_, true) => true,
                _ => return Legal::No,
            };
            if found.is_some() {
                return Legal::No;
            }
            found = Some(Legal::Special { at, special, turned });
            continue;
        }
        // It comes later: until then its sides stay apart.
        let apart = match special.join {
            JoinType::Full => both & !special.left == 0 || both & !special.right == 0,
            _ => both & special.right == 0 || both & !special.reach == 0,
        };
        if !apart {
            return Legal::No;
        }
    }
    found.unwrap_or(Legal::Inner)
}

/// The special joins that have been made among relations.
pub(super) fn made(problem: &Problem, relids: Relids) -> u128 {
    problem.specials.iter().enumerate().filter(|(_, s)| s.is_made(relids)).fold(0, |set, (at, _)| set | 1 << at)
}
