//! ALTER TABLE and its like for views, indexes, sequences, foreign tables.

use super::{
    CollateClause, ColumnDefinition, Constraint, ConstraintAttributes, DefinitionItem, DropBehavior, Expr,
    GeneratedWhen, Name, ObjectName, PartitionBound, RelationName, RelationRef, RoleSpec, TypeName,
};

/// Which kind of relation an ALTER names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// `TABLE`.
    Table,
    /// `FOREIGN TABLE`.
    ForeignTable,
    /// `INDEX`.
    Index,
    /// `VIEW`.
    View,
    /// `MATERIALIZED VIEW`.
    MaterializedView,
    /// `SEQUENCE`.
    Sequence,
    /// `TYPE`: a composite one.
    CompositeType,
}

/// `ALTER TABLE` and its like, with the actions that PostgreSQL can combine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTable {
    /// Which kind the statement names.
    pub kind: RelationKind,
    /// Which relation.
    pub relation: RelationRef,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// What to do.
    pub actions: Vec<AlterTableAction>,
}

/// `ALTER TABLE|INDEX|MATERIALIZED VIEW ALL IN TABLESPACE t OWNED BY … SET TABLESPACE …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTableMoveAll {
    /// Which kind.
    pub kind: RelationKind,
    /// From where.
    pub from: Name,
    /// `OWNED BY`.
    pub roles: Vec<RoleSpec>,
    /// To where.
    pub to: Name,
    /// `NOWAIT`.
    pub nowait: bool,
}

