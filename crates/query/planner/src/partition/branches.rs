//! The partitions that a statement reads, and those that it leaves out once it knows more.
//!
//! Planning leaves out what constants exclude ([`Planner::partitions`]). What is left stays a tree of [`Branch`]es, so that an Append over it can leave out
//! more: when the statement starts, by its parameters, and whenever it is run again, by values that other nodes give ([`Planner::append_pruning`]).

use std::sync::Arc;

use analyzer::query::{Expr, ExprKind};
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};

use super::condition::{KeyTest, Values, key_test};
use super::prune::{Within, keep};
use super::{Bounds, Partitioned};
use crate::level::Planner;
use crate::plan::{AppendPruning, PruneChild, PruneLevel};
use crate::scan::stripped;
use crate::tree::{MEMBERS_MAX, Tree, numbers, translate};

/// A partitioned table of a tree, and what of its partitions is read.
pub(crate) struct Branch {
    pub relation: Entry<Relation>,
    pub table: Arc<Partitioned>,
    /// By partition: what it is in the tree; none: it is left out.
    pub children: Vec<Option<PruneChild>>,
}

impl Branch {
    /// Whether the keys of each partition that is read are less than those of the next one.
    pub fn is_ordered(&self) -> bool {
        let read = |partition: usize| self.children[partition].is_some();
        match &self.table.bounds {
            Bounds::Range { default, .. } => !default.is_some_and(read),
            // A partition of several values may lie around those of another one.
            Bounds::List { values, null, default } => {
                let mut places: Vec<usize> = values.iter().map(|(_, at)| *at).filter(|at| read(*at)).collect();
                places.dedup();
                let null_alone = null.is_none_or(|at| !read(at) || !places.contains(&at));
                let before = places.len();
                places.sort_unstable();
                places.dedup();
                places.len() == before && null_alone && !default.is_some_and(read)
            }
            Bounds::Hash { .. } => false,
        }
    }
}

/// What is known of the keys of a partition because it is one: it belongs to a range.
type Known = Option<(Vec<u8>, Option<Vec<u8>>)>;

