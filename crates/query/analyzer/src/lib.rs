//! Syntax tree to Query: names and types resolved, views expanded.
//!
//! [`Analyzer`] is made for one statement. It reads the catalogs and nothing else: no table's rows, no privileges (what a user must be allowed to
//! do is listed in the query, and checked when the plan starts).
//!
//! Where to start: [`query`] is the tree that it produces; [`node`] gives that tree its text form (views, defaults and checks are stored
//! so) and its walks. The analysis itself:
//!
//! - `select`, `modify`, `with`, `search_cycle`, `setop`: statements and their clauses.
//! - `from`, `column`, [`scope`]: what is in FROM, and what names mean.
//! - `expression`, `function`, `aggregate`, `operator`, `sublink`, `container`: expressions.
//! - [`coerce`], `polymorphic`, `collation`, `typename`: types. The rules are PostgreSQL's chapter "Type Conversion".
//! - `rewrite`, `inline`, `row_security`: views, defaults, functions written in SQL, policies.
//! - [`rule`]: rules, and what statements become by them.
//! - [`routine`]: statements inside of routines, where names mean variables, too.
#![forbid(unsafe_code)]

mod aggregate;
pub mod coerce;
mod collation;
mod column;
mod container;
pub mod deparse;
mod expression;
mod from;
mod function;
mod inline;
mod jsonb_subscript;
mod merge;
mod modify;
pub mod node;
mod operator;
pub mod partition;
mod polymorphic;
pub mod query;
mod rewrite;
pub mod routine;
mod row_security;
pub mod rule;
pub mod scope;
mod search_cycle;
mod select;
mod setop;
mod sqljson;
mod sublink;
pub mod support;
mod target;
mod typename;
pub mod types;
pub mod updatable;
mod view_target;
mod with;

use ::types::Environment;
use catalog::Catalog;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;

use query::{NO_LOCATION, Query};
use scope::{Place, Scope};

pub use column::{shift_levels, shift_levels_from, shift_query_levels};
pub use polymorphic::is_polymorphic;
pub use rewrite::{
    TableColumns, Wanted, assignment, check_as, coerce_expression, column_default, identity_sequence,
    stored_domain_check, stored_expression, stored_query, without_names,
};
pub use row_security::{applies as row_security_applies, hides as row_security_hides, leaks};
pub use select::collect_entries;
pub use target::output_name;

/// How deep statements and expressions may nest.
const DEPTH_MAX: u32 = 1200;

/// What is known of `$1`, `$2` …
#[derive(Clone, Debug, Default)]
pub struct Params {
    /// Their types; zero or `unknown` where not yet known.
    pub types: Vec<Oid>,
    /// Further ones may appear, and unknown ones take the type that their use asks for.
    pub variable: bool,
}

impl Params {
    /// Exactly these.
    pub fn fixed(types: Vec<Oid>) -> Params {
        Params { types, variable: false }
    }

    /// As a client's Parse message names them: the statement decides about those that are zero or missing.
    pub fn inferred(types: Vec<Oid>) -> Params {
        Params { types, variable: true }
    }
}

/// The analysis of one statement.
pub struct Analyzer<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) env: &'a dyn Environment,
    /// The text that locations count in.
    pub(crate) text: &'a str,
    pub(crate) params: Params,
    /// The queries that are being analyzed, the innermost last.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) depth: u32,
    /// What surrounds the place that is being analyzed, as far as recursive references mind.
    pub(crate) within: Vec<with::Within>,
    /// What names and `$1`, `$2` … mean in a routine.
    pub(crate) variables: Option<&'a dyn routine::Variables>,
    /// Views that are being expanded, against endless recursion.
    pub(crate) expanding: Vec<Oid>,
    /// The statements of a rule are being analyzed.
    pub(crate) rule: Option<rule::RuleScope>,
    /// Rules do not change statements: rows of COPY are no statements.
    pub(crate) ignores_rules: bool,
    /// The query is to be stored: the deparser will want names that planning does not need.
    pub(crate) stores: bool,
}

/// Whether [`Analyzer::statement`] takes a statement: SELECT (but not SELECT INTO), INSERT, UPDATE, DELETE, MERGE.
pub fn is_query(statement: &ast::Statement) -> bool {
    match statement {
        ast::Statement::Select(select) => {
            !matches!(&select.body, ast::SelectBody::Simple(simple) if simple.into.is_some())
        }
        ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Delete(_)
        | ast::Statement::Merge(_) => true,
        _ => false,
    }
}

impl<'a> Analyzer<'a> {
    /// An analysis of a statement within `text` (the whole text that was parsed, for error positions).
    pub fn new(catalog: &'a Catalog, env: &'a dyn Environment, text: &'a str, params: Params) -> Analyzer<'a> {
        Analyzer {
            catalog,
            env,
            text,
            params,
            scopes: Vec::new(),
            depth: 0,
            within: Vec::new(),
            variables: None,
            expanding: Vec::new(),
            rule: None,
            ignores_rules: false,
            stores: false,
        }
    }

    /// Leaves statements as they are, whatever rules their tables have.
    pub fn without_rules(self) -> Analyzer<'a> {
        Analyzer { ignores_rules: true, ..self }
    }

