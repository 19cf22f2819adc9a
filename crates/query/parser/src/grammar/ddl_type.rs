//! Types, domains, operators and their classes, casts, transforms, conversions, collations, text search.

use super::Parser;
use super::ddl_constraint::Allowed;
use super::option::item;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

fn define(kind: ObjectKind, name: ObjectName, options: Vec<DefinitionItem>) -> Statement {
    let define = Define { kind, name, or_replace: false, if_not_exists: false, parameters: None, from: None, options };
    Statement::Define(Box::new(define))
}

impl Parser<'_> {
    /// `TYPE …`, behind CREATE.
    pub(super) fn create_type(&mut self) -> Result<Statement> {
        self.expect(K::Type)?;
        let name = self.any_name()?;
        if self.is_kind(TokenKind::LeftParen) {
            let options = self.definition()?;
            return Ok(define(ObjectKind::Type, name, options));
        }
        if !self.accept(K::As) {
            return Ok(define(ObjectKind::Type, name, Vec::new()));
        }
        match self.keyword() {
            Some(K::Enum) => {
                self.advance();
                self.expect_kind(TokenKind::LeftParen)?;
                let labels =
                    if self.is_kind(TokenKind::RightParen) { Vec::new() } else { self.comma_list(Self::string)? };
                self.expect_kind(TokenKind::RightParen)?;
                Ok(Statement::CreateEnum(CreateEnum { name, labels }))
            }
            Some(K::Range) => {
                self.advance();
                Ok(Statement::CreateRange(CreateRange { name, options: self.definition()? }))
            }
            _ => {
                self.expect_kind(TokenKind::LeftParen)?;
                let attributes = if self.is_kind(TokenKind::RightParen) {
                    Vec::new()
                } else {
                    self.comma_list(Self::attribute_definition)?
                };
                self.expect_kind(TokenKind::RightParen)?;
                let name = self.relation_from_object(name)?;
                let create = CreateCompositeType { name, attributes };
                Ok(Statement::CreateCompositeType(Box::new(create)))
            }
        }
    }

    /// `name type [COLLATE c]`
    pub(super) fn attribute_definition(&mut self) -> Result<ColumnDefinition> {
        let location = self.location();
        let mut column = super::ddl_table::empty_column(self.name()?, location);
        column.type_name = Some(self.type_name()?);
        column.collation = self.collate_clause()?;
        Ok(column)
    }

    /// `[COLLATE c]`
    pub(super) fn collate_clause(&mut self) -> Result<Option<CollateClause>> {
        let location = self.location();
        if !self.accept(K::Collate) {
            return Ok(None);
        }
        Ok(Some(CollateClause { collation: self.any_name()?, location }))
    }

    /// `DOMAIN …`, behind CREATE.
    pub(super) fn create_domain(&mut self) -> Result<Statement> {
        self.expect(K::Domain)?;
        let name = self.any_name()?;
        self.accept(K::As);
        let base = self.type_name()?;
        let (constraints, collation) = self.column_constraints()?;
        let domain = CreateDomain { name, base, collation, constraints };
        Ok(Statement::CreateDomain(Box::new(domain)))
    }

    /// The actions of ALTER DOMAIN.
    pub(super) fn alter_domain_action(&mut self) -> Result<AlterDomainAction> {
        match self.keyword() {
            Some(K::Set) => {
                self.advance();
                if self.accept(K::Default) {
                    return Ok(AlterDomainAction::Default(Some(self.expr()?)));
                }
                self.expect_all(&[K::Not, K::Null])?;
                Ok(AlterDomainAction::NotNull(true))
            }
            Some(K::Drop) => {
                self.advance();
                if self.accept(K::Default) {
                    return Ok(AlterDomainAction::Default(None));
                }
                if self.accept(K::Constraint) {
                    let if_exists = self.if_exists()?;
                    let name = self.name()?;
                    return Ok(AlterDomainAction::DropConstraint { name, if_exists, behavior: self.drop_behavior() });
                }
                self.expect_all(&[K::Not, K::Null])?;
                Ok(AlterDomainAction::NotNull(false))
            }
            Some(K::Add) => {
                self.advance();
                Ok(AlterDomainAction::AddConstraint(Box::new(self.domain_constraint()?)))
            }
            Some(K::Validate) => {
                self.advance();
                self.expect(K::Constraint)?;
                Ok(AlterDomainAction::ValidateConstraint(self.name()?))
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn domain_constraint(&mut self) -> Result<Constraint> {
        let location = self.location();
        let name = if self.accept(K::Constraint) { Some(self.name()?) } else { None };
        let (kind, allowed, what) = if self.accept(K::Check) {
            let allowed = Allowed { enforced: false, ..Allowed::CHECK };
            (ConstraintKind::Check(self.parenthesized_expr()?), allowed, "CHECK")
        } else {
            self.expect_all(&[K::Not, K::Null])?;
            let allowed = Allowed { deferrable: false, not_valid: false, no_inherit: false, enforced: false };
            (ConstraintKind::NotNull { column: None }, allowed, "NOT NULL")
        };
        let attributes = self.constraint_attributes()?;
        self.check_attributes(attributes, allowed, what)?;
        Ok(Constraint { name, kind, attributes, location })
    }

    /// `OPERATOR …`, `OPERATOR CLASS …`, `OPERATOR FAMILY …`, behind CREATE.
    pub(super) fn create_operator(&mut self) -> Result<Statement> {
        self.expect(K::Operator)?;
        // The words can also be an operator's schema.
        let dotted = self.kind_at(1) == TokenKind::Dot;
        if self.is(K::Class) && !dotted {
            return self.create_operator_class();
        }
        if self.is(K::Family) && !dotted {
            self.advance();
            let name = self.any_name()?;
            self.expect(K::Using)?;
            let method = self.name()?;
            return Ok(Statement::CreateOperatorFamily(CreateOperatorFamily { name, method }));
        }
        let operator = self.any_operator()?;
        let name =
            ObjectName { qualifiers: operator.qualifiers, name: operator.symbol.into(), location: operator.location };
        let options = self.definition()?;
        Ok(define(ObjectKind::Operator, name, options))
    }

    fn create_operator_class(&mut self) -> Result<Statement> {
        self.expect(K::Class)?;
        let name = self.any_name()?;
        let default = self.accept(K::Default);
        self.expect_all(&[K::For, K::Type])?;
        let type_name = self.type_name()?;
        self.expect(K::Using)?;
        let method = self.name()?;
        let family = if self.accept(K::Family) { Some(self.any_name()?) } else { None };
        self.expect(K::As)?;
        let items = self.comma_list(Self::operator_class_item)?;
        let class = CreateOperatorClass { name, default, type_name, method, family, items };
        Ok(Statement::CreateOperatorClass(Box::new(class)))
    }

    fn operator_class_item(&mut self) -> Result<OperatorClassItem> {
        match self.keyword() {
            Some(K::Operator) => {
                self.advance();
                let number = self.unsigned_integer()?;
                let operator = self.any_operator()?;
                let types = if self.is_kind(TokenKind::LeftParen) { Some(self.operand_types()?) } else { None };
                let mut order_family = None;
                if self.accept(K::For) {
                    if self.accept(K::Order) {
                        self.expect(K::By)?;
                        order_family = Some(self.any_name()?);
                    } else {
                        self.expect(K::Search)?;
                    }
                }
                Ok(OperatorClassItem::Operator { number, operator, types, order_family })
            }
            Some(K::Function) => {
                self.advance();
                let number = self.unsigned_integer()?;
                let types = if self.is_kind(TokenKind::LeftParen) {
                    self.parenthesized_list(Self::type_name)?
                } else {
                    Vec::new()
                };
                Ok(OperatorClassItem::Function { number, types, function: self.function_signature()? })
            }
            Some(K::Storage) => {
                self.advance();
                Ok(OperatorClassItem::Storage(self.type_name()?))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// `ADD items | DROP members` of ALTER OPERATOR FAMILY.
    pub(super) fn alter_operator_family_action(&mut self) -> Result<AlterOperatorFamilyAction> {
        if self.accept(K::Add) {
            return Ok(AlterOperatorFamilyAction::Add(self.comma_list(Self::operator_class_item)?));
        }
        self.expect(K::Drop)?;
        let members = self.comma_list(|p| {
            let function = p.accept(K::Function);
            if !function {
                p.expect(K::Operator)?;
            }
            let number = p.unsigned_integer()?;
            let types = p.parenthesized_list(Self::type_name)?;
            Ok(OperatorFamilyMember { function, number, types })
        })?;
        Ok(AlterOperatorFamilyAction::Drop(members))
    }

    /// `(name [= value | = NONE], …)` of ALTER OPERATOR and ALTER TYPE.
    pub(super) fn operator_options(&mut self) -> Result<Vec<DefinitionItem>> {
        self.parenthesized_list(|p| {
            let location = p.location();
            let name = p.label()?;
            let mut value = None;
            if p.accept_kind(TokenKind::Equals) && !p.accept(K::None) {
                value = Some(p.definition_value()?);
            }
            Ok(item(name, value, location))
        })
    }

    /// `(source AS target)`
    pub(super) fn cast_types(&mut self) -> Result<(TypeName, TypeName)> {
        self.expect_kind(TokenKind::LeftParen)?;
        let source = self.type_name()?;
        self.expect(K::As)?;
        let target = self.type_name()?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok((source, target))
    }

    /// `CAST …`, behind CREATE.
    pub(super) fn create_cast(&mut self) -> Result<Statement> {
        self.expect(K::Cast)?;
        let (source, target) = self.cast_types()?;
        let method = if self.accept(K::Without) {
            self.expect(K::Function)?;
            CastMethod::Binary
        } else {
            self.expect(K::With)?;
            if self.accept(K::Inout) {
                CastMethod::InOut
            } else {
                self.expect(K::Function)?;
                CastMethod::Function(self.function_signature()?)
            }
        };
        let mut context = CastContext::Explicit;
        if self.accept(K::As) {
            context = if self.accept(K::Implicit) {
                CastContext::Implicit
            } else {
                self.expect(K::Assignment)?;
                CastContext::Assignment
            };
        }
        Ok(Statement::CreateCast(Box::new(CreateCast { source, target, method, context })))
    }

    /// `TRANSFORM …`, behind CREATE [OR REPLACE].
    pub(super) fn create_transform(&mut self, or_replace: bool) -> Result<Statement> {
        self.expect_all(&[K::Transform, K::For])?;
        let type_name = self.type_name()?;
        self.expect(K::Language)?;
        let language = self.name()?;
        self.expect_kind(TokenKind::LeftParen)?;
        let (mut from_sql, mut to_sql) = (None, None);
        loop {
            let from = from_sql.is_none() && self.accept(K::From);
            if !from && (to_sql.is_some() || !self.accept(K::To)) {
                return Err(self.syntax_error());
            }
            self.expect_all(&[K::Sql, K::With, K::Function])?;
            let function = Some(self.function_signature()?);
            *if from { &mut from_sql } else { &mut to_sql } = function;
            if from_sql.is_some() && to_sql.is_some() || !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        self.expect_kind(TokenKind::RightParen)?;
        let transform = CreateTransform { or_replace, type_name, language, from_sql, to_sql };
        Ok(Statement::CreateTransform(Box::new(transform)))
    }

    /// `[DEFAULT] CONVERSION …`, behind CREATE.
    pub(super) fn create_conversion(&mut self) -> Result<Statement> {
        let default = self.accept(K::Default);
        self.expect(K::Conversion)?;
        let name = self.any_name()?;
        self.expect(K::For)?;
        let source = self.string()?;
        self.expect(K::To)?;
        let target = self.string()?;
        self.expect(K::From)?;
        let function = self.any_name()?;
        let conversion = CreateConversion { name, default, source, target, function };
        Ok(Statement::CreateConversion(Box::new(conversion)))
    }

    /// `COLLATION …`, behind CREATE.
    pub(super) fn create_collation(&mut self) -> Result<Statement> {
        self.expect(K::Collation)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.any_name()?;
        let mut collation = Define {
            kind: ObjectKind::Collation,
            name,
            or_replace: false,
            if_not_exists,
            parameters: None,
            from: None,
            options: Vec::new(),
        };
        if self.accept(K::From) {
            collation.from = Some(self.any_name()?);
        } else {
            collation.options = self.definition()?;
        }
        Ok(Statement::Define(Box::new(collation)))
    }

    /// The kind of text search object, behind TEXT SEARCH.
    pub(super) fn text_search_kind(&mut self) -> Result<ObjectKind> {
        let kind = match self.keyword() {
            Some(K::Parser) => ObjectKind::TextSearchParser,
            Some(K::Dictionary) => ObjectKind::TextSearchDictionary,
            Some(K::Template) => ObjectKind::TextSearchTemplate,
            Some(K::Configuration) => ObjectKind::TextSearchConfiguration,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(kind)
    }

    /// `TEXT SEARCH …`, behind CREATE.
    pub(super) fn create_text_search(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Text, K::Search])?;
        let kind = self.text_search_kind()?;
        let name = self.any_name()?;
        let options = self.definition()?;
        Ok(define(kind, name, options))
    }

    /// The actions of ALTER TEXT SEARCH CONFIGURATION.
    pub(super) fn alter_text_search_action(&mut self) -> Result<AlterTextSearchAction> {
        let keyword = self.keyword();
        if !self.is_any(&[K::Add, K::Alter, K::Drop]) {
            return Err(self.syntax_error());
        }
        self.advance();
        self.expect(K::Mapping)?;
        match keyword {
            Some(K::Drop) => {
                let if_exists = self.if_exists_nameless()?;
                self.expect(K::For)?;
                Ok(AlterTextSearchAction::DropMapping { tokens: self.names()?, if_exists })
            }
            Some(K::Add) => {
                self.expect(K::For)?;
                let tokens = self.names()?;
                self.mapping_with()?;
                Ok(AlterTextSearchAction::AddMapping { tokens, dictionaries: self.any_names()? })
            }
            _ => {
                let tokens = if self.accept(K::For) { self.names()? } else { Vec::new() };
                if self.accept(K::Replace) {
                    let old = self.any_name()?;
                    self.mapping_with()?;
                    return Ok(AlterTextSearchAction::ReplaceDictionary { tokens, old, new: self.any_name()? });
                }
                if tokens.is_empty() {
                    return Err(self.syntax_error());
                }
                self.mapping_with()?;
                Ok(AlterTextSearchAction::AlterMapping { tokens, dictionaries: self.any_names()? })
            }
        }
    }

    fn mapping_with(&mut self) -> Result<()> {
        self.expect(K::With)
    }

    /// The actions of ALTER TYPE on an enum, if one is here.
    pub(super) fn alter_enum_action(&mut self) -> Result<Option<AlterEnumAction>> {
        if self.accept_all(&[K::Add, K::Value]) {
            let if_not_exists = self.accept(K::If);
            if if_not_exists {
                self.expect_all(&[K::Not, K::Exists])?;
            }
            let label = self.string()?;
            let mut neighbor = None;
            let after = self.is(K::After);
            if after || self.is(K::Before) {
                self.advance();
                neighbor = Some((after, self.string()?));
            }
            return Ok(Some(AlterEnumAction::Add { label, if_not_exists, neighbor }));
        }
        if self.accept_all(&[K::Rename, K::Value]) {
            let from = self.string()?;
            self.expect(K::To)?;
            return Ok(Some(AlterEnumAction::Rename { from, to: self.string()? }));
        }
        if self.are(&[K::Drop, K::Value]) {
            let at = self.location();
            self.skip(2);
            self.string()?;
            let message = "dropping an enum value is not implemented";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        Ok(None)
    }
}
