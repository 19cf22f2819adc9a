//! Statements but loops, RAISE and cursors.

use std::rc::Rc;

use analyzer::query::SqlType;
use batch::{Batch, Datum};
use error::{Error, Result, Severity, SqlState};
use parser::ast::Statement as Sql;
use types::oid;

use super::frame::{self, Row, Value};
use super::plan::{Planned, Resolver, Scope, Work, fragment_context, parse_fragment};
use super::{Flow, Outcome, Run, row_at};
use crate::tree::*;

impl<'r> Run<'r, '_> {
    pub(super) fn execute(&mut self, kind: &'r Kind) -> Result<Flow> {
        match kind {
            Kind::Block(block) => return self.block(block),
            Kind::Assign { target, value, path, field } => self.assign(*target, value, *path, field.as_deref())?,
            Kind::If { branches, otherwise } => {
                for branch in branches {
                    if self.condition(&branch.condition)? {
                        return self.statements(&branch.body);
                    }
                }
                return self.statements(otherwise);
            }
            Kind::Case { subject, branches, otherwise } => {
                return self.case(subject.as_ref(), branches, otherwise.as_deref());
            }
            Kind::Loop { .. }
            | Kind::While { .. }
            | Kind::ForInteger { .. }
            | Kind::ForQuery { .. }
            | Kind::ForExecute { .. }
            | Kind::ForCursor { .. }
            | Kind::ForEach { .. } => return self.looped(kind),
            Kind::Exit { exit, label, condition } => {
                if let Some(condition) = condition
                    && !self.condition(condition)?
                {
                    return Ok(Flow::Next);
                }
                return Ok(if *exit { Flow::Exit(label.clone()) } else { Flow::Continue(label.clone()) });
            }
            Kind::Return(value) => {
                if let Some(value) = value {
                    self.return_value(value)?;
                }
                return Ok(Flow::Return);
            }
            Kind::ReturnVariable(number) => {
                self.return_row(*number)?;
                return Ok(Flow::Return);
            }
            Kind::ReturnNext(value) => self.return_next(value.as_ref())?,
            Kind::ReturnNextVariable(number) => {
                let Value::Record(row) = self.frame.values[*number].clone() else { return Ok(Flow::Next) };
                let Some(values) = row.values else {
                    if row.columns.is_none() {
                        self.frame.field_at(self.routine, *number, "")?;
                    }
                    return self.give(vec![Datum::Null; self.columns.len()], None).map(|()| Flow::Next);
                };
                self.give(values, row.columns.as_deref())?;
            }
            Kind::ReturnQuery(query) => {
                let planned = self.planned(query, &[])?;
                let params = planned.params(self.host, self.routine, &self.frame)?;
                self.return_query(query, &planned, params)?;
            }
            Kind::ReturnExecute { query, using } => {
                let (dynamic, params) = self.dynamic(query, using)?;
                let planned = dynamic.planned.borrow().clone();
                let planned = planned.ok_or_else(|| Error::internal("a statement is not planned"))?;
                self.return_query(&dynamic, &planned, params)?;
            }
            Kind::Raise(raise) => self.raise(raise)?,
            Kind::Assert { condition, message } => self.assert(condition, message.as_ref())?,
            Kind::Sql { statement, into, strict } => self.sql(statement, into.as_ref(), *strict, None)?,
            Kind::Perform(query) => {
                let planned = self.planned(query, &[])?;
                let params = planned.params(self.host, self.routine, &self.frame)?;
                let Work::Plan(plan) = &planned.work else { return Ok(Flow::Next) };
                let count = self
                    .host
                    .run(plan, params, self.read_only, &mut |_| Ok(true))
                    .map_err(|error| fragment_context(error, &query.text, query.mode))?;
                self.processed = count;
                self.set_found(count > 0);
            }
            Kind::Call { statement } => self.call_statement(statement)?,
            Kind::Execute { query, into, strict, using } => {
                let (dynamic, params) = self.dynamic(query, using)?;
                self.sql(&dynamic, into.as_ref(), *strict, Some(params))?;
            }
            Kind::Diagnostics { items, .. } => self.diagnostics(items)?,
            Kind::Open { .. } | Kind::Fetch { .. } | Kind::Close { .. } => self.cursor_statement(kind)?,
            Kind::EndTransaction { commit, chain } => {
                if self.protected > 0 {
                    let what = if *commit { "commit" } else { "roll back" };
                    let text = format!("cannot {what} while a subtransaction is active");
                    return Err(Error::new(SqlState::INVALID_TRANSACTION_TERMINATION, text));
                }
                self.host.end_transaction(*commit, *chain)?;
            }
            Kind::Null => (),
        }
        Ok(Flow::Next)
    }

    fn assign(&mut self, target: Number, value: &Fragment, path: bool, field: Option<&str>) -> Result<()> {
        let _ = path;
        self.assign_fragment(target, field, value)
    }

    fn case(
        &mut self,
        subject: Option<&'r (Fragment, Number)>,
        branches: &'r [Branch],
        otherwise: Option<&'r [Statement]>,
    ) -> Result<Flow> {
        if let Some((fragment, number)) = subject {
            let (value, ty) = self.evaluate(fragment)?;
            self.frame.types[*number] = Some(ty);
            self.frame.values[*number] = Value::Scalar(value);
        }
        for branch in branches {
            if self.condition(&branch.condition)? {
                return self.statements(&branch.body);
            }
        }
        match otherwise {
            Some(body) => self.statements(body),
            None => {
                Err(Error::new(SqlState::CASE_NOT_FOUND, "case not found").hint("CASE statement is missing ELSE part."))
            }
        }
    }

    // --- RETURN -----------------------------------------------------------------------------------------------------

    fn return_value(&mut self, value: &Fragment) -> Result<()> {
        let routine = self.routine;
        self.outcome = Some(match routine.result {
            ResultKind::Scalar => Outcome::Value(self.evaluate_as(value, Some(routine.result_type))?.0),
            ResultKind::Nothing | ResultKind::EventTrigger => {
                self.evaluate(value)?;
                Outcome::Nothing
            }
            ResultKind::Row | ResultKind::Trigger => {
                let (value, ty) = self.evaluate(value)?;
                if value.is_null() {
                    Outcome::Row(Row::default())
                } else if ty.oid == oid::RECORD || analyzer::types::is_composite(self.host.catalog(), ty.oid)? {
                    self.row_outcome(frame::decompose(self.host, &value)?)?
                } else {
                    let text = "cannot return non-composite value from function returning composite type";
                    return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
                }
            }
        });
        Ok(())
    }

    fn return_row(&mut self, number: Number) -> Result<()> {
        let Value::Record(row) = self.frame.values[number].clone() else { return Ok(()) };
        self.outcome = Some(match self.routine.result {
            ResultKind::Scalar => {
                let value = self.frame.row_value(self.host, self.routine, number)?;
                let from = self.frame.type_of(self.routine, number);
                Outcome::Value(self.convert(value, from, self.routine.result_type)?)
            }
            ResultKind::Nothing | ResultKind::EventTrigger => Outcome::Nothing,
            ResultKind::Row | ResultKind::Trigger => self.row_outcome(row)?,
        });
        Ok(())
    }

    /// A row as the result: brought to the declared type's columns.
    fn row_outcome(&self, row: Row) -> Result<Outcome> {
        let Some(wanted) = frame::columns_of(self.host, self.routine.result_type.oid)? else {
            return Ok(Outcome::Row(row));
        };
        let (Some(columns), Some(values)) = (row.columns, row.values) else { return Ok(Outcome::Row(Row::default())) };
        let types: Vec<SqlType> = wanted.iter().map(|(_, ty)| *ty).collect();
        let values =
            self.fit_row(values, &columns, &types, "returned record type does not match expected record type")?;
        Ok(Outcome::Row(Row::new(wanted, values)))
    }

    /// Brings a row's values to other types.
    fn fit_row(
        &self,
        values: Vec<Datum>,
        given: &[(String, SqlType)],
        wanted: &[SqlType],
        text: &str,
    ) -> Result<Vec<Datum>> {
        let mismatch = |detail: String| Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail);
        if values.len() != wanted.len() {
            return Err(mismatch(format!(
                "Number of returned columns ({}) does not match expected column count ({}).",
                values.len(),
                wanted.len()
            )));
        }
        for (at, ((name, given), wanted)) in given.iter().zip(wanted).enumerate() {
            if given.oid != wanted.oid && given.oid != oid::UNKNOWN {
                let type_name = |oid: ids::Oid| self.host.catalog().format_type(oid, -1);
                let (given, wanted) = (type_name(given.oid)?, type_name(wanted.oid)?);
                let _ = at;
                return Err(mismatch(format!(
                    "Returned type {given} does not match expected type {wanted} in column \"{name}\" (position {}).",
                    at + 1
                )));
            }
        }
        values
            .into_iter()
            .zip(given)
            .zip(wanted)
            .map(|((value, (_, from)), to)| self.convert(value, *from, *to))
            .collect()
    }

    fn return_next(&mut self, value: Option<&Fragment>) -> Result<()> {
        let Some(value) = value else {
            let mut values = Vec::new();
            for &number in &self.routine.outputs {
                values.push(self.value(number)?);
            }
            return self.give(values, None);
        };
        if self.routine.result == ResultKind::Row {
            let (value, ty) = self.evaluate(value)?;
            if !value.is_null() && ty.oid != oid::RECORD && !analyzer::types::is_composite(self.host.catalog(), ty.oid)?
            {
                let text = "cannot return non-composite value from function returning composite type";
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
            let row = frame::decompose(self.host, &value)?;
            return match row.values {
                None => self.give(vec![Datum::Null; self.columns.len()], None),
                Some(values) => self.give(values, row.columns.as_deref()),
            };
        }
        let (value, _) = self.evaluate_as(value, Some(self.routine.result_type))?;
        self.give(vec![value], None)
    }

    /// Adds a row to the set.
    fn give(&mut self, values: Vec<Datum>, columns: Option<&[(String, SqlType)]>) -> Result<()> {
        let values = match columns {
            None => values,
            Some(columns) => {
                let text = "wrong record type supplied in RETURN NEXT";
                self.fit_row(values, columns, self.columns, text)?
            }
        };
        let mut row = Batch::new(self.reprs()?);
        for (column, value) in row.columns.iter_mut().zip(&values) {
            column.push(value.as_ref());
        }
        row.set_len(1);
        match &mut self.sink {
            Some(sink) => sink(&row).map(|_| ()),
            None => Ok(()),
        }
    }

    fn reprs(&self) -> Result<Vec<batch::Repr>> {
        self.columns
            .iter()
            .map(|ty| {
                let row = self.host.catalog().type_(ty.oid)?;
                Ok(types::repr_of(row.typlen, row.typbyval))
            })
            .collect()
    }

    fn return_query(&mut self, query: &Fragment, planned: &Planned, params: Vec<Datum>) -> Result<()> {
        let fail = |error: Error| fragment_context(error, &query.text, query.mode);
        let text = "structure of query does not match function result type";
        let Some(columns) = planned.columns(self.host).map_err(fail)? else {
            let text = format!("{} query does not return tuples", planned.command_name());
            return Err(fail(Error::new(SqlState::SYNTAX_ERROR, text)));
        };
        // The structure is wrong whether there are rows or not.
        let wanted: Vec<SqlType> = self.columns.to_vec();
        self.fit_row(vec![Datum::Null; columns.len()], &columns, &wanted, text)?;
        let fits = columns.iter().zip(&wanted).all(|((_, given), wanted)| {
            given.oid == wanted.oid && (wanted.typmod < 0 || given.typmod == wanted.typmod)
        });
        let reprs = self.reprs()?;
        let mut sink = self.sink.take();
        let result = {
            let this = &*self;
            this.run_rows(query, planned, params, &mut |batch| {
                let Some(sink) = &mut sink else { return Ok(false) };
                if fits {
                    sink(batch)?;
                    return Ok(true);
                }
                let mut rows = Batch::new(reprs.iter().copied());
                for row in batch.rows().iter() {
                    let values = this.fit_row(row_at(batch, row), &columns, &wanted, text)?;
                    rows.columns.iter_mut().zip(&values).for_each(|(column, value)| column.push(value.as_ref()));
                }
                rows.set_len(batch.row_count());
                sink(&rows)?;
                Ok(true)
            })
        };
        self.sink = sink;
        let count = result.map_err(fail)?;
        self.processed = count;
        self.set_found(count > 0);
        Ok(())
    }

    // --- SQL --------------------------------------------------------------------------------------------------------

    /// The statement that EXECUTE's expression says, with `$1` … for USING, and their values.
    pub(super) fn dynamic(&mut self, query: &Fragment, using: &[Fragment]) -> Result<(Fragment, Vec<Datum>)> {
        let Some(text) = self.text(query)? else {
            let text = "query string argument of EXECUTE is null";
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
        };
        let mut params = Vec::new();
        let mut types = Vec::new();
        for fragment in using {
            let (value, ty) = self.evaluate(fragment)?;
            params.push(value);
            types.push(ty);
        }
        let fragment =
            Fragment { text: Rc::from(text.as_str()), mode: Mode::Statement, names: None, planned: Default::default() };
        let planned = dynamic_plan(self, &fragment, &types)?;
        fragment.planned.replace(Some(planned));
        Ok((fragment, params))
    }

    /// A statement of SQL, whose rows go INTO a target. `params` are those of EXECUTE.
    fn sql(
        &mut self,
        statement: &Fragment,
        into: Option<&Target>,
        strict: bool,
        params: Option<Vec<Datum>>,
    ) -> Result<()> {
        let dynamic = params.is_some();
        let wanted = match (into, dynamic) {
            (Some(into), false) => self.wanted(into)?,
            _ => Vec::new(),
        };
        let planned = match dynamic {
            true => statement.planned.borrow().clone().ok_or_else(|| Error::internal("a statement is not planned"))?,
            false => self.planned(statement, &wanted)?,
        };
        let given = match params {
            Some(params) => params,
            None => planned.params(self.host, self.routine, &self.frame)?,
        };
        let fail = |error: Error| fragment_context(error, &statement.text, statement.mode);
        let (columns, select) = match &planned.work {
            Work::Plan(plan) => (planned.columns(self.host)?, plan.command == planner::plan::Command::Select),
            Work::Utility(sql) if matches!(&**sql, Sql::Explain(_) | Sql::Show(_) | Sql::Execute(_)) => {
                (planned.columns(self.host).map_err(fail)?, true)
            }
            Work::Utility(sql) => {
                if let Sql::Transaction(_) = &**sql {
                    let text = match dynamic {
                        true => "EXECUTE of transaction commands is not implemented",
                        false => "unsupported transaction command in PL/pgSQL",
                    };
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
                }
                if dynamic && matches!(&**sql, Sql::Select(_)) {
                    let text = "EXECUTE of SELECT ... INTO is not implemented";
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                        .hint("You might want to use EXECUTE ... INTO or EXECUTE CREATE TABLE ... AS instead."));
                }
                if matches!(&**sql, Sql::Call(_)) && dynamic {
                    let resolver = Resolver::new(self.routine, &self.frame, None);
                    let scope = Scope { resolver, host: self.host };
                    if let Sql::Call(call) = &**sql {
                        self.host.call(&statement.text, call, &scope, false).map_err(fail)?;
                    }
                    return Ok(());
                }
                self.host.utility(&statement.text, sql, self.read_only).map_err(fail)?;
                self.processed = 0;
                if into.is_some() {
                    let text = "INTO used with a command that cannot return data";
                    return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                }
                return Ok(());
            }
            Work::Scalar(..) => return Err(Error::internal("a statement is no expression")),
        };
        let Some(into) = into else {
            if !dynamic && columns.is_some() {
                let error = Error::new(SqlState::SYNTAX_ERROR, "query has no destination for result data");
                return Err(match matches!(planned.work, Work::Plan(_)) && select {
                    true => error.hint("If you want to discard the results of a SELECT, use PERFORM instead."),
                    false => error,
                });
            }
            let count = self.run_rows(statement, &planned, given, &mut |_| Ok(true)).map_err(fail)?;
            self.processed = count;
            if !dynamic {
                self.set_found(count > 0);
            }
            return Ok(());
        };
        let Some(columns) = columns else {
            let text = "INTO used with a command that cannot return data";
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        };
        let mut row: Option<Vec<Datum>> = None;
        let mut count = 0usize;
        // RETURNING must give one row at most, SELECT only where STRICT says so. EXECUTE runs to its end.
        let checked = match strict || !select || dynamic {
            true => None,
            false => {
                let setting = |name: &str| self.host.setting(name);
                *self.many_rows.get_or_insert_with(|| crate::extra_check(&setting, "too_many_rows"))
            }
        };
        let limit = match strict {
            false if dynamic => usize::MAX,
            false if select && checked.is_none() => 1,
            _ => 2,
        };
        let processed = self.run_rows(statement, &planned, given.clone(), &mut |batch| {
            for at in batch.rows().iter() {
                if row.is_none() {
                    row = Some(row_at(batch, at));
                }
                count += 1;
            }
            Ok(count < limit)
        });
        let processed = processed.map_err(fail)?;
        if count == 0 && strict {
            return Err(self.strict_detail(
                Error::new(SqlState::NO_DATA_FOUND, "query returned no rows"),
                &planned,
                &given,
                dynamic,
            ));
        }
        if count > 1 && limit == 2 {
            let mut error = Error::new(SqlState::TOO_MANY_ROWS, "query returned more than one row");
            if strict {
                error = self.strict_detail(error, &planned, &given, dynamic);
            }
            if !dynamic {
                error = error.hint("Make sure the query returns a single row, or use LIMIT 1.");
            }
            self.found_odd(error, checked.unwrap_or(Severity::Error))?;
        }
        self.processed = if select { count.min(1) as u64 } else { processed };
        let found = row.is_some();
        self.store(into, &columns, row)?;
        if !dynamic {
            self.set_found(found);
        }
        Ok(())
    }

    /// Fails, or warns, as an extra check wants it.
    pub(super) fn found_odd(&self, error: Error, severity: Severity) -> Result<()> {
        if severity >= Severity::Error {
            return Err(error);
        }
        self.host.notice(error.severity(severity));
        Ok(())
    }

    /// With `#print_strict_params`, the values that the query had.
    fn strict_detail(&self, error: Error, planned: &Planned, params: &[Datum], dynamic: bool) -> Error {
        if !self.routine.print_strict_params || params.is_empty() {
            return error;
        }
        let shown = planned.sources.iter().zip(params).enumerate().map(|(at, ((source, ty), value))| {
            let name = match source {
                _ if dynamic => format!("${}", at + 1),
                super::plan::Source::Variable(number) => self.routine.variables[*number].name.clone(),
                super::plan::Source::Field(_, field) => field.clone(),
            };
            match self.text_of(value, *ty).ok().flatten() {
                Some(text) => format!("{name} = '{}'", text.replace('\'', "''")),
                None => format!("{name} = NULL"),
            }
        });
        let list = shown.collect::<Vec<_>>().join(", ");
        error.detail(format!("parameters: {list}"))
    }

    fn call_statement(&mut self, statement: &Fragment) -> Result<()> {
        let fail = |error: Error| fragment_context(error, &statement.text, statement.mode);
        let raw = parse_fragment(&statement.text, statement.mode).map_err(fail)?;
        let Sql::Call(call) = &raw.statement else {
            self.host.utility(&statement.text, &raw.statement, self.read_only).map_err(fail)?;
            return Ok(());
        };
        let values = {
            let resolver = Resolver::new(self.routine, &self.frame, statement.names);
            let scope = Scope { resolver, host: self.host };
            self.host.call(&statement.text, call, &scope, self.protected == 0).map_err(fail)?
        };
        // Each output goes back to the variable that was written for it.
        for (output, value, ty) in values.outputs {
            let argument = call.call.arguments.get(output);
            let Some(parser::ast::ExprKind::Column(name)) = argument.map(|argument| &argument.value.kind) else {
                let text = "procedure parameter is an output parameter but corresponding argument is not writable";
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            };
            let parts: Vec<&str> = name.qualifiers.iter().chain([&name.name]).map(|part| &**part).collect();
            let Some((number, used)) = crate::parse::lookup(&self.routine.names, statement.names, &parts) else {
                let text = "procedure parameter is an output parameter but corresponding argument is not writable";
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            };
            let place = match parts.get(used) {
                Some(field) => Place::Field(number, field.to_string()),
                None => Place::Variable(number),
            };
            self.set_place(&place, value, ty)?;
        }
        Ok(())
    }

    fn diagnostics(&mut self, items: &[(Place, Diagnostic)]) -> Result<()> {
        for (place, item) in items {
            let text =
                |text: Option<&String>| (Datum::text(text.map_or("", String::as_str)), SqlType::plain(oid::TEXT));
            let current = || {
                self.errors.last().map(Error::fields).ok_or_else(|| {
                    let text = "GET STACKED DIAGNOSTICS cannot be used outside an exception handler";
                    Error::new(SqlState::STACKED_DIAGNOSTICS_ACCESSED_WITHOUT_ACTIVE_HANDLER, text)
                })
            };
            let (value, ty) = match item {
                Diagnostic::RowCount => (Datum::B8(self.processed as i64), SqlType::plain(oid::INT8)),
                Diagnostic::RoutineOid => (Datum::oid(self.oid), SqlType::plain(oid::OID)),
                Diagnostic::Context => text(Some(&self.host.context())),
                Diagnostic::ErrorContext => text(current()?.context.as_ref()),
                Diagnostic::ErrorDetail => text(current()?.detail.as_ref()),
                Diagnostic::ErrorHint => text(current()?.hint.as_ref()),
                Diagnostic::State => (Datum::text(current()?.state.code()), SqlType::plain(oid::TEXT)),
                Diagnostic::Column => text(current()?.column.as_ref()),
                Diagnostic::Constraint => text(current()?.constraint.as_ref()),
                Diagnostic::Datatype => text(current()?.data_type.as_ref()),
                Diagnostic::Message => text(Some(&current()?.message)),
                Diagnostic::Table => text(current()?.table.as_ref()),
                Diagnostic::Schema => text(current()?.schema.as_ref()),
            };
            self.set_place(place, value, ty)?;
        }
        Ok(())
    }
}

/// Plans a statement whose only parameters are numbered.
fn dynamic_plan(run: &Run<'_, '_>, fragment: &Fragment, types: &[SqlType]) -> Result<Rc<Planned>> {
    Planned::dynamic(run.host, &run.frame, &fragment.text, types)
        .map_err(|error| fragment_context(error, &fragment.text, Mode::Statement))
}
