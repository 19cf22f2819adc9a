//! Queries and the statements that change rows.

use super::{
    Accessor, Alias, Expr, FunctionCall, JsonBehavior, JsonFormat, JsonPassing, JsonQuotes, JsonValue, JsonWrapper,
    Name, ObjectName, Persistence, RelationName, RelationRef, SortBy, TypeName, WindowSpecification,
};

/// A query expression: SELECT, VALUES, TABLE or a combination of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// `WITH`.
    pub with: Option<Box<With>>,
    /// The rows.
    pub body: SelectBody,
    /// `ORDER BY`.
    pub order_by: Vec<SortBy>,
    /// `LIMIT`, `OFFSET`, `FETCH FIRST`.
    pub limit: Option<Box<Limit>>,
    /// `FOR UPDATE` and its like.
    pub locking: Vec<LockingClause>,
    /// Where it begins (its first word, after parentheses).
    pub location: u32,
}

/// What produces a query's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectBody {
    /// `SELECT …`; `TABLE t` comes as `SELECT * FROM t`.
    Simple(Box<SimpleSelect>),
    /// `VALUES (…), …`: rows of equal or (an error later) unequal length.
    Values(Vec<Vec<Expr>>),
    /// Set operations that lean to the left: `((first op₁ q₁) op₂ q₂) …`, whatever their precedences (parentheses have
    /// been heeded).
    SetOperation {
        /// The leftmost query.
        first: Box<Select>,
        /// The others; never empty.
        rest: Vec<SetStep>,
    },
}

/// One operation of a chain, with its right operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetStep {
    /// Which.
    pub operator: SetOperator,
    /// `ALL`: keep duplicates.
    pub all: bool,
    /// The right operand.
    pub right: Select,
}

/// How two row sets are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// `UNION`.
    Union,
    /// `INTERSECT`.
    Intersect,
    /// `EXCEPT`.
    Except,
}

/// `SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimpleSelect {
    /// `DISTINCT`.
    pub distinct: Option<Distinct>,
    /// The select list; may be empty.
    pub targets: Vec<Target>,
    /// `INTO`: the statement creates a table.
    pub into: Option<Box<IntoClause>>,
    /// `FROM`.
    pub from: Vec<TableRef>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `GROUP BY`.
    pub group_by: Vec<GroupItem>,
    /// `GROUP BY DISTINCT`.
    pub group_distinct: bool,
    /// `HAVING`.
    pub having: Option<Expr>,
    /// `WINDOW`.
    pub windows: Vec<WindowDefinition>,
}

/// `DISTINCT [ON (…)]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distinct {
    /// All columns.
    All,
    /// `ON (…)`.
    On(Vec<Expr>),
}

/// An item of the select list or of RETURNING.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `AS name`.
    pub name: Option<Name>,
    /// The value; may be a star.
    pub value: Expr,
    /// Where it begins.
    pub location: u32,
}

/// Where SELECT INTO and CREATE TABLE AS put the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntoClause {
    /// The new relation.
    pub relation: RelationName,
    /// Its persistence.
    pub persistence: Persistence,
    /// Names for its columns.
    pub columns: Vec<Name>,
    /// `USING`: the table access method.
    pub access_method: Option<Name>,
    /// `WITH (…)`.
    pub options: Vec<super::DefinitionItem>,
    /// `ON COMMIT`.
    pub on_commit: super::OnCommit,
    /// `TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `WITH NO DATA`.
    pub no_data: bool,
}

/// An item of GROUP BY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupItem {
    /// An expression; a row without the word ROW stands for its fields.
    Expr(Expr),
    /// `()`.
    Empty {
        /// Where it stands.
        location: u32,
    },
    /// `ROLLUP (…)`.
    Rollup {
        /// Its items.
        items: Vec<Expr>,
        /// Where it stands.
        location: u32,
    },
    /// `CUBE (…)`.
    Cube {
        /// Its items.
        items: Vec<Expr>,
        /// Where it stands.
        location: u32,
    },
    /// `GROUPING SETS (…)`.
    GroupingSets {
        /// Its items.
        items: Vec<GroupItem>,
        /// Where it stands.
        location: u32,
    },
}

/// `name AS (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowDefinition {
    /// The window's name.
    pub name: Name,
    /// What it is.
    pub specification: WindowSpecification,
}

/// `LIMIT`, `OFFSET` and `FETCH FIRST`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// How many rows; `LIMIT ALL` is the constant null, absence is `None`.
    pub count: Option<Expr>,
    /// How many rows are left out first.
    pub offset: Option<Expr>,
    /// `WITH TIES`.
    pub with_ties: bool,
}

/// `FOR UPDATE OF … NOWAIT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockingClause {
    /// How strong.
    pub strength: LockStrength,
    /// `OF`; empty: all.
    pub relations: Vec<RelationName>,
    /// What to do about locked rows.
    pub wait: LockWait,
}

