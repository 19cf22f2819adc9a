//! Statistics that are set rather than gathered: `pg_restore_relation_stats`, `pg_restore_attribute_stats`, and their counterparts that
//! clear. `pg_dump --statistics` writes calls of them, so that a restored database is planned as the one before was.
//!
//! The restoring functions take names and values in pairs. What cannot be used (an unknown name, a value of another type, an array
//! that does not fit) gets a warning and is left out, and the answer is then false: a dump of another version still restores the rest.

use batch::{Column, Datum, DatumRef};
use catalog::acl::Privileges;
use catalog::field::{Part, Raw};
use catalog::functions::catalog_of;
use catalog::privileges::ObjectKind;
use catalog::relation::{kind, not_supported_for};
use catalog::rows::{PgClass, PgStatistic};
use catalog::{Catalog, Entry, Relation, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use locks::{LockMode, LockOwner, LockTag, LockWait};
use types::call::Call;
use types::{Context, oid};

use crate::functions::server;

types::builtins! {
    /// Statistics that are set.
    pub static IMPORT =
    6362 pg_restore_relation_stats raw() |call| each_row(call, |import, args| import.restore_relation(args));
    6363 pg_restore_attribute_stats raw() |call| each_row(call, |import, args| import.restore_attribute(args));
    6397 pg_clear_relation_stats raw() |call| each_row(call, |import, args| import.clear_relation(args));
    6398 pg_clear_attribute_stats raw() |call| each_row(call, |import, args| import.clear_attribute(args));
}

/// Kinds of statistics (`pg_statistic.stakindN`).
mod slot {
    pub const MOST_COMMON: i16 = 1;
    pub const HISTOGRAM: i16 = 2;
    pub const CORRELATION: i16 = 3;
    pub const MOST_COMMON_ELEMENTS: i16 = 4;
    pub const ELEMENT_COUNTS: i16 = 5;
    pub const RANGE_LENGTHS: i16 = 6;
    pub const RANGE_BOUNDS: i16 = 7;
}

/// `float8 < float8`
const FLOAT8_LESS: Oid = Oid(672);

/// Arguments with their types.
type Arguments = [(Oid, Datum)];

/// The functions return true or false, or nothing (whose form is a number).
fn each_row(call: &mut Call<'_>, function: fn(&Import<'_>, &Arguments) -> Result<bool>) -> Result<()> {
    let catalog = catalog_of(&call.context)?;
    let rows: Vec<usize> = call.rows.iter().collect();
    for row in rows {
        let import = Import { context: call.context, catalog };
        let done = match types::text::variadic_arguments(call, 0, row)? {
            Some(args) => function(&import, &args)?,
            None => return Err(invalid("variadic arguments must be name/value pairs")),
        };
        let value = match call.context.result_type {
            oid::BOOL => DatumRef::B1(done.into()),
            _ => DatumRef::B4(0),
        };
        call.out.put(row, value);
    }
    Ok(())
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text.into())
}

/// What a function works with.
struct Import<'a> {
    context: Context<'a>,
    catalog: &'a Catalog,
}

/// Values by name; those that are missing are null.
struct Named {
    names: &'static [(&'static str, Oid)],
    values: Vec<Datum>,
    /// All could be used so far.
    good: std::cell::Cell<bool>,
}

impl Named {
    fn get(&self, name: &str) -> &Datum {
        let at = self.names.iter().position(|(known, _)| *known == name);
        at.and_then(|at| self.values.get(at)).unwrap_or(&Datum::Null)
    }

