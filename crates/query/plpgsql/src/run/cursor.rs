//! OPEN, FETCH, MOVE, CLOSE.

use std::rc::Rc;

use analyzer::query::SqlType;
use batch::Datum;
use error::{Error, Result, SqlState};
use parser::ast::FetchDirection;

use super::frame::Value;
use super::plan::{Columns, Planned, Work, fragment_context};
use super::{Run, first_row, row_at};
use crate::tree::*;

impl<'r> Run<'r, '_> {
    pub(super) fn cursor_statement(&mut self, kind: &'r Kind) -> Result<()> {
        match kind {
            Kind::Open { cursor, what: Opened::Bound { arguments }, .. } => {
                self.open_bound(*cursor, arguments.as_ref()).map(|_| ())
            }
            Kind::Open { cursor, scroll, what: Opened::Query(query) } => {
                let planned = self.planned(query, &[])?;
                let params = planned.params(self.host, self.routine, &self.frame)?;
                self.open(*cursor, query, &planned, params, *scroll).map(|_| ())
            }
            Kind::Open { cursor, scroll, what: Opened::Execute { query, using } } => {
                let (dynamic, params) = self.dynamic(query, using)?;
                let planned = dynamic.planned.borrow().clone();
                let planned = planned.ok_or_else(|| Error::internal("a statement is not planned"))?;
                self.open(*cursor, &dynamic, &planned, params, *scroll).map(|_| ())
            }
            Kind::Fetch { cursor, direction, target } => self.fetch(*cursor, direction, target.as_ref()),
            Kind::Close { cursor } => {
                let name = self.cursor_name(*cursor)?;
                self.host.close(&name)
            }
            _ => Ok(()),
        }
    }

    fn cursor_name(&self, cursor: Number) -> Result<String> {
        let value = self.value(cursor)?;
        match value.as_bytes() {
            Some(name) => Ok(String::from_utf8_lossy(name).into_owned()),
            None => {
                let text = format!("cursor variable \"{}\" is null", self.routine.variables[cursor].name);
                Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text))
            }
        }
    }

    fn open(
        &mut self,
        cursor: Number,
        query: &Fragment,
        planned: &Planned,
        params: Vec<Datum>,
        scroll: Option<bool>,
    ) -> Result<String> {
        let name = self.value(cursor)?;
        let name = name.as_bytes().map(|name| String::from_utf8_lossy(name).into_owned());
        let (opened, _) = self.open_rows(name.as_deref(), query, planned, params, scroll)?;
        self.frame.values[cursor] = Value::Scalar(Datum::text(&opened));
        Ok(opened)
    }

    /// Opens a cursor over whatever gives rows: its name and its columns.
    pub(super) fn open_rows(
        &self,
        name: Option<&str>,
        query: &Fragment,
        planned: &Planned,
        params: Vec<Datum>,
        scroll: Option<bool>,
    ) -> Result<(String, Columns)> {
        let fail = |error: Error| fragment_context(error, &query.text, query.mode);
        let Some(columns) = planned.columns(self.host).map_err(fail)? else {
            let text = format!("cannot open {} query as cursor", planned.command_name());
            return Err(Error::new(SqlState::INVALID_CURSOR_DEFINITION, text));
        };
        let opened = match &planned.work {
            Work::Plan(plan) => self.host.open(name, &query.text, plan.clone(), params, scroll, self.read_only),
            Work::Utility(statement) => {
                planned.with_scope(self.host, self.routine, &self.frame, query.names, &params, |scope| {
                    self.host.open_utility(name, &query.text, statement, scope, scroll, self.read_only)
                })
            }
            Work::Scalar(..) => return Err(Error::internal("a statement is no expression")),
        };
        Ok((opened.map_err(fail)?, columns))
    }

    /// Runs whatever gives rows, or changes them; how many rows that were.
    pub(super) fn run_rows(
        &self,
        query: &Fragment,
        planned: &Planned,
        params: Vec<Datum>,
        sink: crate::Sink<'_>,
    ) -> Result<u64> {
        match &planned.work {
            Work::Plan(plan) => self.host.run(plan, params, self.read_only, sink),
            Work::Utility(statement) => {
                planned.with_scope(self.host, self.routine, &self.frame, query.names, &params, |scope| {
                    self.host.utility_rows(&query.text, statement, scope, self.read_only, sink)
                })
            }
            Work::Scalar(..) => Err(Error::internal("a statement is no expression")),
        }
    }

    /// Opens a bound cursor with its arguments; gives its name.
    pub(super) fn open_bound(&mut self, cursor: Number, arguments: Option<&'r Fragment>) -> Result<String> {
        let routine = self.routine;
        let VariableKind::Cursor(bound) = &routine.variables[cursor].kind else {
            return Err(Error::internal("a cursor is not bound"));
        };
        if let Some(arguments) = arguments {
            let wanted: Vec<Option<SqlType>> =
                bound.arguments.iter().map(|&number| Some(self.frame.type_of(routine, number))).collect();
            let planned = self.planned(arguments, &wanted)?;
            let params = planned.params(self.host, routine, &self.frame)?;
            let Work::Plan(plan) = &planned.work else { return Err(Error::internal("arguments are no query")) };
            let mut row = None;
            self.host.run(plan, params, self.read_only, &mut |batch| {
                row = first_row(batch);
                Ok(false)
            })?;
            for (&number, value) in bound.arguments.iter().zip(row.unwrap_or_default()) {
                self.set_scalar(number, value)?;
            }
        }
        let planned = self.planned(&bound.query, &[])?;
        let params = planned.params(self.host, routine, &self.frame)?;
        self.open(cursor, &bound.query, &planned, params, bound.scroll)
    }

    fn fetch(&mut self, cursor: Number, direction: &Direction, target: Option<&Target>) -> Result<()> {
        let name = self.cursor_name(cursor)?;
        let count = match &direction.count {
            Some(count) => match self.integer(count)? {
                Some(count) => i64::from(count),
                None => {
                    let text = "relative or absolute cursor position is null";
                    return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
                }
            },
            None => direction.number,
        };
        let kind = direction.kind;
        let Some(target) = target else {
            let moved = self.host.fetch(&name, kind, count, true, &mut |_| Ok(true))?;
            self.processed = moved;
            self.set_found(moved > 0);
            return Ok(());
        };
        let columns: Rc<[(String, SqlType)]> = self.host.cursor_columns(&name)?.into();
        let mut row = None;
        let wanted = matches!(kind, FetchDirection::Forward | FetchDirection::Backward) && count == i64::MAX;
        let fetched = self.host.fetch(&name, kind, count, false, &mut |batch| {
            if row.is_none() || wanted {
                row = batch.rows().iter().next().map(|at| row_at(batch, at));
            }
            Ok(true)
        })?;
        self.processed = fetched;
        let found = row.is_some();
        self.store(target, &columns, row)?;
        self.set_found(found);
        Ok(())
    }
}
