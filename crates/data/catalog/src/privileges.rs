//! Roles and what they may do: membership, ownership, access control lists, and PostgreSQL's refusals.

use crate::acl::{Acl, AclItem, Privileges};
use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::index;
use crate::relation::kind;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;

/// Roles with built-in meanings.
#[allow(missing_docs)] // the names are PostgreSQL's
pub mod role {
    use ids::Oid;
    pub const PG_DATABASE_OWNER: Oid = Oid(6171);
    pub const PG_READ_ALL_DATA: Oid = Oid(6181);
    pub const PG_WRITE_ALL_DATA: Oid = Oid(6182);
    pub const PG_MAINTAIN: Oid = Oid(6337);
    pub const PG_MONITOR: Oid = Oid(3373);
    pub const PG_READ_ALL_SETTINGS: Oid = Oid(3374);
    pub const PG_READ_ALL_STATS: Oid = Oid(3375);
    pub const PG_SIGNAL_BACKEND: Oid = Oid(4200);
    pub const PG_CHECKPOINT: Oid = Oid(4544);
    pub const PG_READ_SERVER_FILES: Oid = Oid(4569);
    pub const PG_WRITE_SERVER_FILES: Oid = Oid(4570);
    pub const PG_EXECUTE_SERVER_PROGRAM: Oid = Oid(4571);
    pub const PG_CREATE_SUBSCRIPTION: Oid = Oid(6304);
    pub const PG_USE_RESERVED_CONNECTIONS: Oid = Oid(4550);
}

/// A kind of object that has an owner or privileges, by the catalog its objects are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum ObjectKind {
    Relation,
    Sequence,
    Database,
    Schema,
    Function,
    Type,
    Language,
    Tablespace,
    ForeignDataWrapper,
    ForeignServer,
    LargeObject,
    Parameter,
}

/// How a role inherits from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Any chain of memberships.
    Any,
    /// Only those WITH INHERIT: the member has the role's privileges at once.
    Inherit,
    /// Only those WITH SET: the member may SET ROLE to it.
    Set,
}

impl ObjectKind {
    /// The kind of a catalog's objects; of `pg_class`, relations. None if they have no privileges.
    pub fn of_catalog(catalog: Oid) -> Option<ObjectKind> {
        Some(match catalog {
            PgClass::RELATION => ObjectKind::Relation,
            PgDatabase::RELATION => ObjectKind::Database,
            PgNamespace::RELATION => ObjectKind::Schema,
            PgProc::RELATION => ObjectKind::Function,
            PgType::RELATION => ObjectKind::Type,
            PgLanguage::RELATION => ObjectKind::Language,
            PgTablespace::RELATION => ObjectKind::Tablespace,
            PgForeignDataWrapper::RELATION => ObjectKind::ForeignDataWrapper,
            PgForeignServer::RELATION => ObjectKind::ForeignServer,
            PgLargeobject::RELATION | PgLargeobjectMetadata::RELATION => ObjectKind::LargeObject,
            PgParameterAcl::RELATION => ObjectKind::Parameter,
            _ => return None,
        })
    }

    /// All privileges that objects of the kind have.
    pub fn all(self) -> Privileges {
        match self {
            ObjectKind::Relation => Privileges::ALL_TABLE,
            ObjectKind::Sequence => Privileges::ALL_SEQUENCE,
            ObjectKind::Database => Privileges::ALL_DATABASE,
            ObjectKind::Schema => Privileges::ALL_SCHEMA,
            ObjectKind::Function => Privileges::EXECUTE,
            ObjectKind::Type | ObjectKind::Language | ObjectKind::ForeignDataWrapper | ObjectKind::ForeignServer => {
                Privileges::USAGE
            }
            ObjectKind::Tablespace => Privileges::CREATE,
            ObjectKind::LargeObject => Privileges::SELECT.union(Privileges::UPDATE),
            ObjectKind::Parameter => Privileges::ALL_PARAMETER,
        }
    }

    /// What everybody may do with a new object.
    pub fn public_default(self) -> Privileges {
        match self {
            ObjectKind::Database => Privileges::CONNECT.union(Privileges::TEMPORARY),
            ObjectKind::Function => Privileges::EXECUTE,
            ObjectKind::Type | ObjectKind::Language => Privileges::USAGE,
            _ => Privileges::NONE,
        }
    }

    /// The list that an object without one has.
    pub fn default_acl(self, owner: Oid) -> Acl {
        let mut items = Vec::new();
        let public = self.public_default();
        if !public.is_empty() {
            items.push(AclItem {
                grantee: Oid::INVALID,
                grantor: owner,
                privileges: public,
                grantable: Privileges::NONE,
            });
        }
        items.push(AclItem { grantee: owner, grantor: owner, privileges: self.all(), grantable: Privileges::NONE });
        Acl(items)
    }

