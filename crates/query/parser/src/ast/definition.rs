//! What all kinds of objects have in common (DROP, COMMENT, RENAME, OWNER …), and the kinds that are no part of a larger topic:
//! extensions, event triggers, conversions, access methods, text search.

use super::{
    AggregateParameters, DefinitionItem, DropBehavior, FunctionSignature, Name, ObjectName, OperatorSignature,
    RelationRef, RoleSpec, TypeName,
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
