//! Constraints of columns and of tables, and their attributes.
//!
//! A column's constraints and their attributes stand in one list, without separators: an attribute (DEFERRABLE, INITIALLY …, ENFORCED)
//! belongs to the constraint before it, and what does not fit is found only when the statement is analyzed. A table's constraint has its
//! attributes behind it, and what does not fit is a syntax error; [`Allowed`] says what does.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

impl Parser<'_> {
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
