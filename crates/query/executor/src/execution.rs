//! One execution of a plan.

use std::sync::Arc;
use std::time::{Duration, Instant};

use batch::{Batch, Datum};
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::{LockMode, LockOwner, LockTag, LockWait};
use planner::explain::Actual;
use planner::plan::{Command, Permission, Plan, RelationUse};
use txn::ActiveSnapshot;

use crate::Session;
use crate::operator::{Builder, Stage, Substitutes};
use crate::run::{Run, State};

/// A plan at work. It owns what it needs between two steps, so that a portal can keep it; the session's handles are passed
/// to each step.
pub struct Execution {
    state: State,
    root: Stage,
    /// None while it rests.
    snapshot: Option<ActiveSnapshot>,
    ended: bool,
    /// What comes before it is still to be done.
    waits: bool,
    instrument: bool,
    /// What the plans did that rules have put beside this one, where that is measured.
    companions: Vec<Measured>,
    /// The catalogs' generation and the role for which privileges were checked.
    checked: (u64, Oid),
}

/// What a plan did, where that is measured.
#[derive(Default)]
pub struct Measured {
    /// Its nodes, by their numbers; those that never ran may be missing.
    pub nodes: Vec<Actual>,
    /// How long it took, triggers included.
    pub time: Duration,
}

/// How to run a plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of `$1`, `$2` …
    pub params: Vec<Datum>,
    /// Memory for one operator before it uses temporary files, in bytes (`work_mem`).
    pub work_mem: usize,
    /// Measure each node, for EXPLAIN ANALYZE.
    pub instrument: bool,
}

impl Execution {
    /// Checks privileges, and makes the operators of a plan whose relations are locked ([`lock_plan`]). Nothing runs yet.
    ///
    /// # Errors
    /// `42501` for missing privileges.
    pub fn start(
        session: &Session<'_>,
        plan: Arc<Plan>,
        snapshot: ActiveSnapshot,
        options: Options,
    ) -> Result<Execution> {
        let checked = (session.catalog.generation(), session.catalog.current_user());
        prepare(session, &plan)?;
        let waits = plan.companions.as_ref().is_some_and(|companions| !companions.before.is_empty());
        let mut state = State::new(plan, options.params, options.work_mem);
        let root = build(session, &mut state, &snapshot, options.instrument)?;
        let snapshot = Some(snapshot);
        Ok(Execution {
            state,
            root,
            snapshot,
            ended: false,
            waits,
            instrument: options.instrument,
            companions: Vec::new(),
            checked,
        })
    }

    /// After the last row: gives up the snapshot and all else but memory, so that the operators can serve once more ([`Execution::renew`]).
    /// False if they cannot; then it is to be dropped.
    pub fn rest(&mut self) -> bool {
        let plan = &self.state.plan;
        let is_plain =
            plan.slots.is_empty() && plan.subplans.is_empty() && plan.work_tables == 0 && plan.companions.is_none();
        let Some(snapshot) = self.snapshot.take() else { return false };
        self.state.params.clear();
        self.ended && is_plain && snapshot.serializable.is_none() && self.root.rest()
    }

    /// Starts once more what rests; as [`Execution::start`]. Not in a serializable transaction, whose reads the operators would have to note.
    ///
    /// # Errors
    /// `42501` for missing privileges.
    pub fn renew(&mut self, session: &Session<'_>, snapshot: ActiveSnapshot, options: Options) -> Result<()> {
        let holder = (session.catalog.generation(), session.catalog.current_user());
        if self.checked != holder {
            prepare(session, &self.state.plan)?;
            self.checked = holder;
        }
        self.state.renew(options.params, options.work_mem);
        self.root.renew(&snapshot);
        (self.snapshot, self.ended) = (Some(snapshot), false);
        Ok(())
    }

    /// What it sees.
    pub fn snapshot(&self) -> Option<ActiveSnapshot> {
        self.snapshot.as_ref().map(ActiveSnapshot::register_again)
    }

    /// A batch for its rows.
    pub fn batch(&self) -> Batch {
        self.root.batch()
    }

