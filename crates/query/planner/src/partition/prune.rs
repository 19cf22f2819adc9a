//! Which partitions rows under given conditions may be in.
//!
//! A condition on a partition key ([`KeyTest`]) is a set of partitions; AND intersects, OR unites. What says nothing of the key stands for all
//! partitions: pruning may keep too many, never too few. The rules are those of PostgreSQL's documentation ("Partition Pruning"). They are the same
//! while a statement is planned, when it starts, and while it runs: only more values are known.

use batch::{Datum, DatumRef};
use error::Result;
use ids::Oid;
use types::Environment;

use super::condition::{EQUAL, KeyFact, KeyTest};
use super::{Bounds, Partitioned, Strategy};

/// What is known of one column of the key, its values in the key's own type.
#[derive(Clone, Debug)]
enum Fact {
    /// It is equal to one of these.
    In(Vec<Datum>),
    /// It compares so with a value: strategy 1, 2, 4 or 5 of a B-tree.
    Bound(i16, Datum),
    /// It differs from these values, and is not null.
    NotIn(Vec<Datum>),
    Null,
    NotNull,
    /// Nothing can be true of it.
    Never,
}

/// A part of the encoded keys, which all rows are in: from the first up to before the second.
pub type Within<'w> = (&'w [u8], Option<&'w [u8]>);

/// Which partitions of a table rows may be in for which a test holds. `value_of` gives the values that are known by now. `within`: what is known of the
/// first column of the key besides.
///
/// # Errors
/// Those of `value_of`, and of encoding values.
pub fn keep<E>(
    table: &Partitioned,
    test: &KeyTest<E>,
    within: Option<Within<'_>>,
    env: &dyn Environment,
    value_of: &mut dyn FnMut(&E) -> Result<Option<Datum>>,
) -> Result<Vec<bool>> {
    let count = table.partitions.len();
    let mut kept = vec![true; count];
    let mut facts: Vec<(usize, Fact)> = Vec::new();
    let mut waiting = vec![test];
    while let Some(test) = waiting.pop() {
        match test {
            KeyTest::Never => return Ok(vec![false; count]),
            KeyTest::All(parts) => waiting.extend(parts),
            KeyTest::Any(arms) => {
                let mut any = vec![false; count];
                for arm in arms {
                    for (any, one) in any.iter_mut().zip(keep(table, arm, within, env, value_of)?) {
                        *any |= one;
                    }
                }
                kept.iter_mut().zip(any).for_each(|(kept, any)| *kept &= any);
            }
            KeyTest::Column(column, fact) => {
                resolve(table, *column, fact, value_of, &mut facts)?;
            }
        }
    }
    if facts.iter().any(|(_, fact)| matches!(fact, Fact::Never)) {
        return Ok(vec![false; count]);
    }
    if facts.is_empty() {
        return Ok(kept);
    }
    let pruner = Pruner { table, env, facts: &facts, within };
    let by_key = match table.key.strategy {
        Strategy::List => pruner.list()?,
        Strategy::Range => pruner.range()?,
        Strategy::Hash => pruner.hash()?,
    };
    kept.iter_mut().zip(by_key).for_each(|(kept, one)| *kept &= one);
    Ok(kept)
}