/// Strengths of row locks, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockStrength {
    /// `FOR KEY SHARE`.
    KeyShare,
    /// `FOR SHARE`.
    Share,
    /// `FOR NO KEY UPDATE`.
    NoKeyUpdate,
    /// `FOR UPDATE`.
    Update,
}

/// What to do about locked rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockWait {
    /// Wait for them.
    #[default]
    Wait,
    /// `SKIP LOCKED`.
    SkipLocked,
    /// `NOWAIT`.
    NoWait,
}

/// `WITH [RECURSIVE] …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct With {
    /// `RECURSIVE`.
    pub recursive: bool,
    /// The queries.
    pub queries: Vec<CommonTableExpr>,
    /// Where `WITH` stands.
    pub location: u32,
}

/// `name (columns) AS (query) SEARCH … CYCLE …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonTableExpr {
    /// Its name.
    pub name: Name,
    /// Names of its columns.
    pub columns: Vec<Name>,
    /// `[NOT] MATERIALIZED`.
    pub materialized: Option<bool>,
    /// SELECT, INSERT, UPDATE, DELETE or MERGE.
    pub query: Box<super::Statement>,
    /// `SEARCH`.
    pub search: Option<Box<SearchClause>>,
    /// `CYCLE`.
    pub cycle: Option<Box<CycleClause>>,
    /// Where its name stands.
    pub location: u32,
}

/// `SEARCH BREADTH|DEPTH FIRST BY … SET …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchClause {
    /// `BREADTH FIRST`.
    pub breadth_first: bool,
    /// `BY`.
    pub columns: Vec<Name>,
    /// `SET`.
    pub sequence_column: Name,
    /// Where it stands.
    pub location: u32,
}

/// `CYCLE … SET … TO … DEFAULT … USING …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleClause {
    /// The columns.
    pub columns: Vec<Name>,
    /// `SET`.
    pub mark_column: Name,
    /// `TO`; true if not written.
    pub mark_value: Expr,
    /// `DEFAULT`; false if not written.
    pub mark_default: Expr,
    /// `USING`.
    pub path_column: Name,
    /// Where it stands.
    pub location: u32,
}

/// An item of FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableRef {
    /// A table, view, sequence … or a common table expression.
    Relation {
        /// Which.
        relation: RelationRef,
        /// Under which name.
        alias: Option<Alias>,
    },
    /// `… TABLESAMPLE method (…) REPEATABLE (…)`.
    Sample(Box<TableSample>),
    /// `(SELECT …) AS x`.
    Subquery {
        /// `LATERAL`.
        lateral: bool,
        /// The query.
        query: Box<Select>,
        /// Under which name.
        alias: Option<Alias>,
        /// Where it begins.
        location: u32,
    },
    /// `f(…)`, `ROWS FROM (…)`.
    Function(Box<TableFunction>),
    /// `XMLTABLE(…)`.
    XmlTable(Box<XmlTable>),
    /// `JSON_TABLE(…)`.
    JsonTable(Box<JsonTable>),
    /// `left JOIN right …`.
    Join(Box<Join>),
}

/// `relation TABLESAMPLE method (arguments) REPEATABLE (seed)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSample {
    /// The table.
    pub relation: RelationRef,
    /// Under which name.
    pub alias: Option<Alias>,
    /// The method.
    pub method: ObjectName,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// `REPEATABLE`.
    pub repeatable: Option<Expr>,
    /// Where the method stands.
    pub location: u32,
}

/// Functions in FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFunction {
    /// `LATERAL`.
    pub lateral: bool,
    /// `ROWS FROM` is written.
    pub rows_from: bool,
    /// The functions; one unless `rows_from`. Each is a call or another function-like expression (`CAST`, `COALESCE`,
    /// `CURRENT_DATE` …).
    pub functions: Vec<TableFunctionItem>,
    /// `WITH ORDINALITY`.
    pub ordinality: bool,
    /// Under which name.
    pub alias: Option<Alias>,
    /// Names and types of the result's columns, after the alias.
    pub columns: Vec<ColumnDefinitionItem>,
    /// Where it begins.
    pub location: u32,
}

/// One function of `ROWS FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFunctionItem {
    /// The call.
    pub call: Expr,
    /// `AS (name type, …)`.
    pub columns: Vec<ColumnDefinitionItem>,
}

/// `name type [COLLATE c]` in the column definition list of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinitionItem {
    /// The column.
    pub name: Name,
    /// Its type.
    pub type_name: TypeName,
    /// Its collation.
    pub collation: Option<ObjectName>,
    /// Where it begins.
    pub location: u32,
}

