//! Rows of a partitioned table to their partitions.
//!
//! Partitions are opened when the first row comes to them, and stay open for the statement. A row goes down level by level; at each one
//! the key is computed for all rows of a batch at once. Where a partition has its columns at other places than its parent, the rows are
//! rearranged ([`Rearrangement`]).

use std::collections::HashMap;
use std::sync::Arc;

use batch::{Batch, Column, DatumRef, Rows};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::partition::Partitioned;

use super::target::{Target, shown, shows};
use super::triggers::Capture;
use crate::Session;
use crate::expression::{Compiled, compile_all, evaluate_all};
use crate::relation::OpenTable;
use crate::run::Run;

/// Where the columns of one table's rows are in another's: by column of the new layout, counted from zero; none for dropped columns.
#[derive(Clone, Default)]
pub(super) struct Rearrangement(Option<Vec<Option<usize>>>);

impl Rearrangement {
    /// From the rows of one table to those of another of the same tree.
    pub fn new(session: &Session<'_>, from: Oid, to: Oid) -> Result<Rearrangement> {
        let (from, to) = (session.catalog.relation(from)?, session.catalog.relation(to)?);
        let places: Vec<Option<usize>> = to
            .columns
            .iter()
            .map(|column| match column.attisdropped {
                true => None,
                false => from.column_by_name(&column.attname).map(|column| column.attnum as usize - 1),
            })
            .collect();
        let same = from.columns.len() == to.columns.len()
            && from.columns.iter().zip(&to.columns).all(|(a, b)| a.attisdropped == b.attisdropped)
            && places.iter().enumerate().all(|(at, place)| place.is_none_or(|place| place == at));
        Ok(Rearrangement((!same).then_some(places)))
    }

    /// Rows as they are.
    pub fn none() -> Rearrangement {
        Rearrangement(None)
    }

    /// Whether rows stay as they are.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Where a column of the new layout is in the old one.
    pub fn place(&self, column: usize) -> Option<usize> {
        match &self.0 {
            None => Some(column),
            Some(places) => places.get(column).copied().flatten(),
        }
    }

    /// Some rows of a batch, in the new layout, which has these forms.
    pub fn apply(&self, rows: &Batch, wanted: &[u16], reprs: &[batch::Repr]) -> Batch {
        let mut out = Batch::new(reprs.iter().copied());
        for (at, to) in out.columns.iter_mut().enumerate() {
            match self.place(at) {
                Some(place) => {
                    let from = &rows.columns[place];
                    wanted.iter().for_each(|&row| to.push(from.get(row as usize)));
                }
                None => wanted.iter().for_each(|_| to.push(DatumRef::Null)),
            }
        }
        out.set_len(wanted.len());
        out
    }
}

/// A partitioned table at work: computes in which partition rows belong.
struct Level {
    partitioned: Arc<Partitioned>,
    keys: Vec<Compiled>,
    bytes: Vec<u8>,
}

impl Level {
    fn open(session: &Session<'_>, table: Oid) -> Result<Level> {
        let partitioned = session.host.partitions(table)?;
        let keys = compile_all(&partitioned.compiled)?;
        Ok(Level { partitioned, keys, bytes: Vec::new() })
    }

    /// The partition of each of some rows; none for those that belong nowhere.
    fn route(&mut self, rows: &Batch, wanted: Rows<'_>, run: &mut Run<'_>) -> Result<Vec<Option<usize>>> {
        evaluate_all(&mut self.keys, rows, wanted, run)?;
        let keys: Vec<&Column> = self.keys.iter().map(|key| key.result(rows)).collect();
        let mut values: Vec<DatumRef<'_>> = Vec::with_capacity(keys.len());
        let mut found = Vec::with_capacity(wanted.len());
        for row in wanted.iter() {
            values.clear();
            values.extend(keys.iter().map(|key| key.get(row)));
            let partitions = &self.partitioned;
            found.push(partitions.bounds.route(&partitions.key, &values, run.env(), &mut self.bytes)?);
        }
        Ok(found)
    }

