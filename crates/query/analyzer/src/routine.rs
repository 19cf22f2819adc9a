//! Statements inside of routines: what names stand for there, bodies of functions written in SQL, and CALL.
//!
//! A routine's language lends the analyzer its [`Variables`]; whatever they resolve to becomes a parameter of the statement, so a
//! plan for a routine's statement is an ordinary plan. A body in SQL is either text, analyzed when the function is first called in
//! a session, or (`BEGIN ATOMIC`, `RETURN`) a stored [`RoutineBody`].

use std::borrow::Cow;

use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::from::output_parameters;
use crate::node::{Next, node};
use crate::query::*;
use crate::scope::{Place, Scope};
use crate::types as ty;

/// What a name or `$n` means besides columns.
pub trait Variables {
    /// What a dotted name begins with: the variable, and how many parts of the name it took; the others are fields.
    ///
    /// # Errors
    /// The language's own, for a record that has no such field.
    fn named(&self, parts: &[&str]) -> Result<Option<(Variable, usize)>>;

    /// What `$number` means.
    fn numbered(&self, number: i32) -> Option<Variable>;

    /// Who wins if a name could be a variable and a column.
    fn precedence(&self) -> Precedence;

    /// The fields of the row variable that a dotted name means: `variable.*`.
    ///
    /// # Errors
    /// The language's own, for a record that has no value yet.
    fn fields(&self, parts: &[&str]) -> Result<Option<Vec<(String, Variable)>>> {
        let _ = parts;
        Ok(None)
    }

    /// The table whose rows a transition table of this name has.
    fn table(&self, name: &str) -> Option<Oid> {
        let _ = name;
        None
    }
}

/// A variable as a statement's parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variable {
    /// The parameter's number, from 1.
    pub number: u32,
    /// Its type.
    pub ty: SqlType,
}

/// Who wins if a name could be a variable and a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The column: functions in SQL, and `#variable_conflict use_column`.
    Column,
    /// The variable: `#variable_conflict use_variable`.
    Variable,
    /// Neither: `42702`.
    Neither,
}

/// The arguments of a function written in SQL, by name, position, and behind the function's name.
pub struct Arguments<'f> {
    /// The function's name.
    pub function: &'f str,
    /// Names of the input arguments; empty where one has none.
    pub names: Vec<String>,
    /// Their types, polymorphic ones resolved.
    pub types: Vec<SqlType>,
}

impl<'f> Arguments<'f> {
    /// The arguments of a function that is called with these types.
    pub fn of(catalog: &catalog::Catalog, row: &'f PgProc, types: &[Oid], collation: Oid) -> Result<Arguments<'f>> {
        let sql_type = |&type_oid: &Oid| {
            let own = catalog.type_(type_oid)?.typcollation;
            let collation = if own.is_valid() && collation.is_valid() { collation } else { own };
            Ok(SqlType { oid: type_oid, typmod: -1, collation })
        };
        Ok(Arguments {
            function: &row.proname,
            names: crate::function::parameter_names(row).into_iter().map(str::to_string).collect(),
            types: types.iter().map(sql_type).collect::<Result<_>>()?,
        })
    }

    fn variable(&self, at: usize) -> Option<Variable> {
        self.types.get(at).map(|&ty| Variable { number: at as u32 + 1, ty })
    }
}

impl Variables for Arguments<'_> {
    fn named(&self, parts: &[&str]) -> Result<Option<(Variable, usize)>> {
        let find = |name: &str| {
            let at = self.names.iter().position(|known| !known.is_empty() && known == name);
            at.and_then(|at| self.variable(at))
        };
        // `function.argument` comes before `argument.field`.
        if let [function, name, ..] = parts
            && *function == self.function
            && let Some(variable) = find(name)
        {
            return Ok(Some((variable, 2)));
        }
        Ok(parts.first().and_then(|name| find(name)).map(|variable| (variable, 1)))
    }

    fn numbered(&self, number: i32) -> Option<Variable> {
        usize::try_from(number).ok()?.checked_sub(1).and_then(|at| self.variable(at))
    }

    fn precedence(&self) -> Precedence {
        Precedence::Column
    }
}

node! {
    /// A body that was analyzed when its routine was made.
    #[derive(Clone, Debug, PartialEq)]
    pub enum RoutineBody {
        /// `RETURN expression`: the query that computes it.
        Return(query: Box<Query>),
        /// `BEGIN ATOMIC … END`.
        Atomic(queries: Vec<Query>),
    }
}

