//! Statements that are neither queries nor definitions: transactions, cursors, COPY, settings, maintenance.

use super::{DefinitionItem, DropBehavior, Expr, Name, RelationName, RelationRef, Statement, TypeName};

/// Transaction control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `BEGIN`, `START TRANSACTION`.
    Begin {
        /// `START TRANSACTION` is written (it has a command tag of its own).
        start: bool,
        /// Its modes.
        modes: Vec<TransactionMode>,
    },
    /// `COMMIT`, `END`.
    Commit {
        /// `AND CHAIN`.
        chain: bool,
    },
    /// `ROLLBACK`, `ABORT`.
    Rollback {
        /// `AND CHAIN`.
        chain: bool,
    },
    /// `SAVEPOINT`.
    Savepoint(Savepoint),
    /// `RELEASE`.
    Release(Savepoint),
    /// `ROLLBACK TO`.
    RollbackTo(Savepoint),
    /// `PREPARE TRANSACTION`.
    Prepare(GlobalTransaction),
    /// `COMMIT PREPARED`.
    CommitPrepared(GlobalTransaction),
    /// `ROLLBACK PREPARED`.
    RollbackPrepared(GlobalTransaction),
}

/// A savepoint's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Savepoint {
    /// The name.
    pub name: Name,
    /// Where it stands.
    pub location: u32,
}

/// A prepared transaction's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalTransaction {
    /// The name.
    pub name: Name,
    /// Where it stands.
    pub location: u32,
}

/// A mode of a transaction, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionMode {
    /// Which.
    pub kind: TransactionModeKind,
    /// Where it stands.
    pub location: u32,
}

/// Modes of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionModeKind {
    /// `ISOLATION LEVEL`.
    Isolation(IsolationLevel),
    /// `READ ONLY` or `READ WRITE`.
    ReadOnly(bool),
    /// `[NOT] DEFERRABLE`.
    Deferrable(bool),
}

/// Isolation levels by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationLevel {
    /// `READ UNCOMMITTED`.
    ReadUncommitted,
    /// `READ COMMITTED`.
    ReadCommitted,
    /// `REPEATABLE READ`.
    RepeatableRead,
    /// `SERIALIZABLE`.
    Serializable,
}

impl IsolationLevel {
    /// The value of the setting `transaction_isolation`.
    pub const fn name(self) -> &'static str {
        match self {
            IsolationLevel::ReadUncommitted => "read uncommitted",
            IsolationLevel::ReadCommitted => "read committed",
            IsolationLevel::RepeatableRead => "repeatable read",
            IsolationLevel::Serializable => "serializable",
        }
    }
}

/// `SET`, `RESET`, and the clauses of ALTER that share their form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetStatement {
    /// What to do.
    pub action: SetAction,
    /// `LOCAL`.
    pub local: bool,
    /// Where the values stand (for the statement log to leave secrets out): the first value.
    pub location: u32,
}

/// What SET does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetAction {
    /// `SET name = values`. `SET TIME ZONE`, `SET SCHEMA`, `SET NAMES`, `SET ROLE`, `SET SESSION AUTHORIZATION`,
    /// `SET XML OPTION` come as the settings they stand for.
    Values {
        /// The setting, dots included.
        name: Name,
        /// The values.
        values: Vec<SetValue>,
    },
    /// `SET name TO DEFAULT`; also `SET TIME ZONE LOCAL|DEFAULT`.
    Default {
        /// The setting.
        name: Name,
    },
    /// `SET name FROM CURRENT`.
    FromCurrent {
        /// The setting.
        name: Name,
    },
    /// `SET TRANSACTION modes`.
    Transaction(Vec<TransactionMode>),
    /// `SET SESSION CHARACTERISTICS AS TRANSACTION modes`.
    SessionCharacteristics(Vec<TransactionMode>),
    /// `SET TRANSACTION SNAPSHOT 'id'`.
    Snapshot(Name),
    /// `RESET name`.
    Reset {
        /// The setting.
        name: Name,
    },
    /// `RESET ALL`.
    ResetAll,
}

/// A value in SET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetValue {
    /// A string or word.
    String(Name),
    /// A whole number that fits 32 bits.
    Integer(i32),
    /// Any other number, as written, with its sign.
    Float(Name),
    /// `INTERVAL '…' fields`, of SET TIME ZONE.
    Interval {
        /// The text.
        text: Name,
        /// The type with its fields.
        type_name: Box<TypeName>,
    },
}

/// `SHOW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// The setting; `all` for all.
    pub name: Name,
}

/// `ALTER SYSTEM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterSystem {
    /// What to do.
    pub setting: SetStatement,
}

/// `SET CONSTRAINTS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetConstraints {
    /// Which; empty: `ALL`.
    pub constraints: Vec<RelationName>,
    /// `DEFERRED` rather than `IMMEDIATE`.
    pub deferred: bool,
}

/// `COPY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// From or to what, in the database.
    pub source: CopySource,
    /// `FROM`: into the database.
    pub from: bool,
    /// The file or program at the other end.
    pub target: CopyTarget,
    /// Its options, old syntax included.
    pub options: Vec<DefinitionItem>,
    /// `WHERE`.
    pub filter: Option<Expr>,
}

/// What COPY copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopySource {
    /// `table (columns)`.
    Relation {
        /// Which.
        relation: RelationName,
        /// The columns; empty: all.
        columns: Vec<Name>,
    },
    /// `(query)`: a SELECT, or DML with RETURNING.
    Query(Box<Statement>),
}

/// The other end of COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyTarget {
    /// `STDIN`, `STDOUT` (PostgreSQL takes both words for both directions).
    Client,
    /// A file of the server.
    File(Name),
    /// A program on the server.
    Program(Name),
}

