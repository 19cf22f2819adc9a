//! Storage options of indexes and parameters of operator classes: which there are, by access method and class, and what values they take.

use access::Method;
use catalog::field::Text;
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
}

type Known = (&'static str, Kind);

const FILLFACTOR: Known = ("fillfactor", Kind::Integer(10, 100));

static BTREE: &[Known] = &[FILLFACTOR, ("deduplicate_items", Kind::Boolean)];
static FILLED: &[Known] = &[FILLFACTOR];
static GIST: &[Known] = &[FILLFACTOR, ("buffering", Kind::Enumeration(&["on", "off", "auto"]))];
static GIN: &[Known] = &[("fastupdate", Kind::Boolean), ("gin_pending_list_limit", Kind::Integer(64, i32::MAX as i64))];
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

/// Storage options of an index, checked, as `pg_class.reloptions` holds them; `None` if there are none.
pub(crate) fn storage(items: &[DefinitionItem], method: Method) -> Result<Option<Vec<Text>>> {
    let known = match method {
        Method::Btree => BTREE,
        Method::Hash | Method::Spgist => FILLED,
        Method::Gist => GIST,
        Method::Gin => GIN,
        Method::Brin => BRIN,
    };
    checked(items, known)
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
            Some((_, known)) => checked(items, known),
            None => Err(Error::not_implemented("operator class parameters of a function of its own")),
        },
    }
}

fn checked(items: &[DefinitionItem], known: &[Known]) -> Result<Option<Vec<Text>>> {
    let refuse = |text: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, text);
    let mut found: Vec<Text> = Vec::new();
    for item in items {
        if let Some(namespace) = &item.namespace {
            return Err(refuse(format!("unrecognized parameter namespace \"{namespace}\"")));
        }
        let name = &*item.name;
        let Some((_, kind)) = known.iter().find(|(own, _)| *own == name) else {
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
                let number: i64 = value.parse().map_err(|_| invalid("integer"))?;
                if !(*least..=*most).contains(&number) {
                    return Err(beyond(least.to_string(), most.to_string()));
                }
            }
            Kind::Real(least, most) => {
                let number: f64 = value.parse().map_err(|_| invalid("floating point"))?;
                if !(*least..=*most).contains(&number) {
                    return Err(beyond(format!("{least:.6}"), format!("{most:.6}")));
                }
            }
            Kind::Boolean => {
                options::boolean(item).map_err(|_| invalid("boolean"))?;
            }
            Kind::Enumeration(words) => {
                if !words.iter().any(|word| word.eq_ignore_ascii_case(&value)) {
                    let (last, first) = words.split_last().unwrap_or((&"", &[]));
                    let list: Vec<String> = first.iter().map(|word| format!("\"{word}\"")).collect();
                    return Err(
                        invalid("enum").detail(format!("Valid values are {}, and \"{last}\".", list.join(", ")))
                    );
                }
            }
        }
        found.push(format!("{name}={value}").into());
    }
    Ok((!found.is_empty()).then_some(found))
}
