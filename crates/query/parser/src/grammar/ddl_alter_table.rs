//! ALTER TABLE, and the same for views, indexes, sequences and foreign tables.
//!
//! All of these take one list of actions; which of them fit the kind of relation is not the grammar's matter, except where a kind has
//! actions of its own (partitions of tables and indexes, RENAME).

use super::Parser;
use super::ddl_alter::Shared;
use super::option::item;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    // Relations.

    pub(super) fn alter_relation(&mut self, kind: RelationKind, words: usize) -> Result<Statement> {
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
            let shared = Shared::DEPENDS;
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
    pub(super) fn firing_word(&mut self) -> FiringMode {
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
