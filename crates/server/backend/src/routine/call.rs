//! CALL.
//!
//! A procedure that is called by a statement of its own, outside of a transaction block, may end the transaction and go on in another
//! one; everywhere else it may not ([`Session::may_end_transaction`]).

use std::rc::Rc;

use analyzer::query::{Command, Expr, Query, TargetEntry};
use analyzer::routine::RoutineResult;
use analyzer::{Analyzer, Params};
use batch::{Batch, Datum};
use catalog::Entry;
use catalog::rows::PgProc;
use error::Result;
use ids::Oid;
use parser::ast::Call;

use super::{Invocation, Sink};
use crate::block::Block;
use crate::portal::TextRows;
use crate::prepared::ResultColumn;
use crate::session::Session;

/// A CALL, analyzed.
struct Analyzed {
    procedure: Entry<PgProc>,
    arguments: Query,
    types: Vec<Oid>,
    result: RoutineResult,
}

impl Session<'_> {
    fn analyze_call(&self, text: &str, call: &Call, params: Params) -> Result<(Analyzed, Vec<Oid>)> {
        let catalog = self.catalog();
        let mut analyzer = Analyzer::new(catalog, self, text, params);
        let (procedure, args, _) = analyzer.call_statement(call)?;
        let params = analyzer.parameter_types()?;
        Ok((self.analyzed_call(text, procedure, args)?, params))
    }

    fn analyzed_call(&self, text: &str, procedure: Entry<PgProc>, args: Vec<Expr>) -> Result<Analyzed> {
        let catalog = self.catalog();
        let types: Vec<Oid> = args.iter().map(|arg| arg.ty.oid).collect();
        let result = RoutineResult::of(catalog, &procedure, &types, procedure.prorettype)?;
        let mut arguments = Query::new(Command::Select);
        let target = |(at, expr)| TargetEntry {
            expr,
            number: at as i16 + 1,
            name: String::new(),
            sort_ref: 0,
            junk: false,
            origin_table: Oid::INVALID,
            origin_column: 0,
        };
        arguments.targets = args.into_iter().enumerate().map(target).collect();
        let arguments = Analyzer::new(catalog, self, text, Params::default()).finish_routine_query(arguments)?;
        Ok(Analyzed { procedure, arguments, types, result })
    }

    /// The types of the parameters of a CALL, and the columns of its result, if it has one.
    pub fn describe_call(
        &self,
        text: &str,
        call: &Call,
        params: Params,
    ) -> Result<(Vec<Oid>, Option<Vec<ResultColumn>>)> {
        let (analyzed, params) = self.analyze_call(text, call, params)?;
        let Some(columns) = analyzed.result.columns else { return Ok((params, None)) };
        let column = |(name, ty): &(String, analyzer::query::SqlType)| {
            let (type_oid, typmod) = self.catalog().base_type(ty.oid, ty.typmod)?;
            let type_size = self.catalog().type_(type_oid)?.typlen;
            Ok(ResultColumn { name: name.clone(), table: Oid::INVALID, number: 0, type_oid, type_size, typmod })
        };
        Ok((params, Some(columns.iter().map(column).collect::<Result<_>>()?)))
    }

    /// Whether a CALL or DO that begins now may end the transaction.
    fn may_end_transaction(&self) -> bool {
        self.block.get() == Block::Single && !self.routines.busy.get()
    }

    /// Runs a CALL that stands in another routine.
    pub(super) fn call_within(
        &self,
        text: &str,
        call: &Call,
        scope: &dyn plpgsql::CallScope,
        may_end: bool,
    ) -> Result<plpgsql::Called> {
        let (analyzed, written) = {
            let mut analyzer =
                Analyzer::new(self.catalog(), self, text, Params::default()).with_variables(scope.variables());
            let (procedure, args, written) = analyzer.call_statement(call)?;
            (self.analyzed_call(text, procedure, args)?, written)
        };
        let (params, types) = scope.params()?;
        let values = self.call_procedure(analyzed, types, params, may_end)?;
        let mut called = plpgsql::Called::default();
        if let Some((result, values)) = values {
            for output in written {
                if let (Some(value), Some((_, ty))) =
                    (values.get(output.output), result.columns.as_ref().and_then(|columns| columns.get(output.output)))
                {
                    called.outputs.push((output.argument, value.clone(), *ty));
                }
            }
        }
        Ok(called)
    }

    /// Runs a CALL of the client's; the values of its outputs as text, if it has some.
    pub fn run_call(&self, text: &Rc<str>, call: &Call, params: &[Datum], types: &[Oid]) -> Result<TextRows> {
        let (analyzed, types) = self.analyze_call(text, call, Params::fixed(types.to_vec()))?;
        let may_end = self.may_end_transaction();
        let values = self.call_procedure(analyzed, types, params.to_vec(), may_end)?;
        let mut rows = Vec::new();
        if let Some((result, values)) = values {
            let mut row = Vec::with_capacity(values.len());
            for ((_, ty), value) in result.columns.iter().flatten().zip(values) {
                row.push(match value {
                    Datum::Null => None,
                    value => {
                        let mut out = Vec::new();
                        types::output(ty.oid, value.as_ref(), self, &mut out)?;
                        Some(String::from_utf8_lossy(&out).into_owned())
                    }
                });
            }
            rows.push(row);
        }
        Ok(TextRows::new(rows, "CALL"))
    }

    /// Calls a procedure; the values of its outputs, if it has some.
    fn call_procedure(
        &self,
        analyzed: Analyzed,
        types: Vec<Oid>,
        params: Vec<Datum>,
        may_end: bool,
    ) -> Result<Option<(RoutineResult, Vec<Datum>)>> {
        let Analyzed { procedure, arguments, types: arg_types, result } = analyzed;
        let kind = catalog::privileges::ObjectKind::Function;
        self.catalog().require_privileges(kind, procedure.oid, catalog::acl::Privileges::EXECUTE)?;
        let mut args = Vec::new();
        if !arguments.targets.is_empty() {
            let plan = self.plan_analyzed(&arguments, &types)?;
            self.run_nested(&plan, params, self.transaction.snapshot()?, &mut |batch| {
                if let Some(row) = batch.rows().iter().next() {
                    args = batch.columns.iter().map(|column| column.datum(column.index(row))).collect();
                }
                Ok(false)
            })?;
        }
        let mut columns = Vec::new();
        for (_, ty) in result.columns.iter().flatten() {
            columns.push(self.column_type(*ty)?);
        }
        let invocation = Invocation {
            row: &procedure,
            args,
            arg_types: &arg_types,
            result_type: procedure.prorettype,
            collation: Oid::INVALID,
            snapshot: None,
            columns: &columns,
        };
        let places = self.routines.places.borrow().len();
        let may_end = may_end && !procedure.prosecdef && procedure.proconfig.is_none();
        let before = (self.routines.may_end.replace(may_end), self.routines.busy.replace(true));
        let mut values = None;
        let called = match result.columns.is_some() {
            true => self.call_row(&invocation, &mut |batch: &Batch| {
                if let Some(row) = batch.rows().iter().next() {
                    values = Some(batch.columns.iter().map(|column| column.datum(column.index(row))).collect());
                }
                Ok(false)
            }),
            false => self.call_value(invocation).map(|_| ()),
        };
        self.routines.may_end.set(before.0);
        self.routines.busy.set(before.1);
        self.routines.places.borrow_mut().truncate(places);
        called?;
        Ok(values.map(|values| (result, values)))
    }

    /// Calls a function or procedure that gives one row; it goes to `sink` in columns.
    pub(super) fn call_row(&self, invocation: &Invocation<'_>, sink: Sink<'_>) -> Result<()> {
        self.check_stack()?;
        let row = invocation.row;
        self.counted(row, || {
            self.with_rights_of(row, || match row.prolang {
                super::SQL => self.sql_row(invocation, sink),
                language if self.is_plpgsql(language)? => self.plpgsql_row(invocation, sink),
                _ => Err(super::no_language(self, row)?),
            })
        })
    }
}
