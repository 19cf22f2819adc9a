//! FROM: relations, subqueries, functions, joins.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

/// What parentheses can hold where both a query and a join are possible.
enum Parenthesized {
    Select(Select),
    Table(TableRef),
}

impl Parser<'_> {
    /// `table, table, …`
    pub(super) fn table_refs(&mut self) -> Result<Vec<TableRef>> {
        self.comma_list(Self::table_ref)
    }

    /// A table with the joins behind it.
    pub(super) fn table_ref(&mut self) -> Result<TableRef> {
        self.nested(|p| {
            let left = p.table_primary()?;
            p.joins(left)
        })
    }

    /// `[ONLY] name [*]`
    pub(super) fn relation_ref(&mut self) -> Result<RelationRef> {
        if self.accept(K::Only) {
            let parentheses = self.accept_kind(TokenKind::LeftParen);
            let name = self.relation_name()?;
            if parentheses {
                self.expect_kind(TokenKind::RightParen)?;
            }
            return Ok(RelationRef { name, inherit: false });
        }
        let name = self.relation_name()?;
        self.accept_kind(TokenKind::Star);
        Ok(RelationRef { name, inherit: true })
    }

    /// `[[AS] name [(columns)]]`
    pub(super) fn alias(&mut self) -> Result<Option<Alias>> {
        if !self.accept(K::As) && !Self::is_column_name(self.token()) {
            return Ok(None);
        }
        let name = self.name()?;
        Ok(Some(Alias { name, columns: self.optional_names()? }))
    }

    #[inline(never)]
    fn joins(&mut self, mut left: TableRef) -> Result<TableRef> {
        loop {
            let (kind, natural, cross) = match self.keyword() {
                Some(K::Cross) => {
                    self.advance();
                    self.expect(K::Join)?;
                    (JoinKind::Inner, false, true)
                }
                Some(K::Natural) => {
                    self.advance();
                    (self.join_words()?, true, false)
                }
                Some(K::Join | K::Inner | K::Left | K::Right | K::Full) => (self.join_words()?, false, false),
                _ => return Ok(left),
            };
            self.grow()?;
            let mut right = self.table_primary()?;
            let condition = if cross {
                JoinCondition::Cross
            } else if natural {
                JoinCondition::Natural
            } else {
                // The condition is still to come, so joins that follow belong to the right side.
                if self.is_any(&[K::Cross, K::Natural, K::Join, K::Inner, K::Left, K::Right, K::Full]) {
                    right = self.nested(|p| p.joins(right))?;
                }
                self.join_condition()?
            };
            left = TableRef::Join(Box::new(Join { kind, left, right, condition, alias: None }));
        }
    }

    /// `[INNER | LEFT|RIGHT|FULL [OUTER]] JOIN`
    fn join_words(&mut self) -> Result<JoinKind> {
        let kind = match self.keyword() {
            Some(K::Left) => JoinKind::Left,
            Some(K::Right) => JoinKind::Right,
            Some(K::Full) => JoinKind::Full,
            _ => JoinKind::Inner,
        };
        if kind != JoinKind::Inner {
            self.advance();
            self.accept(K::Outer);
        } else {
            self.accept(K::Inner);
        }
        self.expect(K::Join)?;
        Ok(kind)
    }

    #[inline(never)]
    fn join_condition(&mut self) -> Result<JoinCondition> {
        if self.accept(K::On) {
            return Ok(JoinCondition::On(self.expr()?));
        }
        self.expect(K::Using)?;
        let columns = self.parenthesized_names()?;
        let alias = if self.accept(K::As) { Some(self.name()?) } else { None };
        Ok(JoinCondition::Using { columns, alias })
    }

    fn table_primary(&mut self) -> Result<TableRef> {
        if self.is_kind(TokenKind::LeftParen) {
            let location = self.location();
            let content = self.parenthesized_table()?;
            return self.after_table_parentheses(content, false, location);
        }
        let lateral = self.accept(K::Lateral);
        match self.keyword() {
            None if lateral && self.is_kind(TokenKind::LeftParen) => {
                let location = self.location();
                let query = self.parenthesized_select()?;
                self.after_table_parentheses(Parenthesized::Select(query), true, location)
            }
            Some(K::Xmltable) if self.kind_at(1) == TokenKind::LeftParen => {
                let mut table = self.nested(|p| p.xml_table(lateral))?;
                table.alias = self.alias()?;
                Ok(TableRef::XmlTable(Box::new(table)))
            }
            Some(K::JsonTable) if self.kind_at(1) == TokenKind::LeftParen => {
                let mut table = self.nested(|p| p.json_table(lateral))?;
                table.alias = self.alias()?;
                Ok(TableRef::JsonTable(Box::new(table)))
            }
            Some(K::Rows) if self.is_at(1, K::From) => self.rows_from(lateral),
            Some(K::Only) if !lateral => self.relation(),
            Some(_) if self.at_common_function() => self.table_function(lateral),
            _ => {
                // A name with a parenthesis behind it is a function.
                let mut n = 1;
                while self.kind_at(n) == TokenKind::Dot && Self::is_label(self.token_at(n + 1)) {
                    n += 2;
                }
                let callable = n > 1 || Self::is_type_or_function_name(self.token());
                if lateral || self.kind_at(n) == TokenKind::LeftParen && callable {
                    return self.table_function(lateral);
                }
                if !Self::is_column_name(self.token()) && Self::is_type_or_function_name(self.token()) {
                    self.advance();
                    return Err(self.syntax_error());
                }
                self.relation()
            }
        }
    }

    /// `[ONLY] name [*] [alias] [TABLESAMPLE …]`
    #[inline(never)]
    fn relation(&mut self) -> Result<TableRef> {
        let relation = self.relation_ref()?;
        let alias = self.alias()?;
        if !self.accept(K::Tablesample) {
            return Ok(TableRef::Relation { relation, alias });
        }
        let location = self.location();
        let method = self.function_name()?;
        let arguments = self.parenthesized_list(Self::expr)?;
        let repeatable = if self.accept(K::Repeatable) { Some(self.parenthesized_expr()?) } else { None };
        let sample = TableSample { relation, alias, method, arguments, repeatable, location };
        Ok(TableRef::Sample(Box::new(sample)))
    }

    #[inline(never)]
    fn table_function(&mut self, lateral: bool) -> Result<TableRef> {
        let location = self.location();
        let call = self.windowless_function()?;
        let functions = vec![TableFunctionItem { call, columns: Vec::new() }];
        self.function_alias(lateral, false, functions, location)
    }

    #[inline(never)]
    fn rows_from(&mut self, lateral: bool) -> Result<TableRef> {
        let location = self.location();
        self.expect_all(&[K::Rows, K::From])?;
        let functions = self.nested(|p| {
            p.parenthesized_list(|p| {
                let call = p.windowless_function()?;
                let columns = if p.accept(K::As) { p.column_definition_list()? } else { Vec::new() };
                Ok(TableFunctionItem { call, columns })
            })
        })?;
        self.function_alias(lateral, true, functions, location)
    }

    /// `[WITH ORDINALITY] [alias]`, where the alias may define columns.
    #[inline(never)]
    fn function_alias(
        &mut self,
        lateral: bool,
        rows_from: bool,
        functions: Vec<TableFunctionItem>,
        location: u32,
    ) -> Result<TableRef> {
        let ordinality = self.accept_all(&[K::With, K::Ordinality]);
        let mut alias = None;
        let mut columns = Vec::new();
        let worded = self.accept(K::As);
        if worded && self.is_kind(TokenKind::LeftParen) {
            columns = self.column_definition_list()?;
        } else if worded || Self::is_column_name(self.token()) {
            let name = self.name()?;
            let mut names = Vec::new();
            if self.is_kind(TokenKind::LeftParen) {
                let plain = !Self::is_column_name(self.token_at(1))
                    || matches!(self.kind_at(2), TokenKind::Comma | TokenKind::RightParen);
                if plain {
                    names = self.parenthesized_names()?;
                } else {
                    columns = self.column_definition_list()?;
                }
            }
            alias = Some(Alias { name, columns: names });
        }
        let function = TableFunction { lateral, rows_from, functions, ordinality, alias, columns, location };
        Ok(TableRef::Function(Box::new(function)))
    }

    /// `(name type [COLLATE c], …)`
    fn column_definition_list(&mut self) -> Result<Vec<ColumnDefinitionItem>> {
        self.parenthesized_list(|p| {
            let location = p.location();
            let name = p.name()?;
            let type_name = p.type_name()?;
            let collation = if p.accept(K::Collate) { Some(p.any_name()?) } else { None };
            Ok(ColumnDefinitionItem { name, type_name, collation, location })
        })
    }

    /// Parentheses that hold a query or a join.
    fn parenthesized_table(&mut self) -> Result<Parenthesized> {
        self.nested(|p| {
            p.expect_kind(TokenKind::LeftParen)?;
            if p.at_select() {
                let select = p.select_without_parentheses()?;
                p.expect_kind(TokenKind::RightParen)?;
                return Ok(Parenthesized::Select(select));
            }
            let left = if p.is_kind(TokenKind::LeftParen) {
                let location = p.location();
                match p.parenthesized_table()? {
                    Parenthesized::Select(select) if p.continues_select() || p.is_kind(TokenKind::RightParen) => {
                        let select = p.select_rest(select)?;
                        p.expect_kind(TokenKind::RightParen)?;
                        return Ok(Parenthesized::Select(select));
                    }
                    Parenthesized::Table(table) if p.is_kind(TokenKind::RightParen) => {
                        p.advance();
                        return Ok(Parenthesized::Table(table));
                    }
                    content => p.after_table_parentheses(content, false, location)?,
                }
            } else {
                p.table_primary()?
            };
            let joined = p.joins(left)?;
            // Without a join, nothing but a query could stand in parentheses.
            if !matches!(&joined, TableRef::Join(join) if join.alias.is_none()) {
                return Err(p.syntax_error());
            }
            p.expect_kind(TokenKind::RightParen)?;
            Ok(Parenthesized::Table(joined))
        })
    }

    /// The alias behind closed parentheses.
    fn after_table_parentheses(&mut self, content: Parenthesized, lateral: bool, location: u32) -> Result<TableRef> {
        match content {
            Parenthesized::Select(query) => {
                let alias = self.alias()?;
                Ok(TableRef::Subquery { lateral, query: Box::new(query), alias, location })
            }
            Parenthesized::Table(mut table) => {
                if let TableRef::Join(join) = &mut table
                    && let Some(alias) = self.alias()?
                {
                    join.alias = Some(alias);
                }
                Ok(table)
            }
        }
    }
}
