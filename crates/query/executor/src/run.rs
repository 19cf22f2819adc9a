//! What operators and expressions share while a statement runs.

use std::sync::Arc;

use batch::{Batch, Column, Datum};
use error::{Error, Result, SqlState};
use planner::explain::Actual;
use planner::plan::{Plan, SlotSource, SubPlanKind};
use txn::ActiveSnapshot;
use types::Environment;

use crate::Session;
use crate::operator::Stage;
use crate::store::rows::RowStore;

/// One step of a running statement: the session it runs in, and its state.
pub struct Run<'a> {
    /// The session.
    pub session: &'a Session<'a>,
    /// The rows that it sees.
    pub snapshot: &'a ActiveSnapshot,
    /// Its state between steps.
    pub state: &'a mut State,
}

/// The state of a running statement, apart from its operators'.
pub struct State {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Values of `$1`, `$2` …
    pub params: Vec<Datum>,
    /// Instead of them, for many rows at once: a column for each parameter ([`crate::Inserter`]).
    pub param_rows: Option<Batch>,
    /// Values of internal parameters.
    pub slots: Vec<SlotValue>,
    /// The subqueries' operators; out of here while they run.
    pub subplans: Vec<Option<Box<Subquery>>>,
    /// The rows of the last round of recursive queries.
    pub work_tables: Vec<Option<RowStore>>,
    /// Rows inserted, updated or deleted, for the command tag.
    pub processed: u64,
    /// Memory for one operator before it uses temporary files, in bytes (`work_mem`).
    pub work_mem: usize,
    /// Rows that are wanted at most of the step under way: expressions that may fail or have effects are evaluated for no more.
    pub wanted: usize,
    /// What each node did, by its number, where that is measured.
    pub instruments: Vec<Actual>,
    locals: Vec<Option<Column>>,
}

/// The value of an internal parameter.
#[derive(Clone, Default)]
pub struct SlotValue {
    /// The value, where it is known.
    pub value: Datum,
    /// Whether it is known.
    pub known: bool,
}

/// A subquery's operators, and what it gave so far, if that is kept.
pub struct Subquery {
    /// Its operators.
    pub stage: Stage,
    /// Whether it has to start over before it gives rows again.
    pub used: bool,
    /// Its rows, for a WITH query; all of them once `complete`.
    pub rows: Option<RowStore>,
    /// Whether all rows were read.
    pub complete: bool,
    /// The values of the slots on which the rows of a WITH query depend, when they began to be read.
    pub read_for: Vec<Datum>,
}

impl State {
    /// The state of a plan about to run.
    pub fn new(plan: Arc<Plan>, params: Vec<Datum>, work_mem: usize) -> State {
        let slots = vec![SlotValue::default(); plan.slots.len()];
        let work_tables = (0..plan.work_tables).map(|_| None).collect();
        State {
            plan,
            params,
            param_rows: None,
            slots,
            subplans: Vec::new(),
            work_tables,
            processed: 0,
            work_mem,
            wanted: usize::MAX,
            instruments: Vec::new(),
            locals: Vec::new(),
        }
    }

    /// The same for the next execution of a plan without slots and subqueries.
    pub fn renew(&mut self, params: Vec<Datum>, work_mem: usize) {
        (self.params, self.work_mem) = (params, work_mem);
        (self.processed, self.wanted) = (0, usize::MAX);
    }

    /// The measurements of a node.
    pub fn instrument(&mut self, node: u32) -> &mut Actual {
        let nodes = self.instruments.len().max(node as usize + 1);
        self.instruments.resize(nodes, Actual::default());
        &mut self.instruments[node as usize]
    }

    /// The value that an enclosing expression bound.
    pub fn local(&self, local: u32) -> Result<&Column> {
        let value = self.locals.get(local as usize).and_then(Option::as_ref);
        value.ok_or_else(|| Error::internal(format!("local {local} is not bound")))
    }

    /// Binds a value for the expressions inside.
    pub fn set_local(&mut self, local: u32, value: Column) {
        let local = local as usize;
        if self.locals.len() <= local {
            self.locals.resize_with(local + 1, || None);
        }
        self.locals[local] = Some(value);
    }