/// `PREPARE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepare {
    /// Its name.
    pub name: Name,
    /// The parameters' types.
    pub types: Vec<TypeName>,
    /// The statement.
    pub query: Box<Statement>,
}

/// `EXECUTE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execute {
    /// Its name.
    pub name: Name,
    /// The parameters.
    pub parameters: Vec<Expr>,
}

/// `DEALLOCATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deallocate {
    /// Which; `None` is `ALL`.
    pub name: Option<Name>,
    /// Where the name stands.
    pub location: u32,
}

/// `DECLARE CURSOR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclareCursor {
    /// Its name.
    pub name: Name,
    /// `BINARY`.
    pub binary: bool,
    /// `[NO] SCROLL`, if written.
    pub scroll: Option<bool>,
    /// `[IN]SENSITIVE`: true for `INSENSITIVE`; `ASENSITIVE` is the default.
    pub sensitivity: CursorSensitivity,
    /// `WITH HOLD`.
    pub hold: bool,
    /// The query.
    pub query: Box<super::Select>,
}

/// Whether a cursor sees changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorSensitivity {
    /// Nothing is written.
    #[default]
    Unspecified,
    /// `INSENSITIVE`.
    Insensitive,
    /// `ASENSITIVE`.
    Asensitive,
}

/// `FETCH`, `MOVE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Whither.
    pub direction: FetchDirection,
    /// How many, or to where; [`Fetch::ALL`] is all.
    pub count: i64,
    /// The cursor.
    pub cursor: Name,
    /// `MOVE`.
    pub is_move: bool,
}

impl Fetch {
    /// The count of `ALL`.
    pub const ALL: i64 = i64::MAX;
}

/// Directions of FETCH. FIRST, LAST, PRIOR and NEXT come as what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchDirection {
    /// `FORWARD`.
    Forward,
    /// `BACKWARD`.
    Backward,
    /// `ABSOLUTE`.
    Absolute,
    /// `RELATIVE`.
    Relative,
}

/// `CLOSE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosePortal {
    /// Which; `None` is `ALL`.
    pub name: Option<Name>,
}

/// `EXPLAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// What.
    pub query: Box<Statement>,
    /// Its options; `EXPLAIN ANALYZE VERBOSE` too.
    pub options: Vec<DefinitionItem>,
}

/// `VACUUM`, `ANALYZE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacuum {
    /// `VACUUM` rather than `ANALYZE`.
    pub vacuum: bool,
    /// Its options, old syntax included.
    pub options: Vec<DefinitionItem>,
    /// Which tables; empty: all.
    pub relations: Vec<VacuumRelation>,
}

/// A table of VACUUM or ANALYZE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VacuumRelation {
    /// Which.
    pub relation: RelationRef,
    /// The columns; empty: all.
    pub columns: Vec<Name>,
}

/// `CLUSTER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Which; `None`: all that were clustered before.
    pub relation: Option<RelationName>,
    /// `USING index`.
    pub index: Option<Name>,
    /// Its options.
    pub options: Vec<DefinitionItem>,
}

/// `REINDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reindex {
    /// What.
    pub target: ReindexTarget,
    /// Its options; `CONCURRENTLY` too.
    pub options: Vec<DefinitionItem>,
}

/// What REINDEX rebuilds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReindexTarget {
    /// `INDEX`.
    Index(RelationName),
    /// `TABLE`.
    Table(RelationName),
    /// `SCHEMA`.
    Schema(Name),
    /// `SYSTEM`; the name may be left out.
    System(Option<Name>),
    /// `DATABASE`; the name may be left out.
    Database(Option<Name>),
}

/// `TRUNCATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncate {
    /// Which.
    pub relations: Vec<RelationRef>,
    /// `RESTART IDENTITY`.
    pub restart_identity: bool,
    /// For tables that refer to them.
    pub behavior: DropBehavior,
}

/// `LOCK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub relations: Vec<RelationRef>,
    /// How.
    pub mode: LockMode,
    /// `NOWAIT`.
    pub nowait: bool,
}

/// Modes of table locks, in rising order; the numbers are PostgreSQL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum LockMode {
    /// `ACCESS SHARE`.
    AccessShare = 1,
    /// `ROW SHARE`.
    RowShare = 2,
    /// `ROW EXCLUSIVE`.
    RowExclusive = 3,
    /// `SHARE UPDATE EXCLUSIVE`.
    ShareUpdateExclusive = 4,
    /// `SHARE`.
    Share = 5,
    /// `SHARE ROW EXCLUSIVE`.
    ShareRowExclusive = 6,
    /// `EXCLUSIVE`.
    Exclusive = 7,
    /// `ACCESS EXCLUSIVE`.
    AccessExclusive = 8,
}

/// `LISTEN`, `UNLISTEN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Which; `None` is `UNLISTEN *`.
    pub name: Option<Name>,
}

/// `NOTIFY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The channel.
    pub channel: Name,
    /// The message.
    pub payload: Option<Name>,
}

/// `LOAD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The file.
    pub file: Name,
}

/// `DISCARD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// `ALL`.
    All,
    /// `PLANS`.
    Plans,
    /// `SEQUENCES`.
    Sequences,
    /// `TEMP`.
    Temp,
}

/// PL/pgSQL's assignment, of [`crate::ParseMode::Assignment`]: `target := expression …`, where what follows the sign may
/// go on like a SELECT without the word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    /// The variable: a name or a parameter's number.
    pub name: Name,
    /// How many further names belong to the variable's own name.
    pub extra_names: u32,
    /// What follows the name.
    pub path: Vec<super::Accessor>,
    /// The value.
    pub value: Box<super::Select>,
    /// Where it stands.
    pub location: u32,
}