/// What a routine gives back, with polymorphic types resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutineResult {
    /// The declared type.
    pub type_oid: Oid,
    /// A set of it.
    pub set: bool,
    /// The columns of its rows, if they are known: of a composite type, or of OUT arguments. None for scalars, and for a bare `record`.
    pub columns: Option<Vec<(String, SqlType)>>,
}

impl RoutineResult {
    /// What a function gives that is called with arguments of these types.
    pub fn of(catalog: &catalog::Catalog, row: &PgProc, arguments: &[Oid], result: Oid) -> Result<RoutineResult> {
        let mut outputs = output_parameters(row);
        let columns = if outputs.len() > 1 || row.prokind == b'p' && !outputs.is_empty() {
            let env = types::DefaultEnvironment::default();
            let analyzer = Analyzer::new(catalog, &env, "", crate::Params::default());
            for (_, type_oid) in &mut outputs {
                let mut declared = row.proargtypes.to_vec();
                *type_oid = analyzer.resolve_polymorphic(arguments, &mut declared, *type_oid, false)?;
            }
            let column =
                |(name, type_oid): (String, Oid)| Ok((name, ty::with_collation(&*catalog.type_(type_oid)?, -1)));
            Some(outputs.into_iter().map(column).collect::<Result<Vec<_>>>()?)
        } else {
            let relation = ty::row_relation(catalog, result)?;
            match relation.is_valid() {
                true => {
                    let relation = catalog.relation(relation)?;
                    let column = |column: &catalog::rows::PgAttribute| {
                        let ty =
                            SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
                        (column.attname.to_string(), ty)
                    };
                    Some(relation.live_columns().map(column).collect())
                }
                false => None,
            }
        };
        Ok(RoutineResult { type_oid: result, set: row.proretset, columns })
    }

    /// Whether it gives rows rather than single values.
    pub fn is_composite(&self) -> bool {
        self.columns.is_some() || self.type_oid == oid::RECORD
    }
}