/// An action of ALTER TABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterTableAction {
    /// `ADD COLUMN`; for a composite type `ADD ATTRIBUTE`.
    AddColumn {
        /// The column.
        column: Box<ColumnDefinition>,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
        /// For a composite type.
        behavior: DropBehavior,
    },
    /// `DROP COLUMN`; for a composite type `DROP ATTRIBUTE`.
    DropColumn {
        /// The column.
        name: Name,
        /// `IF EXISTS`.
        if_exists: bool,
        /// For what depends on it.
        behavior: DropBehavior,
    },
    /// `ALTER COLUMN c SET DEFAULT e`, or `DROP DEFAULT`.
    ColumnDefault {
        /// The column.
        name: Name,
        /// The new default.
        default: Option<Expr>,
    },
    /// `ALTER COLUMN c SET|DROP NOT NULL`.
    ColumnNotNull {
        /// The column.
        name: Name,
        /// `SET`.
        set: bool,
    },
    /// `ALTER COLUMN c SET EXPRESSION AS (e)`.
    SetExpression {
        /// The column.
        name: Name,
        /// The expression.
        expression: Expr,
    },
    /// `ALTER COLUMN c DROP EXPRESSION`.
    DropExpression {
        /// The column.
        name: Name,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `ALTER COLUMN c SET STATISTICS n`.
    SetStatistics {
        /// The column: by name, or (for index expressions) by number.
        column: ColumnSelector,
        /// The target; `None` is `DEFAULT`.
        target: Option<i32>,
    },
    /// `ALTER COLUMN c SET (…)`.
    SetColumnOptions {
        /// The column.
        name: Name,
        /// The options.
        options: Vec<DefinitionItem>,
    },
    /// `ALTER COLUMN c RESET (…)`.
    ResetColumnOptions {
        /// The column.
        name: Name,
        /// The options.
        options: Vec<DefinitionItem>,
    },
    /// `ALTER COLUMN c SET STORAGE s`.
    SetStorage {
        /// The column.
        name: Name,
        /// The storage; `default` for the type's own.
        storage: Name,
    },
    /// `ALTER COLUMN c SET COMPRESSION m`.
    SetCompression {
        /// The column.
        name: Name,
        /// The method; `default` for the server's.
        method: Name,
    },
    /// `ALTER COLUMN c ADD GENERATED … AS IDENTITY (…)`.
    AddIdentity {
        /// The column.
        name: Name,
        /// When.
        when: GeneratedWhen,
        /// The sequence's options.
        options: Vec<DefinitionItem>,
        /// Where `GENERATED` stands… the constraint's position.
        location: u32,
    },
    /// `ALTER COLUMN c SET GENERATED … SET sequence-option … RESTART …`; `SET GENERATED` is the option `generated`.
    SetIdentity {
        /// The column.
        name: Name,
        /// The options.
        options: Vec<DefinitionItem>,
    },
    /// `ALTER COLUMN c DROP IDENTITY`.
    DropIdentity {
        /// The column.
        name: Name,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `ALTER COLUMN c TYPE t`; for a composite type `ALTER ATTRIBUTE`.
    ColumnType {
        /// The column.
        name: Name,
        /// Its new type.
        type_name: Box<TypeName>,
        /// `COLLATE`.
        collation: Option<CollateClause>,
        /// `USING`.
        using: Option<Expr>,
        /// For a composite type.
        behavior: DropBehavior,
        /// Where the column's name stands.
        location: u32,
    },
    /// `ALTER COLUMN c OPTIONS (…)` of a foreign table.
    ColumnForeignOptions {
        /// The column.
        name: Name,
        /// The options.
        options: Vec<DefinitionItem>,
    },
    /// `ADD constraint`.
    AddConstraint(Box<Constraint>),
    /// `ALTER CONSTRAINT c …`.
    AlterConstraint {
        /// Its name.
        name: Name,
        /// What changes: those that are written.
        attributes: ConstraintAttributes,
    },
    /// `VALIDATE CONSTRAINT c`.
    ValidateConstraint(Name),
    /// `DROP CONSTRAINT c`.
    DropConstraint {
        /// Its name.
        name: Name,
        /// `IF EXISTS`.
        if_exists: bool,
        /// For what depends on it.
        behavior: DropBehavior,
    },
    /// `SET WITHOUT OIDS`.
    SetWithoutOids,
    /// `CLUSTER ON index`.
    ClusterOn(Name),
    /// `SET WITHOUT CLUSTER`.
    SetWithoutCluster,
    /// `SET LOGGED`, `SET UNLOGGED`.
    SetLogged(bool),
    /// `ENABLE|DISABLE [ALWAYS|REPLICA] TRIGGER …`.
    Trigger {
        /// Which.
        trigger: TriggerSelector,
        /// When it fires now.
        firing: FiringMode,
    },
    /// `ENABLE|DISABLE [ALWAYS|REPLICA] RULE …`.
    Rule {
        /// Which.
        name: Name,
        /// When it fires now.
        firing: FiringMode,
    },
    /// `INHERIT parent`.
    Inherit(RelationName),
    /// `NO INHERIT parent`.
    NoInherit(RelationName),
    /// `OF type`.
    Of(ObjectName),
    /// `NOT OF`.
    NotOf,
    /// `OWNER TO`.
    OwnerTo(RoleSpec),
    /// `SET ACCESS METHOD`; `None` is `DEFAULT`.
    SetAccessMethod(Option<Name>),
    /// `SET TABLESPACE`.
    SetTablespace(Name),
    /// `SET (…)`.
    SetOptions(Vec<DefinitionItem>),
    /// `RESET (…)`.
    ResetOptions(Vec<DefinitionItem>),
    /// `REPLICA IDENTITY`.
    ReplicaIdentity(ReplicaIdentity),
    /// `ENABLE|DISABLE ROW LEVEL SECURITY`.
    RowSecurity(bool),
    /// `[NO] FORCE ROW LEVEL SECURITY`.
    ForceRowSecurity(bool),
    /// `OPTIONS (…)` of a foreign table.
    ForeignOptions(Vec<DefinitionItem>),
    /// `ATTACH PARTITION p FOR VALUES …`; without a bound for an index.
    AttachPartition {
        /// Which.
        partition: RelationName,
        /// Which rows it holds.
        bound: Option<PartitionBound>,
    },
    /// `DETACH PARTITION p`.
    DetachPartition {
        /// Which.
        partition: RelationName,
        /// `CONCURRENTLY`.
        concurrently: bool,
        /// `FINALIZE`.
        finalize: bool,
    },
}

/// A column, by name or by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnSelector {
    /// By name.
    Name(Name),
    /// By number, from 1.
    Number(i16),
}

/// Triggers to enable or disable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerSelector {
    /// One.
    Name(Name),
    /// `ALL`.
    All,
    /// `USER`.
    User,
}

/// When a trigger or rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiringMode {
    /// `DISABLE`.
    Disabled,
    /// `ENABLE`: in ordinary sessions.
    Origin,
    /// `ENABLE REPLICA`: while changes are being applied.
    Replica,
    /// `ENABLE ALWAYS`.
    Always,
}

/// What logical decoding knows of old rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaIdentity {
    /// `DEFAULT`: the primary key.
    Default,
    /// `FULL`.
    Full,
    /// `NOTHING`.
    Nothing,
    /// `USING INDEX`.
    Index(Name),
}