/// Adds what a fact says with its values, if they are known and can be compared with the key's.
fn resolve<E>(
    table: &Partitioned,
    column: usize,
    fact: &KeyFact<E>,
    value_of: &mut dyn FnMut(&E) -> Result<Option<Datum>>,
    facts: &mut Vec<(usize, Fact)>,
) -> Result<()> {
    let key = table.key.types[column];
    let elements = |array: &Datum| -> Result<Option<(Vec<Datum>, bool)>> {
        let Datum::Bytes(bytes) = array else { return Ok(None) };
        let view = types::array::View::new(bytes)?;
        let values: Vec<Datum> = view.iter().filter(|value| !value.is_null()).map(DatumRef::to_datum).collect();
        let nulls = values.len() < view.len();
        Ok(Some((values, nulls)))
    };
    // Those that the key can have.
    let possible = |values: Vec<Datum>, ty: Oid| -> Option<Vec<Datum>> {
        let mut kept = Vec::with_capacity(values.len());
        for value in values {
            match converted(key, value, ty) {
                Converted::Value(value) => kept.push(value),
                Converted::Below | Converted::Above => {}
                Converted::Unknown => return None,
            }
        }
        Some(kept)
    };
    let one_of = |values: Vec<Datum>, ty: Oid| {
        possible(values, ty).map(|values| if values.is_empty() { Fact::Never } else { Fact::In(values) })
    };
    let known = match fact {
        KeyFact::Null => Some(Fact::Null),
        KeyFact::NotNull => Some(Fact::NotNull),
        KeyFact::Truth(truth) => Some(Fact::In(vec![Datum::B1(u8::from(*truth))])),
        KeyFact::Compare(strategy, value, ty) => {
            let Some(value) = value_of(value)? else { return Ok(()) };
            let less = matches!(strategy, 1 | 2);
            match converted(key, value.clone(), *ty) {
                _ if value.is_null() => Some(Fact::Never),
                _ if *strategy == EQUAL => one_of(vec![value], *ty),
                Converted::Value(value) => Some(Fact::Bound(*strategy, value)),
                // Beyond all values that the key can have.
                Converted::Above if less => Some(Fact::NotNull),
                Converted::Below if !less => Some(Fact::NotNull),
                Converted::Above => extreme(key, true).map(|value| Fact::Bound(5, value)),
                Converted::Below => extreme(key, false).map(|value| Fact::Bound(1, value)),
                Converted::Unknown => None,
            }
        }
        KeyFact::Differs(value, ty) => {
            let Some(value) = value_of(value)? else { return Ok(()) };
            match value.is_null() {
                true => Some(Fact::Never),
                false => possible(vec![value], *ty).map(Fact::NotIn),
            }
        }
        KeyFact::In(array, ty) => {
            let Some(array) = value_of(array)? else { return Ok(()) };
            match elements(&array)? {
                Some((values, _)) => one_of(values, *ty),
                None => Some(Fact::Never),
            }
        }
        KeyFact::EqualsAll(array, ty) => {
            let Some(array) = value_of(array)? else { return Ok(()) };
            match elements(&array)? {
                Some((_, true)) | None => Some(Fact::Never),
                // Of no values at all it is true of anything.
                Some((values, false)) => {
                    for value in values {
                        facts.extend(one_of(vec![value], *ty).map(|fact| (column, fact)));
                    }
                    None
                }
            }
        }
        KeyFact::NotIn(array, ty) => {
            let Some(array) = value_of(array)? else { return Ok(()) };
            match elements(&array)? {
                // A null among them makes it true of nothing; of no values at all it is true of nulls, too.
                Some((_, true)) | None => Some(Fact::Never),
                Some((values, false)) if values.is_empty() => None,
                Some((values, false)) => possible(values, *ty).map(Fact::NotIn),
            }
        }
    };
    facts.extend(known.map(|fact| (column, fact)));
    Ok(())
}

fn is_text(ty: Oid) -> bool {
    matches!(ty, types::oid::TEXT | types::oid::VARCHAR)
}

fn is_integer(ty: Oid) -> bool {
    matches!(ty, types::oid::INT2 | types::oid::INT4 | types::oid::INT8)
}

/// A value as the key's type has it.
enum Converted {
    Value(Datum),
    /// Less than all that the key's type has.
    Below,
    /// Greater than all of them.
    Above,
    /// It is of a type that cannot be taken for the key's.
    Unknown,
}