impl<'a> Analyzer<'a> {
    /// Names mean these variables, too.
    #[must_use]
    pub fn with_variables(mut self, variables: &'a dyn Variables) -> Analyzer<'a> {
        self.variables = Some(variables);
        self
    }

    /// The query of a routine's statement, views not expanded yet: see [`Analyzer::finish_routine_query`].
    pub fn routine_query(mut self, statement: &ast::Statement, stores: bool) -> Result<Query> {
        self.stores = stores;
        let query = self.query_statement(statement)?;
        self.finish_params()?;
        Ok(query)
    }

    /// `RETURN expression` as a query.
    pub fn routine_return(mut self, expr: &ast::Expr, stores: bool) -> Result<Query> {
        self.stores = stores;
        let target = ast::Target { value: expr.clone(), name: None, location: ast::NO_LOCATION };
        let statement = select_of(target);
        self.query_statement(&statement)
    }

    /// Makes a routine's query ready for the planner.
    pub fn finish_routine_query(mut self, mut query: Query) -> Result<Query> {
        self.rewrite_statement(&mut query)?;
        Ok(query)
    }

    /// Brings the last query of a body to the routine's result, or says how it differs. `false` if nothing is returned.
    pub fn fit_result(&mut self, query: Option<&mut Query>, declared: Oid, result: &RoutineResult) -> Result<bool> {
        if declared == oid::VOID && !result.set {
            return Ok(false);
        }
        let shown = self.catalog.format_type(declared, -1)?;
        let mismatch = |detail: String| {
            let text = format!("return type mismatch in function declared to return {shown}");
            Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text).detail(detail)
        };
        let query = match query {
            Some(query) if query.command == Command::Select || !query.returning.is_empty() => query,
            _ => {
                let detail = "Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.";
                return Err(mismatch(detail.into()));
            }
        };
        let given: Vec<SqlType> = query.output().map(|target| target.expr.ty).collect();
        if let Some(columns) = &result.columns {
            // One column of the type itself, or that can be made one, is the whole row; whether a `record` fits shows when it is there.
            if let [only] = given[..]
                && (only.oid == result.type_oid && (only.oid != oid::RECORD || columns.len() != 1)
                    || ty::is_composite(self.catalog, only.oid)?
                        && result.type_oid != oid::RECORD
                        && self.fit_column(query, 0, ty::with_collation(&*self.catalog.type_(result.type_oid)?, -1))?)
            {
                return Ok(true);
            }
            for (at, (_, wanted)) in columns.iter().enumerate() {
                let Some(given) = given.get(at) else {
                    return Err(mismatch("Final statement returns too few columns.".into()));
                };
                if !self.fit_column(query, at, *wanted)? {
                    return Err(mismatch(format!(
                        "Final statement returns {} instead of {} at column {}.",
                        self.catalog.format_type(given.oid, -1)?,
                        self.catalog.format_type(wanted.oid, -1)?,
                        at + 1
                    )));
                }
            }
            if given.len() > columns.len() {
                return Err(mismatch("Final statement returns too many columns.".into()));
            }
            return Ok(true);
        }
        if result.type_oid == oid::RECORD {
            return Ok(true);
        }
        let row = self.catalog.type_(result.type_oid)?;
        if row.typtype == b'p' && !matches!(result.type_oid, oid::VOID | oid::ANYARRAY) {
            let text = format!("return type {shown} is not supported for SQL functions");
            return Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text));
        }
        if given.len() != 1 {
            return Err(mismatch("Final statement must return exactly one column.".into()));
        }
        if !self.fit_column(query, 0, ty::with_collation(&row, -1))? {
            return Err(mismatch(format!("Actual return type is {}.", self.catalog.format_type(given[0].oid, -1)?)));
        }
        Ok(true)
    }

    /// Casts an output column as assignment would; `false` if there is no such cast.
    fn fit_column(&mut self, query: &mut Query, at: usize, wanted: SqlType) -> Result<bool> {
        let given = {
            let Some(target) = query.output().nth(at) else { return Ok(false) };
            target.expr.ty
        };
        if given.oid == wanted.oid && (wanted.typmod < 0 || wanted.typmod == given.typmod) {
            return Ok(true);
        }
        // What is sorted by, grouped by or combined keeps its own type; the cast goes around.
        let in_place = query.set_operation.is_none()
            && query.output().nth(at).is_some_and(|target| target.sort_ref == 0)
            && query.distinct.is_empty();
        if !in_place {
            wrap(query);
        }
        let scope = Scope::new(Command::Select);
        self.scopes.push(scope);
        let result = (|| {
            let list = if query.command == Command::Select { &mut query.targets } else { &mut query.returning };
            let Some(target) = list.iter_mut().filter(|target| !target.junk).nth(at) else { return Ok(false) };
            let value = target.expr.clone();
            let cast = self.coerce_to_target(
                value,
                wanted.oid,
                wanted.typmod,
                Coercion::Assignment,
                CallForm::ImplicitCast,
                NO_LOCATION,
            )?;
            let Some(mut cast) = cast else { return Ok(false) };
            self.assign_collations(&mut cast)?;
            target.expr = cast;
            Ok(true)
        })();
        self.scopes.pop();
        result
    }

    /// Casts an output column to a variable's type: as assignment would, or through the text form.
    ///
    /// # Errors
    /// `42804` between row values and others.
    pub fn fit_variable(&mut self, query: &mut Query, at: usize, wanted: SqlType) -> Result<()> {
        if self.fit_column(query, at, wanted)? {
            return Ok(());
        }
        let list = if query.command == Command::Select { &mut query.targets } else { &mut query.returning };
        let Some(target) = list.iter_mut().filter(|target| !target.junk).nth(at) else { return Ok(()) };
        let value = std::mem::replace(&mut target.expr, ty::null(wanted));
        let text = ty::with_collation(&*self.catalog.type_(wanted.oid)?, -1);
        let cast = ExprKind::CoerceViaIo(Box::new(value), CallForm::ImplicitCast);
        target.expr = Expr { kind: cast, ty: SqlType { typmod: wanted.typmod, ..text }, location: NO_LOCATION };
        Ok(())
    }

    /// The query of `variable[…].field := value`, given the value's: it gives the variable's new value.
    pub fn assign_variable(
        mut self,
        mut query: Query,
        base: Variable,
        path: &[ast::Accessor],
        name: &str,
    ) -> Result<Query> {
        let base = Expr { kind: ExprKind::Param(base.number), ty: base.ty, location: NO_LOCATION };
        let Some(value) = query.targets.iter().find(|target| !target.junk).map(|target| target.expr.clone()) else {
            return Ok(query);
        };
        self.scopes.push(Scope::new(Command::Select));
        let assigned = self.assign_part(name, base, path, value, NO_LOCATION);
        self.scopes.pop();
        let mut assigned = assigned?;
        self.assign_collations(&mut assigned)?;
        if let Some(target) = query.targets.iter_mut().find(|target| !target.junk) {
            target.expr = assigned;
        }
        Ok(query)
    }

    /// The types of `$1`, `$2` …, once all that asks for them is analyzed.
    ///
    /// # Errors
    /// `42P18` if one is not known.
    pub fn parameter_types(&mut self) -> Result<Vec<Oid>> {
        self.finish_params()?;
        Ok(self.params.types.clone())
    }

    /// The procedure and the arguments of a CALL: expressions for the input arguments, in declared order.
    pub fn call_statement(
        &mut self,
        call: &ast::Call,
    ) -> Result<(catalog::Entry<PgProc>, Vec<Expr>, Vec<WrittenOutput>)> {
        let mut scope = Scope::new(Command::Select);
        scope.place = Place::CallArgument;
        self.scopes.push(scope);
        let found = self.procedure_call(&call.call, call.location);
        self.scopes.pop();
        let (row, mut args, outputs) = found?;
        for arg in &mut args {
            self.assign_collations(arg)?;
        }
        Ok((row, args, outputs))
    }
}

