//! ALTER of everything but relations.
//!
//! Names, owners, schemas and dependencies on extensions are changed alike for many kinds of objects: `Shared` says which of these a kind has.

use super::Parser;
use super::ddl_object::Naming;
use super::option::item;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

/// Which of the actions that many objects share this one has.
#[derive(Clone, Copy, Default)]
pub(super) struct Shared {
    rename: bool,
    owner: bool,
    schema: bool,
    depends: bool,
}

impl Shared {
    const RENAME: Shared = Shared { rename: true, owner: false, schema: false, depends: false };
    pub(super) const DEPENDS: Shared = Shared { rename: false, owner: false, schema: false, depends: true };
    const OWNER: Shared = Shared { rename: false, owner: true, schema: false, depends: false };
    const RENAME_OWNER: Shared = Shared { rename: true, owner: true, schema: false, depends: false };
    const RENAME_SCHEMA: Shared = Shared { rename: true, owner: false, schema: true, depends: false };
    const ALL: Shared = Shared { rename: true, owner: true, schema: true, depends: false };
    const RENAME_DEPENDS: Shared = Shared { rename: true, owner: false, schema: false, depends: true };
    const OWNER_SCHEMA: Shared = Shared { rename: false, owner: true, schema: true, depends: false };
    const ROUTINE: Shared = Shared { rename: true, owner: true, schema: true, depends: true };
}

