//! GRANT and REVOKE of privileges on objects and columns.
//!
//! An object's list holds one item for each pair of grantee and grantor. Who grants is the owner, for whoever may act as it, or else
//! the one of the current role's roles that may grant most of what is asked for. Revoking a grant option takes with it (CASCADE),
//! or is refused for (RESTRICT), what was granted on by it.

use catalog::acl::{Acl, AclItem, Privileges};
use catalog::privileges::{Membership, ObjectKind};
use catalog::relation::kind;
use catalog::rows::{PgDefaultAcl, PgNamespace, PgParameterAcl};
use catalog::{Catalog, Dependency, Object, Stored, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{
    AlterDefaultPrivileges, DropBehavior, Grant, GrantObjects, Name, ObjectKind as NamedKind, ObjectReference,
    Privilege, RoleKind,
};

use crate::Context;

/// What a statement does to each list.
struct Change<'s> {
    grant: &'s Grant,
    grantees: Vec<Oid>,
    /// Privileges on whole objects; none if only columns are named.
    privileges: Option<Privileges>,
    /// Whether ALL was said, which warns of nothing that is missing.
    all: bool,
    /// Privileges on columns.
    columns: Vec<(Privileges, &'s [Name])>,
}

/// Carries out a GRANT or REVOKE.
pub(crate) fn grant(context: &Context<'_>, grant: &Grant) -> Result<()> {
    if let Some(grantor) = &grant.grantor
        && context.role(grantor)? != context.catalog().current_user()
    {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "grantor must be current user"));
    }
    let grantees = grantees(context, grant)?;
    let (kind, objects) = objects(context, &grant.objects)?;
    let mut change = Change { grant, grantees, privileges: None, all: false, columns: Vec::new() };
    if grant.privileges.is_empty() {
        change.privileges = Some(kind.all());
        change.all = true;
    }
    let named = named_kind(&grant.objects);
    for privilege in &grant.privileges {
        let bits = bits(privilege, kind, named)?;
        if privilege.columns.is_empty() {
            change.privileges = Some(change.privileges.unwrap_or(Privileges::NONE).union(bits));
        } else {
            change.columns.push((bits, &privilege.columns));
        }
    }
    objects.into_iter().try_for_each(|object| change.apply(context, kind, object))
}

/// What a statement calls its objects.
fn named_kind(objects: &GrantObjects) -> Option<NamedKind> {
    match objects {
        GrantObjects::Objects { kind, .. }
        | GrantObjects::AllInSchema { kind, .. }
        | GrantObjects::Defaults { kind } => Some(*kind),
        GrantObjects::Parameters(_) => None,
    }
}

