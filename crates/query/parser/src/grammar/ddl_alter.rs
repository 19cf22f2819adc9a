//! ALTER.

use super::Parser;
use super::ddl_object::Naming;
use super::option::item;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

/// Which of the actions that many objects share this one has.
#[derive(Clone, Copy, Default)]
struct Shared {
    rename: bool,
    owner: bool,
    schema: bool,
    depends: bool,
}

impl Shared {
    const RENAME: Shared = Shared { rename: true, owner: false, schema: false, depends: false };
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
    fn require_shared(&mut self, kind: ObjectKind, object: ObjectReference, shared: Shared) -> Result<Statement> {
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
    fn statistics_target(&mut self) -> Result<Option<i32>> {
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

    // Relations.

    fn alter_relation(&mut self, kind: RelationKind, words: usize) -> Result<Statement> {
        self.skip(words);
        let movable = matches!(kind, RelationKind::Table | RelationKind::Index | RelationKind::MaterializedView);
        if movable && self.accept(K::All) {
            return self.alter_move_all(kind);
        }
        let if_exists = self.if_exists()?;
        let inheriting = matches!(kind, RelationKind::Table | RelationKind::ForeignTable);
        let relation =
            if inheriting { self.relation_ref()? } else { RelationRef { name: self.relation_name()?, inherit: true } };
        let object_kind = relation_object_kind(kind);
        if self.is(K::Rename) {
            return self.rename_relation(kind, relation, if_exists);
        }
        if kind != RelationKind::Index && self.are(&[K::Set, K::Schema]) {
            self.skip(2);
            let schema = self.name()?;
            let object = ObjectReference::Relation(relation);
            let alter = AlterObjectSchema { kind: object_kind, object, schema, if_exists };
            return Ok(Statement::AlterObjectSchema(Box::new(alter)));
        }
        let depends = matches!(kind, RelationKind::Index | RelationKind::MaterializedView) && !if_exists;
        if depends && (self.is(K::Depends) || self.are(&[K::No, K::Depends])) {
            let shared = Shared { depends: true, ..Shared::default() };
            return self.require_shared(object_kind, ObjectReference::Relation(relation), shared);
        }
        if kind == RelationKind::Sequence {
            let options = match self.keyword() {
                Some(K::No) => self.is_any_at(1, &[K::Cycle, K::Maxvalue, K::Minvalue]),
                _ => true,
            };
            let options = if options { self.sequence_options()? } else { Vec::new() };
            if !options.is_empty() {
                let alter = AlterSequence { relation: relation.name, if_exists, options };
                return Ok(Statement::AlterSequence(Box::new(alter)));
            }
        }
        let actions = match self.partition_action(kind)? {
            Some(action) => vec![action],
            None => self.comma_list(Self::alter_table_action)?,
        };
        let alter = AlterTable { kind, relation, if_exists, actions };
        Ok(Statement::AlterTable(Box::new(alter)))
    }

    /// `IN TABLESPACE t [OWNED BY roles] SET TABLESPACE t [NOWAIT]`, behind ALL.
    fn alter_move_all(&mut self, kind: RelationKind) -> Result<Statement> {
        self.expect_all(&[K::In, K::Tablespace])?;
        let from = self.name()?;
        let mut roles = Vec::new();
        if self.accept(K::Owned) {
            self.expect(K::By)?;
            roles = self.roles()?;
        }
        self.expect_all(&[K::Set, K::Tablespace])?;
        let to = self.name()?;
        let nowait = self.accept(K::Nowait);
        Ok(Statement::AlterTableMoveAll(AlterTableMoveAll { kind, from, roles, to, nowait }))
    }

    /// `RENAME TO`, `RENAME [COLUMN] c TO`, `RENAME CONSTRAINT c TO`
    fn rename_relation(&mut self, kind: RelationKind, relation: RelationRef, if_exists: bool) -> Result<Statement> {
        self.expect(K::Rename)?;
        let object_kind = relation_object_kind(kind);
        let columns = !matches!(kind, RelationKind::Index | RelationKind::Sequence);
        let mut rename = Rename {
            kind: object_kind,
            relation_kind: None,
            object: ObjectReference::Relation(relation),
            part: None,
            new_name: "".into(),
            if_exists,
            behavior: DropBehavior::Restrict,
        };
        if !self.is(K::To) {
            if kind == RelationKind::Table && self.accept(K::Constraint) {
                rename.kind = ObjectKind::TableConstraint;
            } else if columns {
                self.accept(K::Column);
                rename.kind = ObjectKind::Column;
                rename.relation_kind = Some(object_kind);
            } else {
                return Err(self.syntax_error());
            }
            rename.part = Some(self.name()?);
        }
        self.expect(K::To)?;
        rename.new_name = self.name()?;
        Ok(Statement::Rename(Box::new(rename)))
    }

    /// ATTACH and DETACH PARTITION stand alone.
    fn partition_action(&mut self, kind: RelationKind) -> Result<Option<AlterTableAction>> {
        let table = kind == RelationKind::Table;
        if (table || kind == RelationKind::Index) && self.accept(K::Attach) {
            self.expect(K::Partition)?;
            let partition = self.relation_name()?;
            let bound = if table { Some(self.partition_bound()?) } else { None };
            return Ok(Some(AlterTableAction::AttachPartition { partition, bound }));
        }
        if table && self.accept(K::Detach) {
            self.expect(K::Partition)?;
            let partition = self.relation_name()?;
            let concurrently = self.accept(K::Concurrently);
            let finalize = !concurrently && self.accept(K::Finalize);
            return Ok(Some(AlterTableAction::DetachPartition { partition, concurrently, finalize }));
        }
        Ok(None)
    }

    fn alter_table_action(&mut self) -> Result<AlterTableAction> {
        let Some(keyword) = self.keyword() else { return Err(self.syntax_error()) };
        let known = [
            K::Add,
            K::Alter,
            K::Drop,
            K::Set,
            K::Reset,
            K::Enable,
            K::Disable,
            K::Force,
            K::No,
            K::Not,
            K::Inherit,
            K::Of,
            K::Owner,
            K::Cluster,
            K::Validate,
            K::Replica,
        ];
        if keyword == K::Options {
            return Ok(AlterTableAction::ForeignOptions(self.alter_foreign_options()?));
        }
        if !known.contains(&keyword) {
            return Err(self.syntax_error());
        }
        self.advance();
        Ok(match keyword {
            K::Add => {
                if self.at_table_constraint() {
                    return Ok(AlterTableAction::AddConstraint(Box::new(self.table_constraint()?)));
                }
                self.accept(K::Column);
                let if_not_exists = self.if_not_exists()?;
                let column = Box::new(self.column_definition()?);
                AlterTableAction::AddColumn { column, if_not_exists, behavior: DropBehavior::Restrict }
            }
            K::Alter => return self.alter_column_or_constraint(),
            K::Drop => {
                let constraint = self.accept(K::Constraint);
                if !constraint {
                    self.accept(K::Column);
                }
                let if_exists = self.if_exists()?;
                let name = self.name()?;
                let behavior = self.drop_behavior();
                if constraint {
                    AlterTableAction::DropConstraint { name, if_exists, behavior }
                } else {
                    AlterTableAction::DropColumn { name, if_exists, behavior }
                }
            }
            K::Set => return self.alter_table_set(),
            K::Reset => AlterTableAction::ResetOptions(self.relation_options()?),
            K::Enable => return self.enable(),
            K::Disable => return self.switch(FiringMode::Disabled, true),
            K::Force => {
                self.row_level_security()?;
                AlterTableAction::ForceRowSecurity(true)
            }
            K::No => {
                if self.accept(K::Force) {
                    self.row_level_security()?;
                    AlterTableAction::ForceRowSecurity(false)
                } else {
                    self.expect(K::Inherit)?;
                    AlterTableAction::NoInherit(self.relation_name()?)
                }
            }
            K::Not => {
                self.expect(K::Of)?;
                AlterTableAction::NotOf
            }
            K::Inherit => AlterTableAction::Inherit(self.relation_name()?),
            K::Of => AlterTableAction::Of(self.any_name()?),
            K::Owner => {
                self.expect(K::To)?;
                AlterTableAction::OwnerTo(self.role()?)
            }
            K::Cluster => {
                self.expect(K::On)?;
                AlterTableAction::ClusterOn(self.name()?)
            }
            K::Validate => {
                self.expect(K::Constraint)?;
                AlterTableAction::ValidateConstraint(self.name()?)
            }
            _ => {
                self.expect(K::Identity)?;
                let identity = match self.keyword() {
                    Some(K::Nothing) => ReplicaIdentity::Nothing,
                    Some(K::Full) => ReplicaIdentity::Full,
                    Some(K::Default) => ReplicaIdentity::Default,
                    _ => {
                        self.expect_all(&[K::Using, K::Index])?;
                        let index = ReplicaIdentity::Index(self.name()?);
                        return Ok(AlterTableAction::ReplicaIdentity(index));
                    }
                };
                self.advance();
                AlterTableAction::ReplicaIdentity(identity)
            }
        })
    }

    fn row_level_security(&mut self) -> Result<()> {
        self.expect_all(&[K::Row, K::Level, K::Security])
    }

    /// What stands behind SET.
    fn alter_table_set(&mut self) -> Result<AlterTableAction> {
        match self.keyword() {
            None if self.is_kind(TokenKind::LeftParen) => Ok(AlterTableAction::SetOptions(self.relation_options()?)),
            Some(K::Without) => {
                self.advance();
                if self.accept(K::Oids) {
                    return Ok(AlterTableAction::SetWithoutOids);
                }
                self.expect(K::Cluster)?;
                Ok(AlterTableAction::SetWithoutCluster)
            }
            Some(keyword @ (K::Logged | K::Unlogged)) => {
                self.advance();
                Ok(AlterTableAction::SetLogged(keyword == K::Logged))
            }
            Some(K::Access) => {
                self.advance();
                self.expect(K::Method)?;
                let method = if self.accept(K::Default) { None } else { Some(self.name()?) };
                Ok(AlterTableAction::SetAccessMethod(method))
            }
            Some(K::Tablespace) => {
                self.advance();
                Ok(AlterTableAction::SetTablespace(self.name()?))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// `[ALWAYS | REPLICA]` behind ENABLE.
    fn firing_word(&mut self) -> FiringMode {
        if self.accept(K::Always) {
            FiringMode::Always
        } else if self.accept(K::Replica) {
            FiringMode::Replica
        } else {
            FiringMode::Origin
        }
    }

    fn enable(&mut self) -> Result<AlterTableAction> {
        let firing = self.firing_word();
        self.switch(firing, firing == FiringMode::Origin)
    }

    /// `TRIGGER name|ALL|USER`, `RULE name` or, without a special mode (`plain`), `ROW LEVEL SECURITY`.
    fn switch(&mut self, firing: FiringMode, plain: bool) -> Result<AlterTableAction> {
        match self.keyword() {
            Some(K::Trigger) => {
                self.advance();
                let trigger = if plain && self.accept(K::All) {
                    TriggerSelector::All
                } else if plain && self.accept(K::User) {
                    TriggerSelector::User
                } else {
                    TriggerSelector::Name(self.name()?)
                };
                Ok(AlterTableAction::Trigger { trigger, firing })
            }
            Some(K::Rule) => {
                self.advance();
                Ok(AlterTableAction::Rule { name: self.name()?, firing })
            }
            Some(K::Row) if plain => {
                self.row_level_security()?;
                Ok(AlterTableAction::RowSecurity(firing != FiringMode::Disabled))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// What stands behind ALTER.
    fn alter_column_or_constraint(&mut self) -> Result<AlterTableAction> {
        if self.accept(K::Constraint) {
            let name = self.name()?;
            let at = self.location();
            if self.accept(K::Inherit) {
                let attributes = ConstraintAttributes { inherit: true, location: at, ..Default::default() };
                return Ok(AlterTableAction::AlterConstraint { name, attributes });
            }
            let attributes = self.constraint_attributes()?;
            if attributes.not_valid {
                let message = "constraints cannot be altered to be NOT VALID";
                return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, attributes.location));
            }
            return Ok(AlterTableAction::AlterConstraint { name, attributes });
        }
        self.accept(K::Column);
        if self.is_kind(TokenKind::Integer) {
            let at = self.location();
            let number = self.unsigned_integer()?;
            self.expect_all(&[K::Set, K::Statistics])?;
            let target = self.statistics_target()?;
            let Ok(number @ 1..) = i16::try_from(number) else {
                let message = format!("column number must be in range from 1 to {}", i16::MAX);
                return Err(self.error(SqlState::INVALID_PARAMETER_VALUE, message, at));
            };
            return Ok(AlterTableAction::SetStatistics { column: ColumnSelector::Number(number), target });
        }
        let location = self.location();
        let name = self.name()?;
        self.alter_column(name, location)
    }

    fn alter_column(&mut self, name: Name, location: u32) -> Result<AlterTableAction> {
        match self.keyword() {
            Some(K::Type) => {
                self.advance();
                self.alter_column_type(name, location)
            }
            Some(K::Options) => {
                Ok(AlterTableAction::ColumnForeignOptions { name, options: self.alter_foreign_options()? })
            }
            Some(K::Add) => {
                self.advance();
                let location = self.location();
                let when = self.generated_when()?;
                self.expect_all(&[K::As, K::Identity])?;
                let options = self.parenthesized_sequence_options()?;
                Ok(AlterTableAction::AddIdentity { name, when, options, location })
            }
            Some(K::Reset) => {
                self.advance();
                Ok(AlterTableAction::ResetColumnOptions { name, options: self.relation_options()? })
            }
            Some(K::Drop) => self.alter_column_drop(name),
            Some(K::Restart) => self.alter_identity(name),
            Some(K::Set) => self.alter_column_set(name, location),
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_column_type(&mut self, name: Name, location: u32) -> Result<AlterTableAction> {
        let type_name = Box::new(self.type_name()?);
        let collation = self.collate_clause()?;
        let using = if self.accept(K::Using) { Some(self.expr()?) } else { None };
        let behavior = DropBehavior::Restrict;
        Ok(AlterTableAction::ColumnType { name, type_name, collation, using, behavior, location })
    }

    fn alter_column_drop(&mut self, name: Name) -> Result<AlterTableAction> {
        self.expect(K::Drop)?;
        match self.keyword() {
            Some(K::Default) => {
                self.advance();
                Ok(AlterTableAction::ColumnDefault { name, default: None })
            }
            Some(K::Not) => {
                self.advance();
                self.expect(K::Null)?;
                Ok(AlterTableAction::ColumnNotNull { name, set: false })
            }
            Some(K::Expression) => {
                self.advance();
                Ok(AlterTableAction::DropExpression { name, if_exists: self.if_exists_nameless()? })
            }
            Some(K::Identity) => {
                self.advance();
                Ok(AlterTableAction::DropIdentity { name, if_exists: self.if_exists_nameless()? })
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_column_set(&mut self, name: Name, location: u32) -> Result<AlterTableAction> {
        match self.keyword_at(1) {
            Some(K::Default) => {
                self.skip(2);
                Ok(AlterTableAction::ColumnDefault { name, default: Some(self.expr()?) })
            }
            Some(K::Not) => {
                self.skip(2);
                self.expect(K::Null)?;
                Ok(AlterTableAction::ColumnNotNull { name, set: true })
            }
            Some(K::Expression) => {
                self.skip(2);
                self.expect(K::As)?;
                Ok(AlterTableAction::SetExpression { name, expression: self.parenthesized_expr()? })
            }
            Some(K::Statistics) => {
                self.skip(2);
                let target = self.statistics_target()?;
                Ok(AlterTableAction::SetStatistics { column: ColumnSelector::Name(name), target })
            }
            Some(K::Storage) => {
                self.skip(2);
                Ok(AlterTableAction::SetStorage { name, storage: self.name_or_default()? })
            }
            Some(K::Compression) => {
                self.skip(2);
                Ok(AlterTableAction::SetCompression { name, method: self.name_or_default()? })
            }
            Some(K::Data) => {
                self.skip(2);
                self.expect(K::Type)?;
                self.alter_column_type(name, location)
            }
            None if self.kind_at(1) == TokenKind::LeftParen => {
                self.advance();
                Ok(AlterTableAction::SetColumnOptions { name, options: self.relation_options()? })
            }
            _ => self.alter_identity(name),
        }
    }

    /// `RESTART [WITH n] | SET option | SET GENERATED …`, one or more.
    fn alter_identity(&mut self, name: Name) -> Result<AlterTableAction> {
        let mut options = Vec::new();
        loop {
            let location = self.location();
            if self.is(K::Restart) {
                options.extend(self.sequence_option()?);
            } else if self.accept(K::Set) {
                let at = self.location();
                if self.is(K::Generated) {
                    let when = match self.generated_when()? {
                        GeneratedWhen::Always => "always",
                        GeneratedWhen::ByDefault => "by default",
                    };
                    let value = Some(DefinitionValue::String(when.into()));
                    options.push(item("generated", value, location));
                    continue;
                }
                let Some(option) = self.sequence_option()? else { return Err(self.syntax_error()) };
                if matches!(&*option.name, "as" | "restart" | "owned_by") {
                    let message = format!("sequence option \"{}\" not supported here", option.name);
                    return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
                }
                options.push(option);
            } else {
                return Ok(AlterTableAction::SetIdentity { name, options });
            }
        }
    }
}

fn relation_object_kind(kind: RelationKind) -> ObjectKind {
    match kind {
        RelationKind::Table => ObjectKind::Table,
        RelationKind::ForeignTable => ObjectKind::ForeignTable,
        RelationKind::Index => ObjectKind::Index,
        RelationKind::View => ObjectKind::View,
        RelationKind::MaterializedView => ObjectKind::MaterializedView,
        RelationKind::Sequence => ObjectKind::Sequence,
        RelationKind::CompositeType => ObjectKind::Type,
    }
}

/// A relation's name as any object's.
fn object_name(relation: RelationName, location: u32) -> ObjectName {
    let qualifiers = relation.database.into_iter().chain(relation.schema).collect();
    ObjectName { qualifiers, name: relation.name, location }
}
