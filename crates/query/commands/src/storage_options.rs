//! Storage options (`WITH (fillfactor = 70)`) of tables, their TOAST tables, views and indexes, and parameters of operator classes: which there
//! are, and what values they take.

use access::Method;
use catalog::Relation;
use catalog::field::Text;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::DefinitionItem;

use crate::{Context, options};

/// What an option takes.
enum Kind {
    Integer(i64, i64),
    Real(f64, f64),
    Boolean,
    Enumeration(&'static [&'static str]),
    /// Words of an enumeration, or a truth value.
    EnumerationOrBoolean(&'static [&'static str]),
}

type Known = (&'static str, Kind);

const FILLFACTOR: Known = ("fillfactor", Kind::Integer(10, 100));

const INT_MAX: i64 = i32::MAX as i64;

/// Options of tables alone.
static TABLE: &[Known] = &[
    FILLFACTOR,
    ("toast_tuple_target", Kind::Integer(128, 8160)),
    ("parallel_workers", Kind::Integer(0, 1024)),
    ("user_catalog_table", Kind::Boolean),
    ("autovacuum_analyze_threshold", Kind::Integer(0, INT_MAX)),
    ("autovacuum_analyze_scale_factor", Kind::Real(0.0, 100.0)),
];

/// Options that tables and their TOAST tables have.
static VACUUMED: &[Known] = &[
    ("autovacuum_enabled", Kind::Boolean),
    ("autovacuum_vacuum_threshold", Kind::Integer(0, INT_MAX)),
    ("autovacuum_vacuum_max_threshold", Kind::Integer(-1, INT_MAX)),
    ("autovacuum_vacuum_scale_factor", Kind::Real(0.0, 100.0)),
    ("autovacuum_vacuum_insert_threshold", Kind::Integer(-1, INT_MAX)),
    ("autovacuum_vacuum_insert_scale_factor", Kind::Real(0.0, 100.0)),
    ("autovacuum_vacuum_cost_delay", Kind::Real(0.0, 100.0)),
    ("autovacuum_vacuum_cost_limit", Kind::Integer(1, 10_000)),
    ("autovacuum_freeze_min_age", Kind::Integer(0, 1_000_000_000)),
    ("autovacuum_freeze_max_age", Kind::Integer(100_000, 2_000_000_000)),
    ("autovacuum_freeze_table_age", Kind::Integer(0, 2_000_000_000)),
    ("autovacuum_multixact_freeze_min_age", Kind::Integer(0, 1_000_000_000)),
    ("autovacuum_multixact_freeze_max_age", Kind::Integer(10_000, 2_000_000_000)),
    ("autovacuum_multixact_freeze_table_age", Kind::Integer(0, 2_000_000_000)),
    ("log_autovacuum_min_duration", Kind::Integer(-1, INT_MAX)),
    ("vacuum_index_cleanup", Kind::EnumerationOrBoolean(&["on", "off", "auto"])),
    ("vacuum_truncate", Kind::Boolean),
    ("vacuum_max_eager_freeze_failure_rate", Kind::Real(0.0, 1.0)),
];

static VIEW: &[Known] = &[
    ("security_barrier", Kind::Boolean),
    ("security_invoker", Kind::Boolean),
    ("check_option", Kind::Enumeration(&["local", "cascaded"])),
];

static BTREE: &[Known] = &[FILLFACTOR, ("deduplicate_items", Kind::Boolean)];
static FILLED: &[Known] = &[FILLFACTOR];
static GIST: &[Known] = &[FILLFACTOR, ("buffering", Kind::Enumeration(&["on", "off", "auto"]))];
static GIN: &[Known] = &[("fastupdate", Kind::Boolean), ("gin_pending_list_limit", Kind::Integer(64, INT_MAX))];
static BRIN: &[Known] = &[("pages_per_range", Kind::Integer(1, 131072)), ("autosummarize", Kind::Boolean)];

/// Functions that say which parameters an operator class takes, and the parameters.
static CLASSES: &[(Oid, &[Known])] = &[
    // brin_bloom_options
    (
        Oid(4595),
        &[("n_distinct_per_range", Kind::Real(-1.0, 2147483647.0)), ("false_positive_rate", Kind::Real(0.0001, 0.25))],
    ),
    // brin_minmax_multi_options
    (Oid(4620), &[("values_per_range", Kind::Integer(8, 256))]),
    // gtsvector_options
    (Oid(3434), &[("siglen", Kind::Integer(1, 2024))]),
];

/// Options of a table and of its TOAST table, checked, as `pg_class.reloptions` holds them; `None` where there are none.
#[derive(Default)]
pub(crate) struct TableOptions {
    pub table: Option<Vec<Text>>,
    toast: Option<Vec<Text>>,
}

impl TableOptions {
    /// Gives the table's TOAST table its options, if it has one: a table without wide columns has no use for them.
    pub fn set_toast(self, context: &Context<'_>, table: Oid) -> Result<()> {
        let catalog = context.catalog();
        let toast = catalog.relation(table)?.class.reltoastrelid;
        match (self.toast, toast.is_valid()) {
            (Some(options), true) => catalog.set_options(toast, Some(options)),
            _ => Ok(()),
        }
    }
}

/// Storage options of a table that is made, among which `oids` may be that of old, if it is off.
pub(crate) fn of_new_table(items: &[DefinitionItem]) -> Result<TableOptions> {
    let is_oids = |item: &DefinitionItem| item.namespace.is_none() && &*item.name == "oids";
    for item in items.iter().filter(|item| is_oids(item)) {
        if options::boolean(item)? {
            let text = "tables declared WITH OIDS are not supported";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
    }
    of_table(items.iter().filter(|item| !is_oids(item)))
}

fn of_table<'i>(items: impl Iterator<Item = &'i DefinitionItem> + Clone) -> Result<TableOptions> {
    let is_toast = |item: &DefinitionItem| item.namespace.as_deref() == Some("toast");
    Ok(TableOptions {
        table: checked(items.clone().filter(|item| !is_toast(item)), &[TABLE, VACUUMED])?,
        toast: checked(
            items.filter(|item| is_toast(item)).map(without_namespace).collect::<Vec<_>>().iter(),
            &[VACUUMED],
        )?,
    })
}

fn without_namespace(item: &DefinitionItem) -> DefinitionItem {
    DefinitionItem { namespace: None, ..item.clone() }
}

/// ALTER … SET (…) and RESET (…) of a relation's storage options.
pub(crate) fn alter(context: &Context<'_>, relation: &Relation, items: &[DefinitionItem], reset: bool) -> Result<()> {
    let catalog = context.catalog();
    if reset && items.iter().any(|item| item.value.is_some()) {
        return Err(Error::new(SqlState::SYNTAX_ERROR, "RESET must not include values for parameters"));
    }
    let given = match relation.kind() {
        _ if reset => TableOptions::default(),
        kind::PARTITIONED_TABLE => return Err(no_storage()),
        kind::INDEX | kind::PARTITIONED_INDEX => {
            let table = of_index(items, catalog.index_method(relation.class.relam)?)?;
            TableOptions { table, toast: None }
        }
        _ => of_table(items.iter())?,
    };
    let change = |have: &Option<Vec<Text>>, toast: bool, given: Option<Vec<Text>>| {
        let mut all = have.clone().unwrap_or_default();
        let named = |item: &DefinitionItem| (item.namespace.as_deref() == Some("toast")) == toast;
        all.retain(|old| {
            let name = old.split('=').next().unwrap_or_default();
            !items.iter().any(|item| named(item) && *item.name == *name)
        });
        all.extend(given.into_iter().flatten());
        (!all.is_empty()).then_some(all)
    };
    catalog.set_options(relation.oid, change(&relation.class.reloptions, false, given.table))?;
    let toast = relation.class.reltoastrelid;
    if toast.is_valid() {
        executor::lock_relation(context.session, toast, if concern_vacuum(items) { 4 } else { 8 })?;
    }
    if toast.is_valid() && items.iter().any(|item| item.namespace.is_some()) {
        let have = catalog.relation(toast)?.class.reloptions.clone();
        catalog.set_options(toast, change(&have, true, given.toast))?;
    }
    Ok(())
}

/// Whether options are of no concern to those who read or write the relation now: they may go on while these change.
pub(crate) fn concern_vacuum(items: &[DefinitionItem]) -> bool {
    let harmless = |(name, _): &Known| *name != "user_catalog_table";
    let known =
        |name: &str| TABLE.iter().chain(VACUUMED).chain(BTREE).filter(|one| harmless(one)).any(|one| one.0 == name);
    items.iter().all(|item| known(&item.name))
}

/// A partitioned table has no storage, and so no options of it.
pub(crate) fn no_storage() -> Error {
    Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot specify storage parameters for a partitioned table")
        .hint("Specify storage parameters for its leaf partitions instead.")
}

/// Options of a view, checked, as `pg_class.reloptions` holds them; `None` if there are none.
pub(crate) fn of_view(items: &[DefinitionItem]) -> Result<Option<Vec<Text>>> {
    checked(items.iter(), &[VIEW])
}

/// Storage options of an index, checked, as `pg_class.reloptions` holds them; `None` if there are none.
pub(crate) fn of_index(items: &[DefinitionItem], method: Method) -> Result<Option<Vec<Text>>> {
    let known = match method {
        Method::Btree => BTREE,
        Method::Hash | Method::Spgist => FILLED,
        Method::Gist => GIST,
        Method::Gin => GIN,
        Method::Brin => BRIN,
    };
    checked(items.iter(), &[known])
}

/// Parameters of an operator class, checked, as `pg_attribute.attoptions` holds them.
pub(crate) fn of_class(
    context: &Context<'_>,
    class: Oid,
    method: Method,
    items: &[DefinitionItem],
) -> Result<Option<Vec<Text>>> {
    if items.is_empty() {
        return Ok(None);
    }
    let catalog = context.catalog();
    let row = catalog.opclass(class)?;
    let number = match method {
        Method::Btree => 6,
        Method::Hash => 3,
        Method::Gist => 10,
        Method::Gin => 7,
        Method::Spgist => 6,
        Method::Brin => 5,
    };
    match catalog.family_function(row.opcfamily, row.opcintype, row.opcintype, number)? {
        None => {
            let text = format!("operator class {} has no options", row.opcname);
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))
        }
        Some(function) => match CLASSES.iter().find(|(own, _)| *own == function) {
            Some((_, known)) => checked(items.iter(), &[known]),
            None => Err(Error::not_implemented("operator class parameters of a function of its own")),
        },
    }
}