/// An argument of CALL that an OUT or INOUT parameter takes its value back to: the parameter's place among the outputs, and what was
/// written.
pub struct WrittenOutput {
    /// The place among the outputs.
    pub output: usize,
    /// The argument's place as written.
    pub argument: usize,
}

/// An error in a routine's body: its place is one in the body, which the client is shown.
pub fn in_body(mut error: Error, body: &str) -> Error {
    if let Some(position) = error.fields_mut().position.take() {
        error = error.internal_position(position).internal_query(body);
    }
    error
}

fn select_of(target: ast::Target) -> ast::Statement {
    let simple = ast::SimpleSelect {
        distinct: None,
        targets: vec![target],
        into: None,
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        group_distinct: false,
        having: None,
        windows: Vec::new(),
    };
    ast::Statement::Select(Box::new(ast::Select {
        with: None,
        body: ast::SelectBody::Simple(Box::new(simple)),
        order_by: Vec::new(),
        limit: None,
        locking: Vec::new(),
        location: ast::NO_LOCATION,
    }))
}

/// Puts a query into FROM of another one with the same output.
fn wrap(query: &mut Query) {
    let mut outer = Query::new(Command::Select);
    let columns: Vec<EntryColumn> =
        query.output().map(|target| EntryColumn { name: target.name.clone(), ty: target.expr.ty }).collect();
    outer.targets = query
        .output()
        .enumerate()
        .map(|(at, target)| {
            let kind =
                ExprKind::Var(Var { level: 0, relation: 0, column: at as i16 + 1, version: RowVersion::Default });
            let expr = Expr { kind, ty: target.expr.ty, location: NO_LOCATION };
            crate::aggregate::target(expr, at as i16 + 1, target.name.clone(), false)
        })
        .collect();
    let inner = std::mem::replace(query, outer);
    query.has.modifying_cte = inner.has.modifying_cte;
    query.range_table.push(RangeTableEntry {
        kind: EntryKind::Subquery { query: Box::new(inner), view: Oid::INVALID, security_barrier: false },
        alias: None,
        column_aliases: false,
        name: "unnamed_subquery".into(),
        columns,
        lateral: false,
        in_from: true,
        permission: None,
        security: Vec::new(),
    });
    query.from.push(FromItem::Relation(0));
}

/// Puts the values of parameters in their places, for a plan that holds for these values only.
pub fn bind(query: &mut Query, values: &[batch::Datum]) {
    query.walk_mut(|expr, _| {
        let ExprKind::Param(number) = &expr.kind else { return Next::Below };
        if let Some(value) = values.get((*number as usize).wrapping_sub(1)) {
            expr.kind = ExprKind::Const(value.clone());
        }
        Next::Past
    });
}

/// The tree of a body that was analysed when the function was made.
pub fn stored_body(row: &PgProc) -> Option<&str> {
    row.prosqlbody.as_deref().filter(|stored| !stored.starts_with('@'))
}

/// The statements of a body without a [`stored_body`], as SQL: what was written, or what the built-in functions have behind an `@`.
pub fn body_text(row: &PgProc) -> Cow<'_, str> {
    let Some(body) = row.prosqlbody.as_deref().and_then(|body| body.strip_prefix('@')) else {
        return Cow::Borrowed(&row.prosrc);
    };
    match body.strip_prefix("RETURN ") {
        Some(expr) => Cow::Owned(format!("SELECT {expr}")),
        None => {
            let statements = body.trim_start_matches("BEGIN ATOMIC").trim_end().trim_end_matches("END");
            Cow::Owned(statements.replace("\\n", "\n"))
        }
    }
}
