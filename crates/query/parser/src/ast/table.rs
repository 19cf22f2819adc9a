//! Tables and what is made of the same stuff: indexes, views, sequences, partitions, foreign tables, constraints.

use super::{
    DefinitionItem, DropBehavior, Expr, IntoClause, Name, ObjectName, Persistence, RelationName, RelationRef, RoleSpec,
    Select, SortDirection, SortNulls, Statement, TypeName,
};

/// `CREATE TABLE`, `CREATE FOREIGN TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTable {
    /// Its name.
    pub relation: RelationName,
    /// Its persistence.
    pub persistence: Persistence,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// What stands in the parentheses, in order.
    pub elements: Vec<TableElement>,
    /// `INHERITS`.
    pub inherits: Vec<RelationName>,
    /// `OF type`.
    pub of_type: Option<ObjectName>,
    /// `PARTITION OF parent FOR VALUES …`.
    pub partition_of: Option<Box<PartitionOf>>,
    /// `PARTITION BY`.
    pub partition_by: Option<Box<PartitionBy>>,
    /// `USING`: the table access method.
    pub access_method: Option<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `ON COMMIT`.
    pub on_commit: OnCommit,
    /// `TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `CREATE FOREIGN TABLE … SERVER … OPTIONS …`.
    pub foreign: Option<Box<ForeignTable>>,
}

/// What makes a table foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignTable {
    /// `SERVER`.
    pub server: Name,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// `PARTITION OF parent` and its bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOf {
    /// The partitioned table.
    pub parent: RelationName,
    /// Which rows come here.
    pub bound: PartitionBound,
}

/// What ON COMMIT does with a temporary table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCommit {
    /// Nothing is written.
    #[default]
    Unspecified,
    /// `PRESERVE ROWS`.
    PreserveRows,
    /// `DELETE ROWS`.
    DeleteRows,
    /// `DROP`.
    Drop,
}

/// An entry of CREATE TABLE's parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableElement {
    /// A column. In typed tables and partitions, its type is absent.
    Column(Box<ColumnDefinition>),
    /// A table constraint.
    Constraint(Box<Constraint>),
    /// `LIKE table …`.
    Like(Box<LikeClause>),
}

/// A column's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type; absent only in typed tables and partitions.
    pub type_name: Option<TypeName>,
    /// `STORAGE`; `default` for the type's own.
    pub storage: Option<Name>,
    /// `COMPRESSION`; `default` for the server's.
    pub compression: Option<Name>,
    /// `OPTIONS` of a foreign table's column.
    pub options: Vec<DefinitionItem>,
    /// `COLLATE`.
    pub collation: Option<CollateClause>,
    /// Its constraints, defaults, identity …, in order; DEFERRABLE and its like are folded into the one before.
    pub constraints: Vec<Constraint>,
    /// Where its name stands.
    pub location: u32,
}

/// `COLLATE collation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateClause {
    /// Which.
    pub collation: ObjectName,
    /// Where the word stands.
    pub location: u32,
}

/// A constraint of a table, a column or a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// `CONSTRAINT name`.
    pub name: Option<Name>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `DEFERRABLE` and its like.
    pub attributes: ConstraintAttributes,
    /// Where it begins (its name clause if it has one).
    pub location: u32,
}

/// What can follow a constraint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConstraintAttributes {
    /// `[NOT] DEFERRABLE`, if written (`INITIALLY DEFERRED` implies it).
    pub deferrable: Option<bool>,
    /// `INITIALLY DEFERRED` or `IMMEDIATE`, if written.
    pub initially_deferred: Option<bool>,
    /// `[NOT] ENFORCED`, if written.
    pub enforced: Option<bool>,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// `INHERIT`, in ALTER CONSTRAINT.
    pub inherit: bool,
    /// Where the first of them stands; [`super::NO_LOCATION`] if none does.
    pub location: u32,
}