/// `XMLTABLE(XMLNAMESPACES(…), row PASSING document COLUMNS …)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlTable {
    /// `LATERAL`.
    pub lateral: bool,
    /// `XMLNAMESPACES`: the URI and its prefix, `None` for the default.
    pub namespaces: Vec<XmlNamespace>,
    /// The path of the rows.
    pub row: Expr,
    /// `PASSING`.
    pub document: Expr,
    /// `COLUMNS`.
    pub columns: Vec<XmlTableColumn>,
    /// Under which name.
    pub alias: Option<Alias>,
    /// Where it begins.
    pub location: u32,
}

/// `uri AS prefix` or `DEFAULT uri`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlNamespace {
    /// The URI.
    pub uri: Expr,
    /// The prefix; `None` for the default.
    pub prefix: Option<Name>,
    /// Where it begins.
    pub location: u32,
}

/// A column of XMLTABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlTableColumn {
    /// Its name.
    pub name: Name,
    /// Its type; `None` for `FOR ORDINALITY`.
    pub type_name: Option<TypeName>,
    /// `PATH`.
    pub path: Option<Expr>,
    /// `DEFAULT`.
    pub default: Option<Expr>,
    /// `NOT NULL`.
    pub not_null: bool,
    /// Where it begins.
    pub location: u32,
}

/// `JSON_TABLE(context, path AS name PASSING … COLUMNS (…) … ON ERROR)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonTable {
    /// `LATERAL`.
    pub lateral: bool,
    /// The document.
    pub context: JsonValue,
    /// The path of the rows.
    pub path: JsonTablePath,
    /// `PASSING`.
    pub passing: Vec<JsonPassing>,
    /// `COLUMNS`.
    pub columns: Vec<JsonTableColumn>,
    /// `ON ERROR`.
    pub on_error: Option<JsonBehavior>,
    /// Under which name.
    pub alias: Option<Alias>,
    /// Where it begins.
    pub location: u32,
}

/// `'path' AS name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonTablePath {
    /// The path: a string constant.
    pub path: Expr,
    /// Its name.
    pub name: Option<Name>,
    /// Where the name stands.
    pub name_location: u32,
}

/// A column of JSON_TABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonTableColumn {
    /// `name FOR ORDINALITY`.
    Ordinality {
        /// Its name.
        name: Name,
        /// Where it begins.
        location: u32,
    },
    /// `name type [FORMAT …] [PATH …] …`.
    Regular(Box<JsonTableValue>),
    /// `name type EXISTS [PATH …] …`.
    Exists(Box<JsonTableValue>),
    /// `NESTED PATH path COLUMNS (…)`.
    Nested {
        /// The path.
        path: JsonTablePath,
        /// Its columns.
        columns: Vec<JsonTableColumn>,
        /// Where it begins.
        location: u32,
    },
}

/// A column of JSON_TABLE that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonTableValue {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub type_name: TypeName,
    /// `FORMAT JSON`.
    pub format: Option<JsonFormat>,
    /// `PATH`; `$.name` if not written.
    pub path: Option<JsonTablePath>,
    /// `WITH WRAPPER`.
    pub wrapper: JsonWrapper,
    /// `KEEP|OMIT QUOTES`.
    pub quotes: JsonQuotes,
    /// `ON EMPTY`.
    pub on_empty: Option<JsonBehavior>,
    /// `ON ERROR`.
    pub on_error: Option<JsonBehavior>,
    /// Where it begins.
    pub location: u32,
}

/// `left JOIN right …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Which join.
    pub kind: JoinKind,
    /// Left side.
    pub left: TableRef,
    /// Right side.
    pub right: TableRef,
    /// What connects them.
    pub condition: JoinCondition,
    /// Of a join in parentheses.
    pub alias: Option<Alias>,
}

/// Kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `INNER`, `CROSS`.
    Inner,
    /// `LEFT`.
    Left,
    /// `RIGHT`.
    Right,
    /// `FULL`.
    Full,
}

/// What connects the sides of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinCondition {
    /// `CROSS JOIN`.
    Cross,
    /// `NATURAL`.
    Natural,
    /// `ON`.
    On(Expr),
    /// `USING (…) AS alias`.
    Using {
        /// The columns.
        columns: Vec<Name>,
        /// The alias of the merged columns.
        alias: Option<Name>,
    },
}

/// `INSERT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insert {
    /// `WITH`.
    pub with: Option<Box<With>>,
    /// Into which table.
    pub relation: RelationName,
    /// `AS alias`.
    pub alias: Option<Name>,
    /// The columns; empty if not written.
    pub columns: Vec<ColumnTarget>,
    /// `OVERRIDING`.
    pub overriding: Overriding,
    /// The rows; `None` is `DEFAULT VALUES`.
    pub source: Option<Box<Select>>,
    /// `ON CONFLICT`.
    pub on_conflict: Option<Box<OnConflict>>,
    /// `RETURNING`.
    pub returning: Option<Box<Returning>>,
}

