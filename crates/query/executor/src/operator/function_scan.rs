//! Functions in FROM.

use batch::{BATCH_ROWS, Batch, Column, Datum, DatumRef, Repr};
use error::{Error, Result};
use planner::plan::{ColumnType, ExprKind, TableFunction};
use types::{Context, RowSource};

use super::json_table::JsonTable;
use super::{Operator, reprs};
use crate::expression::{Compiled, compile, compile_all};
use crate::run::Run;

/// One function: what it is called with, and the rows of the call.
struct Function {
    /// A set-returning function's arguments; or, if it returns one value, the call.
    args: Vec<Compiled>,
    arg_types: Vec<ids::Oid>,
    oid: ids::Oid,
    collation: ids::Oid,
    result_type: ids::Oid,
    strict: bool,
    set: bool,
    /// Of a source of rows: it gives one row, even for null arguments.
    one: bool,
    composite: bool,
    /// Types of the columns; 0 where a row type's was dropped.
    types: Vec<ids::Oid>,
    columns: Vec<Column>,
    /// Row values that are to be spread over the columns.
    rows: Column,
    /// What the columns are, for functions that are not built in.
    wanted: Vec<ColumnType>,
    source: Option<Box<dyn RowSource>>,
    json_table: Option<Box<JsonTable>>,
    /// The list of columns in FROM, as functions of JSON take it behind their arguments.
    definition: Option<[Datum; 2]>,
    done: bool,
}

struct FunctionScan {
    functions: Vec<Function>,
    ordinality: bool,
    number: i64,
    started: bool,
}

pub(super) fn build(functions: &[TableFunction], ordinality: bool) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let mut forms: Vec<Repr> = functions.iter().flat_map(|function| reprs(&function.columns)).collect();
    if ordinality {
        forms.push(Repr::B8);
    }
    let functions = functions.iter().map(|function| {
        let columns = function.columns.iter().map(|column| Column::new(column.repr)).collect();
        let mut built = Function {
            args: Vec::new(),
            arg_types: Vec::new(),
            oid: ids::Oid::INVALID,
            collation: ids::Oid::INVALID,
            result_type: function.call.ty.oid,
            strict: false,
            set: function.set,
            one: false,
            composite: function.composite,
            types: function.columns.iter().map(|column| column.oid).collect(),
            columns,
            rows: Column::new(Repr::Bytes),
            wanted: function.columns.clone(),
            source: None,
            json_table: None,
            definition: None,
            done: false,
        };
        match &function.call.kind {
            // What returns one row may be written as a source of rows, too.
            ExprKind::Call(call)
                if function.set
                    || types::row_source(call.function).is_some()
                    || function.composite && call.function >= ids::Oid::FIRST_NORMAL =>
            {
                built.set = true;
                built.one = !function.set;
                built.args = compile_all(&call.args)?;
                built.arg_types = call.args.iter().map(|arg| arg.ty.oid).collect();
                (built.oid, built.collation, built.strict) = (call.function, call.collation, call.strict);
                if !function.defined.is_empty() && call.function < ids::Oid::FIRST_NORMAL {
                    let names: Vec<&str> = function.defined.iter().map(String::as_str).collect();
                    let modifiers: Vec<i32> = function.columns.iter().map(|column| column.typmod).collect();
                    built.definition = Some(types::json::definition(&names, &built.types, &modifiers)?);
                }
            }
            ExprKind::JsonTable(table) => built.json_table = Some(Box::new(JsonTable::new(table)?)),
            _ if function.set => return Err(Error::not_implemented("set-returning expression in FROM")),
            _ => built.args.push(compile(&function.call)?),
        }
        Ok(built)
    });
    let functions = functions.collect::<Result<_>>()?;
    Ok((Box::new(FunctionScan { functions, ordinality, number: 0, started: false }), forms))
}

impl Function {
    fn context<'a>(&'a self, run: &Run<'a>) -> Context<'a> {
        Context {
            env: run.env(),
            collation: self.collation,
            result_type: self.result_type,
            arg_types: &self.arg_types,
            variadic: false,
        }
    }

    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.source = None;
        self.done = false;
        if let Some(table) = &mut self.json_table {
            return table.start(run);
        }
        if !self.set {
            return Ok(());
        }
        let args: Vec<Datum> = self.args.iter_mut().map(|arg| arg.value(run)).collect::<Result<_>>()?;
        if self.strict && args.iter().any(Datum::is_null) {
            self.done = !self.one;
            return Ok(());
        }
        let args: Vec<DatumRef<'_>> = args.iter().chain(self.definition.iter().flatten()).map(Datum::as_ref).collect();
        self.source = Some(run.session.row_source(self.oid, &args, &self.wanted, self.context(run), run.snapshot)?);
        Ok(())
    }

    /// Fills the columns with up to `most` rows and says how many.
    fn fill(&mut self, most: usize, run: &mut Run<'_>) -> Result<usize> {
        self.columns.iter_mut().for_each(Column::clear);
        if self.done {
            return Ok(0);
        }
        if let Some(table) = &mut self.json_table {
            let count = table.fill(&mut self.columns, most, run)?;
            self.done = count < most;
            return Ok(count);
        }
        if !self.set {
            self.done = true;
            let value = self.args[0].value(run)?;
            if self.composite {
                crate::expression::spread_row(value.as_ref(), &self.types, &mut self.columns, run)?;
            } else {
                self.columns[0].push(value.as_ref());
            }
            return Ok(1);
        }
        let Some(mut source) = self.source.take() else {
            // A strict function of a null.
            self.done = true;
            self.columns.iter_mut().for_each(Column::push_null);
            return Ok(self.one as usize);
        };
        let mut columns = std::mem::take(&mut self.columns);
        let count = match self.composite && source.gives_row_values() {
            false => source.next(&mut columns, most, self.context(run)),
            true => {
                self.rows.clear();
                let count = source.next(std::slice::from_mut(&mut self.rows), most, {
                    // Not by `self.context`, which would borrow the column, too.
                    Context {
                        env: run.env(),
                        collation: self.collation,
                        result_type: self.result_type,
                        arg_types: &self.arg_types,
                        variadic: false,
                    }
                });
                let rows = 0..self.rows.len();
                let spread = |row| crate::expression::spread_row(self.rows.get(row), &self.types, &mut columns, run);
                rows.into_iter().try_for_each(spread).and(count)
            }
        };
        self.columns = columns;
        self.source = Some(source);
        let count = count?;
        self.done = count < most;
        Ok(count)
    }
}

impl Operator for FunctionScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if !std::mem::replace(&mut self.started, true) {
            self.number = 0;
            self.functions.iter_mut().try_for_each(|function| function.start(run))?;
        }
        out.clear();
        let counts = self.functions.iter_mut().map(|function| function.fill(BATCH_ROWS, run));
        let counts = counts.collect::<Result<Vec<_>>>()?;
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut to = out.columns.iter_mut();
        for (function, &count) in self.functions.iter_mut().zip(&counts) {
            for column in &mut function.columns {
                (count..most).for_each(|_| column.push_null());
                if let Some(to) = to.next() {
                    std::mem::swap(to, column);
                }
            }
        }
        if self.ordinality
            && let Some(to) = to.next()
        {
            for _ in 0..most {
                self.number += 1;
                to.push(DatumRef::B8(self.number));
            }
        }
        out.set_len(most);
        Ok(most > 0)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.started = false;
        Ok(())
    }
}