    /// The error for a row that no partition takes; its key was computed last.
    fn homeless(&self, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
        let catalog = run.session.catalog;
        let relation = catalog.relation(self.partitioned.oid)?;
        let key = &self.partitioned.key;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (at, &number) in key.numbers.iter().enumerate() {
            names.push(match relation.column(number) {
                Some(column) => catalog::format::quote_identifier(&column.attname),
                None => catalog.expression_text(&analyzer::node::to_text(&key.exprs[at]), relation.oid, false)?,
            });
            values.push(shown(key.exprs[at].ty.oid, self.keys[at].result(rows).get(row), None, run)?);
        }
        let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
        let text = format!("no partition of relation \"{}\" found for row", relation.name());
        let error = Error::new(SqlState::CHECK_VIOLATION, text).schema(schema).table(relation.name());
        // Who may not read the key is not told it.
        if !shows(catalog, run.env(), &relation, &key.numbers)? {
            return Ok(error);
        }
        Ok(error.detail(format!(
            "Partition key of the failing row contains ({}) = ({}).",
            names.join(", "),
            values.join(", ")
        )))
    }
}

/// A partition that takes rows.
pub(super) struct Leaf {
    pub target: Target,
    /// From the root's rows to its own.
    pub from_root: Rearrangement,
    /// From its own rows to the root's.
    pub to_root: Rearrangement,
}

/// Sends rows of a partitioned table to their partitions.
pub(super) struct Router {
    root: Oid,
    levels: HashMap<Oid, (Level, Rearrangement)>,
    leaves: HashMap<Oid, Leaf>,
    /// What the table's own place in a greater tree asks of its rows.
    above: PartitionCheck,
    /// Where changed rows are kept for triggers on the root.
    pub capture: Option<Box<Capture>>,
}

impl Router {
    /// A router for a partitioned table.
    pub fn new(session: &Session<'_>, root: Oid) -> Result<Router> {
        Ok(Router {
            root,
            levels: HashMap::new(),
            leaves: HashMap::new(),
            above: PartitionCheck::new(session, root)?,
            capture: None,
        })
    }

    /// The table whose rows it takes.
    pub fn root(&self) -> Oid {
        self.root
    }