/// Kinds of constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `NOT NULL`; columns only as a table constraint (`NOT NULL c`).
    NotNull {
        /// The column, for a table constraint.
        column: Option<Name>,
    },
    /// `NULL`.
    Null,
    /// `DEFAULT expression`.
    Default(Expr),
    /// `CHECK (expression)`.
    Check(Expr),
    /// `GENERATED ALWAYS|BY DEFAULT AS (expression) STORED|VIRTUAL`.
    Generated {
        /// The expression.
        expression: Expr,
        /// When; anything but `Always` is an error later.
        when: GeneratedWhen,
        /// `STORED` rather than `VIRTUAL`, the default.
        stored: bool,
    },
    /// `GENERATED ALWAYS|BY DEFAULT AS IDENTITY (options)`.
    Identity {
        /// When.
        when: GeneratedWhen,
        /// The sequence's options.
        options: Vec<DefinitionItem>,
    },
    /// `UNIQUE` and `PRIMARY KEY`.
    Unique(Box<UniqueConstraint>),
    /// `EXCLUDE`.
    Exclusion(Box<ExclusionConstraint>),
    /// `REFERENCES`, `FOREIGN KEY`.
    ForeignKey(Box<ForeignKey>),
}

/// When an identity or generated column gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratedWhen {
    /// `ALWAYS`.
    Always,
    /// `BY DEFAULT`.
    ByDefault,
}

/// `UNIQUE|PRIMARY KEY (columns) INCLUDE (…) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueConstraint {
    /// `PRIMARY KEY`.
    pub primary: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// The columns; empty for a column constraint and with `index`.
    pub columns: Vec<Name>,
    /// The last column is followed by `WITHOUT OVERLAPS`.
    pub without_overlaps: bool,
    /// `INCLUDE`.
    pub including: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `USING INDEX TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `USING INDEX name`, instead of columns.
    pub index: Option<Name>,
}

/// `EXCLUDE USING am (element WITH operator, …) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExclusionConstraint {
    /// The index access method.
    pub access_method: Option<Name>,
    /// The elements and their operators.
    pub elements: Vec<(IndexElement, super::Operator)>,
    /// `INCLUDE`.
    pub including: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `USING INDEX TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `WHERE (…)`.
    pub filter: Option<Expr>,
}

/// `FOREIGN KEY (columns) REFERENCES table (columns) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The referencing columns; empty for a column constraint.
    pub columns: Vec<Name>,
    /// `PERIOD` stands before the last referencing column.
    pub period: bool,
    /// The referenced table.
    pub table: RelationName,
    /// The referenced columns; empty: its primary key.
    pub referenced: Vec<Name>,
    /// `PERIOD` stands before the last referenced column.
    pub referenced_period: bool,
    /// `MATCH`.
    pub matching: MatchType,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON DELETE SET NULL|DEFAULT (columns)`.
    pub set_columns: Vec<Name>,
}

/// How partly null keys match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchType {
    /// `MATCH SIMPLE`.
    #[default]
    Simple,
    /// `MATCH FULL`.
    Full,
}

/// What a foreign key does when the referenced row goes or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferentialAction {
    /// `NO ACTION`.
    #[default]
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

/// `LIKE table INCLUDING … EXCLUDING …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikeClause {
    /// The model.
    pub relation: RelationName,
    /// What is taken over besides names, types and not-null constraints.
    pub including: LikeOptions,
}

/// A set of LIKE's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LikeOptions(pub u16);

impl LikeOptions {
    /// `COMMENTS`.
    pub const COMMENTS: LikeOptions = LikeOptions(1);
    /// `COMPRESSION`.
    pub const COMPRESSION: LikeOptions = LikeOptions(2);
    /// `CONSTRAINTS`.
    pub const CONSTRAINTS: LikeOptions = LikeOptions(4);
    /// `DEFAULTS`.
    pub const DEFAULTS: LikeOptions = LikeOptions(8);
    /// `GENERATED`.
    pub const GENERATED: LikeOptions = LikeOptions(16);
    /// `IDENTITY`.
    pub const IDENTITY: LikeOptions = LikeOptions(32);
    /// `INDEXES`.
    pub const INDEXES: LikeOptions = LikeOptions(64);
    /// `STATISTICS`.
    pub const STATISTICS: LikeOptions = LikeOptions(128);
    /// `STORAGE`.
    pub const STORAGE: LikeOptions = LikeOptions(256);
    /// `ALL`.
    pub const ALL: LikeOptions = LikeOptions(511);

    /// Whether all options of `other` are in this set.
    pub const fn contains(self, other: LikeOptions) -> bool {
        self.0 & other.0 == other.0
    }
}

/// `PARTITION BY strategy (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBy {
    /// How.
    pub strategy: PartitionStrategy,
    /// By what.
    pub elements: Vec<PartitionElement>,
    /// Where it stands.
    pub location: u32,
}