    /// Fills `out` with the next rows, at least one; false at the end, when all that modifies data has run.
    pub fn next(&mut self, session: &Session<'_>, out: &mut Batch) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if std::mem::replace(&mut self.waits, false) {
            self.run_companions(session, true)?;
            // It sees what they did.
            let plan = self.state.plan.clone();
            let snapshot = session.transaction.snapshot()?;
            self.state = State::new(plan, std::mem::take(&mut self.state.params), self.state.work_mem);
            self.root = build(session, &mut self.state, &snapshot, self.instrument)?;
            self.snapshot = Some(snapshot);
        }
        let Some(snapshot) = &self.snapshot else {
            return Err(Error::internal("a query that rests was asked for rows"));
        };
        let mut run = Run { session, snapshot, state: &mut self.state };
        if self.root.next(&mut run, out)? {
            return Ok(true);
        }
        self.ended = true;
        let plan = run.state.plan.clone();
        for &subplan in &plan.modifying {
            while crate::operator::read_more(subplan, &mut run)? {}
        }
        if plan.companions.as_ref().is_some_and(|companions| !companions.after.is_empty()) {
            session.host.end_query()?;
            session.transaction.next_command()?;
            self.run_companions(session, false)?;
        }
        Ok(false)
    }

    /// Runs the plans that rules have put before this one, or behind it.
    fn run_companions(&mut self, session: &Session<'_>, before: bool) -> Result<()> {
        let plan = self.state.plan.clone();
        let Some(companions) = &plan.companions else { return Ok(()) };
        for plan in if before { &companions.before } else { &companions.after } {
            let options = Options {
                params: self.state.params.clone(),
                work_mem: self.state.work_mem,
                instrument: self.instrument,
            };
            let began = self.instrument.then(Instant::now);
            let mut execution = Execution::start(session, plan.clone(), session.transaction.snapshot()?, options)?;
            let mut batch = execution.batch();
            let shown = plan.command == Command::Select && !plan.silent;
            if shown {
                session.host.companion_rows(plan, None)?;
            }
            while execution.next(session, &mut batch)? {
                session.check_interrupts()?;
                if shown {
                    session.host.companion_rows(plan, Some(&batch))?;
                }
                batch.clear();
            }
            session.host.end_query()?;
            session.transaction.next_command()?;
            if let Some(began) = began {
                self.companions.push(Measured { nodes: execution.into_measured().0, time: began.elapsed() });
            }
        }
        Ok(())
    }

    /// Rows inserted, updated or deleted so far.
    pub fn processed(&self) -> u64 {
        self.state.processed
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.state.plan
    }

    /// What the plan's nodes did, and the plans that rules have put beside it, in the order in which they ran; for plans that were to be
    /// measured.
    pub fn into_measured(mut self) -> (Vec<Actual>, Vec<Measured>) {
        (std::mem::take(&mut self.state.instruments), self.companions)
    }
}

/// The operators of a plan.
fn build(session: &Session<'_>, state: &mut State, snapshot: &ActiveSnapshot, instrument: bool) -> Result<Stage> {
    let none = Substitutes::new();
    let plan = state.plan.clone();
    let builder = Builder { session, snapshot, state, instrument, substitutes: &none, limited: Default::default() };
    let root = builder.stage(&plan.root)?;
    let subplans = builder.subplans()?;
    state.subplans = subplans;
    Ok(root)
}

/// Locks the relations of a plan. Whoever makes a plan or takes up an earlier one does that, and then looks whether the plan still holds: who
/// had to wait may have waited for a change of a table. Its snapshot is taken after that.
///
/// # Errors
/// Those of waiting for locks.
pub fn lock_plan(session: &Session<'_>, plan: &Plan) -> Result<()> {
    plan.relations.iter().try_for_each(|relation| lock_relation(session, relation.oid, relation.lock))?;
    let Some(companions) = &plan.companions else { return Ok(()) };
    companions.before.iter().chain(&companions.after).try_for_each(|companion| lock_plan(session, companion))
}

/// The locks of a statement that is being planned. A plan is good if nothing changed while it was made and its relations were locked, or if all of them
/// were locked before: what others may change under these locks, they leave as good for who has them.
#[derive(Debug, Default)]
pub struct PlanLocks {
    relations: Vec<(Oid, u8)>,
    /// Not the first plan.
    again: bool,
}

impl PlanLocks {
    /// Locks the relations of a plan; whether earlier calls had locked them all.
    ///
    /// # Errors
    /// Those of waiting for locks.
    pub fn take(&mut self, session: &Session<'_>, plan: &Plan) -> Result<bool> {
        lock_plan(session, plan)?;
        let before = self.relations.len();
        self.add(plan);
        Ok(std::mem::replace(&mut self.again, true) && self.relations.len() == before)
    }

    fn add(&mut self, plan: &Plan) {
        for lock in plan.relations.iter().map(|relation| (relation.oid, relation.lock)) {
            if !self.relations.contains(&lock) {
                self.relations.push(lock);
            }
        }
        if let Some(companions) = &plan.companions {
            companions.before.iter().chain(&companions.after).for_each(|companion| self.add(companion));
        }
    }
}

