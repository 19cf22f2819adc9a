//! CREATE VIEW and CREATE MATERIALIZED VIEW, and REFRESH.
//!
//! A recursive view is written as the WITH RECURSIVE query that it stands for.

use super::Parser;
use super::select::recursive_view_query;
use crate::ast::*;
use crate::keywords::Keyword as K;
use error::{Result, SqlState};

impl Parser<'_> {
    pub(super) fn create_view(&mut self, persistence: Persistence, or_replace: bool) -> Result<Statement> {
        self.expect(K::View)?;
        let relation = self.relation_name()?;
        let columns = self.optional_names()?;
        let options = self.with_relation_options()?;
        self.expect(K::As)?;
        let query = Box::new(self.select_without_parentheses()?);
        let (check_option, _) = self.check_option()?;
        let view = CreateView { relation, persistence, or_replace, columns, options, query, check_option };
        Ok(Statement::CreateView(Box::new(view)))
    }

    pub(super) fn create_recursive_view(&mut self, persistence: Persistence, or_replace: bool) -> Result<Statement> {
        self.expect_all(&[K::Recursive, K::View])?;
        let relation = self.relation_name()?;
        let columns = self.parenthesized_names()?;
        let options = self.with_relation_options()?;
        self.expect(K::As)?;
        let query = self.select_without_parentheses()?;
        let (check_option, at) = self.check_option()?;
        if check_option != CheckOption::None {
            let message = "WITH CHECK OPTION not supported on recursive views";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        let query = Box::new(recursive_view_query(relation.name.clone(), columns.clone(), query));
        let view = CreateView { relation, persistence, or_replace, columns, options, query, check_option };
        Ok(Statement::CreateView(Box::new(view)))
    }

    fn check_option(&mut self) -> Result<(CheckOption, u32)> {
        let at = self.location();
        if !self.accept(K::With) {
            return Ok((CheckOption::None, at));
        }
        let kind = if self.accept(K::Local) {
            CheckOption::Local
        } else {
            self.accept(K::Cascaded);
            CheckOption::Cascaded
        };
        self.expect_all(&[K::Check, K::Option])?;
        Ok((kind, at))
    }

    pub(super) fn create_materialized_view(&mut self, persistence: Persistence) -> Result<Statement> {
        self.expect_all(&[K::Materialized, K::View])?;
        let if_not_exists = self.if_not_exists()?;
        let relation = self.relation_name()?;
        let columns = self.optional_names()?;
        let access_method = self.access_method()?;
        let options = self.with_relation_options()?;
        let tablespace = self.tablespace()?;
        self.expect(K::As)?;
        let query = Box::new(Statement::Select(Box::new(self.select_without_parentheses()?)));
        let no_data = self.with_no_data()?;
        let on_commit = OnCommit::Unspecified;
        let into =
            IntoClause { relation, persistence, columns, access_method, options, on_commit, tablespace, no_data };
        let create = CreateTableAs { into, query, materialized_view: true, if_not_exists };
        Ok(Statement::CreateTableAs(Box::new(create)))
    }

    /// `REFRESH MATERIALIZED VIEW …`
    pub(super) fn refresh(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Refresh, K::Materialized, K::View])?;
        let concurrently = self.accept(K::Concurrently);
        let relation = self.relation_name()?;
        let no_data = self.with_no_data()?;
        Ok(Statement::RefreshMaterializedView(RefreshMaterializedView { relation, concurrently, no_data }))
    }

    /// `[WITH [NO] DATA]`
    pub(super) fn with_no_data(&mut self) -> Result<bool> {
        if !self.accept(K::With) {
            return Ok(false);
        }
        let no = self.accept(K::No);
        self.expect(K::Data)?;
        Ok(no)
    }
}
