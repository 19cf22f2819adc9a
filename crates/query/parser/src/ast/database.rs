//! Databases, tablespaces, schemas.

use super::{DefinitionItem, Name, RoleSpec, SetStatement, Statement};

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