/// Checks privileges on a plan's relations, and that they can be read.
pub(crate) fn prepare(session: &Session<'_>, plan: &Plan) -> Result<()> {
    for relation in plan.relations.iter().filter(|relation| relation.must_be_populated) {
        check_populated(session, relation)?;
    }
    check_privileges(session, plan)
}

/// Checks that the role may do what a plan does: who only looks at the plan must be allowed to run it.
///
/// # Errors
/// `42501`.
pub fn check_privileges(session: &Session<'_>, plan: &Plan) -> Result<()> {
    plan.permissions.iter().try_for_each(|permission| check_permission(session, permission))?;
    check_functions(session, plan)
}

/// Checks that the role may call a plan's functions.
pub(crate) fn check_functions(session: &Session<'_>, plan: &Plan) -> Result<()> {
    plan.functions.iter().try_for_each(|&function| check_execute(session, function))
}

/// A materialized view can be read once it was filled.
fn check_populated(session: &Session<'_>, relation: &RelationUse) -> Result<()> {
    if session.catalog.class(relation.oid)?.is_none_or(|class| class.relispopulated) {
        return Ok(());
    }
    let text = format!("materialized view \"{}\" has not been populated", relation.name);
    Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).hint("Use the REFRESH MATERIALIZED VIEW command."))
}

/// Takes a lock on a relation for the transaction; `mode` is 1 (access share) to 8 (access exclusive).
pub fn lock_relation(session: &Session<'_>, relation: Oid, mode: u8) -> Result<()> {
    try_lock_relation(session, relation, mode, LockWait::Block).map(|_| ())
}

/// The same; false if `wait` is not to wait and somebody else holds a lock that conflicts.
///
/// # Errors
/// Those of waiting: `40P01` deadlock, `55P03` lock timeout, `57014` and others when interrupted.
pub fn try_lock_relation(session: &Session<'_>, relation: Oid, mode: u8, wait: LockWait) -> Result<bool> {
    let mode = LockMode::from_number(mode).ok_or_else(|| Error::internal(format!("no lock mode {mode}")))?;
    let shared = relation < Oid::FIRST_NORMAL
        && catalog::relation::builtin(relation).is_some_and(|relation| relation.class.relisshared);
    let database = if shared { Oid::INVALID } else { session.catalog.database() };
    let tag = LockTag::relation(database, relation);
    session.transaction.locks().acquire(LockOwner::Transaction, tag, mode, wait)
}

/// Checks that the role may call a function.
fn check_execute(session: &Session<'_>, function: ids::Oid) -> Result<()> {
    let (catalog, kind) = (session.catalog, catalog::privileges::ObjectKind::Function);
    catalog.require_privileges(kind, function, catalog::acl::Privileges::EXECUTE)
}

/// Checks that the role may do what a statement does with a relation and its columns.
fn check_permission(session: &Session<'_>, permission: &Permission) -> Result<()> {
    use catalog::acl::Privileges;
    use catalog::privileges::ObjectKind;
    let catalog = session.catalog;
    let role = if permission.check_as.is_valid() { permission.check_as } else { catalog.current_user() };
    let wanted = Privileges(permission.required);
    let relation = permission.relation;
    let held = catalog.privileges(ObjectKind::Relation, relation, role, wanted)?;
    let Some(held) = held else { return Err(Error::internal(format!("relation {relation} is gone"))) };
    let missing = Privileges(wanted.0 & !held.0);
    if missing.0 == 0 {
        return Ok(());
    }
    // What is not held on the whole table may be held on each column that is used.
    let per_column = Privileges::SELECT.0 | Privileges::INSERT.0 | Privileges::UPDATE.0;
    let denied = || catalog.denied(ObjectKind::Relation, relation);
    if missing.0 & !per_column != 0 {
        return Err(denied()?);
    }
    let parts = [
        (Privileges::SELECT, &permission.selected),
        (Privileges::INSERT, &permission.inserted),
        (Privileges::UPDATE, &permission.updated),
    ];
    for (privilege, columns) in parts {
        if missing.0 & privilege.0 == 0 {
            continue;
        }
        // `SELECT 1 FROM table` is for who may read any column.
        if columns.is_empty() {
            let mut any = false;
            for column in catalog.relation(relation)?.live_columns().filter(|_| privilege == Privileges::SELECT) {
                any |= catalog.column_privileges(relation, column.attnum, role, privilege)?.0 != 0;
            }
            match any {
                true => continue,
                false => return Err(denied()?),
            }
        }
        for &column in columns {
            if catalog.column_privileges(relation, column, role, privilege)?.0 == 0 {
                return Err(denied()?);
            }
        }
    }
    Ok(())
}