    /// The partition of each of a batch's rows, whose first columns are the root's.
    pub fn route(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<Vec<Oid>> {
        let wanted: Vec<u16> = rows.rows().iter().map(|row| row as u16).collect();
        let mut found = vec![Oid::INVALID; wanted.len()];
        let all: Vec<usize> = (0..wanted.len()).collect();
        self.descend(self.root, rows, &wanted, &all, &mut found, run, 0)?;
        Ok(found)
    }

    /// Looks whether the rows belong to the root itself, where that is a partition.
    pub fn check_above(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<Option<usize>> {
        self.above.failing(rows, run)
    }

    /// Routes `wanted` rows (positions in the root's batch; `places` says where in `found` they stand) below a table.
    fn descend(
        &mut self,
        table: Oid,
        rows: &Batch,
        wanted: &[u16],
        places: &[usize],
        found: &mut [Oid],
        run: &mut Run<'_>,
        depth: usize,
    ) -> Result<()> {
        if depth > 200 {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        if !self.levels.contains_key(&table) {
            let rearrangement = Rearrangement::new(run.session, self.root, table)?;
            self.levels.insert(table, (Level::open(run.session, table)?, rearrangement));
        }
        let Some((level, rearrangement)) = self.levels.get_mut(&table) else {
            return Err(Error::internal("a partitioned table was not opened"));
        };
        let routed = match &rearrangement.0 {
            None => {
                let routed = level.route(rows, Rows::Some(wanted), run)?;
                if let Some(at) = routed.iter().position(Option::is_none) {
                    return Err(level.homeless(rows, wanted[at] as usize, run)?);
                }
                routed
            }
            Some(_) => {
                let reprs = OpenTable::reprs_of(run.session, table)?;
                let own = rearrangement.apply(rows, wanted, &reprs);
                let routed = level.route(&own, own.rows(), run)?;
                if let Some(at) = routed.iter().position(Option::is_none) {
                    return Err(level.homeless(&own, at, run)?);
                }
                routed
            }
        };
        let partitions = level.partitioned.clone();
        let mut below: HashMap<usize, (Vec<u16>, Vec<usize>)> = HashMap::new();
        for ((partition, &row), &place) in routed.into_iter().flatten().zip(wanted).zip(places) {
            let to = partitions.partitions[partition];
            if to.partitioned {
                let group = below.entry(partition).or_default();
                group.0.push(row);
                group.1.push(place);
            } else {
                found[place] = to.oid;
            }
        }
        for (partition, (wanted, places)) in below {
            self.descend(partitions.partitions[partition].oid, rows, &wanted, &places, found, run, depth + 1)?;
        }
        Ok(())
    }

    /// A partition that was opened before.
    pub fn opened(&mut self, oid: Oid) -> Option<&mut Target> {
        self.leaves.get_mut(&oid).map(|leaf| &mut leaf.target)
    }

    /// A partition, opened for changes.
    pub fn leaf(&mut self, oid: Oid, session: &Session<'_>) -> Result<&mut Leaf> {
        if !self.leaves.contains_key(&oid) {
            crate::lock_relation(session, oid, 3)?;
            let table = session.host.target(oid)?;
            let mut target = Target::of(session, &table, OpenTable::open(session, oid)?)?;
            // Rows come here because they belong here.
            target.partition = None;
            let from_root = Rearrangement::new(session, self.root, oid)?;
            let to_root = Rearrangement::new(session, oid, self.root)?;
            target.shown_as = Some((session.catalog.relation(self.root)?, to_root.clone()));
            target.capture = self.capture.as_ref().map(|capture| Box::new(capture.of_member(to_root.clone())));
            self.leaves.insert(oid, Leaf { target, from_root, to_root });
        }
        self.leaves.get_mut(&oid).ok_or_else(|| Error::internal("a partition was not opened"))
    }
}

/// What being a partition asks of a table's rows: that each table above would send them here.
pub(super) struct PartitionCheck {
    steps: Vec<(Level, Rearrangement, Oid)>,
}

impl PartitionCheck {
    /// The checks of a table; none if it is no partition.
    pub fn new(session: &Session<'_>, table: Oid) -> Result<PartitionCheck> {
        let mut steps = Vec::new();
        let mut child = table;
        while session.catalog.class(child)?.is_some_and(|class| class.relispartition) && steps.len() < 1000 {
            let Some(&parent) = session.catalog.parents(child)?.first() else { break };
            steps.push((Level::open(session, parent)?, Rearrangement::new(session, table, parent)?, child));
            child = parent;
        }
        Ok(PartitionCheck { steps })
    }

    /// The first row of a batch, whose columns are the table's, that does not belong to it.
    pub fn failing(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<Option<usize>> {
        for (level, rearrangement, child) in &mut self.steps {
            let wanted: Vec<u16> = rows.rows().iter().map(|row| row as u16).collect();
            let routed = match &rearrangement.0 {
                None => level.route(rows, Rows::Some(&wanted), run)?,
                Some(_) => {
                    let reprs = OpenTable::reprs_of(run.session, level.partitioned.oid)?;
                    let own = rearrangement.apply(rows, &wanted, &reprs);
                    level.route(&own, own.rows(), run)?
                }
            };
            let partitions = &level.partitioned.partitions;
            let belongs = |found: &Option<usize>| found.is_some_and(|at| partitions[at].oid == *child);
            if let Some(at) = routed.iter().position(|found| !belongs(found)) {
                return Ok(Some(wanted[at] as usize));
            }
        }
        Ok(None)
    }
}
