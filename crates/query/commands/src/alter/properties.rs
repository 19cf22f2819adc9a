//! Actions that change rows of the catalogs and nothing else: options, statistics targets, storage, triggers, replica identity …

use catalog::relation::kind;
use catalog::rows::{PgConstraint, PgIndex, PgRewrite, PgTrigger, PgType};
use catalog::{Dependency, Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{
    AlterTableAction as Action, ColumnSelector, ConstraintAttributes, FiringMode, Name, ReplicaIdentity,
    TriggerSelector,
};

use super::rewrite;
use crate::{Context, column, constraint, options, storage_options};

pub(super) fn alter(context: &Context<'_>, relation: &Entry<Relation>, action: &Action, recurse: bool) -> Result<()> {
    let catalog = context.catalog();
    let table = relation.oid;
    match action {
        Action::OwnerTo(role) => {
            let role = context.role(role)?;
            catalog.set_relation_owner(table, role)
        }
        Action::SetOptions(items) => storage_options::alter(context, relation, items, false),
        Action::ResetOptions(items) => storage_options::alter(context, relation, items, true),
        Action::SetStatistics { column, target } => set_statistics(context, relation, column, *target),
        Action::SetColumnOptions { name, options: items } | Action::ResetColumnOptions { name, options: items } => {
            let reset = matches!(action, Action::ResetColumnOptions { .. });
            column_options(context, relation, name, items, reset)
        }
        Action::SetStorage { name, storage } => {
            let number = context.column(relation, name)?;
            let ty = relation.column(number).map_or(Oid::INVALID, |column| column.atttypid);
            let letter = column::storage(context, storage, ty)?;
            catalog.alter_column(table, number, |row| row.attstorage = letter)?;
            catalog.create_toast_table(table).map(|_| ())
        }
        Action::SetCompression { name, method } => {
            let number = context.column(relation, name)?;
            let ty = relation.column(number).map_or(Oid::INVALID, |column| column.atttypid);
            let letter = column::compression(context, method, ty)?;
            catalog.alter_column(table, number, |row| row.attcompression = letter)
        }
        Action::SetLogged(logged) => set_logged(context, relation, *logged),
        Action::ClusterOn(name) => cluster_on(context, relation, Some(name)),
        Action::SetWithoutCluster => cluster_on(context, relation, None),
        Action::Trigger { trigger, firing } => triggers(context, relation, trigger, *firing, recurse),
        Action::Rule { name, firing } => {
            let Some(rule) = relation.rules.iter().find(|rule| rule.rulename == **name) else {
                let text = format!("rule \"{name}\" for relation \"{}\" does not exist", relation.name());
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            };
            let key = [rule.oid.into()];
            catalog.change::<PgRewrite>(index::PG_REWRITE_OID_INDEX, &key, |row| row.ev_enabled = letter(*firing))?;
            catalog.alter_class(table, |_| ())
        }
        Action::ReplicaIdentity(identity) => replica_identity(context, relation, identity),
        Action::RowSecurity(on) => catalog.alter_class(table, |class| class.relrowsecurity = *on),
        Action::ForceRowSecurity(on) => catalog.alter_class(table, |class| class.relforcerowsecurity = *on),
        Action::SetWithoutOids => Ok(()),
        Action::SetTablespace(name) => crate::tablespace::set(context, relation, name),
        Action::SetAccessMethod(name) => crate::access_method::set(context, relation, name.as_deref()),
        Action::Of(name) => of(context, relation, name),
        Action::NotOf => {
            if !relation.class.reloftype.is_valid() {
                let text = format!("\"{}\" is not a typed table", relation.name());
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            }
            let ty = Object::of::<PgType>(relation.class.reloftype);
            catalog.forget_dependency(Object::relation(table), ty, Dependency::Normal)?;
            catalog.alter_class(table, |class| class.reloftype = Oid::INVALID)
        }
        Action::ForeignOptions(items) => crate::foreign::alter_table_options(context, relation, items),
        Action::ColumnForeignOptions { name, options } => {
            crate::foreign::alter_column_options(context, relation, name, options)
        }
        _ => Err(Error::not_implemented("this ALTER TABLE action")),
    }
}

/// SET STATISTICS.
fn set_statistics(
    context: &Context<'_>,
    relation: &Relation,
    column: &ColumnSelector,
    target: Option<i32>,
) -> Result<()> {
    const MOST: i32 = 10_000;
    let is_index = relation.index.is_some();
    let number = match column {
        ColumnSelector::Name(name) => context.column(relation, name)?,
        ColumnSelector::Number(_) if !is_index => {
            let text = "cannot refer to non-index column by number";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        ColumnSelector::Number(number) => {
            if relation.column(*number).is_none() {
                let text = format!("column number {number} of relation \"{}\" does not exist", relation.name());
                return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
            }
            *number
        }
    };
    if let Some(row) = &relation.index {
        let name = relation.column(number).map_or("", |column| &column.attname);
        let unsupported = |text: String| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        if number > row.indnkeyatts {
            let text =
                format!("cannot alter statistics on included column \"{name}\" of index \"{}\"", relation.name());
            return unsupported(text);
        }
        if row.indkey.get(number as usize - 1).is_some_and(|&key| key != 0) {
            let text =
                format!("cannot alter statistics on non-expression column \"{name}\" of index \"{}\"", relation.name());
            return Err(
                Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint("Alter statistics on table column instead.")
            );
        }
    }
    let target = match target {
        None | Some(-1) => None,
        Some(target) if target < 0 => {
            let text = format!("statistics target {target} is too low");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
        Some(target) if target > MOST => {
            let text = format!("lowering statistics target to {MOST}");
            let warning = Error::new(SqlState::INVALID_PARAMETER_VALUE, text);
            context.notice(warning.severity(error::Severity::Warning));
            Some(MOST as i16)
        }
        Some(target) => Some(target as i16),
    };
    context.catalog().alter_column(relation.oid, number, |row| row.attstattarget = target)
}

/// SET (…) and RESET (…) of a column: `n_distinct` and `n_distinct_inherited`.
fn column_options(
    context: &Context<'_>,
    relation: &Relation,
    name: &Name,
    items: &[parser::ast::DefinitionItem],
    reset: bool,
) -> Result<()> {
    let number = context.column(relation, name)?;
    let mut have = relation.column(number).and_then(|column| column.attoptions.clone()).unwrap_or_default();
    for item in items {
        let key = item.name.to_string();
        if !matches!(key.as_str(), "n_distinct" | "n_distinct_inherited") {
            let text = format!("unrecognized parameter \"{key}\"");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
        have.retain(|old| !old.starts_with(&format!("{key}=")));
        if reset {
            continue;
        }
        let value = options::text(item).unwrap_or_default();
        let number: f64 = value.parse().map_err(|_| {
            let text = format!("invalid value for floating point option \"{key}\": {value}");
            Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
        })?;
        if !(-1.0..=f64::MAX).contains(&number) {
            let text = format!("value {value} out of bounds for option \"{key}\"");
            let detail = format!("Valid values are between \"{:.6}\" and \"{:.6}\".", -1.0, f64::MAX);
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail));
        }
        have.push(format!("{key}={value}").into());
    }
    context.catalog().alter_column(relation.oid, number, |row| {
        row.attoptions = (!have.is_empty()).then_some(have);
    })
}

/// SET LOGGED, SET UNLOGGED: the table with its indexes and sequences in files of the other kind.
fn set_logged(context: &Context<'_>, relation: &Entry<Relation>, logged: bool) -> Result<()> {
    let catalog = context.catalog();
    let letter = if logged { b'p' } else { b'u' };
    if relation.is_temporary() {
        let text = format!("cannot change logged status of table \"{}\" because it is temporary", relation.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    if relation.kind() == kind::PARTITIONED_TABLE {
        let text = format!(
            "ALTER action SET {} cannot be performed on relation \"{}\"",
            if logged { "LOGGED" } else { "UNLOGGED" },
            relation.name()
        );
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text)
            .detail("This operation is not supported for partitioned tables."));
    }
    if relation.class.relpersistence == letter {
        return Ok(());
    }
    if relation.kind() == kind::SEQUENCE {
        return crate::sequence::set_persistence(context, relation.oid, letter);
    }
    for constraint in catalog.foreign_keys_of(relation.oid)? {
        let (from, to) = (catalog.relation(constraint.conrelid)?, catalog.relation(constraint.confrelid)?);
        let wrong = |text: String| Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
        if logged && from.oid == relation.oid && to.oid != relation.oid && to.class.relpersistence != b'p' {
            return wrong(format!(
                "could not change table \"{}\" to logged because it references unlogged table \"{}\"",
                relation.name(),
                to.name()
            ));
        }
        if !logged && to.oid == relation.oid && from.oid != relation.oid && from.class.relpersistence == b'p' {
            return wrong(format!(
                "could not change table \"{}\" to unlogged because it references logged table \"{}\"",
                relation.name(),
                from.name()
            ));
        }
    }
    context.services.rewrites_table(relation.oid, 1)?;
    let toast = Some(relation.class.reltoastrelid).filter(|toast| toast.is_valid());
    let mut parts = relation.indexes.clone();
    if let Some(toast) = toast {
        parts.push(toast);
        parts.extend(catalog.relation(toast)?.indexes.iter());
    }
    for part in parts.into_iter().chain([relation.oid]) {
        catalog.alter_class(part, |class| class.relpersistence = letter)?;
    }
    rewrite::rewrite(context, relation, rewrite::unchanged(relation))?;
    for column in relation.live_columns() {
        if let Some(sequence) = catalog.owned_sequence(relation.oid, column.attnum)? {
            crate::sequence::set_persistence(context, sequence, letter)?;
        }
    }
    Ok(())
}

/// CLUSTER ON, SET WITHOUT CLUSTER.
fn cluster_on(context: &Context<'_>, relation: &Relation, name: Option<&Name>) -> Result<()> {
    if relation.kind() == kind::PARTITIONED_TABLE {
        let text = "cannot mark index clustered in partitioned table";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let chosen = match name {
        Some(name) => Some(own_index(context, relation, name)?),
        None => None,
    };
    crate::cluster::mark(context, relation, chosen)
}

/// An index of a table by its name.
pub(crate) fn own_index(context: &Context<'_>, relation: &Relation, name: &Name) -> Result<Oid> {
    let found = context.in_schema(relation.class.relnamespace, name, 1)?;
    let Some(found) = found else {
        let text = format!("index \"{name}\" for table \"{}\" does not exist", relation.name());
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    };
    if !relation.indexes.contains(&found.oid) {
        let text = format!("\"{name}\" is not an index for table \"{}\"", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    Ok(found.oid)
}

fn letter(firing: FiringMode) -> u8 {
    match firing {
        FiringMode::Disabled => b'D',
        FiringMode::Origin => b'O',
        FiringMode::Replica => b'R',
        FiringMode::Always => b'A',
    }
}

/// ENABLE TRIGGER, DISABLE TRIGGER.
fn triggers(
    context: &Context<'_>,
    relation: &Relation,
    selector: &TriggerSelector,
    firing: FiringMode,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let mut found = false;
    for trigger in &relation.triggers {
        let chosen = match selector {
            TriggerSelector::Name(name) => trigger.tgname == **name,
            TriggerSelector::All => true,
            TriggerSelector::User => !trigger.tgisinternal,
        };
        if !chosen {
            continue;
        }
        if trigger.tgisinternal && !catalog.is_superuser(catalog.current_user())? {
            let text = format!("permission denied: \"{}\" is a system trigger", trigger.tgname);
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        found = true;
        let key = [trigger.oid.into()];
        catalog.change::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &key, |row| row.tgenabled = letter(firing))?;
    }
    if let TriggerSelector::Name(name) = selector
        && !found
    {
        let text = format!("trigger \"{name}\" for table \"{}\" does not exist", relation.name());
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    if recurse && relation.kind() == kind::PARTITIONED_TABLE {
        for child in catalog.children(relation.oid)? {
            let below = catalog.relation(child)?;
            let has = |name: &Name| below.triggers.iter().any(|trigger| trigger.tgname == **name);
            if !matches!(selector, TriggerSelector::Name(name) if !has(name)) {
                triggers(context, &below, selector, firing, true)?;
            }
        }
    }
    catalog.alter_class(relation.oid, |_| ())
}

/// REPLICA IDENTITY.
fn replica_identity(context: &Context<'_>, relation: &Relation, identity: &ReplicaIdentity) -> Result<()> {
    let catalog = context.catalog();
    let mut chosen = None;
    let kind = match identity {
        ReplicaIdentity::Default => b'd',
        ReplicaIdentity::Full => b'f',
        ReplicaIdentity::Nothing => b'n',
        ReplicaIdentity::Index(name) => {
            let found = own_index(context, relation, name)?;
            let row = catalog.find_index(found)?.ok_or_else(|| Error::internal("an index is gone"))?;
            let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            if !row.indisunique {
                return wrong(format!("cannot use non-unique index \"{name}\" as replica identity"));
            }
            if !row.indimmediate {
                let text = format!("cannot use non-immediate index \"{name}\" as replica identity");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            if row.indexprs.is_some() {
                let text = format!("cannot use expression index \"{name}\" as replica identity");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            if row.indpred.is_some() {
                let text = format!("cannot use partial index \"{name}\" as replica identity");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            for &number in &row.indkey[..row.indnkeyatts as usize] {
                let column = relation.column(number);
                if column.is_some_and(|column| !column.attnotnull) {
                    let column = column.map_or("", |column| &column.attname);
                    let text = format!(
                        "index \"{name}\" cannot be used as replica identity because column \"{column}\" is nullable"
                    );
                    return wrong(text);
                }
            }
            chosen = Some(found);
            b'i'
        }
    };
    catalog.alter_class(relation.oid, |class| class.relreplident = kind)?;
    for &own in &relation.indexes {
        let key = [own.into()];
        let identity = chosen == Some(own);
        catalog.change::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indisreplident = identity)?;
    }
    catalog.next_command()
}

/// OF type.
fn of(context: &Context<'_>, relation: &Relation, name: &parser::ast::ObjectName) -> Result<()> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let found = catalog
        .type_by_name(schema, &name.name)?
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist")))?;
    let row = catalog.type_(found)?;
    if row.typtype != b'c' || catalog.relation(row.typrelid)?.kind() != kind::COMPOSITE_TYPE {
        let text = format!("type {} is not a composite type", context.session.type_name(found)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if !catalog.parents(relation.oid)?.is_empty() {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "typed tables cannot inherit"));
    }
    let model = catalog.relation(row.typrelid)?;
    let mismatch = |text: String| Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
    let mut own = relation.live_columns();
    for theirs in model.live_columns() {
        let Some(ours) = own.next() else {
            return mismatch(format!("table is missing column \"{}\"", theirs.attname));
        };
        if ours.attname != theirs.attname {
            return mismatch(format!(
                "table has column \"{}\" where type requires \"{}\"",
                ours.attname, theirs.attname
            ));
        }
        if (ours.atttypid, ours.atttypmod, ours.attcollation)
            != (theirs.atttypid, theirs.atttypmod, theirs.attcollation)
        {
            return mismatch(format!(
                "table \"{}\" has different type for column \"{}\"",
                relation.name(),
                theirs.attname
            ));
        }
    }
    if let Some(more) = own.next() {
        return mismatch(format!("table has extra column \"{}\"", more.attname));
    }
    let this = Object::relation(relation.oid);
    if relation.class.reloftype.is_valid() {
        let old = Object::of::<PgType>(relation.class.reloftype);
        catalog.forget_dependency(this, old, Dependency::Normal)?;
    }
    catalog.record_dependency(this, Object::of::<PgType>(found), Dependency::Normal)?;
    catalog.alter_class(relation.oid, |class| class.reloftype = found)
}

/// ALTER CONSTRAINT.
pub(super) fn alter_constraint(
    context: &Context<'_>,
    relation: &Relation,
    name: &Name,
    attributes: &ConstraintAttributes,
) -> Result<()> {
    let catalog = context.catalog();
    let found = constraint::find(context, relation, name)?;
    let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    if attributes.inherit || attributes.no_inherit {
        if found.contype != b'n' {
            return wrong(format!(
                "constraint \"{name}\" of relation \"{}\" is not a not-null constraint",
                relation.name()
            ));
        }
        return crate::not_null::set_inheritable(context, relation, &found, attributes.inherit);
    }
    if found.contype != b'f' {
        return match attributes.enforced {
            Some(_) => wrong(format!(
                "cannot alter enforceability of constraint \"{name}\" of relation \"{}\"",
                relation.name()
            )),
            None => wrong(format!(
                "constraint \"{name}\" of relation \"{}\" is not a foreign key constraint",
                relation.name()
            )),
        };
    }
    if found.conparentid.is_valid() {
        let text = format!("cannot alter constraint \"{name}\" on relation \"{}\"", relation.name());
        let mut above = catalog.constraint(found.conparentid)?;
        while above.conparentid.is_valid() {
            above = catalog.constraint(above.conparentid)?;
        }
        let table = catalog.relation_name(above.conrelid)?.unwrap_or_default();
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
            .detail(format!(
                "Constraint \"{name}\" is derived from constraint \"{}\" of relation \"{table}\".",
                above.conname
            ))
            .hint("You may alter the constraint it derives from instead."));
    }
    if attributes.deferrable.is_some() || attributes.initially_deferred.is_some() {
        let deferred = attributes.initially_deferred.unwrap_or(false);
        let deferrable = attributes.deferrable.unwrap_or(deferred) || deferred;
        set_deferrable(context, found.oid, deferrable, deferred)?;
    }
    match attributes.enforced {
        Some(enforced) => crate::foreign_key::set_enforced(context, &*catalog.constraint(found.oid)?, enforced),
        None => Ok(()),
    }
}

fn set_deferrable(context: &Context<'_>, oid: Oid, deferrable: bool, deferred: bool) -> Result<()> {
    let catalog = context.catalog();
    let key = [oid.into()];
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
        row.condeferrable = deferrable;
        row.condeferred = deferred;
    })?;
    for stored in catalog.stored::<PgTrigger>(index::PG_TRIGGER_TGCONSTRAINT_INDEX, &key)? {
        // Only NO ACTION and the checks can wait for the end of the transaction.
        if crate::foreign_key::can_wait(stored.row.tgfoid) {
            let mut row = stored.row.clone();
            (row.tgdeferrable, row.tginitdeferred) = (deferrable, deferred);
            catalog.update(&stored, &row)?;
            catalog.alter_class(row.tgrelid, |_| ())?;
        }
    }
    for stored in catalog.stored::<PgConstraint>(index::PG_CONSTRAINT_CONPARENTID_INDEX, &key)? {
        set_deferrable(context, stored.row.oid, deferrable, deferred)?;
    }
    catalog.next_command()
}
