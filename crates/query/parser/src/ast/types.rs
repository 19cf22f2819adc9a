//! Types: composite types, enums, ranges, domains.

use super::{
    CollateClause, ColumnDefinition, Constraint, DefinitionItem, DropBehavior, Expr, Name, ObjectName, RelationName,
    TypeName,
};

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
