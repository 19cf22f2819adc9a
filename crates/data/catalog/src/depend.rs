//! What depends on what: recording it, and dropping objects with all that depends on them.
//!
//! `pg_depend` holds an edge for each dependency between objects of a database, `pg_shdepend` for those on roles, databases
//! and tablespaces. Built-in objects are pinned: nothing is recorded of a dependency on them, and they cannot be dropped.

use crate::acl::Acl;
use crate::catalog::Catalog;
use crate::index;
use crate::rows::*;
use error::{Error, Result, Severity, SqlState};
use ids::Oid;

/// An object, or a column of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// The catalog that it is in.
    pub class: Oid,
    /// Its object id there.
    pub oid: Oid,
    /// The column's number, or 0 for a whole object.
    pub sub: i32,
}

impl Object {
    /// A whole object of catalog `T`.
    pub fn of<T: CatalogRow>(oid: Oid) -> Object {
        Object { class: T::RELATION, oid, sub: 0 }
    }

    /// A relation.
    pub fn relation(oid: Oid) -> Object {
        Object::of::<PgClass>(oid)
    }

    /// A column of a relation.
    pub fn column(relation: Oid, number: i16) -> Object {
        Object { class: PgClass::RELATION, oid: relation, sub: number as i32 }
    }

    /// Whether it is built in, so that dependencies on it are not recorded.
    pub fn is_pinned(self) -> bool {
        let exempt = matches!(self.class, PgDatabase::RELATION | PgLargeobject::RELATION)
            || self.class == PgNamespace::RELATION && self.oid == ids::oids::PUBLIC;
        self.oid < Oid::FIRST_UNPINNED && !exempt
    }
}

/// Kinds of dependency (`pg_depend.deptype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dependency {
    /// Dropping the referenced object needs CASCADE.
    Normal = b'n',
    /// Dropped silently with the referenced object.
    Auto = b'a',
    /// Part of the referenced object: dropped only with it.
    Internal = b'i',
    /// A member of the referenced extension.
    Extension = b'e',
    /// Dropped silently with the referenced extension.
    AutoExtension = b'x',
    /// Part of a partitioned whole, by the parent.
    PartitionPrimary = b'P',
    /// Part of a partitioned whole, by the table.
    PartitionSecondary = b'S',
}

/// What to do about objects that depend on one that is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropBehavior {
    /// Refuse.
    #[default]
    Restrict,
    /// Drop them, too.
    Cascade,
}

/// Dependent objects that one message lists; more are only counted.
const REPORTED: usize = 100;

#[derive(Clone, Copy)]
struct Target {
    object: Object,
    /// Reached from its referencing object by a dependency that needs CASCADE.
    normal: bool,
    /// Named by the user, or dropped silently.
    silent: bool,
    /// Through which object it was reached.
    through: Object,
}

#[derive(Default)]
struct Walk {
    targets: Vec<Target>,
    stack: Vec<Object>,
}

impl Catalog {
    /// Records that `dependent` depends on each of `referenced`.
    pub fn record_dependencies(&self, dependent: Object, referenced: &[Object], kind: Dependency) -> Result<()> {
        let mut seen: Vec<Object> = Vec::new();
        for &on in referenced.iter().filter(|on| !on.is_pinned() && **on != dependent) {
            if seen.contains(&on) {
                continue;
            }
            seen.push(on);
            self.lock_referenced(on)?;
            self.insert(&PgDepend {
                classid: dependent.class,
                objid: dependent.oid,
                objsubid: dependent.sub,
                refclassid: on.class,
                refobjid: on.oid,
                refobjsubid: on.sub,
                deptype: kind as u8,
            })?;
        }
        Ok(())
    }

    /// Records that `dependent` depends on one other object.
    pub fn record_dependency(&self, dependent: Object, referenced: Object, kind: Dependency) -> Result<()> {
        self.record_dependencies(dependent, &[referenced], kind)
    }

