//! Built-in SQL functions that need an executor: those that work on an index as VACUUM does, and `satisfies_hash_partition`.

use batch::{Datum, DatumRef};
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::{Context, brin};

/// A built-in function that is called with values, and their types.
pub type MaintenanceFunction = fn(&Context<'_>, &[DatumRef<'_>], &[Oid]) -> Result<Datum>;

/// The functions, by object id.
static FUNCTIONS: &[(Oid, MaintenanceFunction)] = &[
    (Oid(3789), gin_clean_pending_list),
    (Oid(3952), brin::summarize_new_values),
    (Oid(3999), brin::summarize_range),
    (Oid(4014), brin::desummarize_range),
    (Oid(5028), crate::partition::satisfies_hash),
];

/// The built-in function with this object id, if it is one of these.
pub fn maintenance_function(oid: Oid) -> Option<MaintenanceFunction> {
    FUNCTIONS.iter().find(|(own, _)| *own == oid).map(|(_, function)| *function)
}

/// The index that the first argument names, with its table locked; its method must be the one with this name.
pub(crate) fn index_of(
    context: &Context<'_>,
    arguments: &[DatumRef<'_>],
    method: access::Method,
    shown: &str,
) -> Result<Entry<Relation>> {
    let oid = Oid(arguments.first().and_then(|value| value.as_i32()).unwrap_or(0) as u32);
    let (session, catalog) = (context.session, context.catalog());
    // The table first, as everybody does.
    if let Some(row) = catalog.find_index(oid)? {
        executor::lock_relation(session, row.indrelid, 4)?;
        executor::lock_relation(session, oid, 4)?;
    }
    let relation = catalog.relation(oid)?;
    let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    if !matches!(relation.kind(), kind::INDEX | kind::PARTITIONED_INDEX) {
        return wrong(format!("\"{}\" is not an index", relation.name()));
    }
    if relation.kind() != kind::INDEX || catalog.index_method(relation.class.relam)? != method {
        return wrong(format!("\"{}\" is not a {shown} index", relation.name()));
    }
    if catalog.is_other_temporary(&relation.class) {
        let text = "cannot access temporary indexes of other sessions";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    catalog.require_owner(ObjectKind::Relation, oid)?;
    Ok(relation)
}

/// `gin_clean_pending_list`: how many pages of pending entries went into the index. There never are any.
fn gin_clean_pending_list(context: &Context<'_>, arguments: &[DatumRef<'_>], _: &[Oid]) -> Result<Datum> {
    index_of(context, arguments, access::Method::Gin, "GIN")?;
    Ok(Datum::B8(0))
}