/// A column that is assigned, or a part of it: `c`, `c.field`, `c[1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnTarget {
    /// The column.
    pub name: Name,
    /// The part of it.
    pub path: Vec<Accessor>,
    /// Where it begins.
    pub location: u32,
}

/// `OVERRIDING … VALUE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overriding {
    /// Not written.
    #[default]
    None,
    /// `OVERRIDING USER VALUE`.
    User,
    /// `OVERRIDING SYSTEM VALUE`.
    System,
}

/// `ON CONFLICT target DO …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnConflict {
    /// Which conflict; `None`: any.
    pub target: Option<ConflictTarget>,
    /// What to do.
    pub action: ConflictAction,
    /// Where it stands.
    pub location: u32,
}

/// Which unique index ON CONFLICT means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictTarget {
    /// `(columns) WHERE …`.
    Index {
        /// The index's columns.
        elements: Vec<super::IndexElement>,
        /// Its predicate.
        filter: Option<Expr>,
        /// Where it stands.
        location: u32,
    },
    /// `ON CONSTRAINT name`.
    Constraint {
        /// Its name.
        name: Name,
        /// Where it stands.
        location: u32,
    },
}

/// What ON CONFLICT does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictAction {
    /// `DO NOTHING`.
    Nothing,
    /// `DO UPDATE SET … WHERE …`.
    Update {
        /// `SET`.
        assignments: Vec<Assignment>,
        /// `WHERE`.
        filter: Option<Expr>,
    },
}

/// `RETURNING [WITH (OLD AS o, NEW AS n)] …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returning {
    /// `WITH (…)`.
    pub options: Vec<ReturningOption>,
    /// The list.
    pub targets: Vec<Target>,
}

/// `OLD AS name` or `NEW AS name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturningOption {
    /// `NEW` rather than `OLD`.
    pub new: bool,
    /// The name.
    pub name: Name,
    /// Where it begins.
    pub location: u32,
}

/// An item of SET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// `c = value`.
    Single {
        /// The column.
        target: ColumnTarget,
        /// The value; may be `DEFAULT`.
        value: Expr,
    },
    /// `(c, d) = source`.
    Multiple {
        /// The columns.
        targets: Vec<ColumnTarget>,
        /// A row or a subquery.
        source: Expr,
    },
}

/// `UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// `WITH`.
    pub with: Option<Box<With>>,
    /// Which table.
    pub relation: RelationRef,
    /// Under which name.
    pub alias: Option<Alias>,
    /// `SET`.
    pub assignments: Vec<Assignment>,
    /// `FROM`.
    pub from: Vec<TableRef>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `RETURNING`.
    pub returning: Option<Box<Returning>>,
}

/// `DELETE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// `WITH`.
    pub with: Option<Box<With>>,
    /// From which table.
    pub relation: RelationRef,
    /// Under which name.
    pub alias: Option<Alias>,
    /// `USING`.
    pub using: Vec<TableRef>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `RETURNING`.
    pub returning: Option<Box<Returning>>,
}

/// `MERGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// `WITH`.
    pub with: Option<Box<With>>,
    /// Into which table.
    pub relation: RelationRef,
    /// Under which name.
    pub alias: Option<Alias>,
    /// `USING`.
    pub source: TableRef,
    /// `ON`.
    pub condition: Expr,
    /// `WHEN …`, in order.
    pub clauses: Vec<MergeClause>,
    /// `RETURNING`.
    pub returning: Option<Box<Returning>>,
}

/// `WHEN … [AND condition] THEN …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeClause {
    /// For which rows.
    pub matching: MergeMatch,
    /// `AND`.
    pub condition: Option<Expr>,
    /// What to do.
    pub action: MergeActionKind,
}

/// Which rows a MERGE clause is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMatch {
    /// `MATCHED`.
    Matched,
    /// `NOT MATCHED [BY TARGET]`.
    NotMatchedByTarget,
    /// `NOT MATCHED BY SOURCE`.
    NotMatchedBySource,
}

/// What a MERGE clause does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeActionKind {
    /// `DO NOTHING`.
    Nothing,
    /// `DELETE`.
    Delete,
    /// `UPDATE SET …`.
    Update(Vec<Assignment>),
    /// `INSERT (…) VALUES (…)`.
    Insert {
        /// The columns; empty if not written.
        columns: Vec<ColumnTarget>,
        /// `OVERRIDING`.
        overriding: Overriding,
        /// The values; `None` is `DEFAULT VALUES`.
        values: Option<Vec<Expr>>,
    },
}

/// `CALL procedure(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The call.
    pub call: FunctionCall,
    /// Where it stands.
    pub location: u32,
}
