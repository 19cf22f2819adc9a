//! REINDEX CONCURRENTLY: an index is made beside another one, takes its place, and the other one goes.
//!
//! ```text
//!  1      NAME_ccnew is in the catalogs, and made as a new index is: written by all, complete, but not valid
//!  2      it becomes NAME and valid, with the constraints, comments and places in trees of the old one, which is NAME_ccold and not valid now
//!         wait for whoever may still read the old one
//!  3      nobody writes the old one; wait for whoever did not know yet; then it is gone
//! ```
//!
//! Objects change their places rather than their files: whoever opened an index before the change, and whoever opens it behind it, means the same
//! file by the same object id, so nobody can miss one of the two. All indexes of a table take each step together, so they wait together.
//!
//! What a failure leaves is not valid and has one of the two names: it is written as long as it is ready, and goes with DROP INDEX.
//!
//! Source: PostgreSQL's documentation of REINDEX, "Rebuilding Indexes Concurrently".

use catalog::relation::kind;
use catalog::rows::{CatalogRow, PgClass, PgConstraint, PgDepend, PgDescription, PgInherits, PgStatistic, PgTrigger};
use catalog::{Catalog, Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;

use super::{Building, Hold, change, fill, lock};
use crate::Context;
use crate::create_index::{self, IndexPlan};

/// An index to be made anew.
#[derive(Clone, Copy)]
pub(crate) struct Rebuild {
    pub table: Oid,
    pub index: Oid,
    /// Where it goes, as `pg_class.reltablespace` has it; none if it stays where it is.
    pub tablespace: Option<Oid>,
}

/// Makes indexes anew, whose tables the current transaction has locked against other changes; they are locked by the session from there on.
///
/// # Errors
/// `0A000` for exclusion constraints; `23505` for duplicates, and those of the indexes' functions, of reading and waiting: a new index stays
/// then, not valid.
pub(crate) fn reindex(context: &Context<'_>, wanted: &[Rebuild]) -> Result<()> {
    let mut holds = Vec::new();
    for rebuild in wanted {
        holds.push(Hold::of(context, rebuild.table)?);
        holds.push(Hold::of(context, rebuild.index)?);
    }
    let mut new = Vec::new();
    for rebuild in wanted {
        let building = beside(context, rebuild)?;
        holds.push(Hold::of(context, building.index)?);
        new.push(building);
    }
    fill(context, &new)?;
    let mut old = Vec::new();
    for (rebuild, new) in wanted.iter().zip(&new) {
        lock(context, rebuild.table)?;
        exchange(context, rebuild.index, new.index)?;
        old.push((rebuild.table, rebuild.index));
    }
    context.services.next_transaction()?;
    super::bury(context, &old)?;
    for rebuild in &new {
        context.catalog().note_command("REINDEX", Object::relation(rebuild.index));
    }
    context.services.next_transaction()
}

/// Puts an index like another one of the same table into the catalogs.
fn beside(context: &Context<'_>, rebuild: &Rebuild) -> Result<Building> {
    let catalog = context.catalog();
    let (table, old) = (catalog.relation(rebuild.table)?, catalog.relation(rebuild.index)?);
    if old.index.as_ref().is_some_and(|row| row.indisexclusion) {
        let text = "concurrent index creation for exclusion constraints is not supported";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let like = IndexPlan::like(context, rebuild.index, &table, &table)?;
    let plan = IndexPlan {
        name: Some(catalog.choose_name(old.class.relnamespace, old.name(), "", "ccnew", &|_| false)?),
        tablespace: Some(rebuild.tablespace.unwrap_or(old.class.reltablespace)),
        primary: false,
        for_constraint: false,
        immediate: true,
        concurrently: true,
        ..like
    };
    let (index, _) = create_index::create(context, &plan)?;
    for column in old.columns.iter().filter(|column| column.attstattarget.is_some()) {
        catalog.alter_column(index, column.attnum, |row| row.attstattarget = column.attstattarget)?;
    }
    Ok(Building { table: rebuild.table, index, method: plan.method.1 })
}

/// Puts a new index into an old one's place, and the old one aside.
fn exchange(context: &Context<'_>, old: Oid, new: Oid) -> Result<()> {
    let catalog = context.catalog();
    let was = catalog.relation(old)?;
    let row = was.index.clone().ok_or_else(|| Error::internal(format!("relation {old} is no index")))?;
    let name = was.name().to_string();
    let aside = catalog.choose_name(was.class.relnamespace, &name, "", "ccold", &|_| false)?;
    let is_partition = was.class.relispartition;
    catalog.alter_class(old, |class| {
        class.relname = aside.into();
        class.relispartition = false;
    })?;
    catalog.alter_class(new, |class| {
        class.relname = name.into();
        class.relispartition = is_partition;
    })?;
    // Constraints before what hangs on them, for foreign keys are found by dependencies.
    exchange_constraints(catalog, row.indrelid, old, new)?;
    exchange_dependencies(catalog, old, new)?;
    change(context, new, |new| {
        new.indisprimary = row.indisprimary;
        new.indisexclusion = row.indisexclusion;
        new.indimmediate = row.indimmediate;
        new.indisreplident = row.indisreplident;
        new.indisclustered = row.indisclustered;
        new.indisvalid = true;
    })?;
    change(context, old, |old| {
        old.indisprimary = false;
        old.indisexclusion = false;
        old.indimmediate = true;
        old.indisreplident = false;
        old.indisclustered = false;
        old.indisvalid = false;
    })?;
    let key = [old.into(), PgClass::RELATION.into()];
    for stored in catalog.stored::<PgDescription>(index::PG_DESCRIPTION_O_C_O_INDEX, &key)? {
        catalog.update(&stored, &PgDescription { objoid: new, ..stored.row.clone() })?;
    }
    for stored in catalog.stored::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &[old.into()])? {
        catalog.update(&stored, &PgInherits { inhrelid: new, ..stored.row.clone() })?;
    }
    catalog.delete_all::<PgStatistic>(index::PG_STATISTIC_RELID_ATT_INH_INDEX, &[new.into()])?;
    for stored in catalog.stored::<PgStatistic>(index::PG_STATISTIC_RELID_ATT_INH_INDEX, &[old.into()])? {
        catalog.insert(&PgStatistic { starelid: new, ..stored.row.clone() })?;
    }
    catalog.next_command()
}

/// Lets the constraint that owns an index, and foreign keys that rely on it, name another index; so their triggers.
fn exchange_constraints(catalog: &Catalog, table: Oid, old: Oid, new: Oid) -> Result<()> {
    let mut constraints: Vec<Oid> = catalog.constraint_of_index(old)?.into_iter().collect();
    if catalog.relation(table)?.kind() != kind::TOAST {
        constraints.extend(catalog.foreign_keys_to(table)?.iter().filter(|row| row.conindid == old).map(|row| row.oid));
    }
    for constraint in constraints {
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[constraint.into()], |row| {
            row.conindid = new;
        })?;
        for stored in catalog.stored::<PgTrigger>(index::PG_TRIGGER_TGCONSTRAINT_INDEX, &[constraint.into()])? {
            if stored.row.tgconstrindid == old {
                catalog.update(&stored, &PgTrigger { tgconstrindid: new, ..stored.row.clone() })?;
            }
        }
    }
    catalog.next_command()
}

/// What depended on one index depends on the other one, and they on what the other one did.
fn exchange_dependencies(catalog: &Catalog, old: Oid, new: Oid) -> Result<()> {
    let other = |oid: Oid| if oid == old { new } else { old };
    let mut changed = Vec::new();
    for oid in [old, new] {
        let key = [PgClass::RELATION.into(), oid.into()];
        for stored in catalog.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)? {
            let row = PgDepend { objid: other(oid), ..stored.row.clone() };
            changed.push((stored, row));
        }
        for stored in catalog.stored::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)? {
            let row = PgDepend { refobjid: other(oid), ..stored.row.clone() };
            changed.push((stored, row));
        }
    }
    for (stored, row) in &changed {
        catalog.update(stored, row)?;
    }
    catalog.next_command()
}
