//! Which partition holds which keys.

use access::key_successor;
use analyzer::partition::{PartitionBound, RangeDatum};
use analyzer::query::{Expr, ExprKind};
use batch::{Datum, DatumRef};
use error::{Error, Result};
use types::Environment;

use super::{Partition, PartitionKey};

/// What hash functions of partition keys are seeded with.
const SEED: u64 = 0x7A5B_2236_7996_DCFD;

/// Which partition holds which keys, by the partitions' places.
#[derive(Clone, Debug)]
pub enum Bounds {
    /// By value.
    List {
        /// Encoded values in order, each with its partition.
        values: Vec<(Vec<u8>, usize)>,
        /// The partition for null.
        null: Option<usize>,
        /// The partition for all else.
        default: Option<usize>,
    },
    /// By range.
    Range {
        /// Ranges in order; they do not overlap.
        ranges: Vec<Range>,
        /// The partition for all else, and for keys with nulls.
        default: Option<usize>,
    },
    /// By hash.
    Hash {
        /// By remainder: as many as the greatest modulus.
        slots: Vec<Option<usize>>,
    },
}

/// A range of encoded keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least that belongs.
    pub lower: Vec<u8>,
    /// The least that no longer belongs; none: there is no end.
    pub upper: Option<Vec<u8>>,
    /// The end is a `MAXVALUE`: whatever may come between it and `upper` does not belong.
    pub to_greatest: bool,
    /// The partition.
    pub partition: usize,
}

/// The bytes of a range's end: less than, or equal to, the first key that belongs (lower) or no longer does (upper). None: no end above.
pub fn range_end(key: &PartitionKey, ends: &[RangeDatum], env: &dyn Environment) -> Result<Option<Vec<u8>>> {
    let encoder = key.encoder.as_ref().ok_or_else(|| Error::internal("a range of hashes"))?;
    let mut bytes = Vec::new();
    for (column, end) in ends.iter().enumerate() {
        match end {
            RangeDatum::Least => return Ok(Some(bytes)),
            RangeDatum::Greatest => return Ok(key_successor(&mut bytes).then_some(bytes)),
            RangeDatum::Value { value } => encoder.encode_column(column, constant(value)?, env, &mut bytes)?,
        }
    }
    Ok(Some(bytes))
}

fn constant(value: &Expr) -> Result<DatumRef<'_>> {
    match &value.kind {
        ExprKind::Const(value) => Ok(value.as_ref()),
        _ => Err(Error::corrupted("a partition bound is no constant")),
    }
}

/// The bytes of a list's value; none for null.
pub fn list_value(key: &PartitionKey, value: &Expr, env: &dyn Environment) -> Result<Option<Vec<u8>>> {
    let value = constant(value)?;
    if value.is_null() {
        return Ok(None);
    }
    let encoder = key.encoder.as_ref().ok_or_else(|| Error::internal("a list of hashes"))?;
    let mut bytes = Vec::new();
    encoder.encode_column(0, value, env, &mut bytes)?;
    Ok(Some(bytes))
}