/// How rows are assigned to partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionStrategy {
    /// `LIST`.
    List,
    /// `RANGE`.
    Range,
    /// `HASH`.
    Hash,
}

/// A column or expression of a partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionElement {
    /// What.
    pub key: IndexKey,
    /// `COLLATE`.
    pub collation: Option<ObjectName>,
    /// The operator class.
    pub operator_class: Option<ObjectName>,
    /// Where it begins.
    pub location: u32,
}

/// `FOR VALUES …` or `DEFAULT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBound {
    /// Which rows.
    pub kind: PartitionBoundKind,
    /// Where it begins.
    pub location: u32,
}

/// Which rows come into a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionBoundKind {
    /// `DEFAULT`.
    Default,
    /// `WITH (MODULUS m, REMAINDER r)`.
    Hash {
        /// The modulus.
        modulus: i32,
        /// The remainder.
        remainder: i32,
    },
    /// `IN (…)`.
    List(Vec<Expr>),
    /// `FROM (…) TO (…)`; `MINVALUE` and `MAXVALUE` come as column references of these names.
    Range {
        /// Inclusive.
        from: Vec<Expr>,
        /// Exclusive.
        to: Vec<Expr>,
    },
}

/// What an index is built of: a column or an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexKey {
    /// A column.
    Column(Name),
    /// An expression: a function call without parentheses around it, or anything in parentheses.
    Expr(Box<Expr>),
}

/// A column of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexElement {
    /// What.
    pub key: IndexKey,
    /// `COLLATE`.
    pub collation: Option<ObjectName>,
    /// The operator class.
    pub operator_class: Option<ObjectName>,
    /// Its parameters.
    pub operator_class_options: Vec<DefinitionItem>,
    /// `ASC`, `DESC`.
    pub direction: SortDirection,
    /// `NULLS FIRST`, `NULLS LAST`.
    pub nulls: SortNulls,
}

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateIndex {
    /// Its name; chosen by the server if absent.
    pub name: Option<Name>,
    /// The table.
    pub relation: RelationRef,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `USING`; btree if absent.
    pub access_method: Option<Name>,
    /// The columns.
    pub elements: Vec<IndexElement>,
    /// `INCLUDE`.
    pub including: Vec<IndexElement>,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `WHERE`.
    pub filter: Option<Expr>,
}

/// `CREATE TABLE … AS query`, `CREATE MATERIALIZED VIEW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTableAs {
    /// Where the rows go.
    pub into: IntoClause,
    /// A query or an EXECUTE.
    pub query: Box<Statement>,
    /// A materialized view rather than a table.
    pub materialized_view: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
}

/// `CREATE VIEW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateView {
    /// Its name.
    pub relation: RelationName,
    /// Its persistence.
    pub persistence: Persistence,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// Names of its columns.
    pub columns: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// The query. `CREATE RECURSIVE VIEW` comes as a query over a recursive WITH.
    pub query: Box<Select>,
    /// `WITH CHECK OPTION`.
    pub check_option: CheckOption,
}

/// `WITH CHECK OPTION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckOption {
    /// Not written.
    #[default]
    None,
    /// `WITH LOCAL CHECK OPTION`.
    Local,
    /// `WITH [CASCADED] CHECK OPTION`.
    Cascaded,
}

/// `REFRESH MATERIALIZED VIEW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshMaterializedView {
    /// Which.
    pub relation: RelationName,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `WITH NO DATA`.
    pub no_data: bool,
}

/// `CREATE SEQUENCE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSequence {
    /// Its name.
    pub relation: RelationName,
    /// Its persistence.
    pub persistence: Persistence,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its options: `as`, `increment`, `minvalue`, `maxvalue`, `start`, `restart`, `cache`, `cycle`, `owned_by`,
    /// `sequence_name`, `logged`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER SEQUENCE … options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterSequence {
    /// Which.
    pub relation: RelationName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// As in [`CreateSequence`].
    pub options: Vec<DefinitionItem>,
}

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

