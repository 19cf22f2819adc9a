//! Every other object: functions, types, operators, roles, databases, privileges, extensions, publications …

use super::{
    ColumnDefinition, DefinitionItem, DropBehavior, Expr, Name, ObjectName, RelationName, RelationRef, RoleSpec,
    SetStatement, Statement, TypeName,
};

/// Kinds of objects that DROP, COMMENT, ALTER … RENAME and their like name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum ObjectKind {
    AccessMethod,
    Aggregate,
    Attribute,
    Cast,
    Collation,
    Column,
    Conversion,
    Database,
    Domain,
    DomainConstraint,
    EventTrigger,
    Extension,
    ForeignDataWrapper,
    ForeignServer,
    ForeignTable,
    Function,
    Index,
    Language,
    LargeObject,
    MaterializedView,
    Operator,
    OperatorClass,
    OperatorFamily,
    Policy,
    Procedure,
    Publication,
    Role,
    Routine,
    Rule,
    Schema,
    Sequence,
    Statistics,
    Subscription,
    Table,
    TableConstraint,
    Tablespace,
    TextSearchConfiguration,
    TextSearchDictionary,
    TextSearchParser,
    TextSearchTemplate,
    Transform,
    Trigger,
    Type,
    UserMapping,
    View,
}

/// How an object is named; which form fits is decided by its [`ObjectKind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectReference {
    /// By its (possibly qualified) name.
    Name(ObjectName),
    /// A relation.
    Relation(RelationRef),
    /// A type or domain.
    Type(TypeName),
    /// A function, procedure, routine or aggregate.
    Function(FunctionSignature),
    /// An operator and its operand types; `None` is `NONE`.
    Operator(OperatorSignature),
    /// An operator class or family: `name USING method`.
    OperatorClass {
        /// Its name.
        name: ObjectName,
        /// The access method.
        method: Name,
    },
    /// A column, constraint, trigger, rule or policy: `name ON relation`.
    OnRelation {
        /// The relation; [`ObjectReference::Type`]'s counterpart for domains is `OnDomain`.
        relation: ObjectName,
        /// What belongs to it.
        name: Name,
    },
    /// `CONSTRAINT name ON DOMAIN domain`.
    OnDomain {
        /// The domain.
        domain: TypeName,
        /// The constraint.
        name: Name,
    },
    /// `CAST (source AS target)`.
    Cast {
        /// From.
        source: Box<TypeName>,
        /// To.
        target: Box<TypeName>,
    },
    /// `TRANSFORM FOR type LANGUAGE language`.
    Transform {
        /// The type.
        type_name: Box<TypeName>,
        /// The language.
        language: Name,
    },
    /// `LARGE OBJECT oid`: the number as written.
    LargeObject(Name),
}

/// A function, with its arguments if they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSignature {
    /// Its name.
    pub name: ObjectName,
    /// Its parameters (names and modes too, as written); `None` if there are no parentheses. An aggregate's `*` is an
    /// empty list; direct and ordered arguments of ordered-set aggregates are joined.
    pub parameters: Option<Vec<FunctionParameter>>,
}

/// An operator with its operand types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorSignature {
    /// The operator.
    pub operator: super::Operator,
    /// Left operand; `None` for a prefix operator.
    pub left: Option<Box<TypeName>>,
    /// Right operand; `None` for `NONE`.
    pub right: Option<Box<TypeName>>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionParameter {
    /// Its name.
    pub name: Option<Name>,
    /// Its type.
    pub type_name: TypeName,
    /// Its mode.
    pub mode: ParameterMode,
    /// `DEFAULT`.
    pub default: Option<Expr>,
    /// Where it begins.
    pub location: u32,
}

/// Modes of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterMode {
    /// Nothing is written: `IN`.
    #[default]
    Default,
    /// `IN`.
    In,
    /// `OUT`.
    Out,
    /// `INOUT`.
    InOut,
    /// `VARIADIC`.
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFunction {
    /// Its name.
    pub name: ObjectName,
    /// `PROCEDURE`.
    pub procedure: bool,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// Its parameters, those of `RETURNS TABLE` at the end.
    pub parameters: Vec<FunctionParameter>,
    /// `RETURNS`; for `RETURNS TABLE` a set of the column's type or of `record`.
    pub returns: Option<TypeName>,
    /// `language`, `as` (a list of one or two strings), `volatility`, `strict`, `security`, `leakproof`, `cost`,
    /// `rows`, `support`, `set`, `parallel`, `window`, `transform`.
    pub options: Vec<DefinitionItem>,
    /// A body in SQL.
    pub body: Option<Box<SqlBody>>,
}