    fn has(&self, name: &str) -> bool {
        !self.get(name).is_null()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn required(&self, name: &str) -> Result<String> {
        self.text(name).ok_or_else(|| invalid(format!("argument \"{name}\" must not be null")))
    }

    fn int(&self, name: &str) -> Option<i32> {
        self.get(name).as_ref().as_i32()
    }

    fn real(&self, name: &str) -> Option<f32> {
        match self.get(name) {
            Datum::B4(bits) => Some(f32::from_bits(*bits as u32)),
            _ => None,
        }
    }

    fn truth(&self, name: &str) -> Result<bool> {
        self.get(name).as_bool().ok_or_else(|| invalid(format!("argument \"{name}\" must not be null")))
    }

    fn reals(&self, name: &str) -> Option<Vec<f32>> {
        let view = types::array::View::new(self.get(name).as_bytes()?).ok()?;
        view.iter()
            .map(|value| match value {
                DatumRef::B4(bits) => Some(f32::from_bits(bits as u32)),
                _ => None,
            })
            .collect()
    }
}

const RELATION: &[(&str, Oid)] = &[
    ("schemaname", oid::TEXT),
    ("relname", oid::TEXT),
    ("relpages", oid::INT4),
    ("reltuples", oid::FLOAT4),
    ("relallvisible", oid::INT4),
    ("relallfrozen", oid::INT4),
];

const ATTRIBUTE: &[(&str, Oid)] = &[
    ("schemaname", oid::TEXT),
    ("relname", oid::TEXT),
    ("attname", oid::TEXT),
    ("attnum", oid::INT2),
    ("inherited", oid::BOOL),
    ("null_frac", oid::FLOAT4),
    ("avg_width", oid::INT4),
    ("n_distinct", oid::FLOAT4),
    ("most_common_vals", oid::TEXT),
    ("most_common_freqs", oid::FLOAT4_ARRAY),
    ("histogram_bounds", oid::TEXT),
    ("correlation", oid::FLOAT4),
    ("most_common_elems", oid::TEXT),
    ("most_common_elem_freqs", oid::FLOAT4_ARRAY),
    ("elem_count_histogram", oid::FLOAT4_ARRAY),
    ("range_length_histogram", oid::TEXT),
    ("range_empty_frac", oid::FLOAT4),
    ("range_bounds_histogram", oid::TEXT),
];

const CLEAR: &[(&str, Oid)] =
    &[("schemaname", oid::TEXT), ("relname", oid::TEXT), ("attname", oid::TEXT), ("inherited", oid::BOOL)];

impl Import<'_> {
    fn warn(&self, named: &Named, error: Error) {
        named.good.set(false);
        self.context.env.notice(error.severity(Severity::Warning));
    }

