//! The rows and triggers that a foreign key has, in trees of partitions on both sides.
//!
//! The constraint that a statement makes stands for both tables as a whole. Each partition of the *referencing* table has a constraint below
//! it (`conparentid`) with the checks for its rows; each partition of the *referenced* table has one as well, of the same referencing table,
//! with the triggers for what happens to its keys: `CONSTRAINT_1`, `CONSTRAINT_2` and so on. So messages name the partition and
//! the constraint that a row met. Constraints of the second kind have their parent's `conrelid`; only the topmost constraint has them.

use catalog::relation::kind;
use catalog::rows::{PgClass, PgConstraint, PgTrigger};
use catalog::trigger::{bits as event, foreign_key as function};
use catalog::{Dependency, NewConstraint, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;

use super::check;
use super::column_name;
use crate::Context;

/// Which side of a foreign key a table is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Referencing,
    Referenced,
}

/// The two triggers on one side: of INSERT or DELETE, and of UPDATE.
type Pair = [Oid; 2];

/// Makes all that a new constraint, whose row is there, needs besides, and looks at the rows there are.
pub(super) fn complete(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    refer(context, row, None, &row.conname)?;
    watch(context, row, None)
}

/// The referenced side: triggers of a constraint, and constraints of the table's partitions, named after `name`.
fn refer(context: &Context<'_>, row: &PgConstraint, above: Option<Pair>, name: &str) -> Result<()> {
    let catalog = context.catalog();
    let triggers = create_triggers(context, row, Side::Referenced, above)?;
    if catalog.relation(row.confrelid)?.kind() != kind::PARTITIONED_TABLE {
        return Ok(());
    }
    for partition in partitions(context, row.confrelid)? {
        executor::lock_relation(context.session, partition, 6)?;
        refer_to_partition(context, row, triggers, partition, name)?;
    }
    Ok(())
}

/// The partitions of a table, in the order of what they hold.
fn partitions(context: &Context<'_>, table: Oid) -> Result<Vec<Oid>> {
    Ok(crate::partition::of(context, table)?.partitions.iter().map(|partition| partition.oid).collect())
}

fn refer_to_partition(
    context: &Context<'_>,
    above: &PgConstraint,
    triggers: Option<Pair>,
    partition: Oid,
    name: &str,
) -> Result<()> {
    let catalog = context.catalog();
    let (parent, child) = (catalog.relation(above.confrelid)?, catalog.relation(partition)?);
    let mut index = None;
    for &own in &child.indexes {
        if catalog.parents(own)?.contains(&above.conindid) {
            index = Some(own);
        }
    }
    let Some(index) = index else {
        let text = format!("index for {} not found in partition {}", above.conindid, child.name());
        return Err(Error::internal(text));
    };
    let row = PgConstraint {
        oid: Oid::INVALID,
        conname: catalog.choose_numbered_name(above.connamespace, name)?.into(),
        confrelid: partition,
        confkey: moved(&above.confkey, &parent, &child)?,
        conindid: index,
        conparentid: above.oid,
        conislocal: false,
        coninhcount: 1,
        connoinherit: false,
        ..above.clone()
    };
    let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
    let (this, whole) = (Object::of::<PgConstraint>(oid), Object::of::<PgConstraint>(above.oid));
    catalog.record_dependency(this, whole, Dependency::Internal)?;
    catalog.next_command()?;
    refer(context, &PgConstraint { oid, ..row }, triggers, name)
}

/// The referencing side: the triggers of a constraint, the rows there are, and constraints of the table's partitions.
fn watch(context: &Context<'_>, row: &PgConstraint, above: Option<Pair>) -> Result<()> {
    let catalog = context.catalog();
    let triggers = create_triggers(context, row, Side::Referencing, above)?;
    if catalog.relation(row.conrelid)?.kind() != kind::PARTITIONED_TABLE {
        return match row.convalidated {
            true => check::validate(context, row),
            false => Ok(()),
        };
    }
    for partition in partitions(context, row.conrelid)? {
        executor::lock_relation(context.session, partition, 8)?;
        hand_down(context, row, triggers, partition)?;
    }
    Ok(())
}

