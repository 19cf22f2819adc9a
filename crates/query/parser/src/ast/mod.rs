//! The syntax tree: what a statement says, before any name is looked up.
//!
//! The tree is owned (`Box`, `Vec`, no lifetimes), so that it can outlive the text it came from. Nothing in it is
//! resolved: a name is what the user wrote (folded and truncated), a type is a [`TypeName`], an operator is its symbol.
//! Where SQL has a second spelling for something (`a IN (…)`, `EXTRACT(…)`, `int '4'`), the tree keeps the spelling only
//! when it has a meaning of its own or when it must be printed again.
//!
//! Invariants:
//! - `location` is a byte offset from 0 into the text given to the parser; it is where PostgreSQL's error cursor for that
//!   node stands. [`NO_LOCATION`] marks nodes that no text stands for.
//! - The tree's height is bounded by the parser, so that the recursive `Drop` cannot overflow the stack. Chains that SQL
//!   writes flat (`a || b || …`, `a AND b AND …`, `UNION … UNION …`) are flat here too: a vector, not a left-deep tree.
//!
//! Modules: [`expression`]; [`select`] (queries and DML); [`table`] (tables, indexes, views, sequences) with `constraint`,
//! `partition`, `trigger` and `alter_table`; `routine`, `types`, `operator`, `database`, `role`, `foreign`,
//! `replication`: further objects by topic; [`definition`] (what all objects have in common, and the rest of them); [`utility`]
//! (transactions, cursors, COPY, SET, maintenance); [`statement`] (the sum of them all).

mod alter_table;
mod constraint;
mod database;
pub mod definition;
pub mod expression;
mod foreign;
mod operator;
mod partition;
mod replication;
mod role;
mod routine;
pub mod select;
pub mod statement;
pub mod table;
mod trigger;
mod types;
pub mod utility;

pub use alter_table::*;
pub use constraint::*;
pub use database::*;
pub use definition::*;
pub use expression::*;
pub use foreign::*;
pub use operator::*;
pub use partition::*;
pub use replication::*;
pub use role::*;
pub use routine::*;
pub use select::*;
pub use statement::*;
pub use table::*;
pub use trigger::*;
pub use types::*;
pub use utility::*;

/// An identifier: folded, unquoted, truncated to 63 bytes.
pub type Name = Box<str>;

/// The `location` of a node that stands nowhere in the text.
pub const NO_LOCATION: u32 = u32::MAX;

/// A possibly qualified name: `name`, `schema.name`, `database.schema.name` …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// What stands before the last dot, outermost first.
    pub qualifiers: Vec<Name>,
    /// The last part.
    pub name: Name,
    /// Where the first part stands.
    pub location: u32,
}

impl ObjectName {
    /// The relation that these parts name.
    pub fn to_relation(&self) -> RelationName {
        let mut qualifiers = self.qualifiers.iter().rev();
        RelationName {
            schema: qualifiers.next().cloned(),
            database: qualifiers.next().cloned(),
            name: self.name.clone(),
            location: self.location,
        }
    }

    /// A name without qualification.
    pub fn unqualified(name: impl Into<Name>, location: u32) -> ObjectName {
        ObjectName { qualifiers: Vec::new(), name: name.into(), location }
    }

    /// `pg_catalog.name`: what the grammar's own words (`INT`, `EXTRACT` …) stand for.
    pub fn system(name: impl Into<Name>, location: u32) -> ObjectName {
        ObjectName { qualifiers: vec!["pg_catalog".into()], name: name.into(), location }
    }

    /// All parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.qualifiers.iter().map(|part| &**part).chain(std::iter::once(&*self.name))
    }
}

impl std::fmt::Display for ObjectName {
    /// The parts joined by dots, as PostgreSQL's messages show names (not quoted).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.qualifiers {
            write!(f, "{part}.")?;
        }
        f.write_str(&self.name)
    }
}

/// A relation's name: `[[database.]schema.]name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationName {
    /// The database, which must be the current one.
    pub database: Option<Name>,
    /// The schema.
    pub schema: Option<Name>,
    /// The relation.
    pub name: Name,
    /// Where the first part stands.
    pub location: u32,
}

