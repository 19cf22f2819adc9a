//! Cursors: DECLARE, FETCH, MOVE, and those that outlive their transaction.
//!
//! A cursor that only goes forward is a portal like any other. One that was declared with SCROLL or WITH HOLD keeps the rows
//! it has read, in memory up to `work_mem` and beyond it in a temporary file, and goes back over those. At the commit of its
//! transaction a cursor WITH HOLD reads all that is left.
//!
//! ```text
//!  position  0        1 … n      n + 1
//!            before   on a row   behind the last
//! ```
//!
//! # Differences from PostgreSQL
//!
//! A cursor of which neither SCROLL nor NO SCROLL was said goes back if its plan is simple enough. PostgreSQL runs such a plan backward; here
//! it is run anew, by the cursor's snapshot, when the cursor goes back for the first time, and its rows are kept from then on.

use std::rc::Rc;

use analyzer::Params;
use batch::{BATCH_ROWS, Batch};
use error::{Error, Result, SqlState, bail};
use executor::store::rows::RowStore;
use parser::ast::{CommonTableExpr, DeclareCursor, Fetch, FetchDirection, Select, Statement};
use planner::plan::{Node, NodeKind};
use wire::Format;

use crate::current_of::Places;
use crate::portal::{Portal, Ran, Running, State};
use crate::prepared::{Output, Prepared};
use crate::session::Session;

/// A cursor that keeps its rows.
pub(crate) struct Kept {
    /// Gives the rows that are still to come; none when all are there.
    source: Option<Box<Running>>,
    rows: RowStore,
    /// Where it stands; see the module.
    position: u64,
    outputs: Vec<Output>,
    /// Goes back, too.
    scroll: bool,
    /// The rows of one batch of the store, and its number.
    near: Batch,
    near_number: Option<usize>,
}

impl Kept {
    /// The query that still gives it rows.
    pub fn source(&self) -> Option<&Running> {
        self.source.as_deref()
    }

    /// Hands over the row on which the cursor stands, if it stands on one.
    pub fn current(&mut self, take: &mut dyn FnMut(&Batch, usize) -> Result<()>) -> Result<()> {
        match (1..=self.rows.len()).contains(&self.position) {
            true => self.hand_over(self.position, take),
            false => Ok(()),
        }
    }

    /// Hands over a row by its number, from 1.
    fn hand_over(&mut self, row: u64, take: &mut dyn FnMut(&Batch, usize) -> Result<()>) -> Result<()> {
        let (number, at) = ((row - 1) as usize / BATCH_ROWS, (row - 1) as usize % BATCH_ROWS);
        if self.near_number != Some(number) {
            self.rows.read(number, &mut self.near)?;
            self.near_number = Some(number);
        }
        take(&self.near, at)
    }
}

