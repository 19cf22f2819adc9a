//! CREATE TABLE and its like: views, sequences, constraints, partitions, triggers, rules, policies.

use super::Parser;
use super::select::recursive_view_query;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

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

    /// `[WITH [NO] DATA]`
    fn with_no_data(&mut self) -> Result<bool> {
        if !self.accept(K::With) {
            return Ok(false);
        }
        let no = self.accept(K::No);
        self.expect(K::Data)?;
        Ok(no)
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

    fn create_materialized_view(&mut self, persistence: Persistence) -> Result<Statement> {
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

    fn create_view(&mut self, persistence: Persistence, or_replace: bool) -> Result<Statement> {
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

    fn create_recursive_view(&mut self, persistence: Persistence, or_replace: bool) -> Result<Statement> {
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

    // Constraints.

    /// A column's constraints and its collation, in any order.
    pub(super) fn column_constraints(&mut self) -> Result<(Vec<Constraint>, Option<CollateClause>)> {
        let mut constraints: Vec<Constraint> = Vec::new();
        let mut collation = None;
        // What was written behind the last constraint: DEFERRABLE, INITIALLY …, ENFORCED.
        let mut seen = [false; 3];
        loop {
            let location = self.location();
            let next = self.keyword_at(1);
            let attribute = match self.keyword() {
                Some(K::Collate) => {
                    self.advance();
                    let clause = CollateClause { collation: self.any_name()?, location };
                    if collation.replace(clause).is_some() {
                        let message = "multiple COLLATE clauses not allowed";
                        return Err(self.error(SqlState::SYNTAX_ERROR, message, location));
                    }
                    continue;
                }
                Some(K::Deferrable) => Attribute::Deferrable(true),
                Some(K::Not) if next == Some(K::Deferrable) => Attribute::Deferrable(false),
                Some(K::Initially) => Attribute::Deferred(next == Some(K::Deferred)),
                Some(K::Enforced) => Attribute::Enforced(true),
                Some(K::Not) if next == Some(K::Enforced) => Attribute::Enforced(false),
                _ => {
                    let Some(constraint) = self.column_constraint()? else { return Ok((constraints, collation)) };
                    constraints.push(constraint);
                    seen = [false; 3];
                    continue;
                }
            };
            if self.is(K::Not) || self.is(K::Initially) {
                self.advance();
                if self.is_any(&[K::Deferrable, K::Enforced, K::Deferred, K::Immediate]) {
                    self.advance();
                } else {
                    return Err(self.syntax_error());
                }
            } else {
                self.advance();
            }
            if let Err(message) = attribute.apply(constraints.last_mut(), &mut seen) {
                // PostgreSQL finds this only when it analyzes the statement, behind all syntax errors.
                self.defer(self.error(SqlState::SYNTAX_ERROR, message, location));
            }
        }
    }

    fn column_constraint(&mut self) -> Result<Option<Constraint>> {
        let location = self.location();
        let name = if self.accept(K::Constraint) { Some(self.name()?) } else { None };
        let mut attributes = ConstraintAttributes { location: NO_LOCATION, ..Default::default() };
        let kind = match self.keyword() {
            Some(K::Not) => {
                self.advance();
                self.expect(K::Null)?;
                attributes.no_inherit = self.no_inherit()?;
                ConstraintKind::NotNull { column: None }
            }
            Some(K::Null) => {
                self.advance();
                ConstraintKind::Null
            }
            Some(K::Unique | K::Primary) => {
                let primary = self.accept(K::Primary);
                self.expect(if primary { K::Key } else { K::Unique })?;
                let nulls_not_distinct = !primary && self.nulls_not_distinct()?;
                let options = self.with_definition()?;
                let tablespace = self.index_tablespace()?;
                ConstraintKind::Unique(Box::new(UniqueConstraint {
                    primary,
                    nulls_not_distinct,
                    columns: Vec::new(),
                    without_overlaps: false,
                    including: Vec::new(),
                    options,
                    tablespace,
                    index: None,
                }))
            }
            Some(K::Check) => {
                self.advance();
                let check = self.parenthesized_expr()?;
                attributes.no_inherit = self.no_inherit()?;
                ConstraintKind::Check(check)
            }
            Some(K::Default) => {
                self.advance();
                ConstraintKind::Default(self.restricted_expr()?)
            }
            Some(K::Generated) => self.generated()?,
            Some(K::References) => {
                self.advance();
                let mut key = self.references(false)?;
                key.columns = Vec::new();
                ConstraintKind::ForeignKey(Box::new(key))
            }
            _ if name.is_some() => return Err(self.syntax_error()),
            _ => return Ok(None),
        };
        Ok(Some(Constraint { name, kind, attributes, location }))
    }

    fn no_inherit(&mut self) -> Result<bool> {
        if !self.accept(K::No) {
            return Ok(false);
        }
        self.expect(K::Inherit)?;
        Ok(true)
    }

    /// `GENERATED ALWAYS|BY DEFAULT`
    pub(super) fn generated_when(&mut self) -> Result<GeneratedWhen> {
        self.expect(K::Generated)?;
        if self.accept(K::Always) {
            return Ok(GeneratedWhen::Always);
        }
        self.expect_all(&[K::By, K::Default])?;
        Ok(GeneratedWhen::ByDefault)
    }

    fn generated(&mut self) -> Result<ConstraintKind> {
        let at = self.token_at(1).start;
        let when = self.generated_when()?;
        self.expect(K::As)?;
        if self.accept(K::Identity) {
            return Ok(ConstraintKind::Identity { when, options: self.parenthesized_sequence_options()? });
        }
        let expression = self.parenthesized_expr()?;
        let stored = self.accept(K::Stored);
        if !stored {
            self.accept(K::Virtual);
        }
        if when != GeneratedWhen::Always {
            let message = "for a generated column, GENERATED ALWAYS must be specified";
            return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
        }
        Ok(ConstraintKind::Generated { expression, when, stored })
    }

    /// `[(sequence options)]`
    pub(super) fn parenthesized_sequence_options(&mut self) -> Result<Vec<DefinitionItem>> {
        if !self.accept_kind(TokenKind::LeftParen) {
            return Ok(Vec::new());
        }
        let mut options = Vec::new();
        loop {
            match self.sequence_option()? {
                Some(option) => options.push(option),
                None if options.is_empty() => return Err(self.syntax_error()),
                None => break,
            }
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(options)
    }

    /// `[USING INDEX TABLESPACE name]`
    fn index_tablespace(&mut self) -> Result<Option<Name>> {
        if !self.accept(K::Using) {
            return Ok(None);
        }
        self.expect_all(&[K::Index, K::Tablespace])?;
        Ok(Some(self.name()?))
    }

    /// A table's constraint.
    pub(super) fn table_constraint(&mut self) -> Result<Constraint> {
        let location = self.location();
        let name = if self.accept(K::Constraint) { Some(self.name()?) } else { None };
        let (kind, allowed, what) = match self.keyword() {
            Some(K::Check) => {
                self.advance();
                let check = self.parenthesized_expr()?;
                (ConstraintKind::Check(check), Allowed::CHECK, "CHECK")
            }
            Some(K::Not) => {
                self.advance();
                self.expect(K::Null)?;
                let column = Some(self.name()?);
                (ConstraintKind::NotNull { column }, Allowed::NOT_NULL, "NOT NULL")
            }
            Some(K::Unique) => {
                self.advance();
                let unique = self.unique_constraint(false)?;
                (ConstraintKind::Unique(Box::new(unique)), Allowed::INDEX, "UNIQUE")
            }
            Some(K::Primary) => {
                self.advance();
                self.expect(K::Key)?;
                let unique = self.unique_constraint(true)?;
                (ConstraintKind::Unique(Box::new(unique)), Allowed::INDEX, "PRIMARY KEY")
            }
            Some(K::Exclude) => {
                self.advance();
                let exclusion = self.exclusion_constraint()?;
                (ConstraintKind::Exclusion(Box::new(exclusion)), Allowed::INDEX, "EXCLUDE")
            }
            Some(K::Foreign) => {
                self.advance();
                self.expect(K::Key)?;
                self.expect_kind(TokenKind::LeftParen)?;
                let (columns, period) = self.columns_and_period()?;
                self.expect(K::References)?;
                let mut key = self.references(true)?;
                key.columns = columns;
                key.period = period;
                (ConstraintKind::ForeignKey(Box::new(key)), Allowed::FOREIGN_KEY, "FOREIGN KEY")
            }
            _ => return Err(self.syntax_error()),
        };
        let attributes = self.constraint_attributes()?;
        self.check_attributes(attributes, allowed, what)?;
        Ok(Constraint { name, kind, attributes, location })
    }

    fn unique_constraint(&mut self, primary: bool) -> Result<UniqueConstraint> {
        let mut unique = UniqueConstraint {
            primary,
            nulls_not_distinct: false,
            columns: Vec::new(),
            without_overlaps: false,
            including: Vec::new(),
            options: Vec::new(),
            tablespace: None,
            index: None,
        };
        if self.accept(K::Using) {
            self.expect(K::Index)?;
            unique.index = Some(self.name()?);
            return Ok(unique);
        }
        unique.nulls_not_distinct = !primary && self.nulls_not_distinct()?;
        self.expect_kind(TokenKind::LeftParen)?;
        unique.columns = self.names()?;
        if self.accept(K::Without) {
            self.expect(K::Overlaps)?;
            unique.without_overlaps = true;
        }
        self.expect_kind(TokenKind::RightParen)?;
        unique.including = self.include_names()?;
        unique.options = self.with_definition()?;
        unique.tablespace = self.index_tablespace()?;
        Ok(unique)
    }

    /// `[INCLUDE (columns)]`
    fn include_names(&mut self) -> Result<Vec<Name>> {
        if self.accept(K::Include) { self.parenthesized_names() } else { Ok(Vec::new()) }
    }

    fn exclusion_constraint(&mut self) -> Result<ExclusionConstraint> {
        let access_method = self.access_method()?;
        let elements = self.parenthesized_list(|p| {
            let element = p.index_element()?;
            p.expect(K::With)?;
            let operator = if p.is(K::Operator) && p.kind_at(1) == TokenKind::LeftParen {
                p.qualified_operator()?
            } else {
                p.any_operator()?
            };
            Ok((element, operator))
        })?;
        let including = self.include_names()?;
        let options = self.with_definition()?;
        let tablespace = self.index_tablespace()?;
        let filter = if self.accept(K::Where) { Some(self.parenthesized_expr()?) } else { None };
        Ok(ExclusionConstraint { access_method, elements, including, options, tablespace, filter })
    }

    /// `column, …[, PERIOD column])`, the parenthesis read.
    fn columns_and_period(&mut self) -> Result<(Vec<Name>, bool)> {
        let mut columns = vec![self.name()?];
        let mut period = false;
        while !period && self.accept_kind(TokenKind::Comma) {
            if self.is(K::Period) && Self::is_column_name(self.token_at(1)) {
                self.advance();
                period = true;
            }
            columns.push(self.name()?);
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok((columns, period))
    }

    /// What stands behind REFERENCES; a period only if it can be one.
    fn references(&mut self, period: bool) -> Result<ForeignKey> {
        let table = self.relation_name()?;
        let (mut referenced, mut referenced_period) = (Vec::new(), false);
        if self.is_kind(TokenKind::LeftParen) {
            if period {
                self.advance();
                (referenced, referenced_period) = self.columns_and_period()?;
            } else {
                referenced = self.parenthesized_names()?;
            }
        }
        let mut key = ForeignKey {
            columns: Vec::new(),
            period: false,
            table,
            referenced,
            referenced_period,
            matching: MatchType::Simple,
            on_update: ReferentialAction::NoAction,
            on_delete: ReferentialAction::NoAction,
            set_columns: Vec::new(),
        };
        let at = self.location();
        if self.accept(K::Match) {
            match self.keyword() {
                Some(K::Full) => key.matching = MatchType::Full,
                Some(K::Simple) => {}
                Some(K::Partial) => {
                    let message = "MATCH PARTIAL not yet implemented";
                    return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, at));
                }
                _ => return Err(self.syntax_error()),
            }
            self.advance();
        }
        let (mut updates, mut deletes) = (false, false);
        while self.is(K::On) {
            let at = self.location();
            match self.keyword_at(1) {
                Some(K::Update) if !updates => {
                    self.skip(2);
                    updates = true;
                    let (action, columns) = self.referential_action()?;
                    if !columns.is_empty() {
                        let word = if action == ReferentialAction::SetNull { "NULL" } else { "DEFAULT" };
                        let message = format!("a column list with SET {word} is only supported for ON DELETE actions");
                        return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, at));
                    }
                    key.on_update = action;
                }
                Some(K::Delete) if !deletes => {
                    self.skip(2);
                    deletes = true;
                    (key.on_delete, key.set_columns) = self.referential_action()?;
                }
                // ON COMMIT may follow a table's last element only behind its parenthesis, so this is an error.
                _ if updates && deletes => return Err(self.syntax_error()),
                _ => {
                    self.advance();
                    return Err(self.syntax_error());
                }
            }
        }
        Ok(key)
    }

    fn referential_action(&mut self) -> Result<(ReferentialAction, Vec<Name>)> {
        let action = match self.keyword() {
            Some(K::No) => {
                self.advance();
                if !self.is(K::Action) {
                    return Err(self.syntax_error());
                }
                ReferentialAction::NoAction
            }
            Some(K::Restrict) => ReferentialAction::Restrict,
            Some(K::Cascade) => ReferentialAction::Cascade,
            Some(K::Set) => {
                self.advance();
                match self.keyword() {
                    Some(K::Null) => ReferentialAction::SetNull,
                    Some(K::Default) => ReferentialAction::SetDefault,
                    _ => return Err(self.syntax_error()),
                }
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        let mut columns = Vec::new();
        if matches!(action, ReferentialAction::SetNull | ReferentialAction::SetDefault) {
            columns = self.optional_names()?;
        }
        Ok((action, columns))
    }

    /// DEFERRABLE, INITIALLY …, NOT VALID … in any order.
    pub(super) fn constraint_attributes(&mut self) -> Result<ConstraintAttributes> {
        let mut attributes = ConstraintAttributes { location: NO_LOCATION, ..Default::default() };
        let start = self.location();
        loop {
            let at = self.location();
            let (mut deferrable, mut deferred, mut enforced) = (None, None, None);
            let not = self.accept(K::Not);
            match self.keyword() {
                Some(K::Deferrable) => deferrable = Some(!not),
                Some(K::Enforced) => enforced = Some(!not),
                Some(K::Valid) if not => attributes.not_valid = true,
                _ if not => return Err(self.syntax_error()),
                Some(K::Initially) => {
                    self.advance();
                    match self.keyword() {
                        Some(K::Deferred) => deferred = Some(true),
                        Some(K::Immediate) => deferred = Some(false),
                        _ => return Err(self.syntax_error()),
                    }
                }
                Some(K::No) => {
                    self.advance();
                    if !self.is(K::Inherit) {
                        return Err(self.syntax_error());
                    }
                    attributes.no_inherit = true;
                }
                _ => return Ok(attributes),
            }
            self.advance();
            attributes.location = start;
            if deferred == Some(true) && attributes.deferrable == Some(false)
                || deferrable == Some(false) && attributes.initially_deferred == Some(true)
            {
                let message = "constraint declared INITIALLY DEFERRED must be DEFERRABLE";
                return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
            }
            let conflict = differs(&mut attributes.deferrable, deferrable)
                | differs(&mut attributes.initially_deferred, deferred)
                | differs(&mut attributes.enforced, enforced);
            if conflict {
                return Err(self.error(SqlState::SYNTAX_ERROR, "conflicting constraint properties", at));
            }
        }
    }

    /// Refuses attributes that this kind of constraint cannot have.
    pub(super) fn check_attributes(
        &self,
        attributes: ConstraintAttributes,
        allowed: Allowed,
        what: &str,
    ) -> Result<()> {
        let refuse = |property: &str| -> Error {
            let message = format!("{what} constraints cannot be marked {property}");
            self.error(SqlState::FEATURE_NOT_SUPPORTED, message, attributes.location)
        };
        let deferrable = attributes.deferrable == Some(true) || attributes.initially_deferred == Some(true);
        if deferrable && !allowed.deferrable {
            return Err(refuse("DEFERRABLE"));
        }
        if attributes.not_valid && !allowed.not_valid {
            return Err(refuse("NOT VALID"));
        }
        if attributes.no_inherit && !allowed.no_inherit {
            return Err(refuse("NO INHERIT"));
        }
        if attributes.enforced.is_some() && !allowed.enforced {
            return Err(refuse(if attributes.enforced == Some(true) { "ENFORCED" } else { "NOT ENFORCED" }));
        }
        Ok(())
    }

    // Partitions.

    fn partition_by(&mut self) -> Result<Option<Box<PartitionBy>>> {
        let location = self.location();
        if !self.accept(K::Partition) {
            return Ok(None);
        }
        self.expect(K::By)?;
        let at = self.location();
        let name = self.name()?;
        let elements = self.parenthesized_list(|p| {
            let location = p.location();
            let key = p.index_key()?;
            let collation = if p.accept(K::Collate) { Some(p.any_name()?) } else { None };
            let operator_class = if Self::is_column_name(p.token()) { Some(p.any_name()?) } else { None };
            Ok(PartitionElement { key, collation, operator_class, location })
        })?;
        let strategy = match name.to_ascii_lowercase().as_str() {
            "list" => PartitionStrategy::List,
            "range" => PartitionStrategy::Range,
            "hash" => PartitionStrategy::Hash,
            _ => {
                let message = format!("unrecognized partitioning strategy \"{name}\"");
                return Err(self.error(SqlState::INVALID_PARAMETER_VALUE, message, at));
            }
        };
        Ok(Some(Box::new(PartitionBy { strategy, elements, location })))
    }

    /// `FOR VALUES … | DEFAULT`
    pub(super) fn partition_bound(&mut self) -> Result<PartitionBound> {
        let location = self.location();
        if self.accept(K::Default) {
            return Ok(PartitionBound { kind: PartitionBoundKind::Default, location });
        }
        self.expect_all(&[K::For, K::Values])?;
        let location = self.location();
        let kind = if self.accept(K::In) {
            PartitionBoundKind::List(self.parenthesized_list(Self::expr)?)
        } else if self.accept(K::From) {
            let from = self.parenthesized_list(Self::expr)?;
            self.expect(K::To)?;
            PartitionBoundKind::Range { from, to: self.parenthesized_list(Self::expr)? }
        } else {
            self.expect(K::With)?;
            self.hash_bound(location)?
        };
        Ok(PartitionBound { kind, location })
    }

    fn hash_bound(&mut self, location: u32) -> Result<PartitionBoundKind> {
        let (mut modulus, mut remainder) = (None, None);
        let items = self.parenthesized_list(|p| {
            let at = p.location();
            let name = p.nonreserved_word()?;
            Ok((name, p.unsigned_integer()?, at))
        })?;
        for (name, value, at) in items {
            let slot = match &*name {
                "modulus" => &mut modulus,
                "remainder" => &mut remainder,
                _ => {
                    let message = format!("unrecognized hash partition bound specification \"{name}\"");
                    return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
                }
            };
            if slot.replace(value).is_some() {
                let message = format!("{name} for hash partition provided more than once");
                return Err(self.error(SqlState::DUPLICATE_OBJECT, message, at));
            }
        }
        let missing = |what: &str| {
            let message = format!("{what} for hash partition must be specified");
            self.error(SqlState::SYNTAX_ERROR, message, location)
        };
        Ok(PartitionBoundKind::Hash {
            modulus: modulus.ok_or_else(|| missing("modulus"))?,
            remainder: remainder.ok_or_else(|| missing("remainder"))?,
        })
    }

    // Triggers, rules, policies.

    /// `[CONSTRAINT] TRIGGER …`, behind CREATE [OR REPLACE].
    pub(super) fn create_trigger(&mut self, or_replace: bool) -> Result<Statement> {
        let start = self.statement_start();
        let constraint = self.accept(K::Constraint);
        self.expect(K::Trigger)?;
        let name = self.name()?;
        let timing = match self.keyword() {
            Some(K::After) => TriggerTiming::After,
            Some(K::Before) if !constraint => TriggerTiming::Before,
            Some(K::Instead) if !constraint => {
                self.advance();
                if !self.is(K::Of) {
                    return Err(self.syntax_error());
                }
                TriggerTiming::InsteadOf
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        let (events, columns) = self.trigger_events()?;
        self.expect(K::On)?;
        let relation = self.relation_name()?;
        let mut trigger = CreateTrigger {
            name,
            or_replace,
            constraint,
            relation,
            timing,
            events,
            columns,
            for_each_row: constraint,
            transitions: Vec::new(),
            condition: None,
            function: ObjectName::unqualified("", NO_LOCATION),
            arguments: Vec::new(),
            from: None,
            deferrable: false,
            initially_deferred: false,
        };
        if constraint {
            if self.accept(K::From) {
                trigger.from = Some(self.relation_name()?);
            }
            let attributes = self.constraint_attributes()?;
            let allowed = Allowed { deferrable: true, not_valid: false, no_inherit: false, enforced: false };
            self.check_attributes(attributes, allowed, "TRIGGER")?;
            trigger.initially_deferred = attributes.initially_deferred == Some(true);
            trigger.deferrable = trigger.initially_deferred || attributes.deferrable == Some(true);
            self.expect_all(&[K::For, K::Each, K::Row])?;
        } else {
            trigger.transitions = self.trigger_transitions()?;
            if self.accept(K::For) {
                self.accept(K::Each);
                trigger.for_each_row = self.accept(K::Row);
                if !trigger.for_each_row {
                    self.expect(K::Statement)?;
                }
            }
        }
        if self.accept(K::When) {
            trigger.condition = Some(self.parenthesized_expr()?);
        }
        self.expect(K::Execute)?;
        self.function_or_procedure()?;
        trigger.function = self.function_name()?;
        self.expect_kind(TokenKind::LeftParen)?;
        if !self.is_kind(TokenKind::RightParen) {
            // The first argument may be missing, oddly.
            self.accept_kind(TokenKind::Comma);
            trigger.arguments = self.comma_list(Self::trigger_argument)?;
        }
        self.expect_kind(TokenKind::RightParen)?;
        if constraint && or_replace {
            let message = "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, start));
        }
        Ok(Statement::CreateTrigger(Box::new(trigger)))
    }

    pub(super) fn function_or_procedure(&mut self) -> Result<()> {
        if self.accept(K::Function) { Ok(()) } else { self.expect(K::Procedure) }
    }

    fn trigger_events(&mut self) -> Result<(TriggerEvents, Vec<Name>)> {
        let mut events = TriggerEvents::default();
        let mut columns = Vec::new();
        loop {
            let token = self.token();
            let event = match token.keyword {
                Some(K::Insert) => &mut events.insert,
                Some(K::Update) => &mut events.update,
                Some(K::Delete) => &mut events.delete,
                Some(K::Truncate) => &mut events.truncate,
                _ => return Err(self.syntax_error()),
            };
            let again = std::mem::replace(event, true);
            let update = self.is(K::Update);
            self.advance();
            if update && self.accept(K::Of) {
                columns.extend(self.names()?);
            }
            if again {
                // PostgreSQL has looked for OF behind UPDATE by then.
                let at = if update { self.token() } else { token };
                return Err(self.near("duplicate trigger events specified", at));
            }
            if !self.accept(K::Or) {
                return Ok((events, columns));
            }
        }
    }

    fn trigger_transitions(&mut self) -> Result<Vec<TriggerTransition>> {
        let mut transitions = Vec::new();
        if !self.accept(K::Referencing) {
            return Ok(transitions);
        }
        loop {
            let new = self.accept(K::New);
            if !new && !self.accept(K::Old) {
                if transitions.is_empty() {
                    return Err(self.syntax_error());
                }
                return Ok(transitions);
            }
            let table = self.accept(K::Table);
            if !table {
                self.expect(K::Row)?;
            }
            self.accept(K::As);
            transitions.push(TriggerTransition { name: self.name()?, new, table });
        }
    }

    /// A number, string or word, as text.
    fn trigger_argument(&mut self) -> Result<Name> {
        let token = self.token();
        match token.kind {
            TokenKind::Integer => {
                self.advance();
                Ok((token.value as i32).to_string().into())
            }
            TokenKind::Float => {
                self.advance();
                Ok(self.text(token).into())
            }
            TokenKind::String => self.string(),
            _ => self.label(),
        }
    }

    /// `RULE …`, behind CREATE [OR REPLACE].
    pub(super) fn create_rule(&mut self, or_replace: bool) -> Result<Statement> {
        self.expect(K::Rule)?;
        let name = self.name()?;
        self.expect_all(&[K::As, K::On])?;
        let event = match self.keyword() {
            Some(K::Select) => RuleEvent::Select,
            Some(K::Insert) => RuleEvent::Insert,
            Some(K::Update) => RuleEvent::Update,
            Some(K::Delete) => RuleEvent::Delete,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        self.expect(K::To)?;
        let relation = self.relation_name()?;
        let condition = self.where_clause()?;
        self.expect(K::Do)?;
        let instead = self.accept(K::Instead);
        if !instead {
            self.accept(K::Also);
        }
        let actions = self.rule_actions()?;
        let rule = CreateRule { name, or_replace, event, relation, condition, instead, actions };
        Ok(Statement::CreateRule(Box::new(rule)))
    }

    fn rule_actions(&mut self) -> Result<Vec<RawStatement>> {
        if self.accept(K::Nothing) {
            return Ok(Vec::new());
        }
        // Parentheses with a query in parentheses inside are a query's own.
        if !self.is_kind(TokenKind::LeftParen) || self.kind_at(1) == TokenKind::LeftParen && self.at_nested_select() {
            return Ok(vec![self.rule_action()?]);
        }
        let start = self.location();
        self.advance();
        let mut actions = Vec::new();
        let mut separated = false;
        loop {
            while self.accept_kind(TokenKind::Semicolon) {
                separated = true;
            }
            if self.accept_kind(TokenKind::RightParen) {
                break;
            }
            actions.push(self.rule_action()?);
            if !self.is_kind(TokenKind::RightParen) {
                self.expect_kind(TokenKind::Semicolon)?;
                separated = true;
            }
        }
        // `(SELECT …) UNION …` is a single query.
        if !separated
            && actions.len() == 1
            && self.continues_select()
            && let Some(RawStatement { statement: Statement::Select(select), .. }) = actions.pop()
        {
            let select = self.select_rest(*select)?;
            let len = self.previous_end() - start;
            actions.push(RawStatement { statement: Statement::Select(Box::new(select)), start, len });
        }
        Ok(actions)
    }

    fn rule_action(&mut self) -> Result<RawStatement> {
        let start = self.location();
        let statement = self.nested(|p| {
            if p.is(K::Notify) {
                return p.notify();
            }
            let fits = p.is_kind(TokenKind::LeftParen)
                || p.is_any(&[K::Select, K::Insert, K::Update, K::Delete, K::With, K::Values, K::Table]);
            if !fits {
                return Err(p.syntax_error());
            }
            p.preparable_statement()
        })?;
        Ok(RawStatement { statement, start, len: self.previous_end() - start })
    }

    /// `POLICY …`, behind CREATE.
    pub(super) fn create_policy(&mut self) -> Result<Statement> {
        self.expect(K::Policy)?;
        let name = self.name()?;
        self.expect(K::On)?;
        let relation = self.relation_name()?;
        let mut permissive = true;
        if self.accept(K::As) {
            let token = self.token();
            let word = token.kind == TokenKind::QuotedIdentifier
                || token.kind == TokenKind::Identifier && token.keyword.is_none();
            if !word {
                return Err(self.syntax_error());
            }
            let word = self.name()?;
            permissive = match &*word {
                "permissive" => true,
                "restrictive" => false,
                _ => {
                    let message = format!("unrecognized row security option \"{word}\"");
                    return Err(self
                        .error(SqlState::SYNTAX_ERROR, message, token.start)
                        .hint("Only PERMISSIVE or RESTRICTIVE policies are supported currently."));
                }
            };
        }
        let mut command = PolicyCommand::All;
        if self.accept(K::For) {
            command = match self.keyword() {
                Some(K::All) => PolicyCommand::All,
                Some(K::Select) => PolicyCommand::Select,
                Some(K::Insert) => PolicyCommand::Insert,
                Some(K::Update) => PolicyCommand::Update,
                Some(K::Delete) => PolicyCommand::Delete,
                _ => return Err(self.syntax_error()),
            };
            self.advance();
        }
        let roles = if self.accept(K::To) {
            self.roles()?
        } else {
            vec![RoleSpec { kind: RoleKind::Public, location: NO_LOCATION }]
        };
        let (using, check) = self.policy_expressions()?;
        let policy = CreatePolicy { name, relation, permissive, command, roles, using, check };
        Ok(Statement::CreatePolicy(Box::new(policy)))
    }

    /// `[USING (…)] [WITH CHECK (…)]`
    pub(super) fn policy_expressions(&mut self) -> Result<(Option<Expr>, Option<Expr>)> {
        let using = if self.accept(K::Using) { Some(self.parenthesized_expr()?) } else { None };
        let mut check = None;
        if self.accept(K::With) {
            self.expect(K::Check)?;
            check = Some(self.parenthesized_expr()?);
        }
        Ok((using, check))
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

/// Sets an attribute; true if it was set otherwise before.
fn differs(slot: &mut Option<bool>, value: Option<bool>) -> bool {
    match (value, *slot) {
        (None, _) => false,
        (value, None) => {
            *slot = value;
            false
        }
        (value, before) => value != before,
    }
}

/// Which attributes a kind of constraint can have.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub deferrable: bool,
    pub not_valid: bool,
    pub no_inherit: bool,
    pub enforced: bool,
}

impl Allowed {
    pub const CHECK: Allowed = Allowed { deferrable: false, not_valid: true, no_inherit: true, enforced: true };
    pub const NOT_NULL: Allowed = Allowed { deferrable: false, not_valid: true, no_inherit: true, enforced: false };
    pub const INDEX: Allowed = Allowed { deferrable: true, not_valid: false, no_inherit: false, enforced: false };
    pub const FOREIGN_KEY: Allowed = Allowed { deferrable: true, not_valid: true, no_inherit: false, enforced: true };
}

/// What may be written behind a column's constraint.
#[derive(Clone, Copy)]
enum Attribute {
    Deferrable(bool),
    Deferred(bool),
    Enforced(bool),
}

impl Attribute {
    /// Adds it to the constraint that it follows, or says what is wrong.
    fn apply(self, constraint: Option<&mut Constraint>, seen: &mut [bool; 3]) -> Result<(), &'static str> {
        let kind = constraint.as_ref().map(|constraint| &constraint.kind);
        let defers = matches!(
            kind,
            Some(ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_) | ConstraintKind::ForeignKey(_))
        );
        let enforces = matches!(kind, Some(ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_)));
        let (index, fits, misplaced, multiple) = match self {
            Attribute::Deferrable(true) => {
                (0, defers, "misplaced DEFERRABLE clause", "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed")
            }
            Attribute::Deferrable(false) => {
                (0, defers, "misplaced NOT DEFERRABLE clause", "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed")
            }
            Attribute::Deferred(true) => (
                1,
                defers,
                "misplaced INITIALLY DEFERRED clause",
                "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed",
            ),
            Attribute::Deferred(false) => (
                1,
                defers,
                "misplaced INITIALLY IMMEDIATE clause",
                "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed",
            ),
            Attribute::Enforced(true) => {
                (2, enforces, "misplaced ENFORCED clause", "multiple ENFORCED/NOT ENFORCED clauses not allowed")
            }
            Attribute::Enforced(false) => {
                (2, enforces, "misplaced NOT ENFORCED clause", "multiple ENFORCED/NOT ENFORCED clauses not allowed")
            }
        };
        let Some(constraint) = constraint.filter(|_| fits) else { return Err(misplaced) };
        if std::mem::replace(&mut seen[index], true) {
            return Err(multiple);
        }
        let attributes = &mut constraint.attributes;
        match self {
            Attribute::Deferrable(value) => attributes.deferrable = Some(value),
            Attribute::Deferred(value) => attributes.initially_deferred = Some(value),
            Attribute::Enforced(value) => attributes.enforced = Some(value),
        }
        if attributes.initially_deferred == Some(true) && attributes.deferrable == Some(false) {
            return Err("constraint declared INITIALLY DEFERRED must be DEFERRABLE");
        }
        Ok(())
    }
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
