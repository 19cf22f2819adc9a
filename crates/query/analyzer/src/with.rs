//! WITH: common table expressions, recursive and data-modifying ones too.
//!
//! The queries of a WITH RECURSIVE may refer to later ones. Each is analyzed when it is first referred to, in the scope of its clause,
//! so that in the end every query stands behind those it reads. What refers to a query that is being analyzed is a recursive
//! reference: allowed once, in the right operand of the UNION that the query is, and not where its rows would not simply flow
//! through ([`Within`]).

use std::rc::Rc;

use error::{Result, SqlState};
use parser::ast;

use crate::Analyzer;
use crate::node::Next;
use crate::query::*;
use crate::search_cycle::added_columns;

/// Places where a recursive reference must not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// A subquery of an expression, or of the recursive query's own WITH clause.
    Subquery,
    /// The side of an outer join that is filled with nulls.
    OuterJoin,
    Intersect,
    Except,
}

impl Within {
    fn words(self) -> &'static str {
        match self {
            Within::Subquery => "a subquery",
            Within::OuterJoin => "an outer join",
            Within::Intersect => "INTERSECT",
            Within::Except => "EXCEPT",
        }
    }
}

/// A query of a WITH RECURSIVE that is being analyzed.
pub(crate) struct Recursion {
    name: String,
    location: u32,
    modifies: bool,
    /// It has the form of a recursive query, a UNION.
    union: bool,
    /// Names written for its columns.
    pub aliases: Vec<String>,
    /// Its columns, known once the non-recursive term is analyzed.
    pub columns: Option<Vec<EntryColumn>>,
    /// What SEARCH and CYCLE add to them.
    added: Vec<EntryColumn>,
    /// Recursive references so far.
    pub references: u32,
    /// It was referred to, allowed or not.
    seen: bool,
    /// How many of [`Analyzer::within`] surround the whole query.
    surrounding: usize,
}

impl Recursion {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where that stands.
    pub fn location(&self) -> u32 {
        self.location
    }
}