    /// Sorts pairs of names and values by what is known.
    fn pairs(&self, names: &'static [(&'static str, Oid)], args: &Arguments) -> Result<Named> {
        if !args.len().is_multiple_of(2) {
            let hint = "Provide an even number of variadic arguments that can be divided into pairs.";
            return Err(invalid("variadic arguments must be name/value pairs").hint(hint));
        }
        let mut named = Named { names, values: vec![Datum::Null; names.len()], good: true.into() };
        for (n, pair) in args.chunks_exact(2).enumerate() {
            let [(name_type, name), (value_type, value)] = pair else { continue };
            let Some(name) = name.as_bytes() else {
                return Err(invalid(format!("name at variadic position {} is null", 2 * n + 1)));
            };
            if !matches!(*name_type, oid::TEXT | oid::UNKNOWN | oid::VARCHAR | oid::NAME) {
                let shown = self.catalog.format_type(*name_type, -1)?;
                let text = format!("name at variadic position {} has type {shown}, expected type text", 2 * n + 1);
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
            let name = String::from_utf8_lossy(name);
            if value.is_null() || name.eq_ignore_ascii_case("version") {
                continue;
            }
            let Some(at) = names.iter().position(|(known, _)| known.eq_ignore_ascii_case(&name)) else {
                self.warn(&named, invalid(format!("unrecognized argument name: \"{name}\"")));
                continue;
            };
            let wanted = names[at].1;
            // A literal without a type is text.
            let given = if *value_type == oid::UNKNOWN { oid::TEXT } else { *value_type };
            if given != wanted {
                let (have, wanted) = (self.catalog.format_type(given, -1)?, self.catalog.format_type(wanted, -1)?);
                let text = format!("argument \"{}\" has type {have}, expected type {wanted}", names[at].0);
                self.warn(&named, invalid(text));
                continue;
            }
            named.values[at] = value.clone();
        }
        Ok(named)
    }

    /// The relation that is meant, locked against others that set its statistics; the role may do so.
    fn relation(&self, named: &Named) -> Result<Entry<Relation>> {
        let (schema, name) = (named.required("schemaname")?, named.required("relname")?);
        let catalog = self.catalog;
        catalog.require_schema(&schema)?;
        let oid = catalog.require_relation(Some(&schema), &name)?;
        let relation = catalog.relation(oid)?;
        let table = relation.index.as_ref().map(|index| index.indrelid);
        for oid in table.into_iter().chain([oid]) {
            let database = if relation.class.relisshared { Oid::INVALID } else { catalog.database() };
            let locks = server(&self.context)?.transaction.locks();
            let tag = LockTag::relation(database, oid);
            locks.acquire(LockOwner::Transaction, tag, LockMode::ShareUpdateExclusive, LockWait::Block)?;
        }
        if !matches!(
            relation.kind(),
            kind::TABLE
                | kind::INDEX
                | kind::MATERIALIZED_VIEW
                | kind::FOREIGN_TABLE
                | kind::PARTITIONED_TABLE
                | kind::PARTITIONED_INDEX
        ) {
            let text = format!("cannot modify statistics for relation \"{}\"", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(not_supported_for(relation.kind())));
        }
        if relation.class.relisshared {
            let text = "cannot modify statistics for shared relation";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        if !catalog.is_owner(ObjectKind::Database, catalog.database(), catalog.current_user())? {
            catalog.require_privileges(ObjectKind::Relation, table.unwrap_or(relation.oid), Privileges::MAINTAIN)?;
        }
        Ok(relation)
    }

    fn restore_relation(&self, args: &Arguments) -> Result<bool> {
        let named = self.pairs(RELATION, args)?;
        let relation = self.relation(&named)?;
        let rows = named.real("reltuples").filter(|rows| {
            let problem = match rows {
                rows if !rows.is_finite() => "must be a finite value",
                rows if *rows < -1.0 => "must not be less than -1.0",
                _ => return true,
            };
            self.warn(&named, invalid(format!("argument \"reltuples\" {problem}")));
            false
        });
        self.change_class(&relation, |class| {
            class.relpages = named.int("relpages").unwrap_or(class.relpages);
            class.reltuples = rows.unwrap_or(class.reltuples);
            class.relallvisible = named.int("relallvisible").unwrap_or(class.relallvisible);
            class.relallfrozen = named.int("relallfrozen").unwrap_or(class.relallfrozen);
        })?;
        Ok(named.good.get())
    }

    fn clear_relation(&self, args: &Arguments) -> Result<bool> {
        let relation = self.relation(&self.in_order(&CLEAR[..2], args))?;
        self.change_class(&relation, |class| {
            (class.relpages, class.reltuples, class.relallvisible, class.relallfrozen) = (0, -1.0, 0, 0);
        })?;
        Ok(true)
    }

    /// Arguments of a function that names its parameters.
    fn in_order(&self, names: &'static [(&'static str, Oid)], args: &Arguments) -> Named {
        let values = args.iter().map(|(_, value)| value.clone()).collect();
        Named { names, values, good: true.into() }
    }

    fn change_class(&self, relation: &Relation, how: impl FnOnce(&mut PgClass)) -> Result<()> {
        self.catalog.alter_class(relation.oid, how)?;
        self.catalog.next_command()
    }

    fn clear_attribute(&self, args: &Arguments) -> Result<bool> {
        let named = self.in_order(CLEAR, args);
        let relation = self.relation(&named)?;
        let number = self.attribute(&relation, &named.required("attname")?)?;
        let inherited = named.truth("inherited")?;
        let key = [relation.oid.into(), number.into(), Part::Int(inherited.into())];
        self.catalog.delete_all::<PgStatistic>(index::PG_STATISTIC_RELID_ATT_INH_INDEX, &key)?;
        self.catalog.next_command()?;
        Ok(true)
    }

    fn attribute(&self, relation: &Relation, name: &str) -> Result<i16> {
        if catalog::relation::system_column_by_name(name).is_some() {
            let text = format!("cannot modify statistics on system column \"{name}\"");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        relation.column_by_name(name).map(|column| column.attnum).ok_or_else(|| {
            let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
            Error::new(SqlState::UNDEFINED_COLUMN, text)
        })
    }

    fn restore_attribute(&self, args: &Arguments) -> Result<bool> {
        let named = self.pairs(ATTRIBUTE, args)?;
        let relation = self.relation(&named)?;
        let number = match (named.text("attname"), named.get("attnum")) {
            (Some(_), Datum::B2(_)) => return Err(invalid("cannot specify both \"attname\" and \"attnum\"")),
            (Some(name), _) => self.attribute(&relation, &name)?,
            (None, Datum::B2(number)) => match relation.column(*number) {
                Some(column) => column.attnum,
                None => {
                    let text = format!("column {number} of relation \"{}\" does not exist", relation.name());
                    return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
                }
            },
            _ => return Err(invalid("must specify either \"attname\" or \"attnum\"")),
        };
        let inherited = named.truth("inherited")?;
        let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
        let key = [relation.oid.into(), number.into(), Part::Int(inherited.into())];
        let unique = index::PG_STATISTIC_RELID_ATT_INH_INDEX;
        let stored = self.catalog.stored_row::<PgStatistic>(unique, &key)?;
        let mut row = match &stored {
            Some(stored) => stored.row.clone(),
            None => PgStatistic {
                starelid: relation.oid,
                staattnum: number,
                stainherit: inherited,
                ..PgStatistic::default()
            },
        };
        row.stanullfrac = named.real("null_frac").unwrap_or(row.stanullfrac);
        row.stawidth = named.int("avg_width").unwrap_or(row.stawidth);
        row.stadistinct = named.real("n_distinct").unwrap_or(row.stadistinct);
        self.slots(&named, &mut row, column.atttypid, column.attcollation, &column.attname)?;
        match stored {
            Some(stored) => self.catalog.update(&stored, &row)?,
            None => self.catalog.insert(&row)?,
        }
        self.catalog.next_command()?;
        Ok(named.good.get())
    }

    /// Fills the row's slots with what was given and fits the column.
    fn slots(&self, named: &Named, row: &mut PgStatistic, ty: Oid, collation: Oid, name: &str) -> Result<()> {
        let usable = |array: &str| self.usable_reals(named, array);
        let frequencies = usable("most_common_freqs");
        let element_frequencies = usable("most_common_elem_freqs");
        let counts = usable("elem_count_histogram");
        let mut common = self.pair(named, "most_common_vals", "most_common_freqs") && frequencies;
        let mut elements = self.pair(named, "most_common_elems", "most_common_elem_freqs") && element_frequencies;
        let mut counts = counts && named.has("elem_count_histogram");
        let mut lengths = self.pair(named, "range_length_histogram", "range_empty_frac");
        let mut bounds = named.has("range_bounds_histogram");
        let cannot = |text: String, kinds: &str| {
            self.warn(named, invalid(text).detail(format!("Cannot set {kinds}.")));
        };
        let (base, _) = self.catalog.base_type(ty, -1)?;
        let (less, equal) = self.operators(base)?.unzip();
        let mut element = Oid::INVALID;
        if elements || counts {
            element = match base {
                oid::TSVECTOR => oid::TEXT,
                base => self.catalog.type_(base)?.typelem,
            };
            if !element.is_valid() {
                let text = format!("could not determine element type of column \"{name}\"");
                cannot(text, "STATISTIC_KIND_MCELEM or STATISTIC_KIND_DECHIST");
                (elements, counts) = (false, false);
            }
        }
        let (mut histogram, mut correlation) = (named.has("histogram_bounds"), named.has("correlation"));
        if (histogram || correlation) && less.is_none() {
            let text = format!("could not determine less-than operator for column \"{name}\"");
            cannot(text, "STATISTIC_KIND_HISTOGRAM or STATISTIC_KIND_CORRELATION");
            (histogram, correlation) = (false, false);
        }
        common &= equal.is_some();
        let mut range = base;
        if lengths || bounds {
            let is_range = match self.catalog.find_multirange(base)? {
                Some(row) => {
                    range = row.rngtypid;
                    true
                }
                None => self.catalog.find_range(base)?.is_some(),
            };
            if !is_range {
                let text = format!("column \"{name}\" is not a range type");
                cannot(text, "STATISTIC_KIND_RANGE_LENGTH_HISTOGRAM or STATISTIC_KIND_BOUNDS_HISTOGRAM");
                (lengths, bounds) = (false, false);
            }
        }
        let (less, equal) = (less.unwrap_or_default(), equal.unwrap_or_default());
        if common && let Some(values) = self.values(named, "most_common_vals", ty, Some("most_common_freqs"))? {
            let numbers = named.reals("most_common_freqs");
            set(row, slot::MOST_COMMON, equal, collation, numbers, Some(values))?;
        }
        if histogram && let Some(values) = self.values(named, "histogram_bounds", ty, None)? {
            set(row, slot::HISTOGRAM, less, collation, None, Some(values))?;
        }
        if correlation {
            let numbers = named.real("correlation").map(|correlation| vec![correlation]);
            set(row, slot::CORRELATION, less, collation, numbers, None)?;
        }
        if elements || counts {
            let (_, equal) = self.operators(element)?.unwrap_or_default();
            let collation = if base == oid::TSVECTOR { self.catalog.type_(element)?.typcollation } else { collation };
            if elements && let Some(values) = self.values(named, "most_common_elems", element, None)? {
                let numbers = named.reals("most_common_elem_freqs");
                set(row, slot::MOST_COMMON_ELEMENTS, equal, collation, numbers, Some(values))?;
            }
            if counts {
                let numbers = named.reals("elem_count_histogram");
                set(row, slot::ELEMENT_COUNTS, equal, collation, numbers, None)?;
            }
        }
        if bounds && let Some(values) = self.values(named, "range_bounds_histogram", range, None)? {
            set(row, slot::RANGE_BOUNDS, Oid::INVALID, Oid::INVALID, None, Some(values))?;
        }
        if lengths && let Some(values) = self.values(named, "range_length_histogram", oid::FLOAT8, None)? {
            let numbers = named.real("range_empty_frac").map(|fraction| vec![fraction]);
            set(row, slot::RANGE_LENGTHS, FLOAT8_LESS, Oid::INVALID, numbers, Some(values))?;
        }
        Ok(())
    }

    /// `<` and `=` of a type, if it has an order.
    fn operators(&self, ty: Oid) -> Result<Option<(Oid, Oid)>> {
        let catalog = self.catalog;
        let Some(class) = catalog.default_opclass(catalog::objects::BTREE, ty)? else { return Ok(None) };
        let class = catalog.opclass(class)?;
        let operator = |strategy| catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, strategy);
        Ok(operator(1)?.zip(operator(3)?))
    }

    /// Whether an array of numbers has one dimension and no nulls, or is not there.
    fn usable_reals(&self, named: &Named, name: &str) -> bool {
        let Some(bytes) = named.get(name).as_bytes() else { return true };
        let problem = match types::array::View::new(bytes) {
            Ok(view) if view.dimensions().len() > 1 => "must not be a multidimensional array",
            Ok(view) if view.iter().any(DatumRef::is_null) => "array must not contain null values",
            _ => return true,
        };
        self.warn(named, invalid(format!("argument \"{name}\" {problem}")));
        false
    }

    /// Whether both of two arguments are there; one alone gets a warning.
    fn pair(&self, named: &Named, one: &str, other: &str) -> bool {
        let (missing, given) = match (named.has(one), named.has(other)) {
            (true, true) => return true,
            (false, false) => return false,
            (true, false) => (other, one),
            (false, true) => (one, other),
        };
        let text = format!("argument \"{missing}\" must be specified when argument \"{given}\" is specified");
        self.warn(named, invalid(text));
        false
    }

    /// An array of values of a type, given as text; with `numbers`, as many as there. `None` with a warning if it cannot be used.
    fn values(&self, named: &Named, name: &str, element: Oid, numbers: Option<&str>) -> Result<Option<Raw>> {
        let Some(text) = named.text(name) else { return Ok(None) };
        // The elements may be arrays themselves, so they are read one by one.
        let texts = match types::input(oid::TEXT_ARRAY, &text, -1, self.context.env) {
            Ok(texts) => texts,
            Err(error) => {
                self.warn(named, error);
                return Ok(None);
            }
        };
        let view = types::array::View::new(texts.as_bytes().unwrap_or_default())?;
        let io = types::io(element, self.context.env)?;
        let mut values = Column::new(io.repr);
        for text in view.iter() {
            let Some(text) = text.as_str() else {
                values.push(DatumRef::Null);
                continue;
            };
            let call = types::TypeCall { env: self.context.env, type_oid: element, typmod: -1 };
            if let Err(error) = (io.input)(text, &call, &mut values) {
                self.warn(named, error);
                return Ok(None);
            }
        }
        let count = numbers.and_then(|numbers| named.reals(numbers)).map(|numbers| numbers.len());
        let problem = if view.dimensions().len() > 1 {
            format!("\"{name}\" must be a one-dimensional array")
        } else if view.iter().any(DatumRef::is_null) {
            format!("\"{name}\" array must not contain null values")
        } else if count.is_some_and(|count| count != view.len()) {
            let other = numbers.unwrap_or_default();
            format!("could not parse \"{name}\": incorrect number of elements (same as \"{other}\" required)")
        } else {
            return types::array::from_column(element, &values).map(|bytes| Some(Raw(bytes)));
        };
        self.warn(named, invalid(problem));
        Ok(None)
    }
}

