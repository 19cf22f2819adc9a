//! What a function may ask of the session it runs in.
//!
//! The executor implements [`Environment`] on its session; [`DefaultEnvironment`] serves initdb and tests. Functions that
//! need more than this (catalogs, locks, files) belong to the crates that own those; they reach their session through
//! [`Environment::session`] and register their tables with [`register`](crate::register).

use crate::datetime::TimeZone;
use crate::facts::builtin_type;
use crate::textsearch::{Configuration, dictionary::Dictionary};
use batch::{Datum, DatumRef, Repr};
use collation::CollationRef;
use encoding::Encoding;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The setting `DateStyle`, its first half: the form of dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateStyle {
    /// `1997-12-17 07:37:16-08`
    #[default]
    Iso,
    /// `12/17/1997 07:37:16.00 PST`
    Sql,
    /// `Wed Dec 17 07:37:16 1997 PST`
    Postgres,
    /// `17.12.1997 07:37:16.00 PST`
    German,
}

/// The setting `DateStyle`, its second half: the order of the fields in ambiguous dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// Month, day, year.
    #[default]
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

/// The setting `IntervalStyle`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalStyle {
    /// `1 year 2 mons 3 days 04:05:06`
    #[default]
    Postgres,
    /// `@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs`
    PostgresVerbose,
    /// `+1-2 +3 +4:05:06`
    SqlStandard,
    /// `P1Y2M3DT4H5M6S`
    Iso8601,
}

/// The setting `bytea_output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteaOutput {
    /// `\x` and two hexadecimal digits a byte.
    #[default]
    Hex,
    /// Printable bytes as they are, others as `\ooo`.
    Escape,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// Not made of other types.
    Base,
    /// An array (`typelem`, with subscripting as arrays do).
    Array {
        /// The type of its elements.
        element: Oid,
    },
    /// An enum; its labels are known to [`Environment::enum_label`].
    Enum,
    /// A domain.
    Domain {
        /// The type it constrains.
        base: Oid,
        /// The base type's modifier, or -1.
        typmod: i32,
    },
    /// A row type, or an anonymous record (no columns).
    Composite {
        /// Its columns, without dropped ones.
        columns: Vec<RowColumn>,
        /// How many fields its values have, dropped ones included.
        fields: usize,
    },
    /// A range.
    Range {
        /// The type of its bounds.
        subtype: Oid,
        /// The collation in which they are compared.
        collation: Oid,
        /// The function that brings it to its canonical form, or 0.
        canonical: Oid,
    },
    /// A set of ranges.
    Multirange {
        /// The type of its ranges.
        range: Oid,
    },
    /// No type of values.
    Pseudo,
}

/// A column of a row type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowColumn {
    /// Its name.
    pub name: String,
    /// Where it stands among the fields of a value, from 0; see [`record`](crate::record).
    pub position: usize,
    /// Its type.
    pub type_oid: Oid,
    /// Its type modifier, or -1.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
}

/// What functions need to know of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFacts {
    /// Its OID.
    pub oid: Oid,
    /// Its name, not qualified.
    pub name: String,
    /// What it is made of.
    pub kind: TypeKind,
    /// The form of its values.
    pub repr: Repr,
    /// For a base type that was made by a user: the built-in type whose text and binary forms it borrows; else 0.
    pub model: Oid,
    /// `typlen`.
    pub length: i16,
    /// `typcategory`.
    pub category: u8,
    /// `typdelim`.
    pub delimiter: u8,
    /// The type of its arrays, or 0.
    pub array: Oid,
}