/// Gives a partition of the referencing table the foreign key of its parent.
fn hand_down(context: &Context<'_>, above: &PgConstraint, triggers: Option<Pair>, partition: Oid) -> Result<()> {
    let catalog = context.catalog();
    let (parent, child) = (catalog.relation(above.conrelid)?, catalog.relation(partition)?);
    if child.kind() == kind::FOREIGN_TABLE {
        let text = "foreign key constraints are not supported on foreign tables";
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if above.confrelid == partition {
        let text = format!(
            "cannot attach table \"{}\" as a partition because it is referenced by foreign key \"{}\"",
            child.name(),
            above.conname
        );
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let keys = moved(&above.conkey, &parent, &child)?;
    let set_columns = moved(&above.confdelsetcols, &parent, &child)?;
    // One that the partition has already becomes part of the parent's.
    let same = |own: &&PgConstraint| {
        own.contype == b'f'
            && !own.conparentid.is_valid()
            && own.confrelid == above.confrelid
            && own.conkey == keys
            && own.confkey == above.confkey
            && own.conpfeqop == above.conpfeqop
            && own.confdelsetcols == set_columns
            && (own.confupdtype, own.confdeltype, own.confmatchtype)
                == (above.confupdtype, above.confdeltype, above.confmatchtype)
            && (own.condeferrable, own.condeferred) == (above.condeferrable, above.condeferred)
    };
    if let Some(own) = child.constraints.iter().find(same) {
        return join(context, above, triggers, &child, own);
    }
    let taken = child.constraints.iter().any(|other| other.conname == above.conname);
    let name = match taken {
        false => above.conname.to_string(),
        true => {
            let names: Vec<String> = keys.iter().flatten().map(|&n| column_name(&child, n)).collect();
            catalog.choose_name(child.class.relnamespace, child.name(), &names.join("_"), "fkey", &|_| false)?
        }
    };
    let row = PgConstraint {
        oid: Oid::INVALID,
        conname: name.into(),
        connamespace: child.class.relnamespace,
        conrelid: partition,
        conparentid: Oid::INVALID,
        conislocal: false,
        coninhcount: 0,
        conkey: keys,
        confdelsetcols: set_columns,
        ..above.clone()
    };
    let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
    crate::constraint::set_parent(context, oid, above.oid, partition)?;
    watch(context, &PgConstraint { oid, ..row }, triggers)
}

/// Makes the foreign key that a partition has of its own part of its parent's.
fn join(
    context: &Context<'_>,
    above: &PgConstraint,
    triggers: Option<Pair>,
    child: &Relation,
    own: &PgConstraint,
) -> Result<()> {
    let catalog = context.catalog();
    if own.conenforced != above.conenforced {
        let text = format!(
            "constraint \"{}\" enforceability conflicts with constraint \"{}\" on relation \"{}\"",
            above.conname,
            own.conname,
            child.name()
        );
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    // The parent's look at the referenced table for all.
    for below in below(context, own)?.into_iter().filter(|below| below.conrelid == own.conrelid) {
        catalog.drop_internal(Object::of::<PgConstraint>(below.oid))?;
    }
    let mut checks = Vec::new();
    for trigger in triggers_of(context, own.oid)? {
        match trigger.checks_foreign_key() {
            true => checks.push(trigger),
            false => catalog.drop_internal(Object::of::<PgTrigger>(trigger.oid))?,
        }
    }
    for trigger in checks {
        let parent = triggers.map_or(Oid::INVALID, |[first, update]| match trigger.tgfoid.0 {
            function::CHECK_INSERT => first,
            _ => update,
        });
        set_trigger_parent(context, trigger.oid, parent)?;
    }
    catalog.next_command()?;
    crate::constraint::set_parent(context, own.oid, above.oid, child.oid)?;
    if above.convalidated && !own.convalidated {
        set_validated(context, own)?;
    }
    Ok(())
}

/// Looks at the rows of a constraint that is NOT VALID, of its partitions as well, and marks it as valid.
pub(crate) fn set_validated(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    let catalog = context.catalog();
    let whole = catalog.relation(row.conrelid)?.kind() == kind::PARTITIONED_TABLE;
    for below in below(context, row)?.iter().filter(|below| !below.convalidated) {
        match below.conrelid == row.conrelid {
            true => mark_valid(context, below)?,
            false => set_validated(context, below)?,
        }
    }
    if !whole {
        check::validate(context, row)?;
    }
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[row.oid.into()], |row| row.convalidated = true)?;
    catalog.next_command()
}

/// Marks a constraint for a partition of the referenced table, and those below it, as valid: the referencing rows were looked at.
fn mark_valid(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    for below in below(context, row)? {
        mark_valid(context, &below)?;
    }
    let key = [row.oid.into()];
    context.catalog().change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.convalidated = true)?;
    Ok(())
}

/// ALTER CONSTRAINT … [NOT] ENFORCED.
pub(crate) fn set_enforced(context: &Context<'_>, row: &PgConstraint, enforced: bool) -> Result<()> {
    if row.conenforced == enforced {
        return Ok(());
    }
    for table in [row.conrelid, row.confrelid] {
        executor::lock_relation(context.session, table, 6)?;
    }
    let mut affected = vec![row.clone()];
    let mut next = 0;
    while next < affected.len() {
        let found = below(context, &affected[next])?;
        affected.extend(found);
        next += 1;
    }
    let catalog = context.catalog();
    for one in &affected {
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[one.oid.into()], |row| {
            row.conenforced = enforced;
            row.convalidated = enforced;
        })?;
    }
    catalog.next_command()?;
    if !enforced {
        for one in &affected {
            for trigger in triggers_of(context, one.oid)? {
                catalog.drop_internal(Object::of::<PgTrigger>(trigger.oid))?;
            }
        }
        return catalog.next_command();
    }
    let row = PgConstraint { conenforced: true, convalidated: true, ..row.clone() };
    enforce(context, &row, Side::Referenced, None)?;
    enforce(context, &row, Side::Referencing, None)
}