    /// Forgets what `dependent` depends on by dependencies of this kind (all kinds if `None`), on objects of `class` if given.
    pub fn forget_dependencies(&self, dependent: Object, kind: Option<Dependency>, class: Option<Oid>) -> Result<()> {
        let key = [dependent.class.into(), dependent.oid.into(), dependent.sub.into()];
        for stored in self.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)? {
            if kind.is_none_or(|kind| kind as u8 == stored.row.deptype)
                && class.is_none_or(|class| class == stored.row.refclassid)
            {
                self.delete(&stored)?;
            }
        }
        Ok(())
    }

    /// Makes what depended on `from` depend on `to`, for one dependent object; used when it moves to another schema.
    pub fn forget_dependency(&self, dependent: Object, referenced: Object, kind: Dependency) -> Result<()> {
        let key = [dependent.class.into(), dependent.oid.into(), dependent.sub.into()];
        for stored in self.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)? {
            let row = &stored.row;
            if (row.refclassid, row.refobjid, row.refobjsubid) == (referenced.class, referenced.oid, referenced.sub)
                && row.deptype == kind as u8
            {
                self.delete(&stored)?;
            }
        }
        self.next_command()
    }

    /// Lets what an object depends on be another object.
    pub fn change_dependency(&self, dependent: Object, from: Object, to: Object) -> Result<()> {
        if !to.is_pinned() {
            self.lock_referenced(to)?;
        }
        let key = [dependent.class.into(), dependent.oid.into()];
        let mut found = false;
        for stored in self.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)? {
            if (stored.row.refclassid, stored.row.refobjid) != (from.class, from.oid) {
                continue;
            }
            found = true;
            if to.is_pinned() {
                self.delete(&stored)?;
            } else {
                let row = PgDepend { refclassid: to.class, refobjid: to.oid, ..stored.row.clone() };
                self.update(&stored, &row)?;
            }
        }
        if !found && from.is_pinned() && !to.is_pinned() {
            self.record_dependency(dependent, to, Dependency::Normal)?;
        }
        Ok(())
    }

    fn shared_key(&self, object: Object) -> [crate::field::Part<'static>; 3] {
        let shared = is_shared(object.class);
        let database = if shared { Oid::INVALID } else { self.database() };
        [database.into(), object.class.into(), object.oid.into()]
    }

    fn shared_dependency(&self, object: Object, role: Oid, kind: u8) -> Result<()> {
        if Object::of::<PgAuthid>(role).is_pinned() {
            return Ok(());
        }
        self.lock_referenced(Object::of::<PgAuthid>(role))?;
        let shared = is_shared(object.class);
        self.insert(&PgShdepend {
            dbid: if shared { Oid::INVALID } else { self.database() },
            classid: object.class,
            objid: object.oid,
            objsubid: object.sub,
            refclassid: PgAuthid::RELATION,
            refobjid: role,
            deptype: kind,
        })
    }

    /// Records the tablespace that an object without files names: nothing else would keep it.
    pub fn record_tablespace(&self, object: Object, tablespace: Oid) -> Result<()> {
        for stored in self.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &self.shared_key(object))? {
            if stored.row.deptype == b't' {
                self.delete(&stored)?;
            }
        }
        let this = Object::of::<PgTablespace>(tablespace);
        if !tablespace.is_valid() || this.is_pinned() {
            return Ok(());
        }
        self.insert(&PgShdepend {
            dbid: self.database(),
            classid: object.class,
            objid: object.oid,
            objsubid: 0,
            refclassid: PgTablespace::RELATION,
            refobjid: tablespace,
            deptype: b't',
        })
    }

    /// Records the owner of a new object.
    pub fn record_owner(&self, object: Object, owner: Oid) -> Result<()> {
        self.shared_dependency(object, owner, b'o')
    }

    /// Records the roles that a policy is for; zero, for everybody, is none.
    pub fn record_targets(&self, policy: Object, roles: &[Oid]) -> Result<()> {
        for stored in self.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &self.shared_key(policy))? {
            if stored.row.deptype == b'r' {
                self.delete(&stored)?;
            }
        }
        roles.iter().filter(|role| role.is_valid()).try_for_each(|&role| self.shared_dependency(policy, role, b'r'))
    }

    /// Records who granted a membership.
    pub fn record_grantor(&self, membership: Object, grantor: Oid) -> Result<()> {
        self.shared_dependency(membership, grantor, b'a')
    }

    /// Forgets who granted a membership, which goes.
    pub fn forget_grantor(&self, membership: Object) -> Result<()> {
        let key = self.shared_key(membership);
        self.delete_all::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &key).map(|_| ())
    }

    /// Records that an object has another owner now.
    pub fn change_recorded_owner(&self, object: Object, owner: Oid) -> Result<()> {
        for stored in self.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &self.shared_key(object))? {
            if stored.row.deptype == b'o' && stored.row.objsubid == object.sub {
                self.delete(&stored)?;
            }
        }
        self.record_owner(object, owner)
    }

    /// Records which roles an object's (or a column's) new list mentions, beside its owner.
    pub fn record_acl(&self, object: Object, owner: Oid, acl: Option<&Acl>) -> Result<()> {
        for stored in self.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &self.shared_key(object))? {
            if stored.row.deptype == b'a' && stored.row.objsubid == object.sub {
                self.delete(&stored)?;
            }
        }
        let mut roles: Vec<Oid> =
            acl.iter().flat_map(|acl| &acl.0).flat_map(|item| [item.grantee, item.grantor]).collect();
        roles.sort();
        roles.dedup();
        for role in roles.into_iter().filter(|&role| role.is_valid() && role != owner) {
            self.shared_dependency(object, role, b'a')?;
        }
        Ok(())
    }

    /// Drops an object and, with `Cascade`, all that depends on it. The answer is a notice of what was dropped beside it, if there is one
    /// to give.
    ///
    /// # Errors
    /// `2BP01` if something depends on it and may not be dropped, or if it is part of another object or of the system.
    pub fn drop_object(&self, object: Object, behavior: DropBehavior) -> Result<Option<Error>> {
        self.drop_objects(&[object], behavior)
    }

    /// Drops several objects at once, which may depend on each other.
    pub fn drop_objects(&self, objects: &[Object], behavior: DropBehavior) -> Result<Option<Error>> {
        self.drop_walk(objects, behavior, false)
    }

    /// Whether objects could be dropped.
    ///
    /// # Errors
    /// `2BP01` if not.
    pub fn check_drop(&self, objects: &[Object], behavior: DropBehavior) -> Result<()> {
        let mut walk = Walk::default();
        for &object in objects {
            self.find_dependents(&mut walk, objects, object, false)?;
        }
        self.report(&walk, objects, behavior).map(|_| ())
    }

    /// Drops what belongs to an object silently, for replacing it; `XX000`-free even for internal parts.
    pub fn drop_internal(&self, object: Object) -> Result<()> {
        self.drop_walk(&[object], DropBehavior::Restrict, true).map(|_| ())
    }

    fn drop_walk(&self, objects: &[Object], behavior: DropBehavior, internal: bool) -> Result<Option<Error>> {
        let mut walk = Walk::default();
        for &object in objects {
            self.find_dependents(&mut walk, objects, object, internal)?;
        }
        let notice = self.report(&walk, objects, behavior)?;
        if self.is_watched() && !internal {
            for target in walk.targets.iter().rev() {
                self.note_dropped(target.object, objects.contains(&target.object), target.normal)?;
            }
        }
        for target in &walk.targets {
            self.remove(target.object)?;
        }
        Ok(notice)
    }

    fn find_dependents(&self, walk: &mut Walk, originals: &[Object], object: Object, internal: bool) -> Result<()> {
        self.visit(walk, originals, object, object, false, true, internal)
    }

    fn visit(
        &self,
        walk: &mut Walk,
        originals: &[Object],
        object: Object,
        through: Object,
        normal: bool,
        silent: bool,
        internal: bool,
    ) -> Result<()> {
        if walk.stack.contains(&object) {
            return Ok(());
        }
        // A whole object on the list covers its columns.
        let covers = |t: &&mut Target| t.object == object || (t.object == Object { sub: 0, ..object });
        if let Some(found) = walk.targets.iter_mut().find(covers) {
            found.silent |= silent;
            found.normal |= normal;
            return Ok(());
        }
        if walk.stack.len() > 1000 {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        if object.is_pinned() {
            let message = format!(
                "cannot drop {} because it is required by the database system",
                self.object_description(object)?
            );
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message));
        }
        // What depends on it is looked for after everybody has ended who was about to.
        if !self.lock_to_drop(object)? {
            return Ok(());
        }
        let mut key = vec![object.class.into(), object.oid.into()];
        if object.sub != 0 {
            key.push(object.sub.into());
        }
        let rows = self.read_rows::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)?;
        for row in rows.iter() {
            let owner = Object { class: row.refclassid, oid: row.refobjid, sub: row.refobjsubid };
            let is_part = matches!(row.deptype, b'i' | b'e' | b'P' | b'S');
            let own = (owner.class, owner.oid) == (object.class, object.oid);
            // A table does not do without a column of its partition key.
            let is_key = row.deptype == b'i' && object.sub != 0 && owner.sub == 0;
            if !is_part || own && !is_key {
                continue;
            }
            let on_stack = walk.stack.iter().any(|o| *o == owner || *o == Object { sub: 0, ..owner });
            let named = originals.iter().any(|o| *o == owner || *o == Object { sub: 0, ..owner });
            if on_stack || named || internal || walk.targets.iter().any(|t| t.object == owner) {
                continue;
            }
            if walk.stack.is_empty() {
                // A part of a tree of partitions is told of as that.
                let tree = rows.iter().find(|row| matches!(row.deptype, b'P' | b'S'));
                let owner =
                    tree.map_or(owner, |row| Object { class: row.refclassid, oid: row.refobjid, sub: row.refobjsubid });
                let (what, whole) = (self.object_description(object)?, self.object_description(owner)?);
                return Err(Error::new(
                    SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
                    format!("cannot drop {what} because {whole} requires it"),
                )
                .hint(format!("You can drop {whole} instead.")));
            }
            // Reached from elsewhere: the whole goes, and this with it.
            if row.deptype == b'i' {
                return self.visit(walk, originals, owner, through, normal, silent, internal);
            }
        }
        let mut key = vec![object.class.into(), object.oid.into()];
        if object.sub != 0 {
            key.push(object.sub.into());
        }
        let mut dependents: Vec<(Object, u8)> = self
            .read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?
            .iter()
            .map(|row| (Object { class: row.classid, oid: row.objid, sub: row.objsubid }, row.deptype))
            .filter(|(other, _)| !((other.class, other.oid) == (object.class, object.oid) && object.sub == 0))
            .collect();
        dependents.sort_by(|(a, _), (b, _)| b.oid.cmp(&a.oid).then(a.class.cmp(&b.class)).then(a.sub.cmp(&b.sub)));
        // Several dependencies of one object count together; any that drops silently lets it go silently.
        let mut merged: Vec<(Object, bool, bool)> = Vec::with_capacity(dependents.len());
        for (other, kind) in dependents {
            let is_normal = kind == b'n';
            match merged.last_mut().filter(|last| last.0 == other) {
                Some(last) => {
                    last.1 |= is_normal;
                    last.2 |= !is_normal;
                }
                None => merged.push((other, is_normal, !is_normal)),
            }
        }
        walk.stack.push(object);
        for (other, is_normal, silent) in merged {
            self.visit(walk, originals, other, object, is_normal, silent, internal)?;
        }
        walk.stack.pop();
        // Columns on the list are covered now.
        if object.sub == 0 {
            walk.targets
                .retain(|t| !((t.object.class, t.object.oid) == (object.class, object.oid) && t.object.sub != 0));
        }
        walk.targets.push(Target { object, normal, silent, through });
        Ok(())
    }

    /// The refusal, or the notice of a cascade.
    fn report(&self, walk: &Walk, originals: &[Object], behavior: DropBehavior) -> Result<Option<Error>> {
        let reported: Vec<&Target> =
            walk.targets.iter().rev().filter(|t| !t.silent && !originals.contains(&t.object)).collect();
        if reported.is_empty() {
            return Ok(None);
        }
        let mut detail = String::new();
        for target in reported.iter().take(REPORTED) {
            if !detail.is_empty() {
                detail.push('\n');
            }
            let what = self.object_description(target.object)?;
            match behavior {
                DropBehavior::Restrict => {
                    detail.push_str(&format!("{what} depends on {}", self.object_description(target.through)?))
                }
                DropBehavior::Cascade => detail.push_str(&format!("drop cascades to {what}")),
            }
        }
        if let more @ 1.. = reported.len().saturating_sub(REPORTED) {
            let objects = if more == 1 { "object" } else { "objects" };
            detail.push_str(&format!("\nand {more} other {objects} (see server log for list)"));
        }
        match behavior {
            DropBehavior::Restrict => {
                let message = match originals {
                    [one] => {
                        format!("cannot drop {} because other objects depend on it", self.object_description(*one)?)
                    }
                    _ => "cannot drop desired object(s) because other objects depend on them".to_string(),
                };
                Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
                    .detail(detail)
                    .hint("Use DROP ... CASCADE to drop the dependent objects too."))
            }
            DropBehavior::Cascade => {
                let notice =
                    |message: String| Error::new(SqlState::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice);
                Ok(Some(match reported.len() {
                    1 => notice(detail),
                    n => notice(format!("drop cascades to {n} other objects")).detail(detail),
                }))
            }
        }
    }

    /// Removes one object, whose dependents are gone, with all rows that belong to it alone.
    fn remove(&self, object: Object) -> Result<()> {
        self.remove_object_rows(object)?;
        let mut key = vec![object.class.into(), object.oid.into()];
        if object.sub != 0 {
            key.push(object.sub.into());
        }
        for stored in self.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)? {
            self.delete(&stored)?;
        }
        for stored in self.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &self.shared_key(object))? {
            if object.sub == 0 || stored.row.objsubid == object.sub {
                self.delete(&stored)?;
            }
        }
        let mut key = vec![object.oid.into(), object.class.into()];
        if object.sub != 0 {
            key.push(object.sub.into());
        }
        self.delete_all::<PgDescription>(index::PG_DESCRIPTION_O_C_O_INDEX, &key)?;
        self.delete_all::<PgSeclabel>(index::PG_SECLABEL_OBJECT_INDEX, &key)?;
        self.delete_all::<PgInitPrivs>(index::PG_INIT_PRIVS_O_C_O_INDEX, &key)?;
        self.next_command()
    }

    /// Sets or (with `None`) removes the comment on an object.
    pub fn set_description(&self, object: Object, text: Option<&str>) -> Result<()> {
        let text = text.filter(|text| !text.is_empty());
        // A subscription belongs to a database, although all see it.
        if is_shared(object.class) && object.class != PgSubscription::RELATION {
            let key = [object.oid.into(), object.class.into()];
            self.delete_all::<PgShdescription>(index::PG_SHDESCRIPTION_O_C_INDEX, &key)?;
            return match text {
                Some(text) => self.insert(&PgShdescription {
                    objoid: object.oid,
                    classoid: object.class,
                    description: text.to_string().into(),
                }),
                None => Ok(()),
            };
        }
        let key = [object.oid.into(), object.class.into(), object.sub.into()];
        self.delete_all::<PgDescription>(index::PG_DESCRIPTION_O_C_O_INDEX, &key)?;
        match text {
            Some(text) => self.insert(&PgDescription {
                objoid: object.oid,
                classoid: object.class,
                objsubid: object.sub,
                description: text.to_string().into(),
            }),
            None => Ok(()),
        }
    }
}

/// Whether a catalog is shared by all databases.
pub fn is_shared(catalog: Oid) -> bool {
    crate::relation::builtin(catalog).is_some_and(|relation| relation.class.relisshared)
}