/// The body of an SQL-standard function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlBody {
    /// `RETURN expression`.
    Return(Expr),
    /// `BEGIN ATOMIC … END`: statements, each SQL or a RETURN.
    Atomic(Vec<RoutineStatement>),
}

/// A statement of `BEGIN ATOMIC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutineStatement {
    /// `RETURN expression`.
    Return(Expr),
    /// SQL.
    Statement(super::RawStatement),
}

/// `ALTER FUNCTION|PROCEDURE|ROUTINE f options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterFunction {
    /// Which kind is named.
    pub kind: ObjectKind,
    /// Which.
    pub function: FunctionSignature,
    /// As in [`CreateFunction`].
    pub options: Vec<DefinitionItem>,
}

/// `DO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Do {
    /// `as` and `language`.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE AGGREGATE|OPERATOR|TYPE|TEXT SEARCH …|COLLATION`, of the form `name (option, …)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Define {
    /// What is created.
    pub kind: ObjectKind,
    /// Its name; an operator's symbol is the last part.
    pub name: ObjectName,
    /// `OR REPLACE`, of an aggregate.
    pub or_replace: bool,
    /// `IF NOT EXISTS`, of a collation.
    pub if_not_exists: bool,
    /// An aggregate's parameters; `None` in the old syntax.
    pub parameters: Option<AggregateParameters>,
    /// `CREATE COLLATION name FROM other`.
    pub from: Option<ObjectName>,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `(direct ORDER BY ordered)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateParameters {
    /// All of them; empty for `*`.
    pub parameters: Vec<FunctionParameter>,
    /// How many of them are direct, for an ordered-set aggregate. With a variadic direct and ordered part, which must be
    /// equal, the parameter stands once.
    pub direct: Option<u32>,
}

/// `CREATE TYPE name AS (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCompositeType {
    /// Its name.
    pub name: RelationName,
    /// Its attributes.
    pub attributes: Vec<ColumnDefinition>,
}

/// `CREATE TYPE name AS ENUM (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateEnum {
    /// Its name.
    pub name: ObjectName,
    /// Its labels.
    pub labels: Vec<Name>,
}

/// `CREATE TYPE name AS RANGE (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRange {
    /// Its name.
    pub name: ObjectName,
    /// Its options.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER TYPE name ADD VALUE|RENAME VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterEnum {
    /// Which.
    pub name: ObjectName,
    /// What to do.
    pub action: AlterEnumAction,
}

/// Actions of ALTER TYPE on an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterEnumAction {
    /// `ADD VALUE`.
    Add {
        /// The label.
        label: Name,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
        /// `BEFORE|AFTER neighbour`: true for `AFTER`.
        neighbor: Option<(bool, Name)>,
    },
    /// `RENAME VALUE`.
    Rename {
        /// The old label.
        from: Name,
        /// The new one.
        to: Name,
    },
}

/// `ALTER TYPE name SET (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterType {
    /// Which.
    pub name: ObjectName,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER OPERATOR o SET (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterOperator {
    /// Which.
    pub operator: OperatorSignature,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE OPERATOR CLASS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOperatorClass {
    /// Its name.
    pub name: ObjectName,
    /// `DEFAULT`.
    pub default: bool,
    /// `FOR TYPE`.
    pub type_name: TypeName,
    /// `USING`.
    pub method: Name,
    /// `FAMILY`.
    pub family: Option<ObjectName>,
    /// Its items.
    pub items: Vec<OperatorClassItem>,
}

/// An item of an operator class or family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorClassItem {
    /// `OPERATOR number operator (types) FOR …`.
    Operator {
        /// The strategy.
        number: i32,
        /// The operator.
        operator: super::Operator,
        /// Its operand types, if given.
        types: Option<(Option<Box<TypeName>>, Option<Box<TypeName>>)>,
        /// `FOR ORDER BY family`.
        order_family: Option<ObjectName>,
    },
    /// `FUNCTION number (types) function`.
    Function {
        /// The support number.
        number: i32,
        /// The types it is for.
        types: Vec<TypeName>,
        /// The function.
        function: FunctionSignature,
    },
    /// `STORAGE type`.
    Storage(TypeName),
}

/// `CREATE OPERATOR FAMILY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOperatorFamily {
    /// Its name.
    pub name: ObjectName,
    /// `USING`.
    pub method: Name,
}

