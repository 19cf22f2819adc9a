//! INSERT, UPDATE, DELETE, MERGE.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    /// `INSERT …`, its WITH read.
    #[inline(never)]
    pub(super) fn insert(&mut self, with: Option<Box<With>>) -> Result<Statement> {
        self.expect_all(&[K::Insert, K::Into])?;
        let relation = self.relation_name()?;
        let alias = if self.accept(K::As) { Some(self.name()?) } else { None };
        let mut columns = Vec::new();
        let mut overriding = Overriding::None;
        let mut source = None;
        if self.accept(K::Default) {
            self.expect(K::Values)?;
        } else {
            let query = self.kind_at(1) == TokenKind::LeftParen || self.at_nested_select();
            if self.is_kind(TokenKind::LeftParen) && !query {
                columns = self.parenthesized_list(Self::column_target)?;
            }
            overriding = self.overriding()?;
            source = Some(Box::new(self.select_without_parentheses()?));
        }
        let on_conflict = self.on_conflict()?;
        let returning = self.returning()?;
        let insert = Insert { with, relation, alias, columns, overriding, source, on_conflict, returning };
        Ok(Statement::Insert(Box::new(insert)))
    }

    /// `[OVERRIDING USER|SYSTEM VALUE]`
    fn overriding(&mut self) -> Result<Overriding> {
        if !self.accept(K::Overriding) {
            return Ok(Overriding::None);
        }
        let kind = if self.accept(K::User) {
            Overriding::User
        } else {
            self.expect(K::System)?;
            Overriding::System
        };
        self.expect(K::Value)?;
        Ok(kind)
    }

    /// `column[.field | [subscript] …]`
    fn column_target(&mut self) -> Result<ColumnTarget> {
        let location = self.location();
        let name = self.name()?;
        Ok(ColumnTarget { name, path: self.accessors()?, location })
    }

    fn on_conflict(&mut self) -> Result<Option<Box<OnConflict>>> {
        let location = self.location();
        if !self.accept(K::On) {
            return Ok(None);
        }
        self.expect(K::Conflict)?;
        let at = self.location();
        let target = if self.is_kind(TokenKind::LeftParen) {
            let elements = self.parenthesized_list(Self::index_element)?;
            Some(ConflictTarget::Index { elements, filter: self.where_clause()?, location: at })
        } else if self.accept(K::On) {
            self.expect(K::Constraint)?;
            Some(ConflictTarget::Constraint { name: self.name()?, location: at })
        } else {
            None
        };
        self.expect(K::Do)?;
        let action = if self.accept(K::Nothing) {
            ConflictAction::Nothing
        } else {
            self.expect_all(&[K::Update, K::Set])?;
            let assignments = self.assignments()?;
            ConflictAction::Update { assignments, filter: self.where_clause()? }
        };
        Ok(Some(Box::new(OnConflict { target, action, location })))
    }

    /// `[RETURNING [WITH (OLD AS o, NEW AS n)] targets]`
    fn returning(&mut self) -> Result<Option<Box<Returning>>> {
        if !self.accept(K::Returning) {
            return Ok(None);
        }
        let mut options = Vec::new();
        if self.accept(K::With) {
            options = self.parenthesized_list(|p| {
                let location = p.location();
                let new = p.accept(K::New);
                if !new {
                    p.expect(K::Old)?;
                }
                p.expect(K::As)?;
                Ok(ReturningOption { new, name: p.name()?, location })
            })?;
        }
        Ok(Some(Box::new(Returning { options, targets: self.targets()? })))
    }

    /// `target = value, …`
    fn assignments(&mut self) -> Result<Vec<Assignment>> {
        self.comma_list(|p| {
            if p.is_kind(TokenKind::LeftParen) {
                let targets = p.parenthesized_list(Self::column_target)?;
                p.expect_kind(TokenKind::Equals)?;
                return Ok(Assignment::Multiple { targets, source: p.expr()? });
            }
            let target = p.column_target()?;
            p.expect_kind(TokenKind::Equals)?;
            Ok(Assignment::Single { target, value: p.expr()? })
        })
    }

    /// `[ONLY] name [*] [[AS] alias]`, where SET is no alias.
    fn target_relation(&mut self) -> Result<(RelationRef, Option<Alias>)> {
        let relation = self.relation_ref()?;
        let worded = self.accept(K::As);
        let mut alias = None;
        if worded || Self::is_column_name(self.token()) && !self.is(K::Set) {
            alias = Some(Alias { name: self.name()?, columns: Vec::new() });
        }
        Ok((relation, alias))
    }

    /// `[WHERE condition | WHERE CURRENT OF cursor]`
    fn where_or_current(&mut self) -> Result<Option<Expr>> {
        if self.is(K::Where) && self.is_at(1, K::Current) && self.is_at(2, K::Of) {
            let location = self.token_at(1).start;
            self.skip(3);
            return Ok(Some(Expr { kind: ExprKind::CurrentOf(self.name()?), location }));
        }
        self.where_clause()
    }

    /// `UPDATE …`, its WITH read.
    #[inline(never)]
    pub(super) fn update(&mut self, with: Option<Box<With>>) -> Result<Statement> {
        self.expect(K::Update)?;
        let (relation, alias) = self.target_relation()?;
        self.expect(K::Set)?;
        let assignments = self.assignments()?;
        let from = if self.accept(K::From) { self.table_refs()? } else { Vec::new() };
        let filter = self.where_or_current()?;
        let returning = self.returning()?;
        let update = Update { with, relation, alias, assignments, from, filter, returning };
        Ok(Statement::Update(Box::new(update)))
    }

    /// `DELETE …`, its WITH read.
    #[inline(never)]
    pub(super) fn delete(&mut self, with: Option<Box<With>>) -> Result<Statement> {
        self.expect_all(&[K::Delete, K::From])?;
        let (relation, alias) = self.target_relation()?;
        let using = if self.accept(K::Using) { self.table_refs()? } else { Vec::new() };
        let filter = self.where_or_current()?;
        let returning = self.returning()?;
        Ok(Statement::Delete(Box::new(Delete { with, relation, alias, using, filter, returning })))
    }

    /// `MERGE …`, its WITH read.
    #[inline(never)]
    pub(super) fn merge(&mut self, with: Option<Box<With>>) -> Result<Statement> {
        self.expect_all(&[K::Merge, K::Into])?;
        let (relation, alias) = self.target_relation()?;
        self.expect(K::Using)?;
        let source = self.table_ref()?;
        self.expect(K::On)?;
        let condition = self.expr()?;
        let mut clauses = vec![self.merge_clause()?];
        while self.is(K::When) {
            clauses.push(self.merge_clause()?);
        }
        let returning = self.returning()?;
        let merge = Merge { with, relation, alias, source, condition, clauses, returning };
        Ok(Statement::Merge(Box::new(merge)))
    }

    fn merge_clause(&mut self) -> Result<MergeClause> {
        self.expect(K::When)?;
        let negated = self.accept(K::Not);
        self.expect(K::Matched)?;
        let matching = if !negated {
            MergeMatch::Matched
        } else if self.accept(K::By) {
            if self.accept(K::Source) {
                MergeMatch::NotMatchedBySource
            } else {
                self.expect(K::Target)?;
                MergeMatch::NotMatchedByTarget
            }
        } else {
            MergeMatch::NotMatchedByTarget
        };
        let condition = if self.accept(K::And) { Some(self.expr()?) } else { None };
        self.expect(K::Then)?;
        let inserts = matching == MergeMatch::NotMatchedByTarget;
        let action = match self.keyword() {
            Some(K::Do) => {
                self.advance();
                self.expect(K::Nothing)?;
                MergeActionKind::Nothing
            }
            Some(K::Delete) if !inserts => {
                self.advance();
                MergeActionKind::Delete
            }
            Some(K::Update) if !inserts => {
                self.advance();
                self.expect(K::Set)?;
                MergeActionKind::Update(self.assignments()?)
            }
            Some(K::Insert) if inserts => self.merge_insert()?,
            _ => return Err(self.syntax_error()),
        };
        Ok(MergeClause { matching, condition, action })
    }

    fn merge_insert(&mut self) -> Result<MergeActionKind> {
        self.expect(K::Insert)?;
        let mut columns = Vec::new();
        if self.accept(K::Default) {
            self.expect(K::Values)?;
            return Ok(MergeActionKind::Insert { columns, overriding: Overriding::None, values: None });
        }
        if self.is_kind(TokenKind::LeftParen) {
            columns = self.parenthesized_list(Self::column_target)?;
        }
        let overriding = self.overriding()?;
        self.expect(K::Values)?;
        let values = Some(self.parenthesized_list(Self::expr)?);
        Ok(MergeActionKind::Insert { columns, overriding, values })
    }
}