impl std::fmt::Display for RelationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(database) = &self.database {
            write!(f, "{database}.")?;
        }
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// A relation that a statement reads or changes: `[ONLY] name [*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRef {
    /// Which one.
    pub name: RelationName,
    /// Its children too: true unless `ONLY` is written.
    pub inherit: bool,
}

/// `AS name (columns)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The new name.
    pub name: Name,
    /// New names of the leading columns; empty if none are given.
    pub columns: Vec<Name>,
}

/// How long a relation lives and whether it is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Logged, until dropped.
    #[default]
    Permanent,
    /// `UNLOGGED`.
    Unlogged,
    /// `TEMPORARY`.
    Temporary,
}

/// What becomes of objects that depend on a dropped one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropBehavior {
    /// `RESTRICT`, the default: fail if there are any.
    #[default]
    Restrict,
    /// `CASCADE`: drop them too.
    Cascade,
}

/// The name of a data type, with everything that may stand around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// The type; the grammar's own spellings (`INT`, `DOUBLE PRECISION`, `CHAR` …) are `pg_catalog` names here.
    /// With `percent_type`, the last part is a column, and what stands before it is a relation.
    pub name: ObjectName,
    /// `SETOF`.
    pub setof: bool,
    /// `%TYPE`.
    pub percent_type: bool,
    /// What stands in parentheses: `numeric(10, 2)`. `interval`'s fields come as the integer mask that its typmod
    /// holds, then the precision; `char` and `bit` without a length have the length 1.
    pub modifiers: Vec<Expr>,
    /// One entry for each array dimension, with its size if one is written.
    pub array_bounds: Vec<Option<i32>>,
    /// Where it begins.
    pub location: u32,
}

impl TypeName {
    /// A plain type without decoration.
    pub fn plain(name: ObjectName) -> TypeName {
        let location = name.location;
        TypeName { name, setof: false, percent_type: false, modifiers: Vec::new(), array_bounds: Vec::new(), location }
    }
}

/// `name [= value]`: an option of one of the many lists that share this form (`WITH (…)`, `OPTIONS (…)`, COPY's,
/// EXPLAIN's, roles' …). Options written as words (`CREATE DATABASE d TEMPLATE t`, old COPY syntax) are brought into it,
/// with PostgreSQL's names for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionItem {
    /// `toast.` of `toast.autovacuum_enabled`.
    pub namespace: Option<Name>,
    /// The option.
    pub name: Name,
    /// Its value.
    pub value: Option<DefinitionValue>,
    /// `ADD`, `SET` or `DROP` in ALTER … OPTIONS lists.
    pub action: DefinitionAction,
    /// Where it begins.
    pub location: u32,
}

/// What ALTER … OPTIONS does with an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefinitionAction {
    /// Nothing is written: add.
    #[default]
    Unspecified,
    /// `SET`.
    Set,
    /// `ADD`.
    Add,
    /// `DROP`.
    Drop,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionValue {
    /// A number that fits 32 bits.
    Integer(i32),
    /// Any other number, as written.
    Float(Name),
    /// A string, or a word.
    String(Name),
    /// A truth value that the syntax implies.
    Boolean(bool),
    /// A word that may also be a type (`= float8`, `= mytype`); most readers take its last name as a word.
    Type(Box<TypeName>),
    /// An operator, as in CREATE OPERATOR's `commutator = OPERATOR(s.=)`.
    Operator(Operator),
    /// A name, as in `OWNED BY t.c`.
    Name(ObjectName),
    /// Several values: `FORCE_QUOTE (a, b)`.
    List(Vec<DefinitionValue>),
    /// `*`.
    Star,
    /// Roles, as in `CREATE ROLE r ADMIN a, b`.
    Roles(Vec<RoleSpec>),
    /// A setting, as in `ALTER FUNCTION f SET work_mem = 1`.
    Setting(Box<SetStatement>),
}

/// A role: by name or by one of the words for the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSpec {
    /// Which.
    pub kind: RoleKind,
    /// Where it stands.
    pub location: u32,
}

/// How a role is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// By its name.
    Named(Name),
    /// `CURRENT_ROLE`.
    CurrentRole,
    /// `CURRENT_USER`.
    CurrentUser,
    /// `SESSION_USER`.
    SessionUser,
    /// `PUBLIC`.
    Public,
}