/// `ALTER OPERATOR FAMILY … ADD|DROP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterOperatorFamily {
    /// Which.
    pub name: ObjectName,
    /// `USING`.
    pub method: Name,
    /// What to do.
    pub action: AlterOperatorFamilyAction,
}

/// Actions of ALTER OPERATOR FAMILY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterOperatorFamilyAction {
    /// `ADD`.
    Add(Vec<OperatorClassItem>),
    /// `DROP`.
    Drop(Vec<OperatorFamilyMember>),
}

/// A member of an operator family, by number and types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorFamilyMember {
    /// `FUNCTION` rather than `OPERATOR`.
    pub function: bool,
    /// The number.
    pub number: i32,
    /// The types.
    pub types: Vec<TypeName>,
}

/// `CREATE CAST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCast {
    /// From.
    pub source: TypeName,
    /// To.
    pub target: TypeName,
    /// By what.
    pub method: CastMethod,
    /// Where it applies by itself.
    pub context: CastContext,
}

/// How a cast converts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastMethod {
    /// `WITH FUNCTION`.
    Function(FunctionSignature),
    /// `WITHOUT FUNCTION`.
    Binary,
    /// `WITH INOUT`.
    InOut,
}

/// Where a cast applies by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CastContext {
    /// Nowhere.
    #[default]
    Explicit,
    /// `AS ASSIGNMENT`.
    Assignment,
    /// `AS IMPLICIT`.
    Implicit,
}

/// `CREATE TRANSFORM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTransform {
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// The type.
    pub type_name: TypeName,
    /// The language.
    pub language: Name,
    /// `FROM SQL WITH FUNCTION`.
    pub from_sql: Option<FunctionSignature>,
    /// `TO SQL WITH FUNCTION`.
    pub to_sql: Option<FunctionSignature>,
}

/// `CREATE CONVERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateConversion {
    /// Its name.
    pub name: ObjectName,
    /// `DEFAULT`.
    pub default: bool,
    /// `FOR`.
    pub source: Name,
    /// `TO`.
    pub target: Name,
    /// `FROM`.
    pub function: ObjectName,
}

/// `CREATE ACCESS METHOD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccessMethod {
    /// Its name.
    pub name: Name,
    /// `TYPE INDEX` rather than `TYPE TABLE`.
    pub index: bool,
    /// `HANDLER`.
    pub handler: ObjectName,
}

/// `CREATE LANGUAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLanguage {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `TRUSTED`.
    pub trusted: bool,
    /// `HANDLER`; without it the statement is CREATE EXTENSION by an old name.
    pub handler: Option<ObjectName>,
    /// `INLINE`.
    pub inline: Option<ObjectName>,
    /// `VALIDATOR`.
    pub validator: Option<ObjectName>,
}

/// `CREATE SCHEMA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSchema {
    /// Its name; the role's if absent.
    pub name: Option<Name>,
    /// `AUTHORIZATION`.
    pub authorization: Option<RoleSpec>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// What is created in it.
    pub elements: Vec<Statement>,
}

/// `CREATE DATABASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDatabase {
    /// Its name.
    pub name: Name,
    /// Its options.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER DATABASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterDatabase {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterDatabaseAction,
}

/// Actions of ALTER DATABASE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterDatabaseAction {
    /// `WITH options`, `SET TABLESPACE` (the option `tablespace`).
    Options(Vec<DefinitionItem>),
    /// `REFRESH COLLATION VERSION`.
    RefreshCollationVersion,
    /// `SET`, `RESET`.
    Setting(Box<SetStatement>),
}