    /// Gives a slot a value. Init plans that depend on it are forgotten.
    pub fn set_slot(&mut self, slot: u32, value: Datum) {
        let entry = &mut self.slots[slot as usize];
        if entry.known && entry.value == value {
            return;
        }
        *entry = SlotValue { value, known: true };
        self.forget_dependents(slot);
    }

    fn forget_dependents(&mut self, slot: u32) {
        for other in 0..self.plan.slots.len() {
            if let SlotSource::InitPlan(subplan) = self.plan.slots[other].source
                && self.slots[other].known
                && self.plan.subplans[subplan].node.depends.contains(&slot)
            {
                self.slots[other].known = false;
                self.forget_dependents(other as u32);
            }
        }
    }
}

impl<'a> Run<'a> {
    /// What functions may ask of the session.
    pub fn env(&self) -> &'a dyn Environment {
        self.session.env()
    }

    /// Makes sure that a slot has its value: runs its init plan if it was not run.
    pub fn fill_slot(&mut self, slot: u32) -> Result<()> {
        if self.state.slots[slot as usize].known {
            return Ok(());
        }
        match self.state.plan.slots[slot as usize].source {
            SlotSource::Assigned => Err(Error::internal(format!("internal parameter {slot} has no value"))),
            SlotSource::InitPlan(subplan) => self.run_init_plan(subplan),
        }
    }

    fn run_init_plan(&mut self, subplan: usize) -> Result<()> {
        let plan = self.state.plan.clone();
        let tree = &plan.subplans[subplan];
        let values = match tree.kind {
            SubPlanKind::Exists => {
                let mut found = false;
                self.subquery(subplan, |_, batch| {
                    found |= batch.row_count() > 0;
                    Ok(!found)
                })?;
                vec![Datum::bool(found)]
            }
            SubPlanKind::Array => vec![self.subquery_array(subplan)?],
            _ => self.single_row(subplan)?.unwrap_or_else(|| vec![Datum::Null; tree.sets.len()]),
        };
        for (&slot, value) in tree.sets.iter().zip(values) {
            self.state.slots[slot as usize] = SlotValue { value, known: true };
        }
        Ok(())
    }

    /// The only row of a subquery; none if there is none, an error (21000) if there are more.
    pub fn single_row(&mut self, subplan: usize) -> Result<Option<Vec<Datum>>> {
        let mut found = None;
        self.subquery(subplan, |_, batch| {
            for row in batch.rows().iter() {
                if found.is_some() {
                    return Err(Error::new(
                        SqlState::CARDINALITY_VIOLATION,
                        "more than one row returned by a subquery used as an expression",
                    ));
                }
                found = Some(batch.columns.iter().map(|column| column.datum(row)).collect());
            }
            Ok(true)
        })?;
        Ok(found)
    }

    /// An array of the values in a subquery's first column.
    pub fn subquery_array(&mut self, subplan: usize) -> Result<Datum> {
        let plan = self.state.plan.clone();
        let ty = plan.subplans[subplan].node.output[0];
        let mut elements = Column::new(ty.repr);
        self.subquery(subplan, |_, batch| {
            elements.append(&batch.columns[0], batch.rows());
            Ok(true)
        })?;
        crate::expression::array_of(ty, &elements)
    }

    /// Runs a subquery from its start and hands each batch over, until there are no more or `take` has enough (false).
    pub fn subquery(
        &mut self,
        subplan: usize,
        mut take: impl FnMut(&mut Run<'_>, &Batch) -> Result<bool>,
    ) -> Result<()> {
        let subquery = self.state.subplans[subplan].take();
        let mut subquery = subquery.ok_or_else(|| Error::internal("a subquery runs inside itself"))?;
        let wanted = std::mem::replace(&mut self.state.wanted, usize::MAX);
        let result = (|| {
            if std::mem::replace(&mut subquery.used, true) {
                subquery.stage.rewind(self)?;
            }
            let mut batch = subquery.stage.batch();
            while subquery.stage.next(self, &mut batch)? {
                if !take(self, &batch)? {
                    break;
                }
            }
            Ok(())
        })();
        self.state.wanted = wanted;
        self.state.subplans[subplan] = Some(subquery);
        result
    }

    /// A store for rows like these, with this statement's memory.
    pub fn row_store(&self, reprs: Vec<batch::Repr>) -> RowStore {
        RowStore::new(reprs, self.state.work_mem, self.session.temporary_space())
    }
}