    /// The word for such an object in messages.
    pub fn word(self) -> &'static str {
        match self {
            ObjectKind::Relation => "table",
            ObjectKind::Sequence => "sequence",
            ObjectKind::Database => "database",
            ObjectKind::Schema => "schema",
            ObjectKind::Function => "function",
            ObjectKind::Type => "type",
            ObjectKind::Language => "language",
            ObjectKind::Tablespace => "tablespace",
            ObjectKind::ForeignDataWrapper => "foreign-data wrapper",
            ObjectKind::ForeignServer => "foreign server",
            ObjectKind::LargeObject => "large object",
            ObjectKind::Parameter => "parameter",
        }
    }
}

/// The word for a kind of relation in messages.
pub fn relation_word(relkind: u8) -> &'static str {
    match relkind {
        kind::INDEX | kind::PARTITIONED_INDEX => "index",
        kind::SEQUENCE => "sequence",
        kind::VIEW => "view",
        kind::MATERIALIZED_VIEW => "materialized view",
        kind::FOREIGN_TABLE => "foreign table",
        kind::COMPOSITE_TYPE => "composite type",
        _ => "table",
    }
}

/// Roles that a role has by a kind of membership, followed to a bounded depth of chains.
const MAX_ROLES: usize = 100_000;

impl Catalog {
    /// The role with this object id, if it exists.
    pub fn role(&self, oid: Oid) -> Result<Option<Entry<PgAuthid>>> {
        self.row(index::PG_AUTHID_OID_INDEX, &[oid.into()])
    }

    /// The role with this name, if it exists.
    pub fn role_by_name(&self, name: &str) -> Result<Option<Entry<PgAuthid>>> {
        self.row(index::PG_AUTHID_ROLNAME_INDEX, &[name.into()])
    }