/// `DROP DATABASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropDatabase {
    /// Which.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `WITH (FORCE)`.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE TABLESPACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTablespace {
    /// Its name.
    pub name: Name,
    /// `OWNER`.
    pub owner: Option<RoleSpec>,
    /// `LOCATION`.
    pub directory: Name,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER TABLESPACE SET|RESET (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTablespace {
    /// Which.
    pub name: Name,
    /// The options.
    pub options: Vec<DefinitionItem>,
    /// `RESET`.
    pub reset: bool,
}

/// `DROP TABLESPACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTablespace {
    /// Which.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// The word by which a role was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleWord {
    /// `ROLE`.
    Role,
    /// `USER`: may log in.
    User,
    /// `GROUP`.
    Group,
}

/// `CREATE ROLE|USER|GROUP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRole {
    /// By which word.
    pub word: RoleWord,
    /// Its name.
    pub name: Name,
    /// Its options: `superuser`, `createdb`, `createrole`, `inherit`, `canlogin`, `isreplication`, `bypassrls` (truth
    /// values), `connectionlimit`, `password` (no value: NULL), `validUntil`, `sysid`, `addroleto`, `rolemembers`,
    /// `adminmembers`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER ROLE r options`, `ALTER GROUP g ADD|DROP USER …` (the option `rolemembers`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterRole {
    /// Which.
    pub role: RoleSpec,
    /// `ALTER GROUP … DROP USER` if false.
    pub add: bool,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER ROLE r [IN DATABASE d] SET …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterRoleSet {
    /// Which; `None` is `ALL`.
    pub role: Option<RoleSpec>,
    /// `IN DATABASE`.
    pub database: Option<Name>,
    /// `SET` or `RESET`.
    pub setting: Box<SetStatement>,
}

/// `DROP ROLE|USER|GROUP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRole {
    /// Which.
    pub roles: Vec<RoleSpec>,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// `GRANT|REVOKE privileges ON objects TO|FROM roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `GRANT` rather than `REVOKE`.
    pub is_grant: bool,
    /// Which privileges; empty: `ALL`.
    pub privileges: Vec<Privilege>,
    /// On what.
    pub objects: GrantObjects,
    /// To or from whom.
    pub grantees: Vec<RoleSpec>,
    /// `WITH GRANT OPTION`, `GRANT OPTION FOR`.
    pub grant_option: bool,
    /// `GRANTED BY`.
    pub grantor: Option<RoleSpec>,
    /// For dependent privileges, in REVOKE.
    pub behavior: DropBehavior,
}

/// A privilege, perhaps on columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// Its name, in lower case; `None` is `ALL (columns)`.
    pub name: Option<Name>,
    /// The columns.
    pub columns: Vec<Name>,
}

/// What privileges are granted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantObjects {
    /// Objects by name. Tables and views are `ObjectKind::Table`, parameters have a variant of their own.
    Objects {
        /// Their kind.
        kind: ObjectKind,
        /// Which.
        objects: Vec<ObjectReference>,
    },
    /// `ALL … IN SCHEMA`.
    AllInSchema {
        /// Their kind.
        kind: ObjectKind,
        /// The schemas.
        schemas: Vec<Name>,
    },
    /// `PARAMETER`: settings by name.
    Parameters(Vec<Name>),
    /// The objects to come of ALTER DEFAULT PRIVILEGES.
    Defaults {
        /// Their kind.
        kind: ObjectKind,
    },
}

/// `GRANT|REVOKE role TO|FROM role`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRole {
    /// `GRANT` rather than `REVOKE`.
    pub is_grant: bool,
    /// The granted roles; the form allows columns, which are an error later.
    pub roles: Vec<Privilege>,
    /// To or from whom.
    pub grantees: Vec<RoleSpec>,
    /// `WITH ADMIN|INHERIT|SET …`, `ADMIN OPTION FOR`.
    pub options: Vec<DefinitionItem>,
    /// `GRANTED BY`.
    pub grantor: Option<RoleSpec>,
    /// For dependent memberships, in REVOKE.
    pub behavior: DropBehavior,
}

/// `ALTER DEFAULT PRIVILEGES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterDefaultPrivileges {
    /// `IN SCHEMA` and `FOR ROLE`.
    pub schemas: Vec<Name>,
    /// `FOR ROLE`.
    pub roles: Vec<RoleSpec>,
    /// The privileges.
    pub grant: Grant,
}

/// `DROP OWNED BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropOwned {
    /// Whose.
    pub roles: Vec<RoleSpec>,
    /// For what depends on them.
    pub behavior: DropBehavior,
}