impl Session<'_> {
    /// DECLARE
    pub(crate) fn declare(&self, text: &Rc<str>, declare: &DeclareCursor) -> Result<()> {
        if !declare.hold {
            self.require_block("DECLARE CURSOR")?;
        }
        if self.portals.borrow().contains_key(&*declare.name) {
            bail!(DUPLICATE_CURSOR, "cursor \"{}\" already exists", declare.name);
        }
        let modifies = |cte: &CommonTableExpr| !matches!(*cte.query, Statement::Select(_));
        if declare.query.with.iter().flat_map(|with| &with.queries).any(modifies) {
            bail!(FEATURE_NOT_SUPPORTED, "DECLARE CURSOR must not contain data-modifying statements in WITH");
        }
        let scroll = declare.scroll == Some(true);
        if !declare.query.locking.is_empty() && (declare.hold || scroll) {
            let (what, whose) = match declare.hold {
                true => ("DECLARE CURSOR WITH HOLD", "Holdable"),
                false => ("DECLARE SCROLL CURSOR", "Scrollable"),
            };
            let text = format!("{what} ... {} is not supported", "FOR UPDATE");
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, text);
            return Err(error.detail(format!("{whose} cursors must be READ ONLY.")));
        }
        let (prepared, places) = self.prepare_cursor(text, &declare.query)?;
        let formats = if declare.binary { vec![Format::Binary] } else { Vec::new() };
        let plan = self.plan_of(&prepared)?;
        let turns = declare.scroll.is_none() && declare.query.locking.is_empty() && runs_backward(&plan.root);
        let running = self.start_query(&prepared, Vec::new(), &formats)?;
        let state = if scroll || declare.hold {
            State::Kept(Box::new(self.keep(running, scroll || turns)))
        } else {
            State::Running(running)
        };
        let mut portal = Portal::new(prepared, Vec::new(), formats, state, self.portal_level());
        portal.places = places;
        (portal.is_cursor, portal.hold) = (true, declare.hold);
        portal.scrolls = scroll || turns;
        self.portals.borrow_mut().insert(declare.name.to_string(), portal);
        Ok(())
    }

    /// Plans a cursor's query: with the places of its rows, if it can have them.
    fn prepare_cursor(&self, text: &Rc<str>, query: &Select) -> Result<(Rc<Prepared>, Places)> {
        if let Some((query, places)) = self.with_places(query)
            && let Ok(mut prepared) =
                self.prepare(text.clone(), Some(Statement::Select(query.into())), Params::default())
        {
            // They are not shown.
            if let Some(columns) = &mut prepared.result {
                columns.truncate(columns.len().saturating_sub(places.width()));
            }
            return Ok((Rc::new(prepared), places));
        }
        let statement = Statement::Select(query.clone().into());
        Ok((Rc::new(self.prepare(text.clone(), Some(statement), Params::default())?), Places::default()))
    }

    pub(crate) fn keep(&self, source: Box<Running>, scroll: bool) -> Kept {
        let reprs: Vec<batch::Repr> = source.columns().iter().map(batch::Column::repr).collect();
        let near = Batch::new(reprs.iter().copied());
        let rows = RowStore::new(reprs, self.memory(), self.executor().temporary_space());
        let outputs = source.outputs().to_vec();
        Kept { source: Some(source), rows, position: 0, outputs, scroll, near, near_number: None }
    }

    /// A cursor over rows that are all there already.
    pub(crate) fn keep_rows(&self, rows: RowStore, reprs: &[batch::Repr], outputs: Vec<Output>, scroll: bool) -> Kept {
        let near = Batch::new(reprs.iter().copied());
        Kept { source: None, rows, position: 0, outputs, scroll, near, near_number: None }
    }

    /// Reads on until there are `wanted` rows, or all.
    fn read_on(&self, kept: &mut Kept, wanted: u64) -> Result<()> {
        while kept.rows.len() < wanted
            && let Some(source) = &mut kept.source
        {
            self.process.check_interrupts()?;
            match self.next_batch(source)? {
                Some(batch) => kept.rows.append(batch)?,
                None => kept.source = None,
            }
            // The last batch of the store may have grown.
            kept.near_number = None;
        }
        Ok(())
    }

    /// Moves a cursor that keeps its rows, sending those that it passes; how many they were.
    pub(crate) fn fetch_kept(&self, kept: &mut Kept, direction: FetchDirection, count: i64, send: bool) -> Result<u64> {
        let outputs = std::mem::take(&mut kept.outputs);
        let moved = self.move_kept(kept, direction, count, &mut |batch, row| match send {
            true => self.send_kept(&outputs, batch, row),
            false => Ok(()),
        });
        kept.outputs = outputs;
        moved
    }

    /// Moves a cursor that keeps its rows, handing over those that it passes; how many they were.
    pub(crate) fn move_kept(
        &self,
        kept: &mut Kept,
        direction: FetchDirection,
        count: i64,
        take: &mut dyn FnMut(&Batch, usize) -> Result<()>,
    ) -> Result<u64> {
        let all = count == Fetch::ALL || count == -Fetch::ALL;
        let (direction, count) = match direction {
            FetchDirection::Backward if all => (FetchDirection::Backward, count.abs()),
            FetchDirection::Backward => (FetchDirection::Forward, -count),
            other => (other, count),
        };
        let position = kept.position;
        // The row to go to, one only, for ABSOLUTE and RELATIVE.
        let target = match direction {
            FetchDirection::Absolute if count < 0 => {
                self.read_on(kept, u64::MAX)?;
                Some((kept.rows.len() + 1).saturating_sub(count.unsigned_abs()))
            }
            FetchDirection::Absolute => Some(count as u64),
            FetchDirection::Relative => Some(position.saturating_add_signed(count)),
            // The row where it stands, once more.
            FetchDirection::Forward if count == 0 => Some(position),
            _ => None,
        };
        if let Some(target) = target {
            if target < position || (target == position && position > 0) {
                self.require_scroll(kept)?;
            }
            self.read_on(kept, target)?;
            kept.position = target.min(kept.rows.len() + 1);
            let on_row = (1..=kept.rows.len()).contains(&kept.position);
            if on_row {
                kept.hand_over(kept.position, take)?;
            }
            return Ok(on_row as u64);
        }
        if direction == FetchDirection::Backward || count < 0 {
            self.require_scroll(kept)?;
            let last = position.saturating_sub(if all { u64::MAX } else { count.unsigned_abs() });
            let passed = last.max(1)..position.min(kept.rows.len() + 1);
            let number = passed.end.saturating_sub(passed.start);
            passed.rev().try_for_each(|row| kept.hand_over(row, take))?;
            kept.position = last;
            return Ok(number);
        }
        let wanted = if all { u64::MAX } else { position.saturating_add(count as u64) };
        self.read_on(kept, wanted)?;
        let last = wanted.min(kept.rows.len());
        (position + 1..=last).try_for_each(|row| kept.hand_over(row, take))?;
        kept.position = wanted.min(kept.rows.len() + 1);
        Ok(last.saturating_sub(position))
    }

    /// The rows of a cursor that has gone forward only, so that it can go back: as its snapshot sees them.
    fn turned(&self, portal: &Portal, running: &Running) -> Result<Kept> {
        let plan = self.plan_of(&portal.prepared)?;
        let result = portal.prepared.result.as_deref();
        let snapshot = running.snapshot().ok_or_else(|| Error::internal("a cursor has no snapshot"))?;
        let anew = self.start_plan(plan, portal.params.clone(), snapshot, result, &portal.formats)?;
        let mut kept = self.keep(Box::new(anew), true);
        kept.position = running.given + u64::from(running.is_ended());
        let position = kept.position;
        self.read_on(&mut kept, position)?;
        Ok(kept)
    }

    fn require_scroll(&self, kept: &Kept) -> Result<()> {
        if kept.scroll { Ok(()) } else { Err(forward_only()) }
    }

    fn send_kept(&self, outputs: &[Output], batch: &Batch, row: usize) -> Result<()> {
        let mut out = std::mem::take(self.connection.borrow_mut().out());
        let written = self.write_row(&mut out, outputs, &batch.columns, row);
        let mut connection = self.connection.borrow_mut();
        out.append(connection.out());
        *connection.out() = out;
        written?;
        connection.flush_if_full()
    }

    /// Before a commit: cursors WITH HOLD read the rest of their rows, for what they read will be gone.
    pub(crate) fn holds_cursor(&self) -> bool {
        self.portals.borrow().values().any(|portal| portal.hold && !portal.held)
    }

    pub(crate) fn hold_cursors(&self) -> Result<()> {
        let names: Vec<String> = {
            let portals = self.portals.borrow();
            portals.iter().filter(|(_, portal)| portal.hold && !portal.held).map(|(name, _)| name.clone()).collect()
        };
        for name in names {
            let mut portal = self.take_portal(&name)?;
            if let State::Kept(kept) = &mut portal.state {
                self.read_on(kept, u64::MAX)?;
                kept.source = None;
            }
            portal.held = true;
            self.portals.borrow_mut().insert(name, portal);
        }
        Ok(())
    }

    pub(crate) fn find_cursor(&self, name: &str) -> Result<()> {
        if self.portals.borrow().contains_key(name) {
            return Ok(());
        }
        bail!(INVALID_CURSOR_NAME, "cursor \"{name}\" does not exist")
    }

    /// FETCH and MOVE; the command tag. A cursor whose query failed, or that was asked for what it cannot do, can be run no more.
    pub(crate) fn fetch(&self, fetch: &Fetch) -> Result<String> {
        self.find_cursor(&fetch.cursor)?;
        let mut portal = self.take_portal(&fetch.cursor)?;
        let fetched = self.fetch_from(&mut portal, fetch);
        if fetched.is_err() {
            portal.state = State::Failed;
        }
        self.portals.borrow_mut().insert(fetch.cursor.to_string(), portal);
        Ok(format!("{} {}", if fetch.is_move { "MOVE" } else { "FETCH" }, fetched?))
    }

    /// How many rows were fetched.
    fn fetch_from(&self, portal: &mut Portal, fetch: &Fetch) -> Result<u64> {
        let forward = matches!(fetch.direction, FetchDirection::Forward | FetchDirection::Relative) && fetch.count > 0;
        let mut ahead = None;
        if let State::Running(running) = &portal.state
            && !forward
        {
            // To a row further on it goes in any case.
            let place = u64::try_from(fetch.count).ok().filter(|_| fetch.direction == FetchDirection::Absolute);
            ahead = place.and_then(|place| place.checked_sub(running.given)).filter(|&steps| steps > 0);
            if !portal.scrolls && ahead.is_none() {
                return Err(forward_only());
            }
            if ahead.is_none() {
                portal.state = State::Kept(Box::new(self.turned(portal, running)?));
            }
        }
        match &mut portal.state {
            State::Running(running) => {
                let limit = if fetch.count == Fetch::ALL { u64::MAX } else { fetch.count as u64 };
                let limit = ahead.unwrap_or(limit);
                let one = fetch.direction == FetchDirection::Relative || ahead.is_some();
                let skipped = if one { limit - 1 } else { 0 };
                if skipped > 0 && matches!(self.run_query(running, skipped, false)?, Ran::Completed(_)) {
                    return Ok(0);
                }
                let (Ran::Completed(rows) | Ran::Suspended(rows)) =
                    self.run_query(running, limit - skipped, !fetch.is_move)?;
                Ok(rows)
            }
            State::Kept(kept) => self.fetch_kept(kept, fetch.direction, fetch.count, !fetch.is_move),
            State::Failed => {
                let text = format!("portal \"{}\" cannot be run", fetch.cursor);
                Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text))
            }
            _ => Ok(0),
        }
    }
}

/// Whether PostgreSQL could run a plan backward: scans and what hands their rows on.
fn runs_backward(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Result { input, .. } => input.as_deref().is_some_and(runs_backward),
        NodeKind::SeqScan { sample, .. } => sample.is_none(),
        NodeKind::IndexScan { .. }
        | NodeKind::IndexOnlyScan { .. }
        | NodeKind::TidScan { .. }
        | NodeKind::TidRangeScan { .. }
        | NodeKind::Constants { .. }
        | NodeKind::Values { .. }
        | NodeKind::FunctionScan { .. }
        | NodeKind::CteScan { .. }
        | NodeKind::Sort { .. }
        | NodeKind::Material { .. } => true,
        NodeKind::SubqueryScan { input, .. } | NodeKind::Limit { input, .. } | NodeKind::LockRows { input, .. } => {
            runs_backward(input)
        }
        NodeKind::Append { inputs, .. } => inputs.iter().all(runs_backward),
        _ => false,
    }
}

fn forward_only() -> Error {
    let error = Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward");
    error.hint("Declare it with SCROLL option to enable backward scan.")
}