/// Puts statistics of a kind into their slot, or the first that is free.
fn set(
    row: &mut PgStatistic,
    wanted: i16,
    operator: Oid,
    collation: Oid,
    numbers: Option<Vec<f32>>,
    values: Option<Raw>,
) -> Result<()> {
    let mut slots = [
        (&mut row.stakind1, &mut row.staop1, &mut row.stacoll1, &mut row.stanumbers1, &mut row.stavalues1),
        (&mut row.stakind2, &mut row.staop2, &mut row.stacoll2, &mut row.stanumbers2, &mut row.stavalues2),
        (&mut row.stakind3, &mut row.staop3, &mut row.stacoll3, &mut row.stanumbers3, &mut row.stavalues3),
        (&mut row.stakind4, &mut row.staop4, &mut row.stacoll4, &mut row.stanumbers4, &mut row.stavalues4),
        (&mut row.stakind5, &mut row.staop5, &mut row.stacoll5, &mut row.stanumbers5, &mut row.stavalues5),
    ];
    let found = slots.iter().position(|slot| *slot.0 == wanted).or_else(|| slots.iter().position(|slot| *slot.0 == 0));
    let Some(slot) = found.and_then(|at| slots.get_mut(at)) else {
        return Err(Error::internal("maximum number of statistics slots exceeded: 6"));
    };
    *slot.0 = wanted;
    *slot.1 = operator;
    *slot.2 = collation;
    *slot.3 = numbers;
    *slot.4 = values;
    Ok(())
}
