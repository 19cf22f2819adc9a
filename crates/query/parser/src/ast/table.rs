//! Tables and what is made of the same stuff: indexes, views, sequences, foreign tables, statistics.

use super::{
    Constraint, DefinitionItem, Expr, IntoClause, Name, ObjectName, PartitionBound, PartitionBy, Persistence,
    RelationName, RelationRef, Select, SortDirection, SortNulls, Statement, TypeName,
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