impl Analyzer<'_> {
    /// The WITH clause of the innermost query.
    pub(crate) fn with_clause(&mut self, with: &ast::With) -> Result<()> {
        for (at, cte) in with.queries.iter().enumerate() {
            if with.queries[..at].iter().any(|other| other.name == cte.name) {
                return Err(self.error(
                    SqlState::DUPLICATE_ALIAS,
                    format!("WITH query name \"{}\" specified more than once", cte.name),
                    cte.location,
                ));
            }
        }
        self.scope().query.recursive = with.recursive;
        let home = self.scopes.len() - 1;
        if home > 0 && !self.scopes[home - 1].recursion.is_empty() {
            return self.within(Some(Within::Subquery), |this| this.with_queries(with));
        }
        self.with_queries(with)
    }

    /// Analyzes something in which a recursive reference is not allowed, if `place` says so.
    pub(crate) fn within<T>(&mut self, place: Option<Within>, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.within.len();
        self.within.extend(place);
        let result = f(self);
        self.within.truncate(before);
        result
    }

    fn with_queries(&mut self, with: &ast::With) -> Result<()> {
        if with.recursive && with.queries.len() > 1 {
            self.scope().pending_ctes = with.queries.iter().map(|cte| Rc::new(cte.clone())).collect();
            while let Some(cte) = self.scope().pending_ctes.first().cloned() {
                self.scope().pending_ctes.remove(0);
                self.with_query(&cte, true)?;
            }
            return Ok(());
        }
        for (at, cte) in with.queries.iter().enumerate() {
            self.scope().future_ctes = with.queries[at..].iter().map(|later| later.name.to_string()).collect();
            self.with_query(cte, with.recursive)?;
        }
        self.scope().future_ctes.clear();
        Ok(())
    }

    /// Analyzes a later query of a WITH RECURSIVE whose scope is at `level`, because something refers to it; `false` if there is
    /// none of this name.
    pub(crate) fn pending_query(&mut self, level: usize, name: &str) -> Result<bool> {
        let pending = &mut self.scopes[level].pending_ctes;
        let Some(at) = pending.iter().position(|cte| &*cte.name == name) else { return Ok(false) };
        let cte = pending.remove(at);
        let inner = self.scopes.split_off(level + 1);
        let result = self.with_query(&cte, true);
        self.scopes.extend(inner);
        result.map(|()| true)
    }

    fn with_query(&mut self, cte: &ast::CommonTableExpr, recursive: bool) -> Result<()> {
        let modifies = !matches!(*cte.query, ast::Statement::Select(_));
        if modifies {
            if self.scopes.len() > 1 {
                return Err(self.error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "WITH clause containing a data-modifying statement must be at the top level",
                    cte.location,
                ));
            }
            self.scope().query.has.modifying_cte = true;
        }
        let (search, cycle) = self.search_and_cycle(cte)?;
        if !recursive {
            let query = self.deeper(|this| this.query_statement(&cte.query))?;
            return self.add_with_query(cte, query, false, search, cycle);
        }
        let union = match &*cte.query {
            ast::Statement::Select(select) => match &select.body {
                ast::SelectBody::SetOperation { rest, .. } => {
                    rest.last().is_some_and(|s| s.operator == ast::SetOperator::Union)
                }
                _ => false,
            },
            _ => false,
        };
        let recursion = Recursion {
            name: cte.name.to_string(),
            location: cte.location,
            modifies,
            union,
            aliases: cte.columns.iter().map(|c| c.to_string()).collect(),
            columns: None,
            added: added_columns(search.as_deref(), cycle.as_deref()),
            references: 0,
            seen: false,
            surrounding: self.within.len(),
        };
        let home = self.scopes.len() - 1;
        let active = self.scopes[home].recursion.len();
        self.scopes[home].recursion.push(recursion);
        let query = self.deeper(|this| this.query_statement(&cte.query));
        let (references, seen) =
            self.scopes[home].recursion.drain(active..).next().map_or((0, false), |r| (r.references, r.seen));
        if seen && union {
            self.recursive_clauses(cte)?;
        }
        self.add_with_query(cte, query?, references > 0, search, cycle)
    }

    fn add_with_query(
        &mut self,
        written: &ast::CommonTableExpr,
        query: Query,
        recursive: bool,
        search: Option<Box<Search>>,
        cycle: Option<Box<Cycle>>,
    ) -> Result<()> {
        let cte = Cte {
            name: written.name.to_string(),
            materialized: written.materialized,
            columns: self.cte_columns(written, &query)?,
            query,
            recursive,
            references: 0,
            named: written.columns.len() as u32,
            search,
            cycle,
        };
        self.check_search_and_cycle(written, &cte)?;
        self.scope().query.ctes.push(cte);
        Ok(())
    }

    /// Refuses what may not stand behind the UNION of a recursive query.
    fn recursive_clauses(&self, cte: &ast::CommonTableExpr) -> Result<()> {
        let ast::Statement::Select(select) = &*cte.query else { return Ok(()) };
        let limit = select.limit.as_deref();
        let (what, location) = if let Some(first) = select.order_by.first() {
            ("ORDER BY", first.value.location)
        } else if let Some(offset) = limit.and_then(|limit| limit.offset.as_ref()) {
            ("OFFSET", offset.location)
        } else if let Some(count) = limit.and_then(|limit| limit.count.as_ref()) {
            ("LIMIT", count.location)
        } else if !select.locking.is_empty() {
            ("FOR UPDATE/SHARE", NO_LOCATION)
        } else {
            return Ok(());
        };
        let message = format!("{what} in a recursive query is not implemented");
        Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, location))
    }

    /// A reference to a query of the scope at `level` that is being analyzed: its own columns and those that SEARCH and CYCLE add, if such a
    /// query may refer to itself here.
    pub(crate) fn recursive_reference(
        &mut self,
        level: usize,
        name: &str,
        location: u32,
    ) -> Result<Option<(Vec<EntryColumn>, Vec<EntryColumn>)>> {
        let active = &self.scopes[level].recursion;
        let Some(at) = active.iter().position(|recursion| recursion.name == name) else { return Ok(None) };
        self.scopes[level].recursion[at].seen = true;
        let active = &self.scopes[level].recursion;
        let recursion = &active[at];
        if at + 1 < active.len() {
            return Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                "mutual recursion between WITH items is not implemented",
                active[0].location,
            ));
        }
        let wrong = |message: String, location| Err(self.error(SqlState::INVALID_RECURSION, message, location));
        if recursion.modifies {
            let message = format!("recursive query \"{name}\" must not contain data-modifying statements");
            return wrong(message, recursion.location);
        }
        if !recursion.union {
            let message = format!(
                "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
            );
            return wrong(message, recursion.location);
        }
        let refused = |place: &str| format!("recursive reference to query \"{name}\" must not appear {place}");
        if let Some(place) = self.within[recursion.surrounding..].last() {
            return wrong(refused(&format!("within {}", place.words())), location);
        }
        let Some(columns) = recursion.columns.clone() else {
            return wrong(refused("within its non-recursive term"), location);
        };
        if recursion.references > 0 {
            return wrong(refused("more than once"), location);
        }
        let added = recursion.added.clone();
        self.scopes[level].recursion[at].references += 1;
        Ok(Some((columns, added)))
    }

    /// Refuses aggregates of a query that reads what a recursive query found in its last round.
    pub(crate) fn check_recursive_term(&self, query: &Query) -> Result<()> {
        let reads = |entry: &RangeTableEntry| matches!(entry.kind, EntryKind::Cte { recursive: true, .. });
        if !query.has.aggregates || !query.range_table.iter().any(reads) {
            return Ok(());
        }
        let mut found = None;
        query.walk(|expr, depth| {
            let is_own = matches!(&expr.kind, ExprKind::Aggregate(aggregate) if aggregate.level == depth);
            found = is_own.then_some(expr.location);
            Next::until(is_own)
        });
        match found {
            Some(location) => Err(self.error(
                SqlState::INVALID_RECURSION,
                "aggregate functions are not allowed in a recursive query's recursive term",
                location,
            )),
            None => Ok(()),
        }
    }

    /// Refuses more names than there are columns.
    pub(crate) fn check_column_names(&self, name: &str, names: usize, columns: usize, location: u32) -> Result<()> {
        if names > columns {
            let text = format!("WITH query \"{name}\" has {columns} columns available but {names} columns specified");
            return Err(self.error(SqlState::INVALID_COLUMN_REFERENCE, text, location));
        }
        Ok(())
    }

    fn cte_columns(&self, cte: &ast::CommonTableExpr, query: &Query) -> Result<Vec<EntryColumn>> {
        let mut columns: Vec<EntryColumn> =
            query.output().map(|t| EntryColumn { name: t.name.clone(), ty: t.expr.ty }).collect();
        self.check_column_names(&cte.name, cte.columns.len(), columns.len(), cte.location)?;
        for (column, name) in columns.iter_mut().zip(&cte.columns) {
            column.name = name.to_string();
        }
        Ok(columns)
    }
}
