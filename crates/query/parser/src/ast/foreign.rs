//! Foreign data: wrappers, servers, user mappings.

use super::{DefinitionItem, Name, RelationName, RoleSpec};

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
