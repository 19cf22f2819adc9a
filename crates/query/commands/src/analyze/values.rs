//! The values of a column or expression in a sample: their sort keys, and the `pg_statistic` row that tells of them.

use analyzer::query::SqlType;
use batch::{Column, Datum};
use catalog::field::Raw;
use catalog::rows::{PgAttribute, PgStatistic};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::sortkey::{KeyColumn, KeyEncoder};

use super::column::{Facts, Value, WIDE, compute};
use super::{elements, ranges};
use crate::Context;

/// Kinds of statistics (`pg_statistic.stakindN`).
const MOST_COMMON: i16 = 1;
const HISTOGRAM: i16 = 2;
const CORRELATION: i16 = 3;

/// One kind of statistics.
pub(super) struct Slot {
    pub kind: i16,
    /// The operator that it is about, and its collation.
    pub operator: Oid,
    pub collation: Oid,
    pub numbers: Option<Vec<f32>>,
    /// An array.
    pub values: Option<Raw>,
}

/// A `pg_statistic` row with the slots given, at most five.
fn row_of(facts: &Facts, slots: Vec<Slot>) -> PgStatistic {
    let mut row = PgStatistic {
        stanullfrac: facts.null_fraction as f32,
        stawidth: facts.width,
        stadistinct: facts.distinct as f32,
        ..PgStatistic::default()
    };
    let places = [
        (&mut row.stakind1, &mut row.staop1, &mut row.stacoll1, &mut row.stanumbers1, &mut row.stavalues1),
        (&mut row.stakind2, &mut row.staop2, &mut row.stacoll2, &mut row.stanumbers2, &mut row.stavalues2),
        (&mut row.stakind3, &mut row.staop3, &mut row.stacoll3, &mut row.stanumbers3, &mut row.stavalues3),
        (&mut row.stakind4, &mut row.staop4, &mut row.stacoll4, &mut row.stanumbers4, &mut row.stavalues4),
        (&mut row.stakind5, &mut row.staop5, &mut row.stacoll5, &mut row.stanumbers5, &mut row.stavalues5),
    ];
    for ((kind, operator, collation, numbers, values), slot) in places.into_iter().zip(slots) {
        (*kind, *operator, *collation) = (slot.kind, slot.operator, slot.collation);
        (*numbers, *values) = (slot.numbers, slot.values);
    }
    row
}

/// What is known of values without looking at them.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub type_oid: Oid,
    pub collation: Oid,
    /// `typlen`
    length: i16,
}

impl Form {
    pub fn of_column(column: &PgAttribute) -> Form {
        Form { type_oid: column.atttypid, collation: column.attcollation, length: column.attlen }
    }

    pub fn of_type(context: &Context<'_>, ty: SqlType) -> Result<Form> {
        let length = context.catalog().type_(ty.oid)?.typlen;
        Ok(Form { type_oid: ty.oid, collation: ty.collation, length })
    }

    /// Bytes that a value takes in a row, as PostgreSQL counts them: a short value has a header of one byte, a longer one of four.
    fn stored_width(self, length: usize) -> usize {
        match self.length {
            -1 if length < 127 => length + 1,
            -1 => length + 4,
            -2 => length + 1,
            fixed => fixed.max(0) as usize,
        }
    }
}

/// Values of one type.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub column: &'a Column,
    pub form: Form,
}

/// Their sort keys. Values that are too wide have none, nor has any where the type has no order.
pub(super) struct Keys {
    bytes: Vec<u8>,
    /// For each value that is not null: where its key is, and the value's width.
    places: Vec<Option<(Option<(usize, usize)>, usize)>>,
    /// Whether the values have an order.
    pub ordered: bool,
}

impl Keys {
    /// The value at a position, if it is not null.
    pub fn get(&self, at: usize) -> Option<Value<'_>> {
        self.places[at].map(|(key, width)| Value { key: key.map(|(start, end)| &self.bytes[start..end]), width })
    }
}

