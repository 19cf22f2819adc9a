//! Roles, and what they may do: GRANT, REVOKE, default privileges.

use super::{DefinitionItem, DropBehavior, Name, ObjectKind, ObjectReference, RoleSpec, SetStatement};

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
