//! WITH: common table expressions, recursive and data-modifying ones too.

use error::{Error, Result, SqlState};
use parser::ast;

use crate::Analyzer;
use crate::query::*;

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
        for (at, cte) in with.queries.iter().enumerate() {
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
            if cte.search.is_some() {
                return Err(Error::not_implemented("SEARCH"));
            }
            if cte.cycle.is_some() {
                return Err(Error::not_implemented("CYCLE"));
            }
            self.scope().future_ctes = with.queries[at + usize::from(!with.recursive || modifies)..]
                .iter()
                .skip(usize::from(with.recursive && !modifies))
                .map(|later| later.name.to_string())
                .collect();
            if with.recursive && !modifies {
                self.recursive_query(cte)?;
            } else {
                self.plain_query(cte)?;
            }
        }
        self.scope().future_ctes.clear();
        Ok(())
    }

    fn plain_query(&mut self, cte: &ast::CommonTableExpr) -> Result<()> {
        let query = self.deeper(|this| this.query_statement(&cte.query))?;
        let columns = self.cte_columns(cte, &query)?;
        self.scope().query.ctes.push(Cte {
            name: cte.name.to_string(),
            materialized: cte.materialized,
            query,
            recursive: false,
            references: 0,
            columns,
            named: cte.columns.len() as u32,
        });
        Ok(())
    }

    fn recursive_query(&mut self, cte: &ast::CommonTableExpr) -> Result<()> {
        let scope = self.scope();
        let at = scope.query.ctes.len();
        scope.query.ctes.push(Cte {
            name: cte.name.to_string(),
            materialized: cte.materialized,
            query: Query::new(Command::Select),
            recursive: false,
            references: 0,
            columns: Vec::new(),
            named: cte.columns.len() as u32,
        });
        scope.recursive_cte = Some(at);
        scope.recursive_aliases = cte.columns.iter().map(|c| c.to_string()).collect();
        let union = match &*cte.query {
            ast::Statement::Select(select) => match &select.body {
                ast::SelectBody::SetOperation { rest, .. } => {
                    rest.last().is_some_and(|s| s.operator == ast::SetOperator::Union)
                }
                _ => false,
            },
            _ => false,
        };
        let query = self.deeper(|this| this.query_statement(&cte.query));
        let query = match query {
            // A reference before the columns are known: the query's form is wrong, if it is no UNION at all.
            Err(e) if e.state() == SqlState::INVALID_RECURSION && !union => {
                return Err(self.error(
                    SqlState::INVALID_RECURSION,
                    format!(
                        "recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term",
                        cte.name
                    ),
                    cte.location,
                ));
            }
            other => other?,
        };
        let columns = self.cte_columns(cte, &query)?;
        let scope = self.scope();
        scope.recursive_cte = None;
        scope.recursive_aliases.clear();
        let slot = &mut scope.query.ctes[at];
        slot.query = query;
        if slot.recursive
            && (!slot.query.order_by.is_empty() || slot.query.limit.is_some() || slot.query.offset.is_some())
        {
            let what = if !slot.query.order_by.is_empty() {
                "ORDER BY in a recursive query is not implemented"
            } else if slot.query.offset.is_some() {
                "OFFSET in a recursive query is not implemented"
            } else {
                "LIMIT in a recursive query is not implemented"
            };
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, what, cte.location));
        }
        slot.columns = columns;
        Ok(())
    }

    fn cte_columns(&self, cte: &ast::CommonTableExpr, query: &Query) -> Result<Vec<EntryColumn>> {
        let mut columns: Vec<EntryColumn> =
            query.output().map(|t| EntryColumn { name: t.name.clone(), ty: t.expr.ty }).collect();
        if cte.columns.len() > columns.len() {
            return Err(self.error(
                SqlState::INVALID_COLUMN_REFERENCE,
                format!(
                    "WITH query \"{}\" has {} columns available but {} columns specified",
                    cte.name,
                    columns.len(),
                    cte.columns.len()
                ),
                cte.location,
            ));
        }
        for (column, name) in columns.iter_mut().zip(&cte.columns) {
            column.name = name.to_string();
        }
        Ok(columns)
    }
}