/// What a function may ask of its session.
///
/// Timestamps are microseconds since 2000-01-01 00:00:00 UTC.
pub trait Environment {
    /// When the transaction began: `now()`.
    fn transaction_timestamp(&self) -> i64;
    /// When the client's latest command arrived.
    fn statement_timestamp(&self) -> i64;
    /// The time now.
    fn clock_timestamp(&self) -> i64 {
        system_clock()
    }
    /// The setting `TimeZone`.
    fn time_zone(&self) -> Arc<TimeZone>;
    /// The setting `DateStyle`.
    fn date_style(&self) -> (DateStyle, DateOrder) {
        (DateStyle::Iso, DateOrder::Mdy)
    }
    /// The setting `IntervalStyle`.
    fn interval_style(&self) -> IntervalStyle {
        IntervalStyle::Postgres
    }
    /// The setting `extra_float_digits`.
    fn extra_float_digits(&self) -> i32 {
        1
    }
    /// The setting `bytea_output`.
    fn bytea_output(&self) -> ByteaOutput {
        ByteaOutput::Hex
    }
    /// The setting `array_nulls`.
    fn array_nulls(&self) -> bool {
        true
    }
    /// A collation of the catalog, or the database's own ([`text::DEFAULT_COLLATION`](crate::text::DEFAULT_COLLATION)). The
    /// default knows the latter only: it is `C`.
    fn collation(&self, collation: Oid) -> Result<CollationRef> {
        match collation {
            crate::text::DEFAULT_COLLATION => Ok(CollationRef::Static(&collation::BYTES)),
            other => Err(Error::internal(format!("cache lookup failed for collation {other}"))),
        }
    }
    /// The encoding of texts that go to the client and come from it; `None` for the server's own, UTF-8.
    fn client_encoding(&self) -> Option<Encoding> {
        None
    }
    /// Any setting by its name, as `SHOW` prints it; `None` if there is none of that name.
    fn setting(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
    /// Sets a setting for the session (`local`: for the transaction), or with no value returns it to its default.
    fn set_setting(&self, name: &str, value: Option<&str>, local: bool) -> Result<()> {
        let _ = (name, value, local);
        Err(Error::not_implemented("set_config"))
    }
    /// The rows of `pg_settings`, in the order of its columns.
    fn setting_rows(&self) -> Vec<[Option<String>; 17]> {
        Vec::new()
    }
    /// The next number of the session's random generator (the one that `setseed` sets).
    fn random(&self) -> u64;
    /// Restarts the session's random generator.
    fn seed_random(&self, seed: u64);
    /// Sends a notice or warning to the client.
    fn notice(&self, notice: Error) {
        let _ = notice;
    }
    /// Fails if the statement shall be cancelled; for loops that may take long.
    fn check_interrupts(&self) -> Result<()> {
        Ok(())
    }

    /// The facts of a type. The default knows the built-in ones.
    fn type_facts(&self, type_oid: Oid) -> Result<Arc<TypeFacts>> {
        builtin_facts(type_oid).map(Arc::new).ok_or_else(|| unknown_type(type_oid))
    }
    /// The name of a type as `format_type` prints it, for types that are not built in: qualified if the search path
    /// does not find it; `None` if there is no such type.
    fn type_name(&self, type_oid: Oid) -> Result<Option<String>> {
        let _ = type_oid;
        Ok(None)
    }
    /// The label of an enum value.
    fn enum_label(&self, type_oid: Oid, value: Oid) -> Result<String> {
        let _ = type_oid;
        Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, format!("invalid internal value for enum: {value}")))
    }
    /// The value and sort position of an enum's label; `None` if it has no such label.
    fn enum_value(&self, type_oid: Oid, label: &str) -> Result<Option<Oid>> {
        let _ = (type_oid, label);
        Ok(None)
    }
    /// All values of an enum, in order.
    fn enum_values(&self, type_oid: Oid) -> Result<Vec<Oid>> {
        let _ = type_oid;
        Ok(Vec::new())
    }
    /// Fails for an enum value that this transaction added and that must not be used before it is committed.
    fn check_enum_value(&self, value: Oid) -> Result<()> {
        let _ = value;
        Ok(())
    }
    /// Where an enum value stands among its type's labels.
    fn enum_position(&self, value: Oid) -> Result<f32> {
        Ok(value.0 as f32)
    }
    /// Checks a value against its domain's constraints.
    fn check_domain(&self, domain: Oid, value: DatumRef<'_>) -> Result<()> {
        let _ = (domain, value);
        Ok(())
    }
    /// The text form of an object id by its alias type (`regclass`, `regproc`, `regtype` …): quoted, and qualified if the
    /// search path does not find it; `None` if there is no such object.
    fn object_name(&self, alias: Oid, object: Oid) -> Result<Option<String>> {
        let _ = (alias, object);
        Ok(None)
    }
    /// The object that a text names in an alias type's input; `None` if there is none (the caller, `to_regclass` or
    /// `regclass`'s input, makes a null or an error of it). Errors are for texts that cannot be a name.
    fn object_by_name(&self, alias: Oid, name: &str) -> Result<Option<Oid>> {
        let _ = (alias, name);
        Ok(None)
    }
    /// The object (its catalog, its id, its column) that a kind and an address mean, as `pg_get_object_address` takes them. The address, names
    /// and arguments, is asked for when the kind is known to be one.
    fn object_address(
        &self,
        kind: &str,
        address: &mut dyn FnMut() -> Result<(Vec<String>, Vec<String>)>,
    ) -> Result<(Oid, Oid, i32)> {
        let _ = (kind, address);
        Err(Error::not_implemented("pg_get_object_address"))
    }
    /// Runs a query for a function that takes one as text: `check` is asked about the types of its columns before it runs, `row` gets each row.
    fn query_rows(
        &self,
        text: &str,
        check: &mut dyn FnMut(&[Oid]) -> Result<()>,
        row: &mut dyn FnMut(&[DatumRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        let _ = (text, check, row);
        Err(Error::not_implemented("a query within a function"))
    }
    /// Calls a function by OID: for operators of types that are not built in. The default knows the registry.
    fn call_function(&self, function: Oid, args: &[DatumRef<'_>], collation: Oid) -> Result<batch::Datum> {
        let _ = (args, collation);
        Err(Error::not_implemented(format_args!("function {function}")))
    }
    /// A text search configuration.
    fn text_search_configuration(&self, configuration: Oid) -> Result<Arc<Configuration>> {
        Err(Error::internal(format!("cache lookup failed for text search configuration {configuration}")))
    }
    /// A text search dictionary.
    fn text_search_dictionary(&self, dictionary: Oid) -> Result<Arc<Dictionary>> {
        Err(Error::internal(format!("cache lookup failed for text search dictionary {dictionary}")))
    }
    /// The rows of a function that lists what the session has: `pg_prepared_statement` (2510) and `pg_cursor` (2511).
    fn session_rows(&self, function: u32) -> Result<Vec<Vec<Datum>>> {
        Err(Error::not_implemented(format_args!("function {function}")))
    }
    /// How many triggers are under way, one inside of the other.
    fn trigger_depth(&self) -> i32 {
        0
    }
    /// The session itself, for functions of the crates above.
    fn session(&self) -> Option<&dyn Any> {
        None
    }
}

/// The error for an OID that is no type's.
#[cold]
pub fn unknown_type(type_oid: Oid) -> Error {
    Error::internal(format!("cache lookup failed for type {type_oid}"))
}

/// The facts of a built-in type.
pub fn builtin_facts(type_oid: Oid) -> Option<TypeFacts> {
    use crate::oid;
    let t = builtin_type(type_oid)?;
    let range =
        |subtype, canonical: u32| TypeKind::Range { subtype, collation: Oid::INVALID, canonical: Oid(canonical) };
    let kind = match (t.kind, t.oid) {
        (_, oid::INT4RANGE) => range(oid::INT4, 3914),
        (_, oid::INT8RANGE) => range(oid::INT8, 3928),
        (_, oid::NUMRANGE) => range(oid::NUMERIC, 0),
        (_, oid::TSRANGE) => range(oid::TIMESTAMP, 0),
        (_, oid::TSTZRANGE) => range(oid::TIMESTAMPTZ, 0),
        (_, oid::DATERANGE) => range(oid::DATE, 3915),
        (_, oid::INT4MULTIRANGE) => TypeKind::Multirange { range: oid::INT4RANGE },
        (_, oid::INT8MULTIRANGE) => TypeKind::Multirange { range: oid::INT8RANGE },
        (_, oid::NUMMULTIRANGE) => TypeKind::Multirange { range: oid::NUMRANGE },
        (_, oid::TSMULTIRANGE) => TypeKind::Multirange { range: oid::TSRANGE },
        (_, oid::TSTZMULTIRANGE) => TypeKind::Multirange { range: oid::TSTZRANGE },
        (_, oid::DATEMULTIRANGE) => TypeKind::Multirange { range: oid::DATERANGE },
        (_, oid::RECORD) => TypeKind::Composite { columns: Vec::new(), fields: 0 },
        (_, oid::INT2VECTOR | oid::OIDVECTOR | oid::RECORD_ARRAY) => TypeKind::Array { element: t.element },
        (b'p', _) if t.category == b'A' && t.element.is_valid() => TypeKind::Array { element: t.element },
        (b'p', _) => TypeKind::Pseudo,
        (_, _) if t.category == b'A' => TypeKind::Array { element: t.element },
        _ => TypeKind::Base,
    };
    Some(TypeFacts {
        oid: t.oid,
        name: t.name.to_string(),
        kind,
        repr: crate::repr_of(t.length, t.by_value),
        model: Oid::INVALID,
        length: t.length,
        category: t.category,
        delimiter: t.delimiter,
        array: t.array,
    })
}

/// Microseconds since 2000-01-01 00:00:00 UTC, from the system's clock.
pub fn system_clock() -> i64 {
    const EPOCH_2000: i64 = 946_684_800_000_000;
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => since.as_micros() as i64 - EPOCH_2000,
        Err(before) => -(before.duration().as_micros() as i64) - EPOCH_2000,
    }
}

/// An environment with every setting at PostgreSQL's default, UTC, and a fixed time of the transaction.
#[derive(Debug)]
pub struct DefaultEnvironment {
    /// What `now()` gives.
    pub now: i64,
    /// The time zone.
    pub time_zone: Arc<TimeZone>,
    /// The form and order of dates.
    pub date_style: (DateStyle, DateOrder),
    /// The form of intervals.
    pub interval_style: IntervalStyle,
    /// The setting `extra_float_digits`.
    pub extra_float_digits: i32,
    /// The setting `bytea_output`.
    pub bytea_output: ByteaOutput,
    random: AtomicU64,
}

impl Default for DefaultEnvironment {
    fn default() -> DefaultEnvironment {
        DefaultEnvironment {
            now: system_clock(),
            time_zone: TimeZone::utc(),
            date_style: Default::default(),
            interval_style: Default::default(),
            extra_float_digits: 1,
            bytea_output: Default::default(),
            random: AtomicU64::new(0x9E37_79B9_7F4A_7C15),
        }
    }
}

impl Environment for DefaultEnvironment {
    fn transaction_timestamp(&self) -> i64 {
        self.now
    }
    fn statement_timestamp(&self) -> i64 {
        self.now
    }
    fn time_zone(&self) -> Arc<TimeZone> {
        self.time_zone.clone()
    }
    fn date_style(&self) -> (DateStyle, DateOrder) {
        self.date_style
    }
    fn interval_style(&self) -> IntervalStyle {
        self.interval_style
    }
    fn extra_float_digits(&self) -> i32 {
        self.extra_float_digits
    }
    fn bytea_output(&self) -> ByteaOutput {
        self.bytea_output
    }
    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn random(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn seed_random(&self, seed: u64) {
        self.random.store(seed, Ordering::Relaxed);
    }
}