/// `REASSIGN OWNED BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignOwned {
    /// Whose.
    pub roles: Vec<RoleSpec>,
    /// The new owner.
    pub new_owner: RoleSpec,
}

/// `DROP kind objects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropObjects {
    /// Their kind.
    pub kind: ObjectKind,
    /// Which.
    pub objects: Vec<ObjectReference>,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `CONCURRENTLY`, of indexes.
    pub concurrently: bool,
    /// For what depends on them.
    pub behavior: DropBehavior,
}

/// `COMMENT ON`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The object's kind.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectReference,
    /// The text; `None` removes it.
    pub text: Option<Name>,
}

/// `SECURITY LABEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityLabel {
    /// `FOR provider`.
    pub provider: Option<Name>,
    /// The object's kind.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectReference,
    /// The label; `None` removes it.
    pub label: Option<Name>,
}

/// `ALTER … RENAME TO`, `ALTER TABLE … RENAME COLUMN|CONSTRAINT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// What is renamed.
    pub kind: ObjectKind,
    /// For a column, attribute or constraint: the kind of relation named (`ALTER VIEW v RENAME COLUMN …`).
    pub relation_kind: Option<ObjectKind>,
    /// The object, or the relation whose column, constraint … is renamed.
    pub object: ObjectReference,
    /// The old name of a column, constraint …
    pub part: Option<Name>,
    /// The new name.
    pub new_name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Of an attribute.
    pub behavior: DropBehavior,
}

/// `ALTER … OWNER TO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterOwner {
    /// The object's kind.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectReference,
    /// The new owner.
    pub new_owner: RoleSpec,
}

/// `ALTER … SET SCHEMA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterObjectSchema {
    /// The object's kind.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectReference,
    /// The new schema.
    pub schema: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// `ALTER … [NO] DEPENDS ON EXTENSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterObjectDepends {
    /// The object's kind.
    pub kind: ObjectKind,
    /// Which.
    pub object: ObjectReference,
    /// The extension.
    pub extension: Name,
    /// `NO`.
    pub remove: bool,
}

/// `CREATE EXTENSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateExtension {
    /// Its name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `schema`, `new_version`, `cascade`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER EXTENSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterExtension {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterExtensionAction,
}

/// Actions of ALTER EXTENSION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterExtensionAction {
    /// `UPDATE [TO version]`.
    Update(Vec<DefinitionItem>),
    /// `ADD|DROP object`.
    Contents {
        /// `ADD`.
        add: bool,
        /// The object's kind.
        kind: ObjectKind,
        /// Which.
        object: ObjectReference,
    },
}

/// `CREATE FOREIGN DATA WRAPPER`, and ALTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignDataWrapper {
    /// Its name.
    pub name: Name,
    /// `handler` and `validator`, each with a name or none.
    pub functions: Vec<DefinitionItem>,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE SERVER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateServer {
    /// Its name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TYPE`.
    pub server_type: Option<Name>,
    /// `VERSION`.
    pub version: Option<Name>,
    /// `FOREIGN DATA WRAPPER`.
    pub wrapper: Name,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER SERVER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterServer {
    /// Which.
    pub name: Name,
    /// `VERSION`, if written; its value may be NULL.
    pub version: Option<Option<Name>>,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE|ALTER|DROP USER MAPPING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMapping {
    /// `FOR`.
    pub user: RoleSpec,
    /// `SERVER`.
    pub server: Name,
    /// `IF NOT EXISTS`, `IF EXISTS`.
    pub if_exists: bool,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// `IMPORT FOREIGN SCHEMA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportForeignSchema {
    /// Which schema there.
    pub remote_schema: Name,
    /// Which tables.
    pub selection: ImportSelection,
    /// `FROM SERVER`.
    pub server: Name,
    /// `INTO`.
    pub local_schema: Name,
    /// `OPTIONS`.
    pub options: Vec<DefinitionItem>,
}

/// Which tables IMPORT FOREIGN SCHEMA takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportSelection {
    /// All.
    All,
    /// `LIMIT TO`.
    LimitTo(Vec<RelationName>),
    /// `EXCEPT`.
    Except(Vec<RelationName>),
}

/// `CREATE EVENT TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateEventTrigger {
    /// Its name.
    pub name: Name,
    /// `ON`.
    pub event: Name,
    /// `WHEN variable IN (…)`: lists of strings.
    pub conditions: Vec<DefinitionItem>,
    /// The function.
    pub function: ObjectName,
}

