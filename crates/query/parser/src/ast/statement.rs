//! All statements.

use super::*;

/// A statement and the bytes of the text that it takes up, without the semicolon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawStatement {
    /// What it says.
    pub statement: Statement,
    /// Offset of its first byte (white space and comments before it belong to it, as in PostgreSQL).
    pub start: u32,
    /// Its length in bytes.
    pub len: u32,
}

impl RawStatement {
    /// Its own part of the text that was parsed.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start as usize..(self.start + self.len) as usize]
    }
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident $(($payload:ty))? = $tag:expr,)*) => {
        /// A statement of PostgreSQL 18.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Statement {
            $($(#[$doc])* $name $(($payload))?,)*
        }

        impl Statement {
            /// The statement's name, as in its command tag (without the numbers): `CREATE TABLE`, `SELECT` …
            pub fn name(&self) -> &'static str {
                match self {
                    $(statements!(@pattern $name $(($payload))?) => statements!(@tag self $tag),)*
                }
            }
        }
    };
    (@pattern $name:ident) => { Statement::$name };
    (@pattern $name:ident ($payload:ty)) => { Statement::$name(_) };
    (@tag $self:ident $tag:expr) => { ($tag as fn(&Statement) -> &'static str)($self) };
}

statements! {
    /// Queries.
    Select(Box<Select>) = |s| match s {
        Statement::Select(select) if select.into_clause().is_some() => "SELECT INTO",
        _ => "SELECT",
    },
    /// `INSERT`.
    Insert(Box<Insert>) = |_| "INSERT",
    /// `UPDATE`.
    Update(Box<Update>) = |_| "UPDATE",
    /// `DELETE`.
    Delete(Box<Delete>) = |_| "DELETE",
    /// `MERGE`.
    Merge(Box<Merge>) = |_| "MERGE",
    /// `CALL`.
    Call(Box<Call>) = |_| "CALL",
    /// Transaction control.
    Transaction(Transaction) = |s| match s {
        Statement::Transaction(t) => match t {
            Transaction::Begin { start: false, .. } => "BEGIN",
            Transaction::Begin { start: true, .. } => "START TRANSACTION",
            Transaction::Commit { .. } => "COMMIT",
            Transaction::Rollback { .. } | Transaction::RollbackTo(_) => "ROLLBACK",
            Transaction::Savepoint(_) => "SAVEPOINT",
            Transaction::Release(_) => "RELEASE",
            Transaction::Prepare(_) => "PREPARE TRANSACTION",
            Transaction::CommitPrepared(_) => "COMMIT PREPARED",
            Transaction::RollbackPrepared(_) => "ROLLBACK PREPARED",
        },
        _ => "",
    },
    /// `SET`, `RESET`.
    Set(Box<SetStatement>) = |s| match s {
        Statement::Set(set) if matches!(set.action, SetAction::Reset { .. } | SetAction::ResetAll) => "RESET",
        _ => "SET",
    },
    /// `SHOW`.
    Show(Show) = |_| "SHOW",
    /// `ALTER SYSTEM`.
    AlterSystem(Box<AlterSystem>) = |_| "ALTER SYSTEM",
    /// `SET CONSTRAINTS`.
    SetConstraints(SetConstraints) = |_| "SET CONSTRAINTS",
    /// `COPY`.
    Copy(Box<Copy>) = |_| "COPY",
    /// `PREPARE`.
    Prepare(Box<Prepare>) = |_| "PREPARE",
    /// `EXECUTE`.
    Execute(Execute) = |_| "EXECUTE",
    /// `DEALLOCATE`.
    Deallocate(Deallocate) = |s| match s {
        Statement::Deallocate(Deallocate { name: None, .. }) => "DEALLOCATE ALL",
        _ => "DEALLOCATE",
    },
    /// `DECLARE CURSOR`.
    DeclareCursor(Box<DeclareCursor>) = |_| "DECLARE CURSOR",
    /// `FETCH`, `MOVE`.
    Fetch(Fetch) = |s| match s {
        Statement::Fetch(Fetch { is_move: true, .. }) => "MOVE",
        _ => "FETCH",
    },
    /// `CLOSE`.
    ClosePortal(ClosePortal) = |s| match s {
        Statement::ClosePortal(ClosePortal { name: None }) => "CLOSE CURSOR ALL",
        _ => "CLOSE CURSOR",
    },
    /// `EXPLAIN`.
    Explain(Box<Explain>) = |_| "EXPLAIN",
    /// `VACUUM`, `ANALYZE`.
    Vacuum(Box<Vacuum>) = |s| match s {
        Statement::Vacuum(vacuum) if !vacuum.vacuum => "ANALYZE",
        _ => "VACUUM",
    },
    /// `CLUSTER`.
    Cluster(Box<Cluster>) = |_| "CLUSTER",
    /// `REINDEX`.
    Reindex(Box<Reindex>) = |_| "REINDEX",
    /// `CHECKPOINT`.
    Checkpoint = |_| "CHECKPOINT",
    /// `TRUNCATE`.
    Truncate(Truncate) = |_| "TRUNCATE TABLE",
    /// `LOCK`.
    Lock(Lock) = |_| "LOCK TABLE",
    /// `LISTEN`.
    Listen(Channel) = |_| "LISTEN",
    /// `UNLISTEN`.
    Unlisten(Channel) = |_| "UNLISTEN",
    /// `NOTIFY`.
    Notify(Notify) = |_| "NOTIFY",
    /// `LOAD`.
    Load(Load) = |_| "LOAD",
    /// `DISCARD`.
    Discard(Discard) = |s| match s {
        Statement::Discard(Discard::All) => "DISCARD ALL",
        Statement::Discard(Discard::Plans) => "DISCARD PLANS",
        Statement::Discard(Discard::Sequences) => "DISCARD SEQUENCES",
        _ => "DISCARD TEMP",
    },
    /// `CREATE TABLE`, `CREATE FOREIGN TABLE`.
    CreateTable(Box<CreateTable>) = |s| match s {
        Statement::CreateTable(table) if table.foreign.is_some() => "CREATE FOREIGN TABLE",
        _ => "CREATE TABLE",
    },
    /// `CREATE TABLE AS`, `CREATE MATERIALIZED VIEW`.
    CreateTableAs(Box<CreateTableAs>) = |s| match s {
        Statement::CreateTableAs(table) if table.materialized_view => "CREATE MATERIALIZED VIEW",
        _ => "CREATE TABLE AS",
    },
    /// `CREATE INDEX`.
    CreateIndex(Box<CreateIndex>) = |_| "CREATE INDEX",
    /// `CREATE VIEW`.
    CreateView(Box<CreateView>) = |_| "CREATE VIEW",
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshMaterializedView(RefreshMaterializedView) = |_| "REFRESH MATERIALIZED VIEW",
    /// `CREATE SEQUENCE`.
    CreateSequence(Box<CreateSequence>) = |_| "CREATE SEQUENCE",
    /// `ALTER SEQUENCE`.
    AlterSequence(Box<AlterSequence>) = |_| "ALTER SEQUENCE",
    /// `ALTER TABLE` and its like.
    AlterTable(Box<AlterTable>) = |s| match s {
        Statement::AlterTable(table) => relation_alter_tag(table.kind),
        _ => "",
    },
    /// `ALTER TABLE ALL IN TABLESPACE`.
    AlterTableMoveAll(AlterTableMoveAll) = |s| match s {
        Statement::AlterTableMoveAll(table) => relation_alter_tag(table.kind),
        _ => "",
    },
    /// `CREATE TRIGGER`.
    CreateTrigger(Box<CreateTrigger>) = |_| "CREATE TRIGGER",
    /// `CREATE RULE`.
    CreateRule(Box<CreateRule>) = |_| "CREATE RULE",
    /// `CREATE POLICY`.
    CreatePolicy(Box<CreatePolicy>) = |_| "CREATE POLICY",
    /// `ALTER POLICY`.
    AlterPolicy(Box<AlterPolicy>) = |_| "ALTER POLICY",
    /// `CREATE STATISTICS`.
    CreateStatistics(Box<CreateStatistics>) = |_| "CREATE STATISTICS",
    /// `ALTER STATISTICS`.
    AlterStatistics(AlterStatistics) = |_| "ALTER STATISTICS",
    /// `CREATE DOMAIN`.
    CreateDomain(Box<CreateDomain>) = |_| "CREATE DOMAIN",
    /// `ALTER DOMAIN`.
    AlterDomain(Box<AlterDomain>) = |_| "ALTER DOMAIN",
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`.
    CreateFunction(Box<CreateFunction>) = |s| match s {
        Statement::CreateFunction(function) if function.procedure => "CREATE PROCEDURE",
        _ => "CREATE FUNCTION",
    },
    /// `ALTER FUNCTION`, `ALTER PROCEDURE`, `ALTER ROUTINE`.
    AlterFunction(Box<AlterFunction>) = |s| match s {
        Statement::AlterFunction(function) => function.kind.alter_tag(),
        _ => "",
    },
    /// `DO`.
    Do(Do) = |_| "DO",
    /// `CREATE AGGREGATE` and its like.
    Define(Box<Define>) = |s| match s {
        Statement::Define(define) => define.kind.create_tag(),
        _ => "",
    },
    /// `CREATE TYPE … AS (…)`.
    CreateCompositeType(Box<CreateCompositeType>) = |_| "CREATE TYPE",
    /// `CREATE TYPE … AS ENUM`.
    CreateEnum(CreateEnum) = |_| "CREATE TYPE",
    /// `CREATE TYPE … AS RANGE`.
    CreateRange(CreateRange) = |_| "CREATE TYPE",
    /// `ALTER TYPE … ADD VALUE`.
    AlterEnum(Box<AlterEnum>) = |_| "ALTER TYPE",
    /// `ALTER TYPE … SET (…)`.
    AlterType(AlterType) = |_| "ALTER TYPE",
    /// `ALTER OPERATOR … SET (…)`.
    AlterOperator(Box<AlterOperator>) = |_| "ALTER OPERATOR",
    /// `CREATE OPERATOR CLASS`.
    CreateOperatorClass(Box<CreateOperatorClass>) = |_| "CREATE OPERATOR CLASS",
    /// `CREATE OPERATOR FAMILY`.
    CreateOperatorFamily(CreateOperatorFamily) = |_| "CREATE OPERATOR FAMILY",
    /// `ALTER OPERATOR FAMILY`.
    AlterOperatorFamily(Box<AlterOperatorFamily>) = |_| "ALTER OPERATOR FAMILY",
    /// `CREATE CAST`.
    CreateCast(Box<CreateCast>) = |_| "CREATE CAST",
    /// `CREATE TRANSFORM`.
    CreateTransform(Box<CreateTransform>) = |_| "CREATE TRANSFORM",
    /// `CREATE CONVERSION`.
    CreateConversion(Box<CreateConversion>) = |_| "CREATE CONVERSION",
    /// `CREATE ACCESS METHOD`.
    CreateAccessMethod(CreateAccessMethod) = |_| "CREATE ACCESS METHOD",
    /// `CREATE LANGUAGE`.
    CreateLanguage(Box<CreateLanguage>) = |s| match s {
        Statement::CreateLanguage(language) if language.handler.is_none() => "CREATE EXTENSION",
        _ => "CREATE LANGUAGE",
    },
    /// `CREATE SCHEMA`.
    CreateSchema(Box<CreateSchema>) = |_| "CREATE SCHEMA",
    /// `CREATE DATABASE`.
    CreateDatabase(CreateDatabase) = |_| "CREATE DATABASE",
    /// `ALTER DATABASE`.
    AlterDatabase(Box<AlterDatabase>) = |_| "ALTER DATABASE",
    /// `DROP DATABASE`.
    DropDatabase(DropDatabase) = |_| "DROP DATABASE",
    /// `CREATE TABLESPACE`.
    CreateTablespace(Box<CreateTablespace>) = |_| "CREATE TABLESPACE",
    /// `ALTER TABLESPACE`.
    AlterTablespace(AlterTablespace) = |_| "ALTER TABLESPACE",
    /// `DROP TABLESPACE`.
    DropTablespace(DropTablespace) = |_| "DROP TABLESPACE",
    /// `CREATE ROLE|USER|GROUP`.
    CreateRole(Box<CreateRole>) = |_| "CREATE ROLE",
    /// `ALTER ROLE|USER|GROUP`.
    AlterRole(Box<AlterRole>) = |_| "ALTER ROLE",
    /// `ALTER ROLE … SET`.
    AlterRoleSet(Box<AlterRoleSet>) = |_| "ALTER ROLE",
    /// `DROP ROLE|USER|GROUP`.
    DropRole(DropRole) = |_| "DROP ROLE",
    /// `GRANT|REVOKE … ON`.
    Grant(Box<Grant>) = |s| match s {
        Statement::Grant(grant) if !grant.is_grant => "REVOKE",
        _ => "GRANT",
    },
    /// `GRANT|REVOKE role`.
    GrantRole(Box<GrantRole>) = |s| match s {
        Statement::GrantRole(grant) if !grant.is_grant => "REVOKE ROLE",
        _ => "GRANT ROLE",
    },
    /// `ALTER DEFAULT PRIVILEGES`.
    AlterDefaultPrivileges(Box<AlterDefaultPrivileges>) = |_| "ALTER DEFAULT PRIVILEGES",
    /// `DROP OWNED`.
    DropOwned(DropOwned) = |_| "DROP OWNED",
    /// `REASSIGN OWNED`.
    ReassignOwned(ReassignOwned) = |_| "REASSIGN OWNED",
    /// `DROP kind`.
    Drop(Box<DropObjects>) = |s| match s {
        Statement::Drop(drop) => drop.kind.drop_tag(),
        _ => "",
    },
    /// `COMMENT ON`.
    Comment(Box<Comment>) = |_| "COMMENT",
    /// `SECURITY LABEL`.
    SecurityLabel(Box<SecurityLabel>) = |_| "SECURITY LABEL",
    /// `ALTER … RENAME`.
    Rename(Box<Rename>) = |s| match s {
        Statement::Rename(rename) => rename.relation_kind.unwrap_or(rename.kind).alter_tag(),
        _ => "",
    },
    /// `ALTER … OWNER TO`.
    AlterOwner(Box<AlterOwner>) = |s| match s {
        Statement::AlterOwner(alter) => alter.kind.alter_tag(),
        _ => "",
    },
    /// `ALTER … SET SCHEMA`.
    AlterObjectSchema(Box<AlterObjectSchema>) = |s| match s {
        Statement::AlterObjectSchema(alter) => alter.kind.alter_tag(),
        _ => "",
    },
    /// `ALTER … DEPENDS ON EXTENSION`.
    AlterObjectDepends(Box<AlterObjectDepends>) = |s| match s {
        Statement::AlterObjectDepends(alter) => alter.kind.alter_tag(),
        _ => "",
    },
    /// `CREATE EXTENSION`.
    CreateExtension(CreateExtension) = |_| "CREATE EXTENSION",
    /// `ALTER EXTENSION`.
    AlterExtension(Box<AlterExtension>) = |_| "ALTER EXTENSION",
    /// `CREATE FOREIGN DATA WRAPPER`.
    CreateForeignDataWrapper(ForeignDataWrapper) = |_| "CREATE FOREIGN DATA WRAPPER",
    /// `ALTER FOREIGN DATA WRAPPER`.
    AlterForeignDataWrapper(ForeignDataWrapper) = |_| "ALTER FOREIGN DATA WRAPPER",
    /// `CREATE SERVER`.
    CreateServer(Box<CreateServer>) = |_| "CREATE SERVER",
    /// `ALTER SERVER`.
    AlterServer(Box<AlterServer>) = |_| "ALTER SERVER",
    /// `CREATE USER MAPPING`.
    CreateUserMapping(Box<UserMapping>) = |_| "CREATE USER MAPPING",
    /// `ALTER USER MAPPING`.
    AlterUserMapping(Box<UserMapping>) = |_| "ALTER USER MAPPING",
    /// `DROP USER MAPPING`.
    DropUserMapping(Box<UserMapping>) = |_| "DROP USER MAPPING",
    /// `IMPORT FOREIGN SCHEMA`.
    ImportForeignSchema(Box<ImportForeignSchema>) = |_| "IMPORT FOREIGN SCHEMA",
    /// `CREATE EVENT TRIGGER`.
    CreateEventTrigger(Box<CreateEventTrigger>) = |_| "CREATE EVENT TRIGGER",
    /// `ALTER EVENT TRIGGER`.
    AlterEventTrigger(AlterEventTrigger) = |_| "ALTER EVENT TRIGGER",
    /// `CREATE PUBLICATION`.
    CreatePublication(Box<CreatePublication>) = |_| "CREATE PUBLICATION",
    /// `ALTER PUBLICATION`.
    AlterPublication(Box<AlterPublication>) = |_| "ALTER PUBLICATION",
    /// `CREATE SUBSCRIPTION`.
    CreateSubscription(Box<CreateSubscription>) = |_| "CREATE SUBSCRIPTION",
    /// `ALTER SUBSCRIPTION`.
    AlterSubscription(Box<AlterSubscription>) = |_| "ALTER SUBSCRIPTION",
    /// `DROP SUBSCRIPTION`.
    DropSubscription(DropSubscription) = |_| "DROP SUBSCRIPTION",
    /// `ALTER TEXT SEARCH DICTIONARY`.
    AlterTextSearchDictionary(AlterTextSearchDictionary) = |_| "ALTER TEXT SEARCH DICTIONARY",
    /// `ALTER TEXT SEARCH CONFIGURATION`.
    AlterTextSearchConfiguration(Box<AlterTextSearchConfiguration>) = |_| "ALTER TEXT SEARCH CONFIGURATION",
    /// `ALTER COLLATION … REFRESH VERSION`.
    AlterCollation(AlterCollation) = |_| "ALTER COLLATION",
    /// PL/pgSQL's assignment; never from ordinary SQL.
    Assign(Box<Assign>) = |_| "SELECT",
}

fn relation_alter_tag(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "ALTER TABLE",
        RelationKind::ForeignTable => "ALTER FOREIGN TABLE",
        RelationKind::Index => "ALTER INDEX",
        RelationKind::View => "ALTER VIEW",
        RelationKind::MaterializedView => "ALTER MATERIALIZED VIEW",
        RelationKind::Sequence => "ALTER SEQUENCE",
        RelationKind::CompositeType => "ALTER TYPE",
    }
}

impl Select {
    /// The INTO clause of the leftmost simple SELECT, where PostgreSQL lets it stand.
    pub fn into_clause(&self) -> Option<&IntoClause> {
        let mut select = self;
        loop {
            match &select.body {
                SelectBody::Simple(simple) => return simple.into.as_deref(),
                SelectBody::Values(_) => return None,
                SelectBody::SetOperation { first, .. } => select = first,
            }
        }
    }
}

macro_rules! object_tags {
    ($($kind:ident = $name:literal,)*) => {
        impl ObjectKind {
            /// The word for it in SQL: `FOREIGN TABLE`.
            pub const fn word(self) -> &'static str {
                match self { $(ObjectKind::$kind => $name,)* }
            }

            /// The command tag of its CREATE.
            pub const fn create_tag(self) -> &'static str {
                match self { $(ObjectKind::$kind => concat!("CREATE ", $name),)* }
            }

            /// The command tag of its ALTER.
            pub const fn alter_tag(self) -> &'static str {
                match self { $(ObjectKind::$kind => concat!("ALTER ", $name),)* }
            }

            /// The command tag of its DROP.
            pub const fn drop_tag(self) -> &'static str {
                match self { $(ObjectKind::$kind => concat!("DROP ", $name),)* }
            }
        }
    };
}

object_tags! {
    AccessMethod = "ACCESS METHOD",
    Aggregate = "AGGREGATE",
    Attribute = "TYPE",
    Cast = "CAST",
    Collation = "COLLATION",
    Column = "TABLE",
    Conversion = "CONVERSION",
    Database = "DATABASE",
    Domain = "DOMAIN",
    DomainConstraint = "DOMAIN",
    EventTrigger = "EVENT TRIGGER",
    Extension = "EXTENSION",
    ForeignDataWrapper = "FOREIGN DATA WRAPPER",
    ForeignServer = "SERVER",
    ForeignTable = "FOREIGN TABLE",
    Function = "FUNCTION",
    Index = "INDEX",
    Language = "LANGUAGE",
    LargeObject = "LARGE OBJECT",
    MaterializedView = "MATERIALIZED VIEW",
    Operator = "OPERATOR",
    OperatorClass = "OPERATOR CLASS",
    OperatorFamily = "OPERATOR FAMILY",
    Policy = "POLICY",
    Procedure = "PROCEDURE",
    Publication = "PUBLICATION",
    Role = "ROLE",
    Routine = "ROUTINE",
    Rule = "RULE",
    Schema = "SCHEMA",
    Sequence = "SEQUENCE",
    Statistics = "STATISTICS",
    Subscription = "SUBSCRIPTION",
    Table = "TABLE",
    TableConstraint = "TABLE",
    Tablespace = "TABLESPACE",
    TextSearchConfiguration = "TEXT SEARCH CONFIGURATION",
    TextSearchDictionary = "TEXT SEARCH DICTIONARY",
    TextSearchParser = "TEXT SEARCH PARSER",
    TextSearchTemplate = "TEXT SEARCH TEMPLATE",
    Transform = "TRANSFORM",
    Trigger = "TRIGGER",
    Type = "TYPE",
    UserMapping = "USER MAPPING",
    View = "VIEW",
}