fn converted(key: Oid, value: Datum, ty: Oid) -> Converted {
    use types::oid::{INT2, INT4, INT8};
    if ty == key || is_text(ty) && is_text(key) {
        return Converted::Value(value);
    }
    if !is_integer(ty) || !is_integer(key) {
        return Converted::Unknown;
    }
    let number = match value {
        Datum::B2(v) => i64::from(v),
        Datum::B4(v) => i64::from(v),
        Datum::B8(v) => v,
        _ => return Converted::Unknown,
    };
    let fitting = match key {
        INT2 => i16::try_from(number).ok().map(Datum::B2),
        INT4 => i32::try_from(number).ok().map(Datum::B4),
        INT8 => Some(Datum::B8(number)),
        _ => return Converted::Unknown,
    };
    match fitting {
        Some(value) => Converted::Value(value),
        None if number < 0 => Converted::Below,
        None => Converted::Above,
    }
}

/// The least or greatest integer of a type.
fn extreme(key: Oid, greatest: bool) -> Option<Datum> {
    use types::oid::{INT2, INT4, INT8};
    Some(match (key, greatest) {
        (INT2, false) => Datum::B2(i16::MIN),
        (INT2, true) => Datum::B2(i16::MAX),
        (INT4, false) => Datum::B4(i32::MIN),
        (INT4, true) => Datum::B4(i32::MAX),
        (INT8, false) => Datum::B8(i64::MIN),
        (INT8, true) => Datum::B8(i64::MAX),
        _ => return None,
    })
}

/// One end of an interval of a column's values.
#[derive(Clone)]
struct End {
    bytes: Vec<u8>,
    inclusive: bool,
}

/// A place among encoded keys: at a string, or just before it, where those end that are less than all values that follow, whatever these are.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    bytes: Vec<u8>,
    before: bool,
}

impl Ord for Place {
    fn cmp(&self, other: &Place) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes).then(other.before.cmp(&self.before))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// An interval of encoded keys.
struct Interval {
    from: Place,
    /// The first that no longer belongs; none: there is no end.
    to: Option<Vec<u8>>,
}

/// The least string above all that begin with these bytes; none: there is none.
fn after(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    access::key_successor(&mut bytes).then_some(bytes)
}

struct Pruner<'p> {
    table: &'p Partitioned,
    env: &'p dyn Environment,
    facts: &'p [(usize, Fact)],
    within: Option<Within<'p>>,
}