/// `ALTER EVENT TRIGGER … ENABLE|DISABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterEventTrigger {
    /// Which.
    pub name: Name,
    /// When it fires now.
    pub firing: super::FiringMode,
}

/// `CREATE PUBLICATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePublication {
    /// Its name.
    pub name: Name,
    /// `FOR ALL TABLES`.
    pub all_tables: bool,
    /// What it publishes.
    pub objects: Vec<PublicationObject>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
}

/// What a publication publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicationObject {
    /// `TABLE t (columns) WHERE (…)`.
    Table {
        /// Which.
        relation: RelationRef,
        /// The columns; empty: all.
        columns: Vec<Name>,
        /// The rows.
        filter: Option<Expr>,
        /// Where it stands.
        location: u32,
    },
    /// `TABLES IN SCHEMA s`; `None` is `CURRENT_SCHEMA`.
    TablesInSchema {
        /// Which.
        schema: Option<Name>,
        /// Where it stands.
        location: u32,
    },
}

/// `ALTER PUBLICATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPublication {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterPublicationAction,
}

/// Actions of ALTER PUBLICATION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterPublicationAction {
    /// `SET (…)`.
    Options(Vec<DefinitionItem>),
    /// `ADD`.
    Add(Vec<PublicationObject>),
    /// `SET`.
    Set(Vec<PublicationObject>),
    /// `DROP`.
    Drop(Vec<PublicationObject>),
}

/// `CREATE SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSubscription {
    /// Its name.
    pub name: Name,
    /// `CONNECTION`.
    pub connection: Name,
    /// `PUBLICATION`.
    pub publications: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterSubscription {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterSubscriptionAction,
    /// `WITH (…)`; for `Options` and `Skip` what stands in the parentheses.
    pub options: Vec<DefinitionItem>,
}

/// Actions of ALTER SUBSCRIPTION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterSubscriptionAction {
    /// `SET (…)`.
    Options,
    /// `SKIP (…)`.
    Skip,
    /// `CONNECTION`.
    Connection(Name),
    /// `REFRESH PUBLICATION`.
    Refresh,
    /// `SET PUBLICATION`.
    SetPublications(Vec<Name>),
    /// `ADD PUBLICATION`.
    AddPublications(Vec<Name>),
    /// `DROP PUBLICATION`.
    DropPublications(Vec<Name>),
    /// `ENABLE`, `DISABLE`.
    Enable(bool),
}

/// `DROP SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropSubscription {
    /// Which.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// For what depends on it.
    pub behavior: DropBehavior,
}

/// `ALTER TEXT SEARCH DICTIONARY d (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTextSearchDictionary {
    /// Which.
    pub name: ObjectName,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER TEXT SEARCH CONFIGURATION c …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTextSearchConfiguration {
    /// Which.
    pub name: ObjectName,
    /// What to do.
    pub action: AlterTextSearchAction,
}

/// Actions of ALTER TEXT SEARCH CONFIGURATION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterTextSearchAction {
    /// `ADD MAPPING FOR tokens WITH dictionaries`.
    AddMapping {
        /// The token types.
        tokens: Vec<Name>,
        /// The dictionaries.
        dictionaries: Vec<ObjectName>,
    },
    /// `ALTER MAPPING FOR tokens WITH dictionaries`.
    AlterMapping {
        /// The token types.
        tokens: Vec<Name>,
        /// The dictionaries.
        dictionaries: Vec<ObjectName>,
    },
    /// `ALTER MAPPING [FOR tokens] REPLACE old WITH new`.
    ReplaceDictionary {
        /// The token types; empty: all.
        tokens: Vec<Name>,
        /// The old dictionary.
        old: ObjectName,
        /// The new one.
        new: ObjectName,
    },
    /// `DROP MAPPING [IF EXISTS] FOR tokens`.
    DropMapping {
        /// The token types.
        tokens: Vec<Name>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
}

/// `ALTER COLLATION c REFRESH VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterCollation {
    /// Which.
    pub name: ObjectName,
}