fn checked<'i>(items: impl Iterator<Item = &'i DefinitionItem>, known: &[&[Known]]) -> Result<Option<Vec<Text>>> {
    let refuse = |text: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, text);
    let mut found: Vec<Text> = Vec::new();
    for item in items {
        if let Some(namespace) = &item.namespace {
            return Err(refuse(format!("unrecognized parameter namespace \"{namespace}\"")));
        }
        let name = &*item.name;
        let Some((_, kind)) = known.iter().flat_map(|list| list.iter()).find(|(own, _)| *own == name) else {
            return Err(refuse(format!("unrecognized parameter \"{name}\"")));
        };
        if found.iter().any(|have| have.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) {
            return Err(refuse(format!("parameter \"{name}\" specified more than once")));
        }
        let value = options::text(item).unwrap_or_else(|| "true".into());
        let invalid = |what: &str| refuse(format!("invalid value for {what} option \"{name}\": {value}"));
        let beyond = |least: String, most: String| {
            refuse(format!("value {value} out of bounds for option \"{name}\""))
                .detail(format!("Valid values are between \"{least}\" and \"{most}\"."))
        };
        match kind {
            Kind::Integer(least, most) => {
                let number = integer(&value).ok_or_else(|| invalid("integer"))?;
                if !(*least..=*most).contains(&number) {
                    return Err(beyond(least.to_string(), most.to_string()));
                }
            }
            Kind::Real(least, most) => {
                let number: f64 = value.trim().parse().map_err(|_| invalid("floating point"))?;
                if !(*least..=*most).contains(&number) {
                    return Err(beyond(format!("{least:.6}"), format!("{most:.6}")));
                }
            }
            Kind::Boolean if types::boolean::parse(&value).is_ok() => {}
            Kind::Boolean => return Err(invalid("boolean")),
            Kind::EnumerationOrBoolean(_) if types::boolean::parse(&value).is_ok() => {}
            Kind::Enumeration(words) | Kind::EnumerationOrBoolean(words) => {
                if !words.iter().any(|word| word.eq_ignore_ascii_case(&value)) {
                    let (last, first) = words.split_last().unwrap_or((&"", &[]));
                    let list: Vec<String> = first.iter().map(|word| format!("\"{word}\"")).collect();
                    let comma = if first.len() > 1 { "," } else { "" };
                    let detail = format!("Valid values are {}{comma} and \"{last}\".", list.join(", "));
                    return Err(invalid("enum").detail(detail));
                }
            }
        }
        found.push(format!("{name}={value}").into());
    }
    Ok((!found.is_empty()).then_some(found))
}

/// A whole number as settings take them: decimal or hexadecimal, and fractions are rounded.
fn integer(value: &str) -> Option<i64> {
    let value = value.trim();
    if let Some(digits) = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok().filter(|number| i32::try_from(*number).is_ok());
    }
    let number: f64 = value.parse().ok()?;
    let number = number.round_ties_even();
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_those_of_settings() {
        assert_eq!(integer("0x10"), Some(16));
        assert_eq!(integer("3.5"), Some(4));
        assert_eq!(integer("30 "), Some(30));
        assert_eq!(integer("1e30"), None);
        assert_eq!(integer("true"), None);
    }
}