    /// The role with this name, or `42704 role "x" does not exist`.
    pub fn require_role(&self, name: &str) -> Result<Entry<PgAuthid>> {
        self.role_by_name(name)?
            .ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("role \"{name}\" does not exist")))
    }

    /// The name of a role, if it exists.
    pub fn role_name(&self, oid: Oid) -> Result<Option<String>> {
        Ok(self.role(oid)?.map(|role| role.rolname.to_string()))
    }

    /// Whether a role is a superuser.
    pub fn is_superuser(&self, role: Oid) -> Result<bool> {
        Ok(self.role(role)?.is_some_and(|role| role.rolsuper))
    }

    /// The roles that `member` has by this kind of membership, itself first.
    pub fn roles_of(&self, member: Oid, how: Membership) -> Result<Vec<Oid>> {
        let mut roles = vec![member];
        let owner = self.database_row(self.database())?.map(|row| row.datdba);
        let mut at = 0;
        while at < roles.len() && roles.len() < MAX_ROLES {
            let current = roles[at];
            at += 1;
            for row in self.rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_MEMBER_ROLE_INDEX, &[current.into()])?.iter() {
                let counts = match how {
                    Membership::Any => true,
                    Membership::Inherit => row.inherit_option,
                    Membership::Set => row.set_option,
                };
                if counts && !roles.contains(&row.roleid) {
                    roles.push(row.roleid);
                }
            }
            if owner == Some(current) && !roles.contains(&role::PG_DATABASE_OWNER) {
                roles.push(role::PG_DATABASE_OWNER);
            }
        }
        Ok(roles)
    }

    /// Whether `member` is `role`, a superuser, or a member of `role` in this way.
    pub fn has_role(&self, member: Oid, role: Oid, how: Membership) -> Result<bool> {
        Ok(member == role || self.is_superuser(member)? || self.roles_of(member, how)?.contains(&role))
    }

    /// Whether `member` may use what `role` owns.
    pub fn has_privileges_of(&self, member: Oid, role: Oid) -> Result<bool> {
        self.has_role(member, role, Membership::Inherit)
    }

    /// The privileges out of `wanted` that a list gives a role, not counting superusers' powers.
    pub fn acl_privileges(&self, acl: &Acl, role: Oid, wanted: Privileges) -> Result<Privileges> {
        let mut held = Privileges::NONE;
        for item in acl.0.iter().filter(|item| !item.grantee.is_valid() || item.grantee == role) {
            held = held.union(item.privileges);
        }
        if held.contains(wanted) {
            return Ok(wanted);
        }
        let roles = self.roles_of(role, Membership::Inherit)?;
        for item in acl.0.iter().filter(|item| item.grantee.is_valid() && roles.contains(&item.grantee)) {
            held = held.union(item.privileges);
        }
        Ok(held.intersection(wanted))
    }

    /// The privileges out of `wanted` that a role has on an object; superusers have all. A missing object is `None`.
    pub fn privileges(
        &self,
        object_kind: ObjectKind,
        object: Oid,
        role: Oid,
        wanted: Privileges,
    ) -> Result<Option<Privileges>> {
        let Some((owner, acl)) = self.owner_and_acl(object_kind, object)? else { return Ok(None) };
        let superuser = self.is_superuser(role)?;
        if superuser {
            return Ok(Some(wanted));
        }
        let acl_kind = self.refine(object_kind, object)?;
        let acl = acl.unwrap_or_else(|| acl_kind.default_acl(owner));
        let mut held = self.acl_privileges(&acl, role, wanted)?;
        for (predefined, gives) in self.predefined_powers(object_kind, object)? {
            if !held.contains(wanted.intersection(gives)) && self.has_privileges_of(role, predefined)? {
                held = held.union(gives.intersection(wanted));
            }
        }
        Ok(Some(held))
    }

    /// The privileges out of `wanted` that a role may grant on; owners and superusers all.
    pub fn grantable(
        &self,
        object_kind: ObjectKind,
        object: Oid,
        role: Oid,
        wanted: Privileges,
    ) -> Result<Option<Privileges>> {
        let Some((owner, acl)) = self.owner_and_acl(object_kind, object)? else { return Ok(None) };
        if self.has_privileges_of(role, owner)? {
            return Ok(Some(wanted));
        }
        let roles = self.roles_of(role, Membership::Inherit)?;
        let mut held = Privileges::NONE;
        for item in acl.iter().flat_map(|acl| &acl.0).filter(|item| roles.contains(&item.grantee)) {
            held = held.union(item.grantable);
        }
        Ok(Some(held.intersection(wanted)))
    }

    /// Whether a role may grant membership in another.
    pub fn is_admin_of(&self, member: Oid, role: Oid) -> Result<bool> {
        if self.is_superuser(member)? {
            return Ok(true);
        }
        let roles = self.roles_of(member, Membership::Inherit)?;
        let rows = self.rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &[role.into()])?;
        Ok(rows.iter().any(|row| row.admin_option && roles.contains(&row.member)))
    }

    fn refine(&self, object_kind: ObjectKind, object: Oid) -> Result<ObjectKind> {
        Ok(match object_kind {
            ObjectKind::Relation if self.class(object)?.is_some_and(|class| class.relkind == kind::SEQUENCE) => {
                ObjectKind::Sequence
            }
            other => other,
        })
    }

    /// What the predefined roles may do with an object.
    fn predefined_powers(&self, object_kind: ObjectKind, object: Oid) -> Result<Vec<(Oid, Privileges)>> {
        let writes = Privileges::INSERT.union(Privileges::UPDATE).union(Privileges::DELETE);
        Ok(match object_kind {
            ObjectKind::Relation | ObjectKind::Sequence => {
                let class = self.class(object)?;
                let catalog = object < Oid::FIRST_NORMAL && class.is_some_and(|class| class.relkind != kind::VIEW);
                let mut powers =
                    vec![(role::PG_READ_ALL_DATA, Privileges::SELECT), (role::PG_MAINTAIN, Privileges::MAINTAIN)];
                if !catalog {
                    powers.push((role::PG_WRITE_ALL_DATA, writes));
                }
                powers
            }
            ObjectKind::Schema => {
                vec![(role::PG_READ_ALL_DATA, Privileges::USAGE), (role::PG_WRITE_ALL_DATA, Privileges::USAGE)]
            }
            _ => Vec::new(),
        })
    }

    /// An object's owner and list; `None` if it does not exist.
    pub fn owner_and_acl(&self, object_kind: ObjectKind, object: Oid) -> Result<Option<(Oid, Option<Acl>)>> {
        Ok(match object_kind {
            ObjectKind::Relation | ObjectKind::Sequence => {
                self.class(object)?.map(|row| (row.relowner, row.relacl.clone()))
            }
            ObjectKind::Database => self.database_row(object)?.map(|row| (row.datdba, row.datacl.clone())),
            ObjectKind::Schema => self.schema(object)?.map(|row| (row.nspowner, row.nspacl.clone())),
            ObjectKind::Function => self.find_function(object)?.map(|row| (row.proowner, row.proacl.clone())),
            ObjectKind::Type => {
                let mut row = self.find_type(object)?;
                if let Some(array) = row.as_ref()
                    && array.typcategory == b'A'
                    && array.typelem.is_valid()
                {
                    row = self.find_type(array.typelem)?;
                }
                row.map(|row| (row.typowner, row.typacl.clone()))
            }
            ObjectKind::Language => self.find_language(object)?.map(|row| (row.lanowner, row.lanacl.clone())),
            ObjectKind::Tablespace => self.tablespace(object)?.map(|row| (row.spcowner, row.spcacl.clone())),
            ObjectKind::ForeignDataWrapper => self
                .row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &[object.into()])?
                .map(|row| (row.fdwowner, row.fdwacl.clone())),
            ObjectKind::ForeignServer => self
                .row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &[object.into()])?
                .map(|row| (row.srvowner, row.srvacl.clone())),
            ObjectKind::LargeObject => self
                .row::<PgLargeobjectMetadata>(index::PG_LARGEOBJECT_METADATA_OID_INDEX, &[object.into()])?
                .map(|row| (row.lomowner, row.lomacl.clone())),
            ObjectKind::Parameter => self
                .row::<PgParameterAcl>(index::PG_PARAMETER_ACL_OID_INDEX, &[object.into()])?
                .map(|row| (ids::oids::BOOTSTRAP_ROLE, row.paracl.clone())),
        })
    }

    /// Whether a role owns an object, or may act as its owner.
    pub fn is_owner(&self, object_kind: ObjectKind, object: Oid, role: Oid) -> Result<bool> {
        match self.owner_and_acl(object_kind, object)? {
            Some((owner, _)) => self.has_privileges_of(role, owner),
            None => Ok(false),
        }
    }

    /// The name of an object as messages show it.
    pub fn object_name(&self, object_kind: ObjectKind, object: Oid) -> Result<String> {
        let name = match object_kind {
            ObjectKind::Relation | ObjectKind::Sequence => self.class(object)?.map(|row| row.relname.to_string()),
            ObjectKind::Database => self.database_row(object)?.map(|row| row.datname.to_string()),
            ObjectKind::Schema => self.schema_name(object)?,
            ObjectKind::Function => self.find_function(object)?.map(|row| row.proname.to_string()),
            ObjectKind::Type => Some(self.type_name(object)?),
            ObjectKind::Language => self.find_language(object)?.map(|row| row.lanname.to_string()),
            ObjectKind::Tablespace => self.tablespace(object)?.map(|row| row.spcname.to_string()),
            ObjectKind::ForeignDataWrapper => self
                .row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &[object.into()])?
                .map(|row| row.fdwname.to_string()),
            ObjectKind::ForeignServer => self
                .row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &[object.into()])?
                .map(|row| row.srvname.to_string()),
            ObjectKind::Parameter => self
                .row::<PgParameterAcl>(index::PG_PARAMETER_ACL_OID_INDEX, &[object.into()])?
                .map(|row| row.parname.to_string()),
            // With its word, as PostgreSQL's refusals of GRANT have it.
            ObjectKind::LargeObject => Some(format!("large object {object}")),
        };
        Ok(name.unwrap_or_else(|| object.to_string()))
    }

    fn word_for(&self, object_kind: ObjectKind, object: Oid) -> Result<&'static str> {
        Ok(match object_kind {
            ObjectKind::Relation | ObjectKind::Sequence => {
                self.class(object)?.map_or("table", |class| relation_word(class.relkind))
            }
            ObjectKind::Function => match self.find_function(object)?.map(|row| row.prokind) {
                Some(b'a') => "aggregate",
                Some(b'p') => "procedure",
                _ => "function",
            },
            other => other.word(),
        })
    }

    /// Checks that the current user has all of `wanted`: `42501 permission denied for WORD NAME` otherwise.
    pub fn require_privileges(&self, object_kind: ObjectKind, object: Oid, wanted: Privileges) -> Result<()> {
        match self.privileges(object_kind, object, self.current_user(), wanted)? {
            Some(held) if held.contains(wanted) => Ok(()),
            Some(_) => Err(self.denied(object_kind, object)?),
            None => Err(Error::internal(format!("cache lookup failed for {} {object}", object_kind.word()))),
        }
    }

    /// The refusal `permission denied for WORD NAME`.
    pub fn denied(&self, object_kind: ObjectKind, object: Oid) -> Result<Error> {
        let message = format!(
            "permission denied for {} {}",
            self.word_for(object_kind, object)?,
            self.object_name(object_kind, object)?
        );
        Ok(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
    }

    /// Checks that the current user owns an object: `42501 must be owner of WORD NAME` otherwise.
    pub fn require_owner(&self, object_kind: ObjectKind, object: Oid) -> Result<()> {
        if self.is_owner(object_kind, object, self.current_user())? {
            return Ok(());
        }
        let message = format!(
            "must be owner of {} {}",
            self.word_for(object_kind, object)?,
            self.object_name(object_kind, object)?
        );
        Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
    }

    /// The list that a new object of a kind gets in a schema (zero for one that is in none), if ALTER DEFAULT PRIVILEGES has said anything of it.
    pub fn initial_acl(&self, object_kind: ObjectKind, owner: Oid, schema: Oid) -> Result<Option<Acl>> {
        let letter = match object_kind {
            ObjectKind::Relation => b'r',
            ObjectKind::Sequence => b'S',
            ObjectKind::Function => b'f',
            ObjectKind::Type => b'T',
            ObjectKind::Schema => b'n',
            ObjectKind::LargeObject => b'L',
            _ => return Ok(None),
        };
        let stored = |schema: Oid| {
            let key = [owner.into(), schema.into(), i32::from(letter).into()];
            self.row::<PgDefaultAcl>(index::PG_DEFAULT_ACL_ROLE_NSP_OBJ_INDEX, &key)
        };
        let everywhere = stored(Oid::INVALID)?;
        let here = if schema.is_valid() { stored(schema)? } else { None };
        if everywhere.is_none() && here.is_none() {
            return Ok(None);
        }
        let default = object_kind.default_acl(owner);
        let mut acl = everywhere.map_or_else(|| default.clone(), |row| row.defaclacl.clone());
        for item in here.iter().flat_map(|row| &row.defaclacl.0) {
            match acl.0.iter_mut().find(|have| (have.grantee, have.grantor) == (item.grantee, item.grantor)) {
                Some(have) => {
                    have.privileges = have.privileges.union(item.privileges);
                    have.grantable = have.grantable.union(item.grantable);
                }
                None => acl.0.push(*item),
            }
        }
        let sort = |acl: &mut Acl| acl.0.sort_by_key(|item| (item.grantee, item.grantor));
        let mut default = default;
        sort(&mut acl);
        sort(&mut default);
        Ok((acl != default).then_some(acl))
    }

    /// The privileges out of `wanted` that a role has on a column by the column's own list; on column 0, the whole row, those that it has on
    /// each of the table's columns.
    pub fn column_privileges(&self, relation: Oid, column: i16, role: Oid, wanted: Privileges) -> Result<Privileges> {
        if self.is_superuser(role)? {
            return Ok(wanted);
        }
        if column == 0 {
            let (mut held, mut any) = (wanted, false);
            for column in self.relation(relation)?.live_columns() {
                held = held.intersection(self.column_privileges(relation, column.attnum, role, wanted)?);
                any = true;
            }
            return Ok(if any { held } else { Privileges::NONE });
        }
        match self.column_acl(relation, column)? {
            Some(acl) => self.acl_privileges(&acl, role, wanted),
            None => Ok(Privileges::NONE),
        }
    }

    /// The access control list of a column, a system column among them; `None` if it has none.
    pub fn column_acl(&self, relation: Oid, column: i16) -> Result<Option<Acl>> {
        let key = [relation.into(), column.into()];
        let row = self.row::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?;
        Ok(row.and_then(|row| row.attacl.clone()))
    }

    pub(crate) fn may_use_schema(&self, schema: Oid, role: Oid) -> Result<bool> {
        let held = self.privileges(ObjectKind::Schema, schema, role, Privileges::USAGE)?;
        Ok(held.is_some_and(|held| held.contains(Privileges::USAGE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predefined_roles_and_defaults() {
        let catalog = Catalog::builtin();
        let monitor = role::PG_MONITOR;
        assert!(catalog.has_role(monitor, role::PG_READ_ALL_SETTINGS, Membership::Inherit).expect("asks"));
        assert!(!catalog.has_role(monitor, role::PG_CHECKPOINT, Membership::Any).expect("asks"));
        let on = |object, role, wanted| {
            catalog.privileges(ObjectKind::Relation, Oid(object), role, wanted).expect("asks").expect("exists")
        };
        assert_eq!(on(1259, monitor, Privileges::SELECT), Privileges::SELECT); // pg_class: =r
        assert_eq!(on(1260, monitor, Privileges::SELECT), Privileges::NONE); // pg_authid
        assert_eq!(on(1260, role::PG_READ_ALL_DATA, Privileges::SELECT), Privileges::SELECT);
        catalog.set_users(monitor, monitor);
        let error =
            catalog.require_privileges(ObjectKind::Relation, Oid(1260), Privileges::SELECT).expect_err("refuses");
        assert_eq!(error.message(), "permission denied for table pg_authid");
    }
}
