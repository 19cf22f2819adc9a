//! Aggregates of users: their functions become expressions over the state and a row.
//!
//! The transition function is an expression like any other, so functions in SQL are inlined in it and built-in ones are kernels.
//! An aggregate whose state is `internal` is made of a built-in aggregate's functions, so it is that aggregate under another name.

use analyzer::query::{self as q, Expr, ExprKind, NO_LOCATION, SqlType};
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::rows::{CatalogRow, PgAggregate, PgProc};
use error::{Error, Result};
use ids::Oid;
use types::oid;

use crate::level::Planner;
use crate::plan::{ColumnType, FinalFunction, UsersAggregate};

/// What computes an aggregate.
pub(crate) enum Way {
    /// The built-in one with this OID.
    Builtin(Oid),
    /// Functions of its own.
    Users(Box<UsersAggregate>),
}

/// A call as far as its functions are concerned.
pub(crate) struct Called<'q> {
    pub function: Oid,
    pub direct: &'q [Expr],
    /// The arguments for the transition function.
    pub args: Vec<&'q Expr>,
    pub collation: Oid,
    pub variadic: bool,
    pub result: SqlType,
    /// Rows are taken out again: for a window's frame that moves.
    pub moving: bool,
}

impl Planner<'_> {
    /// How an aggregate is computed. Its functions are checked to be its owner's to call; the aggregate itself is checked for the
    /// current user when the plan starts.
    pub(crate) fn aggregate_way(&mut self, called: &Called<'_>) -> Result<Way> {
        let catalog = self.ctx.catalog;
        let function = called.function;
        let row = catalog.function(function)?;
        if (function >= Oid::FIRST_NORMAL || row.proacl.is_some()) && !self.functions.contains(&function) {
            self.functions.push(function);
        }
        if function < Oid::FIRST_NORMAL {
            return Ok(Way::Builtin(function));
        }
        let aggregate = catalog.aggregate(function)?;
        if aggregate.aggtranstype == oid::INTERNAL {
            return match twin(&aggregate) {
                Some(twin) => Ok(Way::Builtin(twin)),
                None => {
                    Err(Error::not_implemented(format_args!("aggregate {} with a state of type internal", row.proname)))
                }
            };
        }
        let before = self.functions.len();
        let made = self.users_aggregate(called, &row, &aggregate);
        self.functions.truncate(before);
        made.map(|made| Way::Users(Box::new(made)))
    }

    fn users_aggregate(
        &mut self,
        called: &Called<'_>,
        row: &PgProc,
        aggregate: &PgAggregate,
    ) -> Result<UsersAggregate> {
        let moving = called.moving && aggregate.aggminvtransfn.is_valid();
        let (declared, transition, final_function, extra, initial) = match moving {
            true => (
                aggregate.aggmtranstype,
                aggregate.aggmtransfn,
                aggregate.aggmfinalfn,
                aggregate.aggmfinalextra,
                &aggregate.aggminitval,
            ),
            false => (
                aggregate.aggtranstype,
                aggregate.aggtransfn,
                aggregate.aggfinalfn,
                aggregate.aggfinalextra,
                &aggregate.agginitval,
            ),
        };
        let arguments = called.direct.iter().chain(called.args.iter().copied());
        let inputs: Vec<Oid> = arguments.clone().map(|arg| arg.ty.oid).collect();
        let state =
            analyzer::support::actual_type(self.ctx.catalog, self.ctx.env, &inputs, &row.proargtypes, declared)?;
        let collation =
            if self.ctx.catalog.type_(state)?.typcollation.is_valid() { called.collation } else { Oid::INVALID };
        let state = SqlType { oid: state, typmod: -1, collation };
        // The state is column 1 of a relation that is none, and what comes with it stands behind.
        let column = |number: usize, ty: SqlType| {
            let var =
                q::Var { level: 0, relation: usize::MAX, column: number as i16 + 1, version: q::RowVersion::Default };
            Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION }
        };
        let mut layout = vec![column(0, state)];
        layout.extend(called.args.iter().enumerate().map(|(at, arg)| column(at + 1, arg.ty)));
        let (strict, volatile) = {
            let row = self.ctx.catalog.function(transition)?;
            (row.proisstrict, row.provolatile == b'v')
        };
        let transition = self.support_call(row, transition, layout.clone(), state, called, &layout)?;
        let inverse = match moving {
            true => Some(self.support_call(row, aggregate.aggminvtransfn, layout.clone(), state, called, &layout)?),
            false => None,
        };
        let final_function = match final_function.is_valid() {
            false => None,
            true => {
                let mut layout = vec![column(0, state)];
                layout.extend(called.direct.iter().enumerate().map(|(at, arg)| column(at + 1, arg.ty)));
                let mut args = layout.clone();
                if extra {
                    args.extend(called.args.iter().map(|arg| null(arg.ty)));
                }
                Some(FinalFunction {
                    strict: self.ctx.catalog.function(final_function)?.proisstrict,
                    call: self.support_call(row, final_function, args, called.result, called, &layout)?,
                })
            }
        };
        let initial = match initial {
            None => None,
            Some(text) => {
                let ty = SqlType { oid: oid::TEXT, typmod: -1, collation: Oid(100) };
                let text = Expr {
                    kind: ExprKind::Const(batch::Datum::Bytes(text.as_bytes().into())),
                    ty,
                    location: NO_LOCATION,
                };
                let form = q::CallForm::ImplicitCast;
                let read = Expr { kind: ExprKind::CoerceViaIo(Box::new(text), form), ty: state, location: NO_LOCATION };
                Some(self.compile(&read, &[])?)
            }
        };
        let state: ColumnType = self.column_type(state)?;
        Ok(UsersAggregate { state, initial, transition, strict, volatile, inverse, final_function })
    }

    /// A call of one of an aggregate's functions.
    fn support_call(
        &mut self,
        aggregate: &PgProc,
        function: Oid,
        args: Vec<Expr>,
        result: SqlType,
        called: &Called<'_>,
        layout: &[Expr],
    ) -> Result<crate::plan::Expr> {
        let catalog = self.ctx.catalog;
        let wanted = Privileges::EXECUTE;
        if catalog.privileges(ObjectKind::Function, function, aggregate.proowner, wanted)? != Some(wanted) {
            return Err(catalog.denied(ObjectKind::Function, function)?);
        }
        let call = q::FunctionCall {
            function,
            args,
            input_collation: called.collation,
            set: false,
            variadic: called.variadic,
            form: q::CallForm::Call,
            written: None,
        };
        let mut call = Expr { kind: ExprKind::Function(call), ty: result, location: NO_LOCATION };
        analyzer::inline_functions(catalog, self.ctx.env, &mut call)?;
        self.compile(&call, layout)
    }
}

fn null(ty: SqlType) -> Expr {
    Expr { kind: ExprKind::Const(batch::Datum::Null), ty, location: NO_LOCATION }
}

/// The built-in aggregate that the same functions make.
fn twin(aggregate: &PgAggregate) -> Option<Oid> {
    let same = |other: &&PgAggregate| {
        other.aggtransfn == aggregate.aggtransfn
            && other.aggfinalfn == aggregate.aggfinalfn
            && other.aggkind == aggregate.aggkind
            && other.aggtranstype == aggregate.aggtranstype
    };
    PgAggregate::builtin().rows().iter().find(same).map(|other| other.aggfnoid)
}