impl Bounds {
    /// Puts partitions into their order and notes what each holds.
    pub(super) fn new(
        key: &PartitionKey,
        mut found: Vec<(Partition, PartitionBound)>,
        env: &dyn Environment,
    ) -> Result<(Vec<Partition>, Bounds)> {
        // The order: by least value, by range, by modulus and remainder; then the one that holds only null; then the default.
        let mut ordered = Vec::with_capacity(found.len());
        for (partition, bound) in found.drain(..) {
            let rank = match &bound {
                PartitionBound::Default => (2, Vec::new()),
                PartitionBound::Hash { modulus, remainder } => {
                    let mut bytes = modulus.to_be_bytes().to_vec();
                    bytes.extend(remainder.to_be_bytes());
                    (0, bytes)
                }
                PartitionBound::List { values } => {
                    let mut least: Option<Vec<u8>> = None;
                    for value in values {
                        if let Some(bytes) = list_value(key, value, env)?
                            && least.as_ref().is_none_or(|least| bytes < *least)
                        {
                            least = Some(bytes);
                        }
                    }
                    match least {
                        Some(bytes) => (0, bytes),
                        None => (1, Vec::new()),
                    }
                }
                PartitionBound::Range { from, .. } => (0, range_end(key, from, env)?.unwrap_or_default()),
            };
            ordered.push((rank, partition, bound));
        }
        ordered.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.oid.cmp(&b.1.oid)));
        let default = ordered.iter().position(|(_, _, bound)| *bound == PartitionBound::Default);
        let partitions = ordered.iter().map(|(_, partition, _)| *partition).collect();
        let bounds = ordered.iter().enumerate().map(|(at, (_, _, bound))| (at, bound));
        let bounds = match key.strategy {
            super::Strategy::List => {
                let (mut entries, mut null) = (Vec::new(), None);
                for (at, bound) in bounds {
                    let PartitionBound::List { values } = bound else { continue };
                    for value in values {
                        match list_value(key, value, env)? {
                            Some(bytes) => entries.push((bytes, at)),
                            None => null = Some(at),
                        }
                    }
                }
                entries.sort();
                Bounds::List { values: entries, null, default }
            }
            super::Strategy::Range => {
                let mut ranges = Vec::new();
                for (partition, bound) in bounds {
                    let PartitionBound::Range { from, to } = bound else { continue };
                    let Some(lower) = range_end(key, from, env)? else { continue };
                    let to_greatest = to.iter().any(|end| matches!(end, RangeDatum::Greatest));
                    ranges.push(Range { lower, upper: range_end(key, to, env)?, to_greatest, partition });
                }
                Bounds::Range { ranges, default }
            }
            super::Strategy::Hash => {
                let modulus = |bound: &PartitionBound| match bound {
                    PartitionBound::Hash { modulus, .. } => *modulus as usize,
                    _ => 1,
                };
                let greatest = ordered.iter().map(|(_, _, bound)| modulus(bound)).max().unwrap_or(1);
                let mut slots = vec![None; greatest];
                for (at, bound) in bounds {
                    let PartitionBound::Hash { modulus, remainder } = bound else { continue };
                    let mut slot = *remainder as usize;
                    while slot < greatest {
                        slots[slot] = Some(at);
                        slot += (*modulus).max(1) as usize;
                    }
                }
                Bounds::Hash { slots }
            }
        };
        Ok((partitions, bounds))
    }

    /// The default partition.
    pub fn default_partition(&self) -> Option<usize> {
        match self {
            Bounds::List { default, .. } | Bounds::Range { default, .. } => *default,
            Bounds::Hash { .. } => None,
        }
    }

    /// The partition that a key belongs to; none if there is none for it. `bytes` is memory to work with.
    pub fn route(
        &self,
        key: &PartitionKey,
        values: &[DatumRef<'_>],
        env: &dyn Environment,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<usize>> {
        bytes.clear();
        match self {
            Bounds::List { values: list, null, default } => {
                if values[0].is_null() {
                    return Ok(null.or(*default));
                }
                let encoder = key.encoder.as_ref().ok_or_else(|| Error::internal("a list of hashes"))?;
                encoder.encode_column(0, values[0], env, bytes)?;
                let found = list.binary_search_by(|(value, _)| value.as_slice().cmp(bytes));
                Ok(found.ok().map(|at| list[at].1).or(*default))
            }
            Bounds::Range { ranges, default } => {
                if values.iter().any(|value| value.is_null()) {
                    return Ok(*default);
                }
                let encoder = key.encoder.as_ref().ok_or_else(|| Error::internal("a range of hashes"))?;
                encoder.encode_row(values, env, bytes)?;
                Ok(find_range(ranges, bytes).map(|at| ranges[at].partition).or(*default))
            }
            Bounds::Hash { slots } => {
                let hash = row_hash(key, values, env)?;
                Ok(slots[(hash % slots.len() as u64) as usize])
            }
        }
    }
}

/// The range in which a key lies.
fn find_range(ranges: &[Range], key: &[u8]) -> Option<usize> {
    let at = ranges.partition_point(|range| range.lower.as_slice() <= key).checked_sub(1)?;
    ranges[at].upper.as_ref().is_none_or(|upper| key < upper.as_slice()).then_some(at)
}

/// The hash of a key, of which the remainder is taken. Nulls do not count.
pub fn row_hash(key: &PartitionKey, values: &[DatumRef<'_>], env: &dyn Environment) -> Result<u64> {
    let mut all: u64 = 0;
    for (column, &value) in values.iter().enumerate() {
        if value.is_null() {
            continue;
        }
        let collation = key.collations[column];
        let hash = match key.hash_functions.get(column) {
            Some(Some(function)) => {
                match env.call_function(*function, &[value, DatumRef::B8(SEED as i64)], collation)? {
                    Datum::B8(hash) => hash as u64,
                    _ => return Err(Error::internal(format!("function {} returned no hash", function.0))),
                }
            }
            _ => types::hash::hash_extended(key.types[column], collation, value, SEED, env)?,
        };
        all ^= hash.wrapping_add(0x49a0_f4dd_15e5_a8e3).wrapping_add(all << 54).wrapping_add(all >> 7);
    }
    Ok(all)
}