/// The privileges that a word means, if there are such for objects of this kind.
fn bits(privilege: &Privilege, kind: ObjectKind, named: Option<NamedKind>) -> Result<Privileges> {
    let allowed = match (privilege.columns.is_empty(), kind) {
        (false, _) => Privileges::ALL_COLUMN,
        // A sequence may be named as a table.
        (true, ObjectKind::Relation) => kind.all().union(ObjectKind::Sequence.all()),
        (true, kind) => kind.all(),
    };
    let Some(name) = &privilege.name else { return Ok(allowed) };
    let unknown = || Error::new(SqlState::SYNTAX_ERROR, format!("unrecognized privilege type \"{name}\""));
    let bits = Privileges::from_word(&name.to_ascii_uppercase()).ok_or_else(unknown)?;
    if !privilege.columns.is_empty() && kind != ObjectKind::Relation {
        let text = "column privileges are only valid for relations";
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    if !allowed.contains(bits) {
        let what = match (privilege.columns.is_empty(), kind) {
            (false, _) => "column",
            (true, ObjectKind::Relation) => "relation",
            (true, ObjectKind::Function) => named.map_or("function", crate::function::lookup::word),
            (true, other) => other.word(),
        };
        let text = format!("invalid privilege type {} for {what}", bits.word());
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    Ok(bits)
}

/// The kind and the objects that a statement names.
fn objects(context: &Context<'_>, named: &GrantObjects) -> Result<(ObjectKind, Vec<Oid>)> {
    let catalog = context.catalog();
    match named {
        GrantObjects::Objects { kind, objects } => {
            let found = objects.iter().map(|object| find(context, *kind, object)).collect::<Result<Vec<_>>>()?;
            Ok((kind_of(*kind)?, found))
        }
        GrantObjects::AllInSchema { kind, schemas } => {
            let wanted: &[u8] = match kind {
                NamedKind::Table => {
                    &[kind::TABLE, kind::VIEW, kind::MATERIALIZED_VIEW, kind::FOREIGN_TABLE, kind::PARTITIONED_TABLE]
                }
                NamedKind::Sequence => &[kind::SEQUENCE],
                NamedKind::Function | NamedKind::Procedure | NamedKind::Routine => {
                    return Ok((ObjectKind::Function, routines_of(context, *kind, schemas)?));
                }
                _ => return Err(Error::not_implemented("GRANT on all functions in a schema")),
            };
            let schemas = schemas.iter().map(|name| catalog.require_schema(name)).collect::<Result<Vec<_>>>()?;
            let mut found = Vec::new();
            for stored in catalog.scan_all::<catalog::rows::PgClass>()? {
                if schemas.contains(&stored.row.relnamespace) && wanted.contains(&stored.row.relkind) {
                    found.push(stored.row.oid);
                }
            }
            found.sort();
            Ok((kind_of(*kind)?, found))
        }
        GrantObjects::Parameters(names) => {
            let found = names.iter().map(|name| parameter(context, name)).collect::<Result<Vec<_>>>()?;
            Ok((ObjectKind::Parameter, found))
        }
        GrantObjects::Defaults { .. } => Err(Error::not_implemented("ALTER DEFAULT PRIVILEGES")),
    }
}

/// The row of a parameter on which something is granted; made now if it has none.
fn parameter(context: &Context<'_>, name: &str) -> Result<Oid> {
    let catalog = context.catalog();
    let name = name.to_ascii_lowercase();
    if context.session.env().setting(&name).is_none() && !name.contains('.') {
        let text = format!("invalid parameter name \"{name}\"");
        return Err(Error::new(SqlState::INVALID_NAME, text));
    }
    let key = [name.as_str().into()];
    if let Some(row) = catalog.row::<PgParameterAcl>(index::PG_PARAMETER_ACL_PARNAME_INDEX, &key)? {
        return Ok(row.oid);
    }
    let oid = catalog.new_oid::<PgParameterAcl>(index::PG_PARAMETER_ACL_OID_INDEX)?;
    catalog.insert(&PgParameterAcl { oid, parname: name.into(), paracl: None })?;
    catalog.next_command()?;
    Ok(oid)
}

/// ALTER DEFAULT PRIVILEGES: changes the lists that objects made later begin with.
pub(crate) fn alter_defaults(context: &Context<'_>, alter: &AlterDefaultPrivileges) -> Result<()> {
    let catalog = context.catalog();
    let grant = &alter.grant;
    let GrantObjects::Defaults { kind: named } = grant.objects else {
        return Err(Error::internal("default privileges of nothing"));
    };
    let kind = kind_of(named)?;
    let letter = match kind {
        ObjectKind::Relation => b'r',
        ObjectKind::Sequence => b'S',
        ObjectKind::Function => b'f',
        ObjectKind::Type => b'T',
        ObjectKind::Schema => b'n',
        _ => b'L',
    };
    if !alter.schemas.is_empty() && matches!(kind, ObjectKind::Schema | ObjectKind::LargeObject) {
        let what = if kind == ObjectKind::Schema { "SCHEMAS" } else { "LARGE OBJECTS" };
        let text = format!("cannot use IN SCHEMA clause when using GRANT/REVOKE ON {what}");
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    let me = catalog.current_user();
    let roles = match alter.roles.is_empty() {
        true => vec![me],
        false => alter.roles.iter().map(|role| context.role(role)).collect::<Result<Vec<_>>>()?,
    };
    let schemas = match alter.schemas.is_empty() {
        true => vec![Oid::INVALID],
        false => alter.schemas.iter().map(|name| catalog.require_schema(name)).collect::<Result<Vec<_>>>()?,
    };
    let mut change =
        Change { grant, grantees: grantees(context, grant)?, privileges: None, all: false, columns: Vec::new() };
    let mut wanted = if grant.privileges.is_empty() { kind.all() } else { Privileges::NONE };
    for privilege in &grant.privileges {
        if !privilege.columns.is_empty() {
            let text = "default privileges cannot be set for columns";
            return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
        }
        wanted = wanted.union(bits(privilege, kind, None)?);
    }
    change.privileges = Some(wanted);
    for role in roles {
        if !catalog.has_privileges_of(me, role)? {
            let text = "permission denied to change default privileges";
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        for &schema in &schemas {
            let default = if schema.is_valid() { Acl(Vec::new()) } else { kind.default_acl(role) };
            let key = [role.into(), schema.into(), i32::from(letter).into()];
            let unique = index::PG_DEFAULT_ACL_ROLE_NSP_OBJ_INDEX;
            let stored = catalog.stored_row::<PgDefaultAcl>(unique, &key)?;
            let mut acl = stored.as_ref().map_or_else(|| default.clone(), |stored| stored.row.defaclacl.clone());
            change.change(&mut acl, role, role, wanted)?;
            store_defaults(catalog, stored, (role, schema, letter), acl, &default)?;
        }
    }
    Ok(())
}

/// Stores default privileges, or forgets them where they say nothing of their own.
pub(crate) fn store_defaults(
    catalog: &Catalog,
    stored: Option<Stored<PgDefaultAcl>>,
    (role, schema, letter): (Oid, Oid, u8),
    acl: Acl,
    default: &Acl,
) -> Result<()> {
    let mut acl = acl;
    acl.0.sort_by_key(|item| (item.grantee, item.grantor));
    let same = acl.0.len() == default.0.len() && acl.0.iter().all(|item| default.0.contains(item));
    let oid = match stored {
        Some(stored) if same => {
            return catalog.drop_internal(Object::of::<PgDefaultAcl>(stored.row.oid));
        }
        None if same => return Ok(()),
        Some(stored) => {
            catalog.update(&stored, &PgDefaultAcl { defaclacl: acl.clone(), ..stored.row.clone() })?;
            stored.row.oid
        }
        None => {
            let oid = catalog.new_oid::<PgDefaultAcl>(index::PG_DEFAULT_ACL_OID_INDEX)?;
            catalog.insert(&PgDefaultAcl {
                oid,
                defaclrole: role,
                defaclnamespace: schema,
                defaclobjtype: letter,
                defaclacl: acl.clone(),
            })?;
            let this = Object::of::<PgDefaultAcl>(oid);
            catalog.record_owner(this, role)?;
            if schema.is_valid() {
                catalog.record_dependency(this, Object::of::<PgNamespace>(schema), Dependency::Auto)?;
            }
            oid
        }
    };
    catalog.record_acl(Object::of::<PgDefaultAcl>(oid), role, Some(&acl))?;
    catalog.next_command()
}

fn grantees(context: &Context<'_>, grant: &Grant) -> Result<Vec<Oid>> {
    (grant.grantees.iter())
        .map(|role| if role.kind == RoleKind::Public { Ok(Oid::INVALID) } else { context.role(role) })
        .collect()
}

fn kind_of(kind: NamedKind) -> Result<ObjectKind> {
    Ok(match kind {
        NamedKind::Table => ObjectKind::Relation,
        NamedKind::Sequence => ObjectKind::Sequence,
        NamedKind::Database => ObjectKind::Database,
        NamedKind::Schema => ObjectKind::Schema,
        NamedKind::Language => ObjectKind::Language,
        NamedKind::Tablespace => ObjectKind::Tablespace,
        NamedKind::Type | NamedKind::Domain => ObjectKind::Type,
        NamedKind::Function | NamedKind::Procedure | NamedKind::Routine => ObjectKind::Function,
        NamedKind::ForeignDataWrapper => ObjectKind::ForeignDataWrapper,
        NamedKind::ForeignServer => ObjectKind::ForeignServer,
        NamedKind::LargeObject => ObjectKind::LargeObject,
        _ => return Err(Error::not_implemented("GRANT on this kind of object")),
    })
}

/// The functions, procedures, or both in some schemas.
fn routines_of(context: &Context<'_>, kind: NamedKind, schemas: &[Name]) -> Result<Vec<Oid>> {
    let catalog = context.catalog();
    let schemas = schemas.iter().map(|name| catalog.require_schema(name)).collect::<Result<Vec<_>>>()?;
    let mut found = Vec::new();
    for stored in catalog.scan_all::<catalog::rows::PgProc>()? {
        let fits = match kind {
            NamedKind::Function => stored.row.prokind != b'p',
            NamedKind::Procedure => stored.row.prokind == b'p',
            _ => true,
        };
        if fits && schemas.contains(&stored.row.pronamespace) {
            found.push(stored.row.oid);
        }
    }
    found.sort();
    Ok(found)
}

fn find(context: &Context<'_>, kind: NamedKind, object: &ObjectReference) -> Result<Oid> {
    let catalog = context.catalog();
    let missing =
        |what: &str, name: &str| Error::new(SqlState::UNDEFINED_OBJECT, format!("{what} \"{name}\" does not exist"));
    match (kind, object) {
        (NamedKind::Table | NamedKind::Sequence, object) => {
            let relation = context.open(&crate::drop::name_of(object)?, 1)?;
            let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            match relation.kind() {
                kind::INDEX | kind::PARTITIONED_INDEX => wrong(format!("\"{}\" is an index", relation.name())),
                kind::COMPOSITE_TYPE => wrong(format!("\"{}\" is a composite type", relation.name())),
                found if kind == NamedKind::Sequence && found != kind::SEQUENCE => {
                    wrong(format!("\"{}\" is not a sequence", relation.name()))
                }
                _ => Ok(relation.oid),
            }
        }
        (NamedKind::Function | NamedKind::Procedure | NamedKind::Routine, ObjectReference::Function(signature)) => {
            // An aggregate is granted as a function.
            crate::function::lookup::require(context, kind, signature).map(|row| row.oid)
        }
        (NamedKind::Type | NamedKind::Domain, ObjectReference::Type(name)) => {
            context.analyzer().type_name(name).map(|ty| ty.oid)
        }
        (NamedKind::Type | NamedKind::Domain, ObjectReference::Name(name)) => {
            let schema = name.qualifiers.last().map(|schema| &**schema);
            if let Some(schema) = schema {
                catalog.require_schema(schema)?;
            }
            let oid = catalog.type_by_name(schema, &name.name)?;
            let oid = oid.ok_or_else(|| missing("type", &name.to_string()))?;
            let row = catalog.type_(oid)?;
            let wrong = |text: String| Error::new(SqlState::INVALID_GRANT_OPERATION, text);
            if catalog.element_type(oid)?.is_some() {
                let error = wrong("cannot set privileges of array types".into());
                return Err(error.hint("Set the privileges of the element type instead."));
            }
            if row.typtype == b'm' {
                let error = wrong("cannot set privileges of multirange types".into());
                return Err(error.hint("Set the privileges of the range type instead."));
            }
            if kind == NamedKind::Domain && row.typtype != b'd' {
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not a domain", row.typname)));
            }
            Ok(oid)
        }
        (_, ObjectReference::Name(name)) => {
            let name = &*name.name;
            match kind {
                NamedKind::Database => {
                    let row = catalog.database_by_name(name)?;
                    let text = format!("database \"{name}\" does not exist");
                    row.map(|row| row.oid).ok_or_else(|| Error::new(SqlState::UNDEFINED_DATABASE, text))
                }
                NamedKind::Schema => catalog.require_schema(name),
                NamedKind::Language => {
                    let row = catalog.language_by_name(name)?.ok_or_else(|| missing("language", name))?;
                    if !row.lanpltrusted {
                        let text = format!("language \"{name}\" is not trusted");
                        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(
                            "GRANT and REVOKE are not allowed on untrusted languages, because only superusers can use untrusted languages.",
                        ));
                    }
                    Ok(row.oid)
                }
                NamedKind::Tablespace => {
                    catalog.tablespace_by_name(name)?.map(|row| row.oid).ok_or_else(|| missing("tablespace", name))
                }
                NamedKind::ForeignDataWrapper | NamedKind::ForeignServer => {
                    crate::object::find(context, kind, object).map(|found| found.oid)
                }
                _ => Err(Error::not_implemented("GRANT on this kind of object")),
            }
        }
        (NamedKind::LargeObject, object) => crate::object::find(context, kind, object).map(|found| found.oid),
        _ => Err(Error::not_implemented("GRANT on this kind of object")),
    }
}

impl Change<'_> {
    fn apply(&self, context: &Context<'_>, kind: ObjectKind, object: Oid) -> Result<()> {
        let catalog = context.catalog();
        let gone = || Error::internal(format!("{} {object} is gone", kind.word()));
        // A sequence may be named as a table.
        let kind = match kind {
            ObjectKind::Relation if catalog.class(object)?.is_some_and(|class| class.relkind == kind::SEQUENCE) => {
                ObjectKind::Sequence
            }
            other => other,
        };
        let name = catalog.object_name(kind, object)?;
        if let Some(wanted) = self.privileges {
            let beyond = !kind.all().contains(wanted);
            if beyond && kind == ObjectKind::Relation && !self.all {
                // What sequences have and tables have not.
                let text = "invalid privilege type USAGE for table";
                return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
            }
            if beyond && kind == ObjectKind::Sequence && !self.all {
                let text = format!("sequence \"{name}\" only supports USAGE, SELECT, and UPDATE privileges");
                let warning = Error::new(SqlState::INVALID_GRANT_OPERATION, text);
                context.notice(warning.severity(error::Severity::Warning));
            }
            let wanted = if self.all { kind.all() } else { wanted.intersection(kind.all()) };
            let (owner, acl) = catalog.owner_and_acl(kind, object)?.ok_or_else(gone)?;
            let mut acl = acl.unwrap_or_else(|| kind.default_acl(owner));
            let (grantor, allowed) = self.grantor(context, kind, object, owner, &acl, wanted)?;
            let wanted = self.limit(context, wanted, allowed, &name);
            self.change(&mut acl, owner, grantor, wanted)?;
            catalog.set_acl(kind, object, Some(acl))?;
            if kind == ObjectKind::Relation && !self.grant.is_grant {
                self.revoke_from_columns(context, object, owner, grantor, wanted)?;
            }
        }
        for (wanted, columns) in &self.columns {
            for column in *columns {
                let (owner, table_acl) = catalog.owner_and_acl(kind, object)?.ok_or_else(gone)?;
                let relation = catalog.relation(object)?;
                let number = match catalog::relation::system_column_by_name(column) {
                    Some(system) => system.attnum,
                    None => context.column(&relation, column)?,
                };
                let mut acl = catalog.column_acl(object, number)?.unwrap_or_default();
                // Who may grant on the table may grant on its columns.
                let mut both = table_acl.unwrap_or_else(|| kind.default_acl(owner));
                both.0.extend(acl.0.iter().copied());
                let (grantor, allowed) = self.grantor(context, kind, object, owner, &both, *wanted)?;
                let wanted = self.limit(context, *wanted, allowed, column);
                self.change(&mut acl, owner, grantor, wanted)?;
                catalog.set_column_acl(object, number, (!acl.0.is_empty()).then_some(acl))?;
            }
        }
        Ok(())
    }

    /// A privilege revoked on a table is revoked on each of its columns.
    fn revoke_from_columns(
        &self,
        context: &Context<'_>,
        table: Oid,
        owner: Oid,
        grantor: Oid,
        wanted: Privileges,
    ) -> Result<()> {
        let wanted = wanted.intersection(Privileges::ALL_COLUMN);
        let relation = context.catalog().relation(table)?;
        for column in relation.live_columns() {
            let Some(mut acl) = column.attacl.clone() else { continue };
            self.change(&mut acl, owner, grantor, wanted)?;
            context.catalog().set_column_acl(table, column.attnum, (!acl.0.is_empty()).then_some(acl))?;
        }
        Ok(())
    }

    /// Who grants, and which privileges they may grant.
    fn grantor(
        &self,
        context: &Context<'_>,
        kind: ObjectKind,
        object: Oid,
        owner: Oid,
        acl: &Acl,
        wanted: Privileges,
    ) -> Result<(Oid, Privileges)> {
        let catalog = context.catalog();
        let me = catalog.current_user();
        if catalog.has_privileges_of(me, owner)? {
            return Ok((owner, wanted));
        }
        let mut best = (me, Privileges::NONE);
        for role in catalog.roles_of(me, Membership::Inherit)? {
            let mut held = Privileges::NONE;
            for item in acl.0.iter().filter(|item| item.grantee == role) {
                held = held.union(item.grantable);
            }
            let held = held.intersection(wanted);
            if held.0.count_ones() > best.1.0.count_ones() {
                best = (role, held);
            }
        }
        if best.1.is_empty() {
            // Who holds nothing at all is refused; others are only warned.
            let any = catalog.privileges(kind, object, me, kind.all())?.unwrap_or(Privileges::NONE);
            let on_columns = acl.0.iter().any(|item| item.grantee == me);
            if any.is_empty() && !on_columns {
                return Err(catalog.denied(kind, object)?);
            }
        }
        Ok(best)
    }

    /// What of `wanted` is allowed; warns of the rest.
    fn limit(&self, context: &Context<'_>, wanted: Privileges, allowed: Privileges, name: &str) -> Privileges {
        let granted = wanted.intersection(allowed);
        let (state, can) = match self.grant.is_grant {
            true => (SqlState::WARNING_PRIVILEGE_NOT_GRANTED, "were granted"),
            false => (SqlState::WARNING_PRIVILEGE_NOT_REVOKED, "could be revoked"),
        };
        let text = match granted {
            none if none.is_empty() => format!("no privileges {can} for \"{name}\""),
            some if some != wanted && !self.all => format!("not all privileges {can} for \"{name}\""),
            _ => return granted,
        };
        context.notice(Error::new(state, text).severity(Severity::Warning));
        granted
    }

    /// Changes a list.
    fn change(&self, acl: &mut Acl, owner: Oid, grantor: Oid, wanted: Privileges) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        for &grantee in &self.grantees {
            if !self.grant.is_grant {
                let cascade = self.grant.behavior == DropBehavior::Cascade;
                revoke(acl, owner, grantee, grantor, wanted, self.grant.grant_option, cascade)?;
                continue;
            }
            let grantable = if self.grant.grant_option { wanted } else { Privileges::NONE };
            if self.grant.grant_option && !grantee.is_valid() {
                let text = "grant options can only be granted to roles";
                return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
            }
            if !grantable.is_empty() && grantor != owner && gets_from(acl, grantor, grantee, grantable) {
                let text = "grant options cannot be granted back to your own grantor";
                return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
            }
            // The owner's own grant options are implied.
            let grantable = if grantee == owner { Privileges::NONE } else { grantable };
            match acl.0.iter_mut().find(|item| item.grantee == grantee && item.grantor == grantor) {
                Some(item) => {
                    item.privileges = item.privileges.union(wanted);
                    item.grantable = item.grantable.union(grantable);
                }
                None => acl.0.push(AclItem { grantee, grantor, privileges: wanted, grantable }),
            }
        }
        Ok(())
    }
}

/// Whether `role` has its grant options, directly or not, from `source`.
fn gets_from(acl: &Acl, role: Oid, source: Oid, wanted: Privileges) -> bool {
    let mut from = vec![role];
    let mut at = 0;
    while at < from.len() {
        let current = from[at];
        at += 1;
        if current == source {
            return true;
        }
        for item in acl.0.iter().filter(|item| item.grantee == current && item.grantable.intersects(wanted)) {
            if !from.contains(&item.grantor) {
                from.push(item.grantor);
            }
        }
    }
    false
}

/// Takes privileges (or only the option to grant them) from a grantee, and what the grantee granted on by them.
fn revoke(
    acl: &mut Acl,
    owner: Oid,
    grantee: Oid,
    grantor: Oid,
    wanted: Privileges,
    only_option: bool,
    cascade: bool,
) -> Result<()> {
    let found = acl.0.iter_mut().find(|item| item.grantee == grantee && item.grantor == grantor);
    let Some(item) = found else { return Ok(()) };
    let lost = item.grantable.intersection(wanted);
    item.grantable = item.grantable.minus(wanted);
    if !only_option {
        item.privileges = item.privileges.minus(wanted);
    }
    if item.privileges.is_empty() {
        acl.0.retain(|item| !item.privileges.is_empty());
    }
    if grantee == owner || lost.is_empty() {
        return Ok(());
    }
    // Grant options that come from elsewhere stay.
    let mut still = Privileges::NONE;
    for item in acl.0.iter().filter(|item| item.grantee == grantee) {
        still = still.union(item.grantable);
    }
    let lost = lost.minus(still);
    let dependents: Vec<(Oid, Privileges)> = (acl.0.iter())
        .filter(|item| item.grantor == grantee && item.privileges.intersects(lost))
        .map(|item| (item.grantee, item.privileges.intersection(lost)))
        .collect();
    for (dependent, privileges) in dependents {
        if !cascade {
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, "dependent privileges exist")
                .hint("Use CASCADE to revoke them too."));
        }
        revoke(acl, owner, dependent, grantee, privileges, false, true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(grantee: u32, grantor: u32, privileges: Privileges, grantable: Privileges) -> AclItem {
        AclItem { grantee: Oid(grantee), grantor: Oid(grantor), privileges, grantable }
    }

    #[test]
    fn revoking_a_grant_option_takes_what_hangs_on_it() {
        let read = Privileges::SELECT;
        let list = Acl(vec![
            item(1, 1, Privileges::ALL_TABLE, Privileges::NONE),
            item(2, 1, read, read),
            item(3, 2, read, read),
            item(4, 3, read, Privileges::NONE),
        ]);
        let mut acl = list.clone();
        let error = revoke(&mut acl, Oid(1), Oid(2), Oid(1), read, false, false).expect_err("3 and 4 depend on it");
        assert_eq!(error.message(), "dependent privileges exist");
        let mut acl = list.clone();
        revoke(&mut acl, Oid(1), Oid(2), Oid(1), read, false, true).expect("cascades");
        assert_eq!(acl.0, [list.0[0]]);
        let mut acl = list.clone();
        revoke(&mut acl, Oid(1), Oid(2), Oid(1), read, true, true).expect("cascades");
        assert_eq!(acl.0, [list.0[0], item(2, 1, read, Privileges::NONE)]);
        assert!(gets_from(&list, Oid(3), Oid(1), read) && !gets_from(&list, Oid(2), Oid(3), read));
    }
}