impl Parser<'_> {
    /// `ALTER …`
    pub(super) fn alter(&mut self) -> Result<Statement> {
        self.expect(K::Alter)?;
        let Some(keyword) = self.keyword() else { return Err(self.syntax_error()) };
        match keyword {
            K::Table => self.alter_relation(RelationKind::Table, 1),
            K::Index => self.alter_relation(RelationKind::Index, 1),
            K::View => self.alter_relation(RelationKind::View, 1),
            K::Sequence => self.alter_relation(RelationKind::Sequence, 1),
            K::Materialized => {
                self.advance();
                if !self.is(K::View) {
                    return Err(self.syntax_error());
                }
                self.alter_relation(RelationKind::MaterializedView, 1)
            }
            K::Foreign => {
                self.advance();
                if self.is(K::Table) {
                    return self.alter_relation(RelationKind::ForeignTable, 1);
                }
                self.expect_all(&[K::Data, K::Wrapper])?;
                self.alter_named(ObjectKind::ForeignDataWrapper, Shared::RENAME_OWNER, |p, name| {
                    p.alter_wrapper_rest(name)
                })
            }
            K::Type => self.alter_type(),
            K::Domain => self.alter_domain(),
            K::Function | K::Procedure | K::Routine => self.alter_routine(),
            K::Aggregate => {
                self.advance();
                let object = ObjectReference::Function(self.aggregate_signature()?);
                self.require_shared(ObjectKind::Aggregate, object, Shared::ALL)
            }
            K::Operator => self.alter_operator(),
            K::Collation => {
                self.advance();
                let name = self.any_name()?;
                if self.accept(K::Refresh) {
                    self.expect(K::Version)?;
                    return Ok(Statement::AlterCollation(AlterCollation { name }));
                }
                self.require_shared(ObjectKind::Collation, ObjectReference::Name(name), Shared::ALL)
            }
            K::Conversion => {
                self.advance();
                let object = ObjectReference::Name(self.any_name()?);
                self.require_shared(ObjectKind::Conversion, object, Shared::ALL)
            }
            K::Database => {
                self.advance();
                self.alter_named(ObjectKind::Database, Shared::RENAME_OWNER, |p, name| p.alter_database_rest(name))
            }
            K::Extension => self.alter_extension(),
            K::Procedural | K::Language => {
                self.accept(K::Procedural);
                self.expect(K::Language)?;
                self.alter_named(ObjectKind::Language, Shared::RENAME_OWNER, |p, _| Err(p.syntax_error()))
            }
            K::Large => {
                self.advance();
                self.expect(K::Object)?;
                let object = self.large_object()?;
                self.require_shared(ObjectKind::LargeObject, object, Shared::OWNER)
            }
            K::Policy => self.alter_policy(),
            K::Publication => {
                self.advance();
                self.alter_named(ObjectKind::Publication, Shared::RENAME_OWNER, |p, name| {
                    let action = p.alter_publication_action()?;
                    Ok(Statement::AlterPublication(Box::new(AlterPublication { name, action })))
                })
            }
            K::Subscription => {
                self.advance();
                self.alter_named(ObjectKind::Subscription, Shared::RENAME_OWNER, |p, name| {
                    p.alter_subscription_rest(name)
                })
            }
            K::Role | K::Group => self.alter_role(),
            K::User if self.is_at(1, K::Mapping) && self.is_at(2, K::For) => self.alter_user_mapping(),
            K::User => self.alter_role(),
            K::Rule => {
                self.advance();
                self.alter_part(ObjectKind::Rule, Shared::RENAME)
            }
            K::Trigger => {
                self.advance();
                self.alter_part(ObjectKind::Trigger, Shared::RENAME_DEPENDS)
            }
            K::Schema => {
                self.advance();
                self.alter_named(ObjectKind::Schema, Shared::RENAME_OWNER, |p, _| Err(p.syntax_error()))
            }
            K::Server => {
                self.advance();
                self.alter_named(ObjectKind::ForeignServer, Shared::RENAME_OWNER, |p, name| p.alter_server_rest(name))
            }
            K::Statistics => self.alter_statistics(),
            K::Tablespace => {
                self.advance();
                self.alter_named(ObjectKind::Tablespace, Shared::RENAME_OWNER, |p, name| {
                    let reset = p.accept(K::Reset);
                    if !reset {
                        p.expect(K::Set)?;
                    }
                    let options = p.relation_options()?;
                    Ok(Statement::AlterTablespace(AlterTablespace { name, options, reset }))
                })
            }
            K::Text => self.alter_text_search(),
            K::Event => {
                self.advance();
                self.expect(K::Trigger)?;
                self.alter_named(ObjectKind::EventTrigger, Shared::RENAME_OWNER, |p, name| {
                    let firing = match p.keyword() {
                        Some(K::Disable) => {
                            p.advance();
                            FiringMode::Disabled
                        }
                        _ => {
                            p.expect(K::Enable)?;
                            p.firing_word()
                        }
                    };
                    Ok(Statement::AlterEventTrigger(AlterEventTrigger { name, firing }))
                })
            }
            K::Default => self.alter_default_privileges(),
            K::System => self.alter_system(),
            _ => Err(self.syntax_error()),
        }
    }

    // The actions that many objects share.

    /// `RENAME TO`, `OWNER TO`, `SET SCHEMA`, `[NO] DEPENDS ON EXTENSION`, if this object has the one that is here. Gives
    /// the object back otherwise.
    fn shared_action(
        &mut self,
        kind: ObjectKind,
        object: ObjectReference,
        if_exists: bool,
        shared: Shared,
    ) -> Result<Result<Statement, ObjectReference>> {
        if shared.rename && self.is(K::Rename) {
            self.advance();
            self.expect(K::To)?;
            let new_name = self.name()?;
            let rename = Rename {
                kind,
                relation_kind: None,
                object,
                part: None,
                new_name,
                if_exists,
                behavior: DropBehavior::Restrict,
            };
            return Ok(Ok(Statement::Rename(Box::new(rename))));
        }
        // A database has an option OWNER too.
        if shared.owner && self.is(K::Owner) && (kind != ObjectKind::Database || self.is_at(1, K::To)) {
            self.advance();
            self.expect(K::To)?;
            let new_owner = self.role()?;
            return Ok(Ok(Statement::AlterOwner(Box::new(AlterOwner { kind, object, new_owner }))));
        }
        // A setting can be called schema too; then it is followed by a string.
        if shared.schema && self.are(&[K::Set, K::Schema]) && self.kind_at(2) != TokenKind::String {
            self.skip(2);
            let schema = self.name()?;
            let alter = AlterObjectSchema { kind, object, schema, if_exists };
            return Ok(Ok(Statement::AlterObjectSchema(Box::new(alter))));
        }
        if shared.depends && (self.is(K::Depends) || self.are(&[K::No, K::Depends])) {
            let remove = self.accept(K::No);
            self.expect_all(&[K::Depends, K::On, K::Extension])?;
            let extension = self.name()?;
            let alter = AlterObjectDepends { kind, object, extension, remove };
            return Ok(Ok(Statement::AlterObjectDepends(Box::new(alter))));
        }
        Ok(Err(object))
    }

    /// An object of which nothing but the shared actions can be altered.
    pub(super) fn require_shared(
        &mut self,
        kind: ObjectKind,
        object: ObjectReference,
        shared: Shared,
    ) -> Result<Statement> {
        self.shared_action(kind, object, false, shared)?.map_err(|_| self.syntax_error_here(shared))
    }

    /// The error where a shared action should be: behind its first word, if that is right.
    fn syntax_error_here(&self, shared: Shared) -> error::Error {
        let second = shared.schema && self.is(K::Set) || shared.depends && self.is(K::No);
        self.syntax_error_at(self.token_at(usize::from(second)))
    }

    /// An object with a simple name: a shared action, or one of its own.
    fn alter_named(
        &mut self,
        kind: ObjectKind,
        shared: Shared,
        own: impl FnOnce(&mut Self, Name) -> Result<Statement>,
    ) -> Result<Statement> {
        let location = self.location();
        let name = self.name()?;
        let object = ObjectReference::Name(ObjectName::unqualified(name, location));
        match self.shared_action(kind, object, false, shared)? {
            Ok(statement) => Ok(statement),
            Err(ObjectReference::Name(object)) => own(self, object.name),
            Err(_) => Err(self.syntax_error()),
        }
    }

    /// `name ON relation` and a shared action.
    fn alter_part(&mut self, kind: ObjectKind, shared: Shared) -> Result<Statement> {
        let name = self.name()?;
        self.expect(K::On)?;
        let location = self.location();
        let relation = object_name(self.relation_name()?, location);
        self.require_shared(kind, ObjectReference::OnRelation { relation, name }, shared)
    }

    // Objects.

    fn alter_type(&mut self) -> Result<Statement> {
        self.expect(K::Type)?;
        let name = self.any_name()?;
        if let Some(action) = self.alter_enum_action()? {
            return Ok(Statement::AlterEnum(Box::new(AlterEnum { name, action })));
        }
        if self.accept_all(&[K::Rename, K::Attribute]) {
            let part = self.name()?;
            self.expect(K::To)?;
            let new_name = self.name()?;
            let behavior = self.drop_behavior();
            let relation = RelationRef { name: self.relation_from_object(name)?, inherit: true };
            return Ok(Statement::Rename(Box::new(Rename {
                kind: ObjectKind::Attribute,
                relation_kind: Some(ObjectKind::Type),
                object: ObjectReference::Relation(relation),
                part: Some(part),
                new_name,
                if_exists: false,
                behavior,
            })));
        }
        if self.is(K::Set) && self.kind_at(1) == TokenKind::LeftParen {
            self.advance();
            return Ok(Statement::AlterType(AlterType { name, options: self.operator_options()? }));
        }
        if self.is_any(&[K::Add, K::Drop, K::Alter]) {
            let actions = self.comma_list(Self::composite_type_action)?;
            let relation = RelationRef { name: self.relation_from_object(name)?, inherit: true };
            let kind = RelationKind::CompositeType;
            let alter = AlterTable { kind, relation, if_exists: false, actions };
            return Ok(Statement::AlterTable(Box::new(alter)));
        }
        if self.is(K::Rename) && !self.is_at(1, K::To) {
            self.advance();
            return Err(self.syntax_error());
        }
        self.require_shared(ObjectKind::Type, ObjectReference::Name(name), Shared::ALL)
    }

    fn composite_type_action(&mut self) -> Result<AlterTableAction> {
        match self.keyword() {
            Some(K::Add) => {
                self.advance();
                self.expect(K::Attribute)?;
                let column = Box::new(self.attribute_definition()?);
                let behavior = self.drop_behavior();
                Ok(AlterTableAction::AddColumn { column, if_not_exists: false, behavior })
            }
            Some(K::Drop) => {
                self.advance();
                self.expect(K::Attribute)?;
                let if_exists = self.if_exists()?;
                let name = self.name()?;
                Ok(AlterTableAction::DropColumn { name, if_exists, behavior: self.drop_behavior() })
            }
            Some(K::Alter) => {
                self.advance();
                self.expect(K::Attribute)?;
                let location = self.location();
                let name = self.name()?;
                if self.accept(K::Set) {
                    self.expect(K::Data)?;
                }
                self.expect(K::Type)?;
                let type_name = Box::new(self.type_name()?);
                let collation = self.collate_clause()?;
                let behavior = self.drop_behavior();
                Ok(AlterTableAction::ColumnType { name, type_name, collation, using: None, behavior, location })
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_domain(&mut self) -> Result<Statement> {
        self.expect(K::Domain)?;
        let name = self.any_name()?;
        if self.accept_all(&[K::Rename, K::Constraint]) {
            let part = self.name()?;
            self.expect(K::To)?;
            let new_name = self.name()?;
            return Ok(Statement::Rename(Box::new(Rename {
                kind: ObjectKind::DomainConstraint,
                relation_kind: None,
                object: ObjectReference::Name(name),
                part: Some(part),
                new_name,
                if_exists: false,
                behavior: DropBehavior::Restrict,
            })));
        }
        match self.shared_action(ObjectKind::Domain, ObjectReference::Name(name), false, Shared::ALL)? {
            Ok(statement) => Ok(statement),
            Err(ObjectReference::Name(name)) => {
                let action = self.alter_domain_action()?;
                Ok(Statement::AlterDomain(Box::new(AlterDomain { name, action })))
            }
            Err(_) => Err(self.syntax_error()),
        }
    }

    fn alter_routine(&mut self) -> Result<Statement> {
        let kind = match self.keyword() {
            Some(K::Function) => ObjectKind::Function,
            Some(K::Procedure) => ObjectKind::Procedure,
            _ => ObjectKind::Routine,
        };
        self.advance();
        let object = ObjectReference::Function(self.function_signature()?);
        match self.shared_action(kind, object, false, Shared::ROUTINE)? {
            Ok(statement) => Ok(statement),
            Err(ObjectReference::Function(function)) => {
                let options = self.alter_function_options()?;
                Ok(Statement::AlterFunction(Box::new(AlterFunction { kind, function, options })))
            }
            Err(_) => Err(self.syntax_error()),
        }
    }

    fn alter_operator(&mut self) -> Result<Statement> {
        self.expect(K::Operator)?;
        let (kind, object) = self.operator_object()?;
        match object {
            ObjectReference::OperatorClass { name, method } => {
                if kind == ObjectKind::OperatorFamily && self.is_any(&[K::Add, K::Drop]) {
                    let action = self.alter_operator_family_action()?;
                    let alter = AlterOperatorFamily { name, method, action };
                    return Ok(Statement::AlterOperatorFamily(Box::new(alter)));
                }
                self.require_shared(kind, ObjectReference::OperatorClass { name, method }, Shared::ALL)
            }
            ObjectReference::Operator(operator) if self.is(K::Set) && self.kind_at(1) == TokenKind::LeftParen => {
                self.advance();
                let options = self.operator_options()?;
                Ok(Statement::AlterOperator(Box::new(AlterOperator { operator, options })))
            }
            object => self.require_shared(kind, object, Shared::OWNER_SCHEMA),
        }
    }

    fn alter_database_rest(&mut self, name: Name) -> Result<Statement> {
        let action = if self.accept(K::Refresh) {
            self.expect_all(&[K::Collation, K::Version])?;
            AlterDatabaseAction::RefreshCollationVersion
        } else if self.are(&[K::Set, K::Tablespace])
            && !matches!(self.kind_at(2), TokenKind::Equals | TokenKind::Dot)
            && !self.is_any_at(2, &[K::To, K::From])
        {
            let location = self.location();
            self.skip(2);
            let tablespace = DefinitionValue::String(self.name()?);
            AlterDatabaseAction::Options(vec![item("tablespace", Some(tablespace), location)])
        } else if self.is_any(&[K::Set, K::Reset]) {
            AlterDatabaseAction::Setting(Box::new(self.set_or_reset_clause(true)?))
        } else {
            self.accept(K::With);
            AlterDatabaseAction::Options(self.database_options()?)
        };
        Ok(Statement::AlterDatabase(Box::new(AlterDatabase { name, action })))
    }

    fn alter_extension(&mut self) -> Result<Statement> {
        self.expect(K::Extension)?;
        let shared = Shared { schema: true, ..Shared::default() };
        self.alter_named(ObjectKind::Extension, shared, |p, name| {
            let action = match p.keyword() {
                Some(K::Update) => {
                    p.advance();
                    let mut options = Vec::new();
                    loop {
                        let location = p.location();
                        if !p.accept(K::To) {
                            break;
                        }
                        let version = DefinitionValue::String(p.word_or_string()?);
                        options.push(item("new_version", Some(version), location));
                    }
                    AlterExtensionAction::Update(options)
                }
                Some(keyword @ (K::Add | K::Drop)) => {
                    p.advance();
                    let (kind, object) = p.object(Naming::ExtensionContents)?;
                    AlterExtensionAction::Contents { add: keyword == K::Add, kind, object }
                }
                _ => return Err(p.syntax_error_here(shared)),
            };
            Ok(Statement::AlterExtension(Box::new(AlterExtension { name, action })))
        })
    }

    fn alter_policy(&mut self) -> Result<Statement> {
        self.expect(K::Policy)?;
        let if_exists = self.if_exists()?;
        let name = self.name()?;
        self.expect(K::On)?;
        let location = self.location();
        let relation = self.relation_name()?;
        if self.is(K::Rename) {
            let object = ObjectReference::OnRelation { relation: object_name(relation, location), name };
            return self
                .shared_action(ObjectKind::Policy, object, if_exists, Shared::RENAME)?
                .map_err(|_| self.syntax_error());
        }
        if if_exists {
            return Err(self.syntax_error());
        }
        let roles = if self.accept(K::To) { Some(self.roles()?) } else { None };
        let (using, check) = self.policy_expressions()?;
        Ok(Statement::AlterPolicy(Box::new(AlterPolicy { name, relation, roles, using, check })))
    }

    fn alter_statistics(&mut self) -> Result<Statement> {
        self.expect(K::Statistics)?;
        let if_exists = self.if_exists()?;
        let name = self.any_name()?;
        if self.accept_all(&[K::Set, K::Statistics]) {
            let target = self.statistics_target()?;
            return Ok(Statement::AlterStatistics(AlterStatistics { name, if_exists, target }));
        }
        if if_exists {
            return Err(self.syntax_error_here(Shared::ALL));
        }
        self.require_shared(ObjectKind::Statistics, ObjectReference::Name(name), Shared::ALL)
    }

    /// A number, or DEFAULT.
    pub(super) fn statistics_target(&mut self) -> Result<Option<i32>> {
        if self.accept(K::Default) { Ok(None) } else { Ok(Some(self.signed_integer()?)) }
    }

    fn alter_text_search(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Text, K::Search])?;
        let kind = self.text_search_kind()?;
        let name = self.any_name()?;
        let shared = match kind {
            ObjectKind::TextSearchParser | ObjectKind::TextSearchTemplate => Shared::RENAME_SCHEMA,
            _ => Shared::ALL,
        };
        if kind == ObjectKind::TextSearchDictionary && self.is_kind(TokenKind::LeftParen) {
            let options = self.definition()?;
            return Ok(Statement::AlterTextSearchDictionary(AlterTextSearchDictionary { name, options }));
        }
        if kind == ObjectKind::TextSearchConfiguration && self.is_any(&[K::Add, K::Alter, K::Drop]) {
            let action = self.alter_text_search_action()?;
            let alter = AlterTextSearchConfiguration { name, action };
            return Ok(Statement::AlterTextSearchConfiguration(Box::new(alter)));
        }
        self.require_shared(kind, ObjectReference::Name(name), shared)
    }
}

/// A relation's name as any object's.
fn object_name(relation: RelationName, location: u32) -> ObjectName {
    let qualifiers = relation.database.into_iter().chain(relation.schema).collect();
    ObjectName { qualifiers, name: relation.name, location }
}