/// `CREATE TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `CONSTRAINT`.
    pub constraint: bool,
    /// Of which table.
    pub relation: RelationName,
    /// When.
    pub timing: TriggerTiming,
    /// On which events.
    pub events: TriggerEvents,
    /// `UPDATE OF`.
    pub columns: Vec<Name>,
    /// `FOR EACH ROW`.
    pub for_each_row: bool,
    /// `REFERENCING`.
    pub transitions: Vec<TriggerTransition>,
    /// `WHEN (…)`.
    pub condition: Option<Expr>,
    /// The function.
    pub function: ObjectName,
    /// Its arguments, as text.
    pub arguments: Vec<Name>,
    /// `FROM`, of a constraint trigger.
    pub from: Option<RelationName>,
    /// `DEFERRABLE`, of a constraint trigger.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTiming {
    /// `BEFORE`.
    Before,
    /// `AFTER`.
    After,
    /// `INSTEAD OF`.
    InsteadOf,
}

/// A set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TriggerEvents {
    /// `INSERT`.
    pub insert: bool,
    /// `UPDATE`.
    pub update: bool,
    /// `DELETE`.
    pub delete: bool,
    /// `TRUNCATE`.
    pub truncate: bool,
}

/// `OLD|NEW TABLE|ROW AS name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerTransition {
    /// The name.
    pub name: Name,
    /// `NEW`.
    pub new: bool,
    /// `TABLE`.
    pub table: bool,
}

/// `CREATE RULE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRule {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `ON`.
    pub event: RuleEvent,
    /// `TO`.
    pub relation: RelationName,
    /// `WHERE`.
    pub condition: Option<Expr>,
    /// `INSTEAD`.
    pub instead: bool,
    /// `DO`; empty: NOTHING. Each with its byte range.
    pub actions: Vec<super::RawStatement>,
}

/// What a rule rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEvent {
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// `CREATE POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicy {
    /// Its name.
    pub name: Name,
    /// Its table.
    pub relation: RelationName,
    /// `AS RESTRICTIVE` if false.
    pub permissive: bool,
    /// `FOR`.
    pub command: PolicyCommand,
    /// `TO`; PUBLIC if not written.
    pub roles: Vec<RoleSpec>,
    /// `USING`.
    pub using: Option<Expr>,
    /// `WITH CHECK`.
    pub check: Option<Expr>,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyCommand {
    /// `ALL`.
    #[default]
    All,
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// `ALTER POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPolicy {
    /// Its name.
    pub name: Name,
    /// Its table.
    pub relation: RelationName,
    /// `TO`, if written.
    pub roles: Option<Vec<RoleSpec>>,
    /// `USING`.
    pub using: Option<Expr>,
    /// `WITH CHECK`.
    pub check: Option<Expr>,
}

/// `CREATE STATISTICS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateStatistics {
    /// Its name.
    pub name: Option<ObjectName>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// The kinds.
    pub kinds: Vec<Name>,
    /// What they are about.
    pub keys: Vec<IndexKey>,
    /// `FROM`.
    pub from: Vec<super::TableRef>,
}

/// `ALTER STATISTICS s SET STATISTICS n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterStatistics {
    /// Which.
    pub name: ObjectName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// The target; `None` is `DEFAULT`.
    pub target: Option<i32>,
}

/// `CREATE DOMAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDomain {
    /// Its name.
    pub name: ObjectName,
    /// What it restricts.
    pub base: TypeName,
    /// `COLLATE`.
    pub collation: Option<CollateClause>,
    /// Its constraints.
    pub constraints: Vec<Constraint>,
}

/// `ALTER DOMAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterDomain {
    /// Which.
    pub name: ObjectName,
    /// What to do.
    pub action: AlterDomainAction,
}

/// Actions of ALTER DOMAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterDomainAction {
    /// `SET DEFAULT e`, `DROP DEFAULT`.
    Default(Option<Expr>),
    /// `SET|DROP NOT NULL`.
    NotNull(bool),
    /// `ADD constraint`.
    AddConstraint(Box<Constraint>),
    /// `DROP CONSTRAINT c`.
    DropConstraint {
        /// Its name.
        name: Name,
        /// `IF EXISTS`.
        if_exists: bool,
        /// For what depends on it.
        behavior: DropBehavior,
    },
    /// `VALIDATE CONSTRAINT c`.
    ValidateConstraint(Name),
}
