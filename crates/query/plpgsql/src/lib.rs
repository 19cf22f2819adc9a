//! PL/pgSQL: from a routine's text to its effects.
//!
//! [`parse::parse`] makes a [`tree::Routine`] of a text; [`run::call`] walks over it. SQL within a routine is planned when it is first run,
//! with the routine's variables as parameters ([`analyzer::routine::Variables`]), and its plan is kept in the tree; an expression without
//! tables is evaluated without an executor around it. Whatever needs the session (running plans, subtransactions, cursors, notices)
//! goes through [`Host`].
//!
//! Knows nothing of clients, of catalogs' rows of functions, or of when a plan is stale ([`Host::generations`] says that).
#![forbid(unsafe_code)]

pub mod parse;
pub mod run;
pub mod tree;

use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::Query;
use analyzer::routine::Variables;
use batch::{Batch, Datum};
use error::{Error, Result, Severity};
use executor::PlanLocks;
use executor::scalar::Scalar;
use ids::Oid;
use parser::ast::{FetchDirection, Statement};
use planner::plan::Plan;

/// Takes the rows of a statement; false: it wants no more.
pub type Sink<'s> = &'s mut dyn FnMut(&Batch) -> Result<bool>;

/// What the language asks of the session.
pub trait Host {
    /// The catalogs.
    fn catalog(&self) -> &catalog::Catalog;

    /// What functions may ask.
    fn env(&self) -> &dyn types::Environment;

    /// What plans depend on: one that was made for another pair is stale.
    fn generations(&self) -> (u64, u64);

    /// The query of a statement in which names mean variables; views are not expanded.
    fn analyze(&self, text: &str, statement: &Statement, variables: &dyn Variables) -> Result<Query>;

    /// The plan of such a query with parameters of these types.
    fn plan(&self, query: Query, types: Vec<Oid>) -> Result<Arc<Plan>>;

    /// Locks the relations of a plan that is to run; whether all of them were locked before it was made.
    fn lock(&self, plan: &Plan, locks: &mut PlanLocks) -> Result<bool>;

    /// Runs a plan; the number of rows that were changed, or given.
    fn run(&self, plan: &Arc<Plan>, params: Vec<Datum>, read_only: bool, sink: Sink<'_>) -> Result<u64>;

    /// Evaluates an expression.
    fn evaluate(&self, scalar: &mut Scalar, params: &[Datum], read_only: bool) -> Result<Datum>;

    /// Runs a statement that is no query; its command tag, and the rows that it gives go to `sink` as text.
    fn utility(&self, text: &str, statement: &Statement, read_only: bool) -> Result<String>;

    /// The columns of a statement that is no query; none if it gives no rows.
    fn utility_columns(&self, statement: &Statement) -> Result<Option<Vec<(String, analyzer::query::SqlType)>>>;

    /// Runs a statement that is no query but gives rows (EXPLAIN, SHOW, EXECUTE), in which names mean what `scope` says; how many
    /// rows there were.
    fn utility_rows(
        &self,
        text: &str,
        statement: &Statement,
        scope: &dyn CallScope,
        read_only: bool,
        sink: Sink<'_>,
    ) -> Result<u64>;

    /// Runs a CALL in which names mean variables. It may end the transaction if `may_end` and the session's own caller allow it.
    fn call(&self, text: &str, call: &parser::ast::Call, scope: &dyn CallScope, may_end: bool) -> Result<Called>;

    /// Opens a subtransaction.
    fn begin_subtransaction(&self) -> Result<()>;

    /// Ends the innermost subtransaction, keeping its work.
    fn commit_subtransaction(&self) -> Result<()>;

    /// Ends the innermost subtransaction and all that are in it, undoing their work, down to nesting `level`.
    fn abort_subtransaction(&self, level: u32) -> Result<()>;

    /// The nesting level of subtransactions.
    fn level(&self) -> u32;

    /// COMMIT or ROLLBACK, and another transaction.
    ///
    /// # Errors
    /// `2D000` where the routine's caller does not allow it.
    fn end_transaction(&self, commit: bool, chain: bool) -> Result<()>;

    /// Opens a cursor, under a name of its own if none is given; gives its name.
    fn open(
        &self,
        name: Option<&str>,
        text: &str,
        plan: Arc<Plan>,
        params: Vec<Datum>,
        scroll: Option<bool>,
        read_only: bool,
    ) -> Result<String>;

    /// Opens a cursor for a statement that [`Host::utility_rows`] can run.
    fn open_utility(
        &self,
        name: Option<&str>,
        text: &str,
        statement: &Statement,
        scope: &dyn CallScope,
        scroll: Option<bool>,
        read_only: bool,
    ) -> Result<String>;

    /// Fetches from a cursor; the number of rows. With `moves`, they are only skipped.
    fn fetch(&self, cursor: &str, direction: FetchDirection, count: i64, moves: bool, sink: Sink<'_>) -> Result<u64>;

    /// The columns of a cursor: names and types.
    fn cursor_columns(&self, cursor: &str) -> Result<Vec<(String, analyzer::query::SqlType)>>;

    /// Closes a cursor.
    fn close(&self, cursor: &str) -> Result<()>;

    /// Sends a notice.
    fn notice(&self, notice: Error);

    /// Fails if the statement shall be cancelled.
    fn check_interrupts(&self) -> Result<()>;

    /// A setting's value.
    fn setting(&self, name: &str) -> Option<String>;

    /// Refuses to go deeper when the stack is used up.
    fn check_stack(&self) -> Result<()>;

    /// Notes the statement that begins, for the context of notices, until [`Host::leave`].
    fn enter(&self, signature: &Rc<str>, line: u32, words: &'static str);

    /// The statement has ended.
    fn leave(&self);

    /// The lines of context of the statements under way, the innermost first.
    fn context(&self) -> String;
}

/// What becomes of a finding of an extra check (`shadowed_variables`, `too_many_rows`, `strict_multi_assignment`): an error if
/// `plpgsql.extra_errors` names it, or all, a warning if `plpgsql.extra_warnings` does.
pub fn extra_check(setting: &dyn Fn(&str) -> Option<String>, check: &str) -> Option<Severity> {
    let names = |name: &str| {
        let list = setting(name).unwrap_or_default();
        list.split(',').map(str::trim).any(|word| word.eq_ignore_ascii_case("all") || word.eq_ignore_ascii_case(check))
    };
    match () {
        () if names("plpgsql.extra_errors") => Some(Severity::Error),
        () if names("plpgsql.extra_warnings") => Some(Severity::Warning),
        () => None,
    }
}

/// What a CALL gave.
#[derive(Default)]
pub struct Called {
    /// For each output: the argument's place as written, the value, its type.
    pub outputs: Vec<(usize, Datum, analyzer::query::SqlType)>,
}

/// What the names in a statement within a routine mean.
pub trait CallScope {
    /// What names mean.
    fn variables(&self) -> &dyn Variables;

    /// The values of the variables that were named, and their types, by parameter number.
    fn params(&self) -> Result<(Vec<Datum>, Vec<Oid>)>;
}
