//! Objects of the database and cluster, how statements name them, and DROP, COMMENT, SECURITY LABEL.

use super::Parser;
use super::option::{boolean, item};
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

/// Which statement names an object: not every kind is allowed in each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Comment,
    SecurityLabel,
    ExtensionContents,
}

fn name_reference(name: Name, location: u32) -> ObjectReference {
    ObjectReference::Name(ObjectName::unqualified(name, location))
}

impl Parser<'_> {
    /// A kind of object that has a (possibly qualified) name of its own, if one is here: TABLE, TEXT SEARCH PARSER …
    fn qualified_kind(&mut self) -> Result<Option<ObjectKind>> {
        let kind = match self.keyword() {
            Some(K::Table) => ObjectKind::Table,
            Some(K::Sequence) => ObjectKind::Sequence,
            Some(K::View) => ObjectKind::View,
            Some(K::Index) => ObjectKind::Index,
            Some(K::Collation) => ObjectKind::Collation,
            Some(K::Conversion) => ObjectKind::Conversion,
            Some(K::Statistics) => ObjectKind::Statistics,
            Some(K::Materialized) => {
                self.advance();
                if !self.is(K::View) {
                    return Err(self.syntax_error());
                }
                ObjectKind::MaterializedView
            }
            Some(K::Foreign) if !self.is_at(1, K::Data) => {
                self.advance();
                if !self.is(K::Table) {
                    return Err(self.syntax_error());
                }
                ObjectKind::ForeignTable
            }
            Some(K::Text) => {
                self.advance();
                self.expect(K::Search)?;
                return Ok(Some(self.text_search_kind()?));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(kind))
    }

    /// A kind of object that has a simple name, if one is here: SCHEMA, EXTENSION … With `droppable`, only those that
    /// the general DROP can name.
    fn simple_kind(&mut self, droppable: bool) -> Result<Option<ObjectKind>> {
        let kind = match self.keyword() {
            Some(K::Access) => {
                self.advance();
                if !self.is(K::Method) {
                    return Err(self.syntax_error());
                }
                ObjectKind::AccessMethod
            }
            Some(K::Event) => {
                self.advance();
                if !self.is(K::Trigger) {
                    return Err(self.syntax_error());
                }
                ObjectKind::EventTrigger
            }
            Some(K::Foreign) => {
                self.advance();
                self.expect(K::Data)?;
                if !self.is(K::Wrapper) {
                    return Err(self.syntax_error());
                }
                ObjectKind::ForeignDataWrapper
            }
            Some(K::Procedural) => {
                self.advance();
                if !self.is(K::Language) {
                    return Err(self.syntax_error());
                }
                ObjectKind::Language
            }
            Some(K::Extension) => ObjectKind::Extension,
            Some(K::Language) => ObjectKind::Language,
            Some(K::Publication) => ObjectKind::Publication,
            Some(K::Schema) => ObjectKind::Schema,
            Some(K::Server) => ObjectKind::ForeignServer,
            Some(K::Database) if !droppable => ObjectKind::Database,
            Some(K::Role) if !droppable => ObjectKind::Role,
            Some(K::Subscription) if !droppable => ObjectKind::Subscription,
            Some(K::Tablespace) if !droppable => ObjectKind::Tablespace,
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(kind))
    }

    /// FUNCTION, PROCEDURE or ROUTINE.
    fn routine_kind(&mut self) -> Option<ObjectKind> {
        let kind = match self.keyword() {
            Some(K::Function) => ObjectKind::Function,
            Some(K::Procedure) => ObjectKind::Procedure,
            Some(K::Routine) => ObjectKind::Routine,
            _ => return None,
        };
        self.advance();
        Some(kind)
    }

    /// An object's kind and name, as in COMMENT ON.
    pub(super) fn object(&mut self, naming: Naming) -> Result<(ObjectKind, ObjectReference)> {
        if let Some(kind) = self.qualified_kind()? {
            return Ok((kind, ObjectReference::Name(self.any_name()?)));
        }
        if let Some(kind) = self.simple_kind(false)? {
            let location = self.location();
            return Ok((kind, name_reference(self.name()?, location)));
        }
        if let Some(kind) = self.routine_kind() {
            return Ok((kind, ObjectReference::Function(self.function_signature()?)));
        }
        let comment = naming == Naming::Comment;
        let label = naming == Naming::SecurityLabel;
        match self.keyword() {
            Some(K::Column) if naming != Naming::ExtensionContents => {
                self.advance();
                Ok((ObjectKind::Column, ObjectReference::Name(self.any_name()?)))
            }
            Some(keyword @ (K::Type | K::Domain)) => {
                self.advance();
                let kind = if keyword == K::Type { ObjectKind::Type } else { ObjectKind::Domain };
                Ok((kind, ObjectReference::Type(self.type_name()?)))
            }
            Some(K::Aggregate) => {
                self.advance();
                Ok((ObjectKind::Aggregate, ObjectReference::Function(self.aggregate_signature()?)))
            }
            Some(K::Large) if naming != Naming::ExtensionContents => {
                self.advance();
                self.expect(K::Object)?;
                Ok((ObjectKind::LargeObject, self.large_object()?))
            }
            Some(K::Operator) if !label => {
                self.advance();
                self.operator_object()
            }
            Some(K::Cast) if !label => {
                self.advance();
                let (source, target) = self.cast_types()?;
                let reference = ObjectReference::Cast { source: Box::new(source), target: Box::new(target) };
                Ok((ObjectKind::Cast, reference))
            }
            Some(K::Transform) if !label => {
                self.advance();
                Ok((ObjectKind::Transform, self.transform_reference()?))
            }
            Some(K::Constraint) if comment => {
                self.advance();
                let name = self.name()?;
                self.expect(K::On)?;
                // DOMAIN can also be a table's name.
                if self.is(K::Domain) && Self::is_column_name(self.token_at(1)) {
                    self.advance();
                    let domain = TypeName::plain(self.any_name()?);
                    return Ok((ObjectKind::DomainConstraint, ObjectReference::OnDomain { domain, name }));
                }
                let relation = self.any_name()?;
                Ok((ObjectKind::TableConstraint, ObjectReference::OnRelation { relation, name }))
            }
            Some(keyword @ (K::Policy | K::Rule | K::Trigger)) if comment => {
                self.advance();
                Ok((part_kind(keyword), self.name_on_relation()?))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// `name ON relation`
    fn name_on_relation(&mut self) -> Result<ObjectReference> {
        let name = self.name()?;
        self.expect(K::On)?;
        Ok(ObjectReference::OnRelation { relation: self.any_name()?, name })
    }

    /// `oid` of a large object.
    pub(super) fn large_object(&mut self) -> Result<ObjectReference> {
        match self.number()? {
            DefinitionValue::Integer(value) => Ok(ObjectReference::LargeObject(value.to_string().into())),
            DefinitionValue::Float(text) => Ok(ObjectReference::LargeObject(text)),
            _ => Err(self.syntax_error()),
        }
    }

    /// `FOR type LANGUAGE language`
    fn transform_reference(&mut self) -> Result<ObjectReference> {
        self.expect(K::For)?;
        let type_name = Box::new(self.type_name()?);
        self.expect(K::Language)?;
        Ok(ObjectReference::Transform { type_name, language: self.name()? })
    }

    /// `CLASS name USING method`, `FAMILY name USING method` or `operator (types)`, behind OPERATOR.
    pub(super) fn operator_object(&mut self) -> Result<(ObjectKind, ObjectReference)> {
        if let Some(kind) = self.operator_class_word() {
            let name = self.any_name()?;
            self.expect(K::Using)?;
            return Ok((kind, ObjectReference::OperatorClass { name, method: self.name()? }));
        }
        Ok((ObjectKind::Operator, ObjectReference::Operator(self.operator_signature()?)))
    }

    /// CLASS or FAMILY, which can also be an operator's schema.
    pub(super) fn operator_class_word(&mut self) -> Option<ObjectKind> {
        let kind = match self.keyword() {
            Some(K::Class) => ObjectKind::OperatorClass,
            Some(K::Family) => ObjectKind::OperatorFamily,
            _ => return None,
        };
        if self.kind_at(1) == TokenKind::Dot {
            return None;
        }
        self.advance();
        Some(kind)
    }

    /// `COMMENT ON object IS 'text' | NULL`
    pub(super) fn comment(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Comment, K::On])?;
        let (kind, object) = self.object(Naming::Comment)?;
        self.expect(K::Is)?;
        let text = if self.accept(K::Null) { None } else { Some(self.string()?) };
        Ok(Statement::Comment(Box::new(Comment { kind, object, text })))
    }

    /// `SECURITY LABEL [FOR provider] ON object IS 'label' | NULL`
    pub(super) fn security_label(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Security, K::Label])?;
        let provider = if self.accept(K::For) { Some(self.word_or_string()?) } else { None };
        self.expect(K::On)?;
        let (kind, object) = self.object(Naming::SecurityLabel)?;
        self.expect(K::Is)?;
        let label = if self.accept(K::Null) { None } else { Some(self.string()?) };
        Ok(Statement::SecurityLabel(Box::new(SecurityLabel { provider, kind, object, label })))
    }

    /// `DROP …`
    pub(super) fn drop(&mut self) -> Result<Statement> {
        self.expect(K::Drop)?;
        match self.keyword() {
            Some(K::Role | K::Group) => return self.drop_role(),
            Some(K::User) => {
                if self.is_at(1, K::Mapping) && self.is_any_at(2, &[K::For, K::If]) {
                    return self.drop_user_mapping();
                }
                return self.drop_role();
            }
            Some(K::Owned) => return self.drop_owned(),
            Some(K::Database) => return self.drop_database(),
            Some(K::Tablespace) => {
                self.advance();
                let if_exists = self.if_exists()?;
                return Ok(Statement::DropTablespace(DropTablespace { name: self.name()?, if_exists }));
            }
            Some(K::Subscription) => return self.drop_subscription(),
            _ => {}
        }
        let (kind, objects, if_exists, concurrently) = self.dropped_objects()?;
        let behavior = self.drop_behavior();
        let drop = DropObjects { kind, objects, if_exists, concurrently, behavior };
        Ok(Statement::Drop(Box::new(drop)))
    }

    fn dropped_objects(&mut self) -> Result<(ObjectKind, Vec<ObjectReference>, bool, bool)> {
        if let Some(kind) = self.qualified_kind()? {
            let concurrently = kind == ObjectKind::Index && self.accept(K::Concurrently);
            let if_exists = self.if_exists()?;
            let objects = self.any_names()?.into_iter().map(ObjectReference::Name).collect();
            return Ok((kind, objects, if_exists, concurrently));
        }
        if let Some(kind) = self.simple_kind(true)? {
            let if_exists = self.if_exists()?;
            return Ok((kind, self.name_references()?, if_exists, false));
        }
        if let Some(kind) = self.routine_kind() {
            let if_exists = self.if_exists()?;
            let objects = self.comma_list(|p| Ok(ObjectReference::Function(p.function_signature()?)))?;
            return Ok((kind, objects, if_exists, false));
        }
        let Some(keyword) = self.keyword() else { return Err(self.syntax_error()) };
        let fits =
            [K::Policy, K::Rule, K::Trigger, K::Type, K::Domain, K::Cast, K::Operator, K::Aggregate, K::Transform];
        if !fits.contains(&keyword) {
            return Err(self.syntax_error());
        }
        self.advance();
        if keyword == K::Operator
            && let Some(kind) = self.operator_class_word()
        {
            let if_exists = self.if_exists()?;
            let name = self.any_name()?;
            self.expect(K::Using)?;
            let object = ObjectReference::OperatorClass { name, method: self.name()? };
            return Ok((kind, vec![object], if_exists, false));
        }
        let nameless = matches!(keyword, K::Cast | K::Transform);
        let if_exists = if nameless { self.if_exists_nameless()? } else { self.if_exists()? };
        let (kind, objects) = match keyword {
            K::Policy | K::Rule | K::Trigger => (part_kind(keyword), vec![self.name_on_relation()?]),
            K::Type | K::Domain => {
                let kind = if keyword == K::Type { ObjectKind::Type } else { ObjectKind::Domain };
                (kind, self.comma_list(|p| Ok(ObjectReference::Type(p.type_name()?)))?)
            }
            K::Cast => {
                let (source, target) = self.cast_types()?;
                let cast = ObjectReference::Cast { source: Box::new(source), target: Box::new(target) };
                (ObjectKind::Cast, vec![cast])
            }
            K::Operator => {
                let operators = self.comma_list(|p| Ok(ObjectReference::Operator(p.operator_signature()?)))?;
                (ObjectKind::Operator, operators)
            }
            K::Aggregate => {
                let aggregates = self.comma_list(|p| Ok(ObjectReference::Function(p.aggregate_signature()?)))?;
                (ObjectKind::Aggregate, aggregates)
            }
            _ => (ObjectKind::Transform, vec![self.transform_reference()?]),
        };
        Ok((kind, objects, if_exists, false))
    }

    // Schemas, databases, tablespaces.

    /// `SCHEMA …`, behind CREATE.
    pub(super) fn create_schema(&mut self) -> Result<Statement> {
        self.expect(K::Schema)?;
        let if_not_exists = self.if_not_exists()?;
        let name = if self.is(K::Authorization) { None } else { Some(self.name()?) };
        let authorization = if self.accept(K::Authorization) { Some(self.role()?) } else { None };
        let elements_at = self.location();
        let mut elements = Vec::new();
        loop {
            let element = match self.keyword() {
                Some(K::Create) => self.nested(|p| p.schema_element())?,
                Some(K::Grant) => match self.grant()? {
                    grant @ Statement::Grant(_) => grant,
                    _ => return Err(self.syntax_error()),
                },
                _ => break,
            };
            elements.push(element);
        }
        if if_not_exists && !elements.is_empty() {
            let message = "CREATE SCHEMA IF NOT EXISTS cannot include schema elements";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, elements_at));
        }
        let schema = CreateSchema { name, authorization, if_not_exists, elements };
        Ok(Statement::CreateSchema(Box::new(schema)))
    }

    /// Tables, indexes, sequences, triggers and views can be created together with their schema.
    fn schema_element(&mut self) -> Result<Statement> {
        self.expect(K::Create)?;
        let or_replace = self.accept(K::Or);
        if or_replace {
            self.expect(K::Replace)?;
        }
        match self.keyword() {
            Some(K::Trigger | K::Constraint) => self.create_trigger(or_replace),
            Some(K::Unique | K::Index) if !or_replace => self.create_index(),
            Some(K::Table) if !or_replace => self.create_defined_table(),
            Some(K::Temp | K::Temporary | K::Unlogged) if !or_replace && self.is_at(1, K::Table) => {
                self.create_defined_table()
            }
            Some(K::Local | K::Global) if !or_replace && self.is_at(2, K::Table) => self.create_defined_table(),
            Some(
                K::Temp | K::Temporary | K::Local | K::Global | K::Unlogged | K::View | K::Recursive | K::Sequence,
            ) => self.create_relation(or_replace),
            _ => Err(self.syntax_error()),
        }
    }

    /// `DATABASE …`, behind CREATE.
    pub(super) fn create_database(&mut self) -> Result<Statement> {
        self.expect(K::Database)?;
        let name = self.name()?;
        self.accept(K::With);
        let options = self.database_options()?;
        Ok(Statement::CreateDatabase(CreateDatabase { name, options }))
    }

    /// `name [=] value …`
    pub(super) fn database_options(&mut self) -> Result<Vec<DefinitionItem>> {
        let mut options = Vec::new();
        loop {
            let token = self.token();
            let name: Name = match token.keyword {
                Some(K::Connection) => {
                    self.advance();
                    self.expect(K::Limit)?;
                    "connection_limit".into()
                }
                Some(K::Encoding | K::Location | K::Owner | K::Tablespace | K::Template) => self.name()?,
                None if matches!(token.kind, TokenKind::Identifier | TokenKind::QuotedIdentifier) => self.name()?,
                _ => return Ok(options),
            };
            self.accept_kind(TokenKind::Equals);
            let value = if self.at_number() {
                Some(self.number()?)
            } else if self.accept(K::Default) {
                None
            } else {
                Some(DefinitionValue::String(self.boolean_or_string()?))
            };
            options.push(item(name, value, token.start));
        }
    }

    fn drop_database(&mut self) -> Result<Statement> {
        self.expect(K::Database)?;
        let if_exists = self.if_exists()?;
        let name = self.name()?;
        let with = self.accept(K::With);
        let mut options = Vec::new();
        if with || self.is_kind(TokenKind::LeftParen) {
            options = self.parenthesized_list(|p| {
                let location = p.location();
                p.expect(K::Force)?;
                Ok(item("force", None, location))
            })?;
        }
        Ok(Statement::DropDatabase(DropDatabase { name, if_exists, options }))
    }

    /// `TABLESPACE …`, behind CREATE.
    pub(super) fn create_tablespace(&mut self) -> Result<Statement> {
        self.expect(K::Tablespace)?;
        let name = self.name()?;
        let owner = if self.accept(K::Owner) { Some(self.role()?) } else { None };
        self.expect(K::Location)?;
        let directory = self.string()?;
        let options = self.with_relation_options()?;
        let tablespace = CreateTablespace { name, owner, directory, options };
        Ok(Statement::CreateTablespace(Box::new(tablespace)))
    }

    // Languages, access methods.

    /// `[TRUSTED] [PROCEDURAL] LANGUAGE …`, behind CREATE [OR REPLACE].
    pub(super) fn create_language(&mut self, or_replace: bool) -> Result<Statement> {
        let trusted = self.accept(K::Trusted);
        self.accept(K::Procedural);
        self.expect(K::Language)?;
        let name = self.name()?;
        let mut language = CreateLanguage { name, or_replace, trusted, handler: None, inline: None, validator: None };
        if self.accept(K::Handler) {
            language.handler = Some(self.any_name()?);
            if self.accept(K::Inline) {
                language.inline = Some(self.any_name()?);
            }
            if self.accept(K::No) {
                self.expect(K::Validator)?;
            } else if self.accept(K::Validator) {
                language.validator = Some(self.any_name()?);
            }
        }
        Ok(Statement::CreateLanguage(Box::new(language)))
    }

    /// `ACCESS METHOD …`, behind CREATE.
    pub(super) fn create_access_method(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Access, K::Method])?;
        let name = self.name()?;
        self.expect(K::Type)?;
        let index = self.accept(K::Index);
        if !index {
            self.expect(K::Table)?;
        }
        self.expect(K::Handler)?;
        let handler = self.any_name()?;
        Ok(Statement::CreateAccessMethod(CreateAccessMethod { name, index, handler }))
    }

    /// `ASSERTION …`, behind CREATE: refused, as PostgreSQL does.
    pub(super) fn create_assertion(&mut self) -> Result<Statement> {
        let start = self.statement_start();
        self.expect(K::Assertion)?;
        self.any_name()?;
        self.expect(K::Check)?;
        self.parenthesized_expr()?;
        self.constraint_attributes()?;
        Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, "CREATE ASSERTION is not yet implemented", start))
    }

    // Foreign data.

    /// `FOREIGN TABLE|DATA WRAPPER …`, behind CREATE.
    pub(super) fn create_foreign(&mut self) -> Result<Statement> {
        if self.is_at(1, K::Table) {
            return self.create_foreign_table();
        }
        self.expect_all(&[K::Foreign, K::Data, K::Wrapper])?;
        let name = self.name()?;
        let functions = self.wrapper_functions()?;
        let options = self.foreign_options()?;
        Ok(Statement::CreateForeignDataWrapper(ForeignDataWrapper { name, functions, options }))
    }

    /// `[NO] HANDLER|VALIDATOR [name] …`
    fn wrapper_functions(&mut self) -> Result<Vec<DefinitionItem>> {
        let mut functions = Vec::new();
        loop {
            let location = self.location();
            let no = self.is(K::No);
            let keyword = if no { self.keyword_at(1) } else { self.keyword() };
            let name = match keyword {
                Some(K::Handler) => "handler",
                Some(K::Validator) => "validator",
                _ if no => {
                    self.advance();
                    return Err(self.syntax_error());
                }
                _ => return Ok(functions),
            };
            self.skip(if no { 2 } else { 1 });
            let value = if no { None } else { Some(DefinitionValue::Name(self.any_name()?)) };
            functions.push(item(name, value, location));
        }
    }

    /// What follows ALTER FOREIGN DATA WRAPPER's name, besides RENAME and OWNER.
    pub(super) fn alter_wrapper_rest(&mut self, name: Name) -> Result<Statement> {
        let functions = self.wrapper_functions()?;
        let mut options = Vec::new();
        if self.is(K::Options) || functions.is_empty() {
            options = self.alter_foreign_options()?;
        }
        Ok(Statement::AlterForeignDataWrapper(ForeignDataWrapper { name, functions, options }))
    }

    /// `SERVER …`, behind CREATE.
    pub(super) fn create_server(&mut self) -> Result<Statement> {
        self.expect(K::Server)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.name()?;
        let server_type = if self.accept(K::Type) { Some(self.string()?) } else { None };
        let version = self.server_version()?.flatten();
        self.expect_all(&[K::Foreign, K::Data, K::Wrapper])?;
        let wrapper = self.name()?;
        let options = self.foreign_options()?;
        let server = CreateServer { name, if_not_exists, server_type, version, wrapper, options };
        Ok(Statement::CreateServer(Box::new(server)))
    }

    /// `[VERSION 'text' | VERSION NULL]`
    fn server_version(&mut self) -> Result<Option<Option<Name>>> {
        if !self.accept(K::Version) {
            return Ok(None);
        }
        Ok(Some(if self.accept(K::Null) { None } else { Some(self.string()?) }))
    }

    /// What follows ALTER SERVER's name, besides RENAME and OWNER.
    pub(super) fn alter_server_rest(&mut self, name: Name) -> Result<Statement> {
        let version = self.server_version()?;
        let mut options = Vec::new();
        if self.is(K::Options) || version.is_none() {
            options = self.alter_foreign_options()?;
        }
        Ok(Statement::AlterServer(Box::new(AlterServer { name, version, options })))
    }

    /// `FOR user SERVER server`, where the user may be USER.
    fn mapping_target(&mut self) -> Result<(RoleSpec, Name)> {
        self.expect(K::For)?;
        let location = self.location();
        let user = if self.accept(K::User) { RoleSpec { kind: RoleKind::CurrentUser, location } } else { self.role()? };
        self.expect(K::Server)?;
        Ok((user, self.name()?))
    }

    /// `USER MAPPING …`, behind CREATE.
    pub(super) fn create_user_mapping(&mut self) -> Result<Statement> {
        self.expect_all(&[K::User, K::Mapping])?;
        let if_exists = self.if_not_exists()?;
        let (user, server) = self.mapping_target()?;
        let options = self.foreign_options()?;
        Ok(Statement::CreateUserMapping(Box::new(UserMapping { user, server, if_exists, options })))
    }

    /// `USER MAPPING …`, behind ALTER.
    pub(super) fn alter_user_mapping(&mut self) -> Result<Statement> {
        self.expect_all(&[K::User, K::Mapping])?;
        let (user, server) = self.mapping_target()?;
        let options = self.alter_foreign_options()?;
        Ok(Statement::AlterUserMapping(Box::new(UserMapping { user, server, if_exists: false, options })))
    }

    fn drop_user_mapping(&mut self) -> Result<Statement> {
        self.expect_all(&[K::User, K::Mapping])?;
        let if_exists = self.if_exists_nameless()?;
        let (user, server) = self.mapping_target()?;
        Ok(Statement::DropUserMapping(Box::new(UserMapping { user, server, if_exists, options: Vec::new() })))
    }

    pub(super) fn import_foreign_schema(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Import, K::Foreign, K::Schema])?;
        let remote_schema = self.name()?;
        let mut selection = ImportSelection::All;
        if self.accept(K::Limit) {
            self.expect(K::To)?;
            selection = ImportSelection::LimitTo(self.parenthesized_list(Self::relation_ref_name)?);
        } else if self.accept(K::Except) {
            selection = ImportSelection::Except(self.parenthesized_list(Self::relation_ref_name)?);
        }
        self.expect_all(&[K::From, K::Server])?;
        let server = self.name()?;
        self.expect(K::Into)?;
        let local_schema = self.name()?;
        let options = self.foreign_options()?;
        let import = ImportForeignSchema { remote_schema, selection, server, local_schema, options };
        Ok(Statement::ImportForeignSchema(Box::new(import)))
    }

    fn relation_ref_name(&mut self) -> Result<RelationName> {
        Ok(self.relation_ref()?.name)
    }

    /// `EVENT TRIGGER …`, behind CREATE.
    pub(super) fn create_event_trigger(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Event, K::Trigger])?;
        let name = self.name()?;
        self.expect(K::On)?;
        let event = self.label()?;
        let mut conditions = Vec::new();
        if self.accept(K::When) {
            loop {
                let location = self.location();
                let variable = self.name()?;
                self.expect(K::In)?;
                let values = self.parenthesized_list(|p| Ok(DefinitionValue::String(p.string()?)))?;
                conditions.push(item(variable, Some(DefinitionValue::List(values)), location));
                if !self.accept(K::And) {
                    break;
                }
            }
        }
        self.expect(K::Execute)?;
        self.function_or_procedure()?;
        let function = self.function_name()?;
        self.expect_kind(TokenKind::LeftParen)?;
        self.expect_kind(TokenKind::RightParen)?;
        let trigger = CreateEventTrigger { name, event, conditions, function };
        Ok(Statement::CreateEventTrigger(Box::new(trigger)))
    }

    /// `EXTENSION …`, behind CREATE.
    pub(super) fn create_extension(&mut self) -> Result<Statement> {
        self.expect(K::Extension)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.name()?;
        self.accept(K::With);
        let mut options = Vec::new();
        loop {
            let location = self.location();
            let option = match self.keyword() {
                Some(K::Schema) => {
                    self.advance();
                    item("schema", Some(DefinitionValue::String(self.name()?)), location)
                }
                Some(K::Version) => {
                    self.advance();
                    item("new_version", Some(DefinitionValue::String(self.word_or_string()?)), location)
                }
                Some(K::From) => {
                    self.advance();
                    self.word_or_string()?;
                    let message = "CREATE EXTENSION ... FROM is no longer supported";
                    return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, location));
                }
                Some(K::Cascade) => {
                    self.advance();
                    item("cascade", boolean(true), location)
                }
                _ => break,
            };
            options.push(option);
        }
        Ok(Statement::CreateExtension(CreateExtension { name, if_not_exists, options }))
    }
}

fn part_kind(keyword: K) -> ObjectKind {
    match keyword {
        K::Policy => ObjectKind::Policy,
        K::Rule => ObjectKind::Rule,
        _ => ObjectKind::Trigger,
    }
}