/// Makes the triggers on one side of a constraint that was not enforced, and of those below it there; looks at the rows that refer.
fn enforce(context: &Context<'_>, row: &PgConstraint, side: Side, above: Option<Pair>) -> Result<()> {
    let triggers = create_triggers(context, row, side, above)?;
    let referencing = side == Side::Referencing;
    if referencing && context.catalog().relation(row.conrelid)?.kind() != kind::PARTITIONED_TABLE {
        check::validate(context, row)?;
    }
    for below in below(context, row)?.iter().filter(|below| (below.conrelid != row.conrelid) == referencing) {
        enforce(context, below, side, triggers)?;
    }
    Ok(())
}

/// The constraints that are directly below one.
fn below(context: &Context<'_>, row: &PgConstraint) -> Result<Vec<PgConstraint>> {
    let found = context.catalog().stored::<PgConstraint>(index::PG_CONSTRAINT_CONPARENTID_INDEX, &[row.oid.into()])?;
    let mut found: Vec<PgConstraint> = found.into_iter().map(|stored| stored.row.clone()).collect();
    found.sort_by_key(|row| row.oid);
    Ok(found)
}

fn triggers_of(context: &Context<'_>, constraint: Oid) -> Result<Vec<PgTrigger>> {
    let key = [constraint.into()];
    let found = context.catalog().stored::<PgTrigger>(index::PG_TRIGGER_TGCONSTRAINT_INDEX, &key)?;
    Ok(found.into_iter().map(|stored| stored.row.clone()).collect())
}

/// The triggers of a constraint on one side, if it has them.
fn pair_of(context: &Context<'_>, constraint: Oid, side: Side) -> Result<Option<Pair>> {
    let mut pair = [Oid::INVALID; 2];
    for trigger in triggers_of(context, constraint)? {
        if trigger.checks_foreign_key() == (side == Side::Referencing) {
            pair[usize::from(trigger.tgtype & event::UPDATE != 0)] = trigger.oid;
        }
    }
    Ok(pair.iter().all(|oid| oid.is_valid()).then_some(pair))
}

fn set_trigger_parent(context: &Context<'_>, trigger: Oid, parent: Oid) -> Result<()> {
    let catalog = context.catalog();
    catalog
        .change::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &[trigger.into()], |row| row.tgparentid = parent)
        .map(|_| ())
}

/// Whether a constraint exists for a partition of the table that another one refers to.
fn is_for_referenced_partition(context: &Context<'_>, row: &PgConstraint) -> Result<bool> {
    Ok(row.conparentid.is_valid() && context.catalog().constraint(row.conparentid)?.conrelid == row.conrelid)
}

/// Gives a table that became a partition the foreign keys of its parent, and constraints for those that refer to that.
pub(crate) fn adopt(context: &Context<'_>, parent: &Relation, table: Oid) -> Result<()> {
    for row in referring(context, parent.oid)? {
        let triggers = pair_of(context, row.oid, Side::Referenced)?;
        refer_to_partition(context, &row, triggers, table, &row.conname)?;
    }
    let own = parent.constraints.iter().filter(|constraint| constraint.contype == b'f');
    let mut own: Vec<&PgConstraint> = own.collect();
    own.sort_by_key(|row| row.oid);
    for row in own {
        if !is_for_referenced_partition(context, row)? {
            let triggers = pair_of(context, row.oid, Side::Referencing)?;
            hand_down(context, row, triggers, table)?;
        }
    }
    context.catalog().next_command()
}

/// The constraints that look at what happens to the keys of a table: those that refer to it, without what the partitions of referencing
/// tables have of them.
fn referring(context: &Context<'_>, table: Oid) -> Result<Vec<PgConstraint>> {
    let mut found = context.catalog().foreign_keys_to(table)?;
    let mut kept = Vec::with_capacity(found.len());
    for row in found.drain(..) {
        if !row.conparentid.is_valid() || is_for_referenced_partition(context, &row)? {
            kept.push(row);
        }
    }
    Ok(kept)
}

