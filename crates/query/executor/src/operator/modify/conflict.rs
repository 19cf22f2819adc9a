//! INSERT … ON CONFLICT into a partitioned table.
//!
//! Each row goes to its partition, whose own indexes arbitrate; the partition takes the place of the table that the statement names while its row is
//! inserted, or updates another ([`Insert::exchange`]). What DO UPDATE says speaks of the named table's columns, so rows go back and forth between
//! the two forms.

use batch::Batch;
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::CheckKind;

use super::insert::Insert;
use super::route::{PartitionCheck, Rearrangement};
use crate::run::Run;

/// What a partition has in place of the named table, beside its target.
pub(super) struct Member {
    oid: Oid,
    returning: super::Returning,
    updated: Vec<i16>,
    arbiters: Vec<Oid>,
    from_root: Rearrangement,
}

impl Insert {
    /// Inserts the rows of the batch into partitions, or does what ON CONFLICT says.
    pub(super) fn conflict_in_partitions(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let all = std::mem::take(&mut self.batch);
        let forms: Vec<batch::Repr> = all.columns.iter().map(batch::Column::repr).collect();
        let result = all.rows().iter().try_for_each(|row| {
            let one = super::change::single(&all, row, forms.clone());
            self.conflict_in_partition(&one, out, run)
        });
        self.batch = all;
        result
    }

    fn conflict_in_partition(&mut self, row: &Batch, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let session = run.session;
        let Some(router) = &mut self.router else { return Ok(()) };
        if router.check_above(row, run)?.is_some() {
            return Err(self.common.target.misplaced(row, 0, run)?);
        }
        let Some(&oid) = router.route(row, run)?.first() else { return Ok(()) };
        let width = self.common.target.reprs().len();
        let leaf = router.leaf(oid, session)?;
        let mut own = leaf.from_root.apply(row, &[0], &leaf.target.reprs());
        if leaf.target.before_insert(&mut own, run)?
            && let Some(row) = PartitionCheck::new(session, oid)?.failing(&own, run)?
        {
            return Err(leaf.target.moved_by_trigger(&own, row, run)?);
        }
        if own.row_count() == 0 {
            return Ok(());
        }
        leaf.target.generate(&mut own, run)?;
        if self.common.target.is_secured(CheckKind::Insert) {
            let rows: Vec<u16> = own.rows().iter().map(|row| row as u16).collect();
            let whole = leaf.to_root.apply(&own, &rows, &self.common.target.reprs());
            self.common.target.check_policies(CheckKind::Insert, &whole, run)?;
        }
        leaf.target.check(&own, run)?;
        // What RETURNING takes from the source goes along.
        own.columns.extend(row.columns[width..].iter().cloned());
        let mut member = match self.members.remove(&oid) {
            Some(member) => member,
            None => self.member(oid, run)?,
        };
        self.exchange(&mut member)?;
        let before = std::mem::replace(&mut self.batch, own);
        let result = self.insert_or_else(0, out, run);
        self.batch = before;
        self.exchange(&mut member)?;
        self.members.insert(oid, member);
        result
    }

    /// What a partition has in the place of the named table.
    fn member(&mut self, oid: Oid, run: &Run<'_>) -> Result<Member> {
        let Some(router) = &mut self.router else { return Err(Error::internal("a table has no partitions")) };
        let reprs = self.common.target.reprs();
        let leaf = router.leaf(oid, run.session)?;
        // What policies and views ask is asked of rows of the table that was named.
        leaf.target.checked_as = Some((leaf.to_root.clone(), reprs));
        let number = |number: &i16| {
            let place = usize::try_from(*number - 1).ok().and_then(|at| leaf.to_root.place(at));
            place.map_or(0, |place| place as i16 + 1)
        };
        let wanted = self.on_conflict.as_ref().map(|conflict| conflict.arbiters.as_slice()).unwrap_or_default();
        let mut arbiters = Vec::new();
        for index in &leaf.target.indexes {
            let own = index.open.row.indexrelid;
            let mut above = vec![own];
            while let Some(&last) = above.last()
                && above.len() < 1000
                && let Some(&parent) = run.session.catalog.parents(last)?.first()
            {
                above.push(parent);
            }
            if above.iter().any(|index| wanted.contains(index)) {
                arbiters.push(own);
            }
        }
        if !wanted.is_empty() && arbiters.is_empty() {
            return Err(Error::internal("could not find an arbiter index in a partition"));
        }
        Ok(Member {
            oid,
            returning: self.common.returning.of_member(oid, leaf.to_root.clone()),
            updated: self.common.updated.iter().map(number).collect(),
            arbiters,
            from_root: leaf.from_root.clone(),
        })
    }

    /// Lets a partition and the named table change places.
    fn exchange(&mut self, member: &mut Member) -> Result<()> {
        let Some(router) = &mut self.router else { return Ok(()) };
        let target = router.opened(member.oid).ok_or_else(|| Error::internal("a partition is not open"))?;
        self.common.target.exchange_checks(target);
        std::mem::swap(&mut self.common.target, target);
        std::mem::swap(&mut self.common.returning, &mut member.returning);
        std::mem::swap(&mut self.common.updated, &mut member.updated);
        std::mem::swap(&mut self.from_root, &mut member.from_root);
        if let Some(conflict) = &mut self.on_conflict {
            std::mem::swap(&mut conflict.arbiters, &mut member.arbiters);
        }
        Ok(())
    }
}

/// The error for DO UPDATE that would move the row.
pub(super) fn would_move() -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, "invalid ON UPDATE specification")
        .detail("The result tuple would appear in a different partition than the original tuple.")
}