    /// The query of a statement, views expanded, and the types of its parameters: ready for the planner.
    pub fn statement(mut self, statement: &ast::Statement) -> Result<(Query, Vec<Oid>)> {
        let mut query = self.query_statement(statement)?;
        self.finish_params()?;
        self.rewrite_statement(&mut query)?;
        Ok((query, self.params.types))
    }

    /// The query of a statement as a view stores it: nothing expanded, no places in the text.
    pub fn view_query(mut self, statement: &ast::Statement) -> Result<Query> {
        self.stores = true;
        let mut query = self.query_statement(statement)?;
        self.finish_params()?;
        query.walk_mut(|expr, _| node::forget_place(expr));
        Ok(query)
    }

    /// A stored query, ready for the planner: for filling materialized views.
    pub fn stored_statement(mut self, mut query: Query) -> Result<Query> {
        self.rewrite_statement(&mut query)?;
        Ok(query)
    }

    /// A query of any kind in a scope of its own.
    pub(crate) fn query_statement(&mut self, statement: &ast::Statement) -> Result<Query> {
        match statement {
            ast::Statement::Select(select) => self.select(select, true),
            ast::Statement::Insert(insert) => self.insert(insert),
            ast::Statement::Update(update) => self.update(update),
            ast::Statement::Delete(delete) => self.delete(delete),
            ast::Statement::Merge(merge) => self.merge_statement(merge),
            _ => Err(Error::internal("not a query")),
        }
    }

    /// Every parameter must have a type in the end.
    fn finish_params(&mut self) -> Result<()> {
        if !self.params.variable {
            return Ok(());
        }
        for (at, &type_oid) in self.params.types.iter().enumerate() {
            if !type_oid.is_valid() || type_oid == types::UNKNOWN {
                return Err(Error::new(
                    SqlState::INDETERMINATE_DATATYPE,
                    format!("could not determine data type of parameter ${}", at + 1),
                ));
            }
        }
        Ok(())
    }

    /// An error at a place in the text.
    #[track_caller]
    #[cold]
    pub(crate) fn error(&self, state: SqlState, message: impl Into<String>, location: u32) -> Error {
        self.place(Error::new(state, message), location)
    }

    /// Gives an error its place in the text, if it has none yet.
    #[cold]
    pub(crate) fn place(&self, error: Error, location: u32) -> Error {
        match self.text.get(..location as usize) {
            Some(before) if location != NO_LOCATION => error.position(before.chars().count() as u32 + 1),
            _ => error,
        }
    }

    /// Runs `f` one level deeper; too deep is `54001`, too large (by what it allocates) `53200`.
    pub(crate) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded").hint(
                "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.",
            ));
        }
        sys::memory::check()?;
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// The innermost query.
    pub(crate) fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("an expression is analyzed within a scope")
    }

    /// Runs `f` with expressions standing in another place.
    pub(crate) fn at_place<T>(&mut self, place: Place, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = std::mem::replace(&mut self.scope().place, place);
        let result = f(self);
        self.scope().place = before;
        result
    }

    /// The schema of a qualified name, or none; a database in front must be the current one.
    pub(crate) fn qualifier<'n>(&self, qualifiers: &'n [ast::Name], name: &str) -> Result<Option<&'n str>> {
        match qualifiers {
            [] => Ok(None),
            [schema] => Ok(Some(schema)),
            [database, schema] => {
                let current = self.catalog.database_row(self.catalog.database())?;
                if current.is_some_and(|row| row.datname != **database) {
                    return Err(Error::new(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        format!("cross-database references are not implemented: {database}.{schema}.{name}"),
                    ));
                }
                Ok(Some(schema))
            }
            more => Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {}.{name}", more.join(".")),
            )),
        }
    }
}

/// The query of a statement, ready for the planner, and the types of its parameters.
pub fn analyze(
    catalog: &Catalog,
    env: &dyn Environment,
    text: &str,
    statement: &ast::Statement,
    params: Params,
) -> Result<(Query, Vec<Oid>)> {
    Analyzer::new(catalog, env, text, params).statement(statement)
}

/// Puts the bodies of functions written in SQL where an expression calls them, for expressions that belong to no query.
///
/// # Errors
/// Those of the bodies.
pub fn inline_functions(catalog: &Catalog, env: &dyn Environment, expr: &mut query::Expr) -> Result<()> {
    let mut analyzer = Analyzer::new(catalog, env, "", Params::default());
    analyzer.scopes.push(Scope::new(query::Command::Select));
    analyzer.rewrite_expression(expr)
}

/// The columns of the rows that a function call gives, dropped ones with type 0; none if it gives values of no row type, or
/// rows that the call does not tell (`record` without OUT parameters).
pub fn function_row(
    catalog: &Catalog,
    env: &dyn Environment,
    call: &query::Expr,
) -> Result<Option<Vec<query::EntryColumn>>> {
    Analyzer::new(catalog, env, "", Params::default()).function_row(call)
}
