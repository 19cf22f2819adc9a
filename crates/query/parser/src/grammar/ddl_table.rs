//! CREATE TABLE and its like: CREATE TABLE AS, foreign tables, sequences, and the elements of tables.
//!
//! What the first words have in common (TEMP, UNLOGGED) is read before it is known what is created, so [`Parser::create_relation`] leads to
//! views as well. Constraints, partitions and views have files of their own.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    /// `[TEMP|UNLOGGED …] TABLE|VIEW|SEQUENCE|MATERIALIZED VIEW …`, behind CREATE [OR REPLACE].
    pub(super) fn create_relation(&mut self, or_replace: bool) -> Result<Statement> {
        let persistence = self.persistence()?;
        match self.keyword() {
            Some(K::View) => self.create_view(persistence, or_replace),
            Some(K::Recursive) => self.create_recursive_view(persistence, or_replace),
            _ if or_replace => Err(self.syntax_error()),
            Some(K::Table) => self.create_table(persistence, TableForm::Any),
            Some(K::Sequence) => self.create_sequence(persistence),
            Some(K::Materialized) if persistence != Persistence::Temporary => {
                self.create_materialized_view(persistence)
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// As [`Parser::create_relation`], but only what has a query: for EXPLAIN.
    pub(super) fn create_relation_as(&mut self) -> Result<Statement> {
        let persistence = self.persistence()?;
        match self.keyword() {
            Some(K::Table) => self.create_table(persistence, TableForm::OfQuery),
            Some(K::Materialized) if persistence != Persistence::Temporary => {
                self.create_materialized_view(persistence)
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn persistence(&mut self) -> Result<Persistence> {
        match self.keyword() {
            Some(K::Temp | K::Temporary) => {
                self.advance();
                Ok(Persistence::Temporary)
            }
            Some(K::Unlogged) => {
                self.advance();
                Ok(Persistence::Unlogged)
            }
            Some(K::Local | K::Global) => {
                if self.is(K::Global) {
                    self.warn_of_global();
                }
                self.advance();
                if !self.accept(K::Temp) {
                    self.expect(K::Temporary)?;
                }
                Ok(Persistence::Temporary)
            }
            _ => Ok(Persistence::Permanent),
        }
    }

    /// `[TEMP …] TABLE …` as an element of CREATE SCHEMA.
    pub(super) fn create_defined_table(&mut self) -> Result<Statement> {
        let persistence = self.persistence()?;
        self.create_table(persistence, TableForm::Defined)
    }

    fn create_table(&mut self, persistence: Persistence, form: TableForm) -> Result<Statement> {
        self.expect(K::Table)?;
        let if_not_exists = self.if_not_exists()?;
        let relation = self.relation_name()?;
        // A column's name is followed by its type, unless all columns are those of a query.
        let parenthesis = self.is_kind(TokenKind::LeftParen);
        let names = parenthesis
            && Self::is_column_name(self.token_at(1))
            && matches!(self.kind_at(2), TokenKind::Comma | TokenKind::RightParen);
        let defined = (parenthesis && !names) || self.is_any(&[K::Of, K::Partition]);
        if form == TableForm::OfQuery && defined {
            // EXPLAIN takes only a query's table: what does not fit is the element's type, or the word.
            if parenthesis {
                self.advance();
                if Self::is_column_name(self.token()) {
                    self.advance();
                }
            }
            return Err(self.syntax_error());
        }
        if form == TableForm::Defined && !defined {
            self.skip(if names { 2 } else { 0 });
            return Err(self.syntax_error());
        }
        if !defined {
            let columns = self.optional_names()?;
            return self.create_table_as_rest(relation, persistence, if_not_exists, columns);
        }
        let mut table = CreateTable {
            relation,
            persistence,
            if_not_exists,
            elements: Vec::new(),
            inherits: Vec::new(),
            of_type: None,
            partition_of: None,
            partition_by: None,
            access_method: None,
            options: Vec::new(),
            on_commit: OnCommit::Unspecified,
            tablespace: None,
            foreign: None,
        };
        self.table_body(&mut table)?;
        table.partition_by = self.partition_by()?;
        table.access_method = self.access_method()?;
        table.options = self.table_options()?;
        table.on_commit = self.on_commit()?;
        table.tablespace = self.tablespace()?;
        Ok(Statement::CreateTable(Box::new(table)))
    }

    /// What follows the name: elements and parents, a type, or a partition's parent and bound.
    fn table_body(&mut self, table: &mut CreateTable) -> Result<()> {
        if self.accept(K::Of) {
            table.of_type = Some(self.any_name()?);
            table.elements = self.typed_table_elements()?;
        } else if self.accept(K::Partition) {
            self.expect(K::Of)?;
            let parent = self.relation_name()?;
            table.elements = self.typed_table_elements()?;
            let bound = self.partition_bound()?;
            table.partition_of = Some(Box::new(PartitionOf { parent, bound }));
        } else {
            self.expect_kind(TokenKind::LeftParen)?;
            if !self.is_kind(TokenKind::RightParen) {
                table.elements = self.comma_list(Self::table_element)?;
            }
            self.expect_kind(TokenKind::RightParen)?;
            if self.accept(K::Inherits) {
                table.inherits = self.parenthesized_list(Self::relation_name)?;
            }
        }
        Ok(())
    }

    /// `FOREIGN TABLE …`, behind CREATE.
    pub(super) fn create_foreign_table(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Foreign, K::Table])?;
        let if_not_exists = self.if_not_exists()?;
        let relation = self.relation_name()?;
        let mut table = CreateTable {
            relation,
            persistence: Persistence::Permanent,
            if_not_exists,
            elements: Vec::new(),
            inherits: Vec::new(),
            of_type: None,
            partition_of: None,
            partition_by: None,
            access_method: None,
            options: Vec::new(),
            on_commit: OnCommit::Unspecified,
            tablespace: None,
            foreign: None,
        };
        if self.is(K::Of) {
            return Err(self.syntax_error());
        }
        self.table_body(&mut table)?;
        self.expect(K::Server)?;
        let server = self.name()?;
        table.foreign = Some(Box::new(ForeignTable { server, options: self.foreign_options()? }));
        Ok(Statement::CreateTable(Box::new(table)))
    }

    fn create_table_as_rest(
        &mut self,
        relation: RelationName,
        persistence: Persistence,
        if_not_exists: bool,
        columns: Vec<Name>,
    ) -> Result<Statement> {
        let access_method = self.access_method()?;
        let options = self.table_options()?;
        let on_commit = self.on_commit()?;
        let tablespace = self.tablespace()?;
        self.expect(K::As)?;
        let query = Box::new(if self.is(K::Execute) {
            self.execute()?
        } else {
            Statement::Select(Box::new(self.select_without_parentheses()?))
        });
        let no_data = self.with_no_data()?;
        let into =
            IntoClause { relation, persistence, columns, access_method, options, on_commit, tablespace, no_data };
        let create = CreateTableAs { into, query, materialized_view: false, if_not_exists };
        Ok(Statement::CreateTableAs(Box::new(create)))
    }

    /// `[WITH (options) | WITHOUT OIDS]`
    fn table_options(&mut self) -> Result<Vec<DefinitionItem>> {
        if self.accept(K::Without) {
            self.expect(K::Oids)?;
            return Ok(Vec::new());
        }
        self.with_relation_options()
    }

    fn on_commit(&mut self) -> Result<OnCommit> {
        if !self.accept(K::On) {
            return Ok(OnCommit::Unspecified);
        }
        self.expect(K::Commit)?;
        let (action, rows) = match self.keyword() {
            Some(K::Drop) => (OnCommit::Drop, false),
            Some(K::Delete) => (OnCommit::DeleteRows, true),
            Some(K::Preserve) => (OnCommit::PreserveRows, true),
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        if rows {
            self.expect(K::Rows)?;
        }
        Ok(action)
    }

    fn create_sequence(&mut self, persistence: Persistence) -> Result<Statement> {
        self.expect(K::Sequence)?;
        let if_not_exists = self.if_not_exists()?;
        let relation = self.relation_name()?;
        let options = self.sequence_options()?;
        let sequence = CreateSequence { relation, persistence, if_not_exists, options };
        Ok(Statement::CreateSequence(Box::new(sequence)))
    }

    // Elements.

    fn table_element(&mut self) -> Result<TableElement> {
        if self.accept(K::Like) {
            return Ok(TableElement::Like(Box::new(self.like_clause()?)));
        }
        if self.at_table_constraint() {
            return Ok(TableElement::Constraint(Box::new(self.table_constraint()?)));
        }
        Ok(TableElement::Column(Box::new(self.column_definition()?)))
    }

    pub(super) fn at_table_constraint(&self) -> bool {
        self.is_any(&[K::Constraint, K::Check, K::Unique, K::Primary, K::Exclude, K::Foreign, K::Not])
            && !(self.is(K::Exclude) && !self.is_at(1, K::Using) && self.kind_at(1) != TokenKind::LeftParen)
    }

    fn like_clause(&mut self) -> Result<LikeClause> {
        let relation = self.relation_name()?;
        let mut including = LikeOptions::default();
        loop {
            let include = self.accept(K::Including);
            if !include && !self.accept(K::Excluding) {
                return Ok(LikeClause { relation, including });
            }
            let option = match self.keyword() {
                Some(K::Comments) => LikeOptions::COMMENTS,
                Some(K::Compression) => LikeOptions::COMPRESSION,
                Some(K::Constraints) => LikeOptions::CONSTRAINTS,
                Some(K::Defaults) => LikeOptions::DEFAULTS,
                Some(K::Identity) => LikeOptions::IDENTITY,
                Some(K::Generated) => LikeOptions::GENERATED,
                Some(K::Indexes) => LikeOptions::INDEXES,
                Some(K::Statistics) => LikeOptions::STATISTICS,
                Some(K::Storage) => LikeOptions::STORAGE,
                Some(K::All) => LikeOptions::ALL,
                _ => return Err(self.syntax_error()),
            };
            self.advance();
            if include {
                including.0 |= option.0;
            } else {
                including.0 &= !option.0;
            }
        }
    }

    /// `name type [STORAGE …] [COMPRESSION …] [OPTIONS (…)] constraints`
    pub(super) fn column_definition(&mut self) -> Result<ColumnDefinition> {
        let location = self.location();
        let mut column = empty_column(self.name()?, location);
        column.type_name = Some(self.type_name()?);
        if self.accept(K::Storage) {
            column.storage = Some(self.name_or_default()?);
        }
        if self.accept(K::Compression) {
            column.compression = Some(self.name_or_default()?);
        }
        column.options = self.foreign_options()?;
        (column.constraints, column.collation) = self.column_constraints()?;
        Ok(column)
    }

    /// A name, or DEFAULT as the name `default`.
    pub(super) fn name_or_default(&mut self) -> Result<Name> {
        if self.accept(K::Default) { Ok("default".into()) } else { self.name() }
    }

    /// `[(column [WITH OPTIONS] constraints | table constraint, …)]` of a typed table or partition.
    fn typed_table_elements(&mut self) -> Result<Vec<TableElement>> {
        if !self.is_kind(TokenKind::LeftParen) {
            return Ok(Vec::new());
        }
        self.parenthesized_list(|p| {
            if p.at_table_constraint() {
                return Ok(TableElement::Constraint(Box::new(p.table_constraint()?)));
            }
            let location = p.location();
            let mut column = empty_column(p.name()?, location);
            if p.accept(K::With) {
                p.expect(K::Options)?;
            }
            (column.constraints, column.collation) = p.column_constraints()?;
            Ok(TableElement::Column(Box::new(column)))
        })
    }
}

/// Which CREATE TABLE is possible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TableForm {
    Any,
    /// CREATE TABLE … AS.
    OfQuery,
    /// Not CREATE TABLE … AS.
    Defined,
}

/// A column with nothing but a name.
pub(super) fn empty_column(name: Name, location: u32) -> ColumnDefinition {
    ColumnDefinition {
        name,
        type_name: None,
        storage: None,
        compression: None,
        options: Vec::new(),
        collation: None,
        constraints: Vec::new(),
        location,
    }
}
