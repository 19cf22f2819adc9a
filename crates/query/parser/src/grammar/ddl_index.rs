//! Indexes, extended statistics.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    /// `[UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON table …`, behind CREATE.
    pub(super) fn create_index(&mut self) -> Result<Statement> {
        let unique = self.accept(K::Unique);
        self.expect(K::Index)?;
        let concurrently = self.accept(K::Concurrently);
        let if_not_exists = self.if_not_exists()?;
        let name = if if_not_exists || !self.is(K::On) { Some(self.name()?) } else { None };
        self.expect(K::On)?;
        let relation = self.relation_ref()?;
        let access_method = self.access_method()?;
        let elements = self.parenthesized_list(Self::index_element)?;
        let including =
            if self.accept(K::Include) { self.parenthesized_list(Self::index_element)? } else { Vec::new() };
        let nulls_not_distinct = self.nulls_not_distinct()?;
        let options = self.with_relation_options()?;
        let tablespace = self.tablespace()?;
        let filter = self.where_clause()?;
        Ok(Statement::CreateIndex(Box::new(CreateIndex {
            name,
            relation,
            unique,
            concurrently,
            if_not_exists,
            access_method,
            elements,
            including,
            nulls_not_distinct,
            options,
            tablespace,
            filter,
        })))
    }

    /// `[USING access-method]`
    pub(super) fn access_method(&mut self) -> Result<Option<Name>> {
        if self.accept(K::Using) { Ok(Some(self.name()?)) } else { Ok(None) }
    }

    /// `[TABLESPACE name]`
    pub(super) fn tablespace(&mut self) -> Result<Option<Name>> {
        if self.accept(K::Tablespace) { Ok(Some(self.name()?)) } else { Ok(None) }
    }

    /// `[NULLS [NOT] DISTINCT]`
    pub(super) fn nulls_not_distinct(&mut self) -> Result<bool> {
        if !self.accept(K::Nulls) {
            return Ok(false);
        }
        let not = self.accept(K::Not);
        self.expect(K::Distinct)?;
        Ok(not)
    }

    /// `STATISTICS …`, behind CREATE.
    pub(super) fn create_statistics(&mut self) -> Result<Statement> {
        self.expect(K::Statistics)?;
        let if_not_exists = self.if_not_exists()?;
        let named = if_not_exists || !self.is(K::On) && !self.is_kind(TokenKind::LeftParen);
        let name = if named { Some(self.any_name()?) } else { None };
        let kinds = self.optional_names()?;
        self.expect(K::On)?;
        let keys = self.comma_list(Self::index_key)?;
        self.expect(K::From)?;
        let from = self.table_refs()?;
        Ok(Statement::CreateStatistics(Box::new(CreateStatistics { name, if_not_exists, kinds, keys, from })))
    }

    /// `column|function(…)|(expression) [COLLATE c] [opclass [(options)]] [ASC|DESC] [NULLS …]`
    pub(super) fn index_element(&mut self) -> Result<IndexElement> {
        let key = self.index_key()?;
        let collation = if self.accept(K::Collate) { Some(self.any_name()?) } else { None };
        let mut operator_class = None;
        let mut operator_class_options = Vec::new();
        let nulls_order = self.is(K::Nulls) && self.is_any_at(1, &[K::First, K::Last]);
        if Self::is_column_name(self.token()) && !nulls_order {
            operator_class = Some(self.any_name()?);
            if self.is_kind(TokenKind::LeftParen) {
                operator_class_options = self.relation_options()?;
            }
        }
        let direction = self.sort_direction();
        let nulls = self.sort_nulls();
        Ok(IndexElement { key, collation, operator_class, operator_class_options, direction, nulls })
    }

    /// `column | function(…) | (expression)`
    pub(super) fn index_key(&mut self) -> Result<IndexKey> {
        if self.is_kind(TokenKind::LeftParen) {
            return Ok(IndexKey::Expr(Box::new(self.parenthesized_expr()?)));
        }
        let function = self.at_common_function() || !Self::is_column_name(self.token()) || {
            let next = self.kind_at(1);
            matches!(next, TokenKind::Dot | TokenKind::LeftBracket)
                || next == TokenKind::LeftParen && Self::is_type_or_function_name(self.token())
        };
        if function {
            return Ok(IndexKey::Expr(Box::new(self.windowless_function()?)));
        }
        Ok(IndexKey::Column(self.name()?))
    }
}