impl Planner<'_> {
    /// The leaf partitions of a table that rows under these conditions may be in, and the partitioned tables above them, the table itself first.
    pub fn partitions(
        &mut self,
        top: &Entry<Relation>,
        at: usize,
        quals: &[Expr],
    ) -> Result<(Vec<ids::Oid>, Vec<Branch>)> {
        let mut found = (Vec::new(), Vec::new());
        if self.ctx.costs.enable_partition_pruning && self.is_excluded(top, at, quals)? {
            return Ok(found);
        }
        self.partitions_below(top, top, at, quals, None, &mut found)?;
        Ok(found)
    }

    /// Whether no row of a table that is a partition itself can meet the conditions, by the bounds of those above.
    fn is_excluded(&mut self, top: &Entry<Relation>, at: usize, quals: &[Expr]) -> Result<bool> {
        let mut table = top.clone();
        while table.class.relispartition {
            let Some(parent) = self.ctx.catalog.parents(table.oid)?.first().copied() else { break };
            let parent = self.relation(parent)?;
            let partitions = Partitioned::of(self.ctx, parent.oid)?;
            // The parent's number of each of the table's columns.
            let below = numbers(&parent, top)?;
            let own = |n: i16| below.iter().position(|&below| below == n).map_or(0, |at| at as i16 + 1);
            let inverse: Vec<i16> = (1..=top.columns.len() as i16).map(own).collect();
            let quals: Vec<Expr> = quals.iter().map(|qual| translate(qual, at, &inverse, top, &parent)).collect();
            let kept = self.matching(&partitions, at, &quals, None)?;
            let place = partitions.partitions.iter().position(|partition| partition.oid == table.oid);
            if place.is_some_and(|place| !kept[place]) {
                return Ok(true);
            }
            table = parent;
        }
        Ok(false)
    }

    /// Which partitions constants in these conditions allow.
    fn matching(
        &self,
        partitions: &Partitioned,
        at: usize,
        quals: &[Expr],
        within: Option<Within<'_>>,
    ) -> Result<Vec<bool>> {
        let test = key_test(self, partitions, at, quals, Values::Constants)?;
        keep(partitions, &test, within, self.ctx.env, &mut |value| {
            Ok(match &stripped(value).kind {
                ExprKind::Const(value) => Some(value.clone()),
                _ => None,
            })
        })
    }

    fn partitions_below(
        &mut self,
        top: &Entry<Relation>,
        table: &Entry<Relation>,
        at: usize,
        quals: &[Expr],
        known: Known,
        (leaves, branches): &mut (Vec<ids::Oid>, Vec<Branch>),
    ) -> Result<usize> {
        let partitions = Partitioned::of(self.ctx, table.oid)?;
        let count = partitions.partitions.len();
        let numbers = numbers(top, table)?;
        let own = |qual: &Expr| translate(qual, at, &numbers, top, table);
        let mut wanted = vec![true; count];
        // Which partitions each arm of an OR allows: in the others, and below them, it cannot be true.
        let mut arms: Vec<Vec<Vec<bool>>> = vec![Vec::new(); quals.len()];
        if self.ctx.costs.enable_partition_pruning {
            let within = known.as_ref().map(|(from, to)| (from.as_slice(), to.as_deref()));
            let plain: Vec<Expr> = quals.iter().map(own).collect();
            wanted = self.matching(&partitions, at, &plain, within)?;
            for (qual, arms) in quals.iter().zip(&mut arms) {
                let ExprKind::Or(parts) = &qual.kind else { continue };
                for part in parts {
                    let mut conditions = Vec::new();
                    crate::prepare::conjuncts(own(part), &mut conditions);
                    arms.push(self.matching(&partitions, at, &conditions, within)?);
                }
            }
        }
        let place = branches.len();
        branches.push(Branch { relation: table.clone(), table: partitions.clone(), children: vec![None; count] });
        for (n, partition) in partitions.partitions.iter().enumerate().filter(|(n, _)| wanted[*n]) {
            if leaves.len() > MEMBERS_MAX {
                return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many partitions"));
            }
            let child = match partition.partitioned {
                false => {
                    leaves.push(partition.oid);
                    PruneChild::Input(leaves.len() - 1)
                }
                true => {
                    let below = self.relation(partition.oid)?;
                    let left: Vec<Expr> =
                        quals.iter().zip(&arms).map(|(qual, arms)| in_partition(qual, arms, n)).collect();
                    let known = self.known_below(&partitions, &below, table, n)?;
                    let mut found = (std::mem::take(leaves), std::mem::take(branches));
                    let level = self.partitions_below(top, &below, at, &left, known, &mut found);
                    (*leaves, *branches) = found;
                    PruneChild::Level(level?)
                }
            };
            branches[place].children[n] = Some(child);
        }
        Ok(place)
    }

    /// What a partition's range says of the first column of its own key, if that is what it is cut by.
    fn known_below(
        &self,
        partitions: &Partitioned,
        below: &Entry<Relation>,
        table: &Entry<Relation>,
        n: usize,
    ) -> Result<Known> {
        let Bounds::Range { ranges, .. } = &partitions.bounds else { return Ok(None) };
        let key = &partitions.key;
        let inner = Partitioned::of(self.ctx, below.oid)?;
        let [number] = key.numbers[..] else { return Ok(None) };
        let same = number > 0
            && inner.key.numbers.first() == numbers(table, below)?.get(number as usize - 1)
            && inner.key.types.first() == key.types.first()
            && inner.key.collations.first() == key.collations.first()
            && inner.key.encoder.is_some();
        let range = ranges.iter().find(|range| range.partition == n).filter(|_| same);
        Ok(range.map(|range| (range.lower.clone(), range.upper.clone())))
    }

    /// How an Append over a tree's members leaves inputs out by values that are known only when it runs; `quals` hold for all rows that are
    /// wanted. The inputs are the members, from the last to the first if `reversed`.
    pub fn append_pruning(
        &mut self,
        tree: &Tree,
        quals: &[Expr],
        reversed: bool,
    ) -> Result<Option<Box<AppendPruning>>> {
        let at = tree.relation;
        if tree.branches.is_empty() || !self.ctx.costs.enable_partition_pruning {
            return Ok(None);
        }
        let mut pruning = AppendPruning { levels: Vec::new(), at_start: false, again: false };
        let mut tests: Vec<[KeyTest<Expr>; 2]> = Vec::with_capacity(tree.branches.len());
        for branch in &tree.branches {
            let numbers = numbers(&tree.top, &branch.relation)?;
            let own: Vec<Expr> =
                quals.iter().map(|qual| translate(qual, at, &numbers, &tree.top, &branch.relation)).collect();
            let [start, all] =
                [Values::Start, Values::All].map(|values| key_test(self, &branch.table, at, &own, values));
            let (start, all) = (start?, all?);
            // Constants have been asked already.
            pruning.at_start |= has_unknown(&start, &|_| true);
            pruning.again |= has_unknown(&all, &crate::upper::reads_rows);
            tests.push([start, all]);
        }
        if !pruning.at_start && !pruning.again {
            return Ok(None);
        }
        let before = self.level().scanning.replace(at);
        let mut compile = |test: &KeyTest<Expr>| test.map(&mut |value| self.compile(value, &[]));
        for (branch, [start, all]) in tree.branches.iter().zip(&tests) {
            let (start, all) = (compile(start)?, compile(all)?);
            let (table, mut children) = (branch.table.clone(), branch.children.clone());
            for child in children.iter_mut().flatten().filter(|_| reversed) {
                if let PruneChild::Input(input) = child {
                    *input = tree.members.len() - 1 - *input;
                }
            }
            pruning.levels.push(PruneLevel { table, start, all, children });
        }
        self.level().scanning = before;
        Ok(Some(Box::new(pruning)))
    }
}

/// Whether a test asks for a value that is no constant, and is as wanted.
fn has_unknown(test: &KeyTest<Expr>, wanted: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    test.for_each(&mut |value| found |= !matches!(stripped(value).kind, ExprKind::Const(_)) && wanted(value));
    found
}

/// A condition without the arms of an OR that cannot be true in a partition.
fn in_partition(qual: &Expr, arms: &[Vec<bool>], n: usize) -> Expr {
    let ExprKind::Or(parts) = &qual.kind else { return qual.clone() };
    if arms.len() != parts.len() {
        return qual.clone();
    }
    let mut left: Vec<Expr> =
        parts.iter().zip(arms).filter(|(_, kept)| kept[n]).map(|(part, _)| part.clone()).collect();
    match left.len() {
        0 => analyzer::types::boolean(false),
        1 => left.swap_remove(0),
        _ => Expr { kind: ExprKind::Or(left), ..qual.clone() },
    }
}