impl Pruner<'_> {
    fn encode(&self, column: usize, value: &Datum) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(encoder) = &self.table.key.encoder {
            encoder.encode_column(column, value.as_ref(), self.env, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn encode_all(&self, column: usize, values: &[Datum]) -> Result<Vec<Vec<u8>>> {
        values.iter().map(|value| self.encode(column, value)).collect()
    }

    fn facts_of(&self, column: usize) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |(n, _)| *n == column).map(|(_, fact)| fact)
    }

    fn list(&self) -> Result<Vec<bool>> {
        let count = self.table.partitions.len();
        let Bounds::List { values, null, default } = &self.table.bounds else { return Ok(vec![true; count]) };
        // Each value and null as candidates; the default partition stands for all other values.
        let mut alive = vec![true; values.len()];
        let (mut null_alive, mut default_alive) = (true, true);
        if let Some((from, to)) = self.within {
            let inside = |value: &[u8]| from <= value && to.is_none_or(|to| value < to);
            alive.iter_mut().zip(values).for_each(|(alive, (value, _))| *alive &= inside(value));
            null_alive = false;
        }
        for (_, fact) in self.facts {
            match fact {
                Fact::Never => return Ok(vec![false; count]),
                Fact::Null => {
                    alive.fill(false);
                    default_alive &= null.is_none();
                }
                Fact::NotNull => null_alive = false,
                Fact::In(wanted) => {
                    let encoded = self.encode_all(0, wanted)?;
                    null_alive = false;
                    for (alive, (value, _)) in alive.iter_mut().zip(values) {
                        *alive &= encoded.contains(value);
                    }
                    let listed = |bytes: &Vec<u8>| values.binary_search_by(|(value, _)| value.cmp(bytes)).is_ok();
                    default_alive &= encoded.iter().any(|bytes| !listed(bytes));
                }
                Fact::NotIn(without) => {
                    null_alive = false;
                    let encoded = self.encode_all(0, without)?;
                    alive.iter_mut().zip(values).for_each(|(alive, (value, _))| *alive &= !encoded.contains(value));
                }
                Fact::Bound(strategy, value) => {
                    null_alive = false;
                    let bytes = self.encode(0, value)?;
                    for (alive, (value, _)) in alive.iter_mut().zip(values) {
                        *alive &= match strategy {
                            1 => *value < bytes,
                            2 => *value <= bytes,
                            4 => *value >= bytes,
                            5 => *value > bytes,
                            _ => true,
                        };
                    }
                }
            }
        }
        let mut kept = vec![false; count];
        for (alive, (_, partition)) in alive.iter().zip(values) {
            kept[*partition] |= alive;
        }
        if let Some(at) = null.or(*default) {
            kept[at] |= null_alive;
        }
        if let Some(at) = *default {
            kept[at] |= default_alive;
        }
        Ok(kept)
    }

    fn range(&self) -> Result<Vec<bool>> {
        let count = self.table.partitions.len();
        let Bounds::Range { ranges, default } = &self.table.bounds else { return Ok(vec![true; count]) };
        let mut kept = vec![false; count];
        // Keys with nulls are in the default partition.
        if self.facts.iter().any(|(_, fact)| matches!(fact, Fact::Null)) {
            if let Some(at) = default {
                kept[*at] = true;
            }
            return Ok(kept);
        }
        for Interval { from, to } in self.intervals()? {
            if to.as_ref().is_some_and(|to| from.bytes > *to || from.bytes == *to && !from.before) {
                continue;
            }
            // Whether the ranges leave something of the interval to the default partition.
            let mut covered = from.clone();
            let mut rest = true;
            for range in ranges {
                let end = range.upper.as_ref().map(|end| Place { bytes: end.clone(), before: range.to_greatest });
                let behind = to.as_ref().is_some_and(|to| *to <= range.lower);
                if behind || end.as_ref().is_some_and(|end| *end <= from) {
                    continue;
                }
                kept[range.partition] = true;
                if (Place { bytes: range.lower.clone(), before: false }) > covered {
                    continue;
                }
                match end {
                    None => rest = false,
                    Some(end) => {
                        covered = covered.max(end);
                        rest &= to.as_ref().is_none_or(|to| *to > covered.bytes);
                    }
                }
            }
            if let Some(at) = default
                && rest
            {
                kept[*at] = true;
            }
        }
        // A key of which some column is not known not to be null may be in the default partition.
        if let Some(at) = default {
            let known = |column: usize| self.facts_of(column).next().is_some();
            kept[*at] |=
                (0..self.table.key.exprs.len()).any(|column| !known(column) && (column > 0 || self.within.is_none()));
        }
        Ok(kept)
    }

    /// The keys that the facts allow: prefixes that are known, then an interval of what follows.
    fn intervals(&self) -> Result<Vec<Interval>> {
        let columns = self.table.key.exprs.len();
        let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
        for column in 0..columns {
            // The values that all equalities on the column allow.
            if let Some(allowed) = self.allowed(column)? {
                if prefixes.len().saturating_mul(allowed.len()) > 10_000 {
                    break;
                }
                prefixes = prefixes
                    .iter()
                    .flat_map(|prefix| allowed.iter().map(move |bytes| [prefix.as_slice(), bytes].concat()))
                    .collect();
                continue;
            }
            let lower = self.end(column, false)?;
            let upper = self.end(column, true)?;
            if lower.is_none() && upper.is_none() {
                break;
            }
            let mut intervals = Vec::with_capacity(prefixes.len());
            for prefix in &prefixes {
                let joined = |end: &End| [prefix.as_slice(), &end.bytes].concat();
                let (from, before) = match &lower {
                    None => (Some(prefix.clone()), false),
                    Some(end) if end.inclusive => (Some(joined(end)), false),
                    Some(end) => (after(joined(end)), true),
                };
                let to = match &upper {
                    None => after(prefix.clone()),
                    Some(end) if end.inclusive => after(joined(end)),
                    Some(end) => Some(joined(end)),
                };
                intervals.extend(from.map(|bytes| Interval { from: Place { bytes, before }, to }));
            }
            return Ok(intervals);
        }
        let one = |bytes: Vec<u8>| Interval { to: after(bytes.clone()), from: Place { bytes, before: false } };
        Ok(prefixes.into_iter().map(one).collect())
    }

    /// The encoded values that equalities allow a column; none if there are no equalities.
    fn allowed(&self, column: usize) -> Result<Option<Vec<Vec<u8>>>> {
        let mut allowed: Option<Vec<Vec<u8>>> = None;
        for fact in self.facts_of(column) {
            let Fact::In(values) = fact else { continue };
            let encoded = self.encode_all(column, values)?;
            match &mut allowed {
                None => allowed = Some(encoded),
                Some(have) => have.retain(|bytes| encoded.contains(bytes)),
            }
        }
        Ok(allowed)
    }

    /// The upper or lower end that a column's facts set; `a <= 1 AND b < 2` is an end of both columns.
    fn end(&self, column: usize, upper: bool) -> Result<Option<End>> {
        let Some(mut end) = self.own_end(column, upper)? else { return Ok(None) };
        // What follows in the key narrows an end that belongs to the interval.
        for next in column + 1..self.table.key.exprs.len() {
            if !end.inclusive {
                break;
            }
            let further = match self.allowed(next)? {
                Some(values) if values.len() == 1 => {
                    values.into_iter().next().map(|bytes| End { bytes, inclusive: true })
                }
                Some(_) => None,
                None => self.own_end(next, upper)?,
            };
            let Some(further) = further else { break };
            end.bytes.extend(further.bytes);
            end.inclusive = further.inclusive;
        }
        Ok(Some(end))
    }

    /// The same of one column alone.
    fn own_end(&self, column: usize, upper: bool) -> Result<Option<End>> {
        let mut best: Option<End> = match (column, self.within, upper) {
            (0, Some((from, _)), false) => Some(End { bytes: from.to_vec(), inclusive: true }),
            (0, Some((_, Some(to))), true) => Some(End { bytes: to.to_vec(), inclusive: false }),
            _ => None,
        };
        for fact in self.facts_of(column) {
            let Fact::Bound(strategy, value) = fact else { continue };
            if upper != matches!(strategy, 1 | 2) {
                continue;
            }
            let new = End { bytes: self.encode(column, value)?, inclusive: matches!(strategy, 2 | 4) };
            let tighter = best.as_ref().is_none_or(|have| match upper {
                true => new.bytes < have.bytes || new.bytes == have.bytes && !new.inclusive,
                false => new.bytes > have.bytes || new.bytes == have.bytes && !new.inclusive,
            });
            if tighter {
                best = Some(new);
            }
        }
        Ok(best)
    }

    fn hash(&self) -> Result<Vec<bool>> {
        let count = self.table.partitions.len();
        let Bounds::Hash { .. } = &self.table.bounds else { return Ok(vec![true; count]) };
        // All columns must be known.
        let mut keys: Vec<Vec<Datum>> = vec![Vec::new()];
        for column in 0..self.table.key.exprs.len() {
            let own = self.facts_of(column).find_map(|fact| match fact {
                Fact::In(values) => Some(values.clone()),
                Fact::Null => Some(vec![Datum::Null]),
                _ => None,
            });
            let Some(values) = own else { return Ok(vec![true; count]) };
            keys = keys
                .iter()
                .flat_map(|key| {
                    values.iter().map(move |value| key.iter().cloned().chain([value.clone()]).collect::<Vec<_>>())
                })
                .collect();
            if keys.len() > 10_000 {
                return Ok(vec![true; count]);
            }
        }
        let mut kept = vec![false; count];
        let mut bytes = Vec::new();
        for key in keys {
            let values: Vec<DatumRef<'_>> = key.iter().map(Datum::as_ref).collect();
            if let Some(at) = self.table.bounds.route(&self.table.key, &values, self.env, &mut bytes)? {
                kept[at] = true;
            }
        }
        Ok(kept)
    }
}