/// A partition that leaves takes its rows with it: none may be referred to by what refers to the whole.
pub(crate) fn before_detach(context: &Context<'_>, table: &Relation) -> Result<()> {
    let catalog = context.catalog();
    for row in referring(context, table.oid)? {
        if !row.conparentid.is_valid() {
            continue;
        }
        if row.conenforced {
            check::refuse_removal(context, &row)?;
        }
        catalog.drop_internal(Object::of::<PgConstraint>(row.oid))?;
        catalog.next_command()?;
    }
    Ok(())
}

/// Makes the foreign key of a table that is no partition any more its own.
pub(crate) fn release(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    if is_for_referenced_partition(context, row)? {
        return Ok(());
    }
    let catalog = context.catalog();
    let this = Object::of::<PgConstraint>(row.oid);
    let above = Object::of::<PgConstraint>(row.conparentid);
    catalog.forget_dependency(this, above, Dependency::PartitionPrimary)?;
    catalog.forget_dependency(this, Object::relation(row.conrelid), Dependency::PartitionSecondary)?;
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[row.oid.into()], |row| {
        row.conparentid = Oid::INVALID;
        row.coninhcount = 0;
        row.conislocal = true;
    })?;
    for trigger in triggers_of(context, row.oid)? {
        set_trigger_parent(context, trigger.oid, Oid::INVALID)?;
    }
    catalog.next_command()?;
    refer(context, &PgConstraint { conparentid: Oid::INVALID, ..row.clone() }, None, &row.conname)?;
    catalog.next_command()
}

/// The same columns in another table of the tree.
fn moved(key: &Option<Vec<i16>>, from: &Relation, to: &Relation) -> Result<Option<Vec<i16>>> {
    let number = |&number: &i16| {
        let name = column_name(from, number);
        let column = to.column_by_name(&name).map(|column| column.attnum);
        column.ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))
    };
    key.as_ref().map(|key| key.iter().map(number).collect()).transpose()
}

/// Whether the trigger with this function may wait for the end of the transaction.
pub(crate) fn can_wait(function: Oid) -> bool {
    use function::*;
    matches!(function.0, CHECK_INSERT | CHECK_UPDATE | NO_ACTION_DELETE | NO_ACTION_UPDATE)
}

/// Makes the two triggers that a foreign key has on one of its tables, below those of the constraint above; none if it is not enforced.
fn create_triggers(context: &Context<'_>, row: &PgConstraint, side: Side, above: Option<Pair>) -> Result<Option<Pair>> {
    use function::*;
    if !row.conenforced {
        return Ok(None);
    }
    let catalog = context.catalog();
    let on_delete = match row.confdeltype {
        b'r' => RESTRICT_DELETE,
        b'c' => CASCADE_DELETE,
        b'n' => SET_NULL_DELETE,
        b'd' => SET_DEFAULT_DELETE,
        _ => NO_ACTION_DELETE,
    };
    let on_update = match row.confupdtype {
        b'r' => RESTRICT_UPDATE,
        b'c' => CASCADE_UPDATE,
        b'n' => SET_NULL_UPDATE,
        b'd' => SET_DEFAULT_UPDATE,
        _ => NO_ACTION_UPDATE,
    };
    let (table, other, word, events) = match side {
        Side::Referenced => {
            (row.confrelid, row.conrelid, 'a', [(on_delete, event::DELETE), (on_update, event::UPDATE)])
        }
        Side::Referencing => {
            (row.conrelid, row.confrelid, 'c', [(CHECK_INSERT, event::INSERT), (CHECK_UPDATE, event::UPDATE)])
        }
    };
    let mut pair = [Oid::INVALID; 2];
    for (at, (function, on)) in events.into_iter().enumerate() {
        let oid = catalog.new_oid::<PgTrigger>(index::PG_TRIGGER_OID_INDEX)?;
        // Only NO ACTION and the checks can wait for the end of the transaction.
        let can_wait = can_wait(Oid(function));
        catalog.insert(&PgTrigger {
            oid,
            tgrelid: table,
            tgparentid: above.map_or(Oid::INVALID, |pair| pair[at]),
            tgname: format!("RI_ConstraintTrigger_{word}_{oid}").into(),
            tgfoid: Oid(function),
            tgtype: event::ROW | on,
            tgenabled: b'O',
            tgisinternal: true,
            tgconstrrelid: other,
            tgconstrindid: row.conindid,
            tgconstraint: row.oid,
            tgdeferrable: row.condeferrable && can_wait,
            tginitdeferred: row.condeferred && can_wait,
            ..Default::default()
        })?;
        let (this, whole) = (Object::of::<PgTrigger>(oid), Object::of::<PgConstraint>(row.oid));
        catalog.record_dependency(this, whole, Dependency::Internal)?;
        if !catalog.relation(table)?.class.relhastriggers {
            catalog
                .change::<PgClass>(index::PG_CLASS_OID_INDEX, &[table.into()], |class| class.relhastriggers = true)?;
        }
        catalog.next_command()?;
        pair[at] = oid;
    }
    Ok(Some(pair))
}