impl Values<'_> {
    /// The operators `<` and `=` by which the type is ordered, if it is.
    fn operators(&self, context: &Context<'_>) -> Result<Option<(Oid, Oid)>> {
        let catalog = context.catalog();
        let Some(class) = catalog.default_opclass(catalog::objects::BTREE, self.form.type_oid)? else {
            return Ok(None);
        };
        let class = catalog.opclass(class)?;
        let operator = |strategy| catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, strategy);
        Ok(operator(1)?.zip(operator(3)?))
    }

    /// The sort keys of all values.
    pub fn keys(&self, context: &Context<'_>, ordered: bool) -> Result<Keys> {
        let env = context.session.env();
        let key = KeyColumn::ascending(self.form.type_oid, self.form.collation);
        let mut encoder = if ordered { KeyEncoder::new(vec![key], env).ok() } else { None };
        let mut bytes: Vec<u8> = Vec::new();
        let mut places = Vec::with_capacity(self.column.len());
        for row in 0..self.column.len() {
            let value = self.column.get(row);
            if value.is_null() {
                places.push(None);
                continue;
            }
            let width = self.form.stored_width(value.as_bytes().map_or(0, <[u8]>::len));
            let start = bytes.len();
            let key = match &encoder {
                Some(sorter) if width <= WIDE => match sorter.encode_column(0, value, env, &mut bytes) {
                    Ok(()) => Some((start, bytes.len())),
                    // Elements of an array may have no order, though arrays do.
                    Err(error) if error.state() == SqlState::FEATURE_NOT_SUPPORTED => {
                        encoder = None;
                        None
                    }
                    Err(error) => return Err(error),
                },
                _ => None,
            };
            places.push(Some((key, width)));
        }
        Ok(Keys { bytes, places, ordered: encoder.is_some() })
    }

    /// The `pg_statistic` row of the values, but for what it is about. `size` bounds its lists.
    pub fn statistics(&self, context: &Context<'_>, total_rows: f64, size: usize) -> Result<PgStatistic> {
        let catalog = context.catalog();
        let (base_type, _) = catalog.base_type(self.form.type_oid, -1)?;
        let base = catalog.type_(base_type)?;
        let fixed_width = (self.form.length > 0).then_some(i32::from(self.form.length));
        let more = match base.typanalyze {
            ranges::OF_RANGES => self.spans(context, base_type, false, size)?,
            ranges::OF_MULTIRANGES => self.spans(context, base_type, true, size)?,
            elements::OF_DOCUMENTS => self.lexemes(context, size)?,
            analyzed_by => {
                let operators = self.operators(context)?;
                let keys = self.keys(context, operators.is_some())?;
                let values: Vec<Option<Value<'_>>> = (0..self.column.len()).map(|at| keys.get(at)).collect();
                let facts = compute(&values, keys.ordered, fixed_width, total_rows, size);
                let mut slots = self.slots(&facts, operators)?;
                if analyzed_by == elements::OF_ARRAYS {
                    slots.extend(self.elements(context, base.typelem, size)?);
                }
                return Ok(row_of(&facts, slots));
            }
        };
        // These are looked into, and not compared: taken to be all different.
        let keys = self.keys(context, false)?;
        let values: Vec<Option<Value<'_>>> = (0..self.column.len()).map(|at| keys.get(at)).collect();
        let mut facts = compute(&values, false, fixed_width, total_rows, size);
        facts.distinct = -(1.0 - facts.null_fraction);
        Ok(row_of(&facts, more))
    }

    /// Common values, histogram and correlation.
    fn slots(&self, facts: &Facts, operators: Option<(Oid, Oid)>) -> Result<Vec<Slot>> {
        let Some((less, equal)) = operators else { return Ok(Vec::new()) };
        let array = |chosen: &mut dyn Iterator<Item = usize>| -> Result<Raw> {
            let elements: Vec<Datum> = chosen.map(|at| self.column.datum(at)).collect();
            types::array::from_elements(self.form.type_oid, self.column.repr(), &elements).map(Raw)
        };
        let collation = self.form.collation;
        let mut slots: Vec<Slot> = Vec::new();
        if !facts.most_common.is_empty() {
            let numbers = Some(facts.most_common.iter().map(|(_, frequency)| *frequency as f32).collect());
            let values = Some(array(&mut facts.most_common.iter().map(|(at, _)| *at))?);
            slots.push(Slot { kind: MOST_COMMON, operator: equal, collation, numbers, values });
        }
        if !facts.histogram.is_empty() {
            let values = Some(array(&mut facts.histogram.iter().copied())?);
            slots.push(Slot { kind: HISTOGRAM, operator: less, collation, numbers: None, values });
        }
        if let Some(correlation) = facts.correlation {
            let numbers = Some(vec![correlation as f32]);
            slots.push(Slot { kind: CORRELATION, operator: less, collation, numbers, values: None });
        }
        Ok(slots)
    }

    /// For each value its place among the different values, nulls last; wide values are taken to be all different. And which are wide.
    pub fn ranks(&self, context: &Context<'_>) -> Result<(Vec<u32>, Vec<bool>)> {
        let keys = self.keys(context, true)?;
        if !keys.ordered && (0..self.column.len()).any(|at| keys.get(at).is_some()) {
            return Err(Error::not_implemented("statistics of columns whose values have no order"));
        }
        let mut order: Vec<u32> = (0..self.column.len() as u32).collect();
        let part = |&at: &u32| match keys.get(at as usize) {
            Some(Value { key: Some(key), .. }) => (0u8, key, 0u32),
            Some(_) => (1, &[][..], at),
            None => (2, &[][..], 0),
        };
        order.sort_unstable_by(|a, b| part(a).cmp(&part(b)));
        let mut ranks = vec![0; order.len()];
        let mut rank = 0;
        for (n, at) in order.iter().enumerate() {
            if n > 0 && part(&order[n - 1]) != part(at) {
                rank += 1;
            }
            ranks[*at as usize] = rank;
        }
        let wide = (0..self.column.len()).map(|at| keys.get(at).is_some_and(|value| value.key.is_none())).collect();
        Ok((ranks, wide))
    }
}
