//! Polymorphic types: which actual types arguments give them.
//!
//! Two families resolve independently. In the first (`anyelement` …) all arguments must agree exactly; in the second
//! (`anycompatible` …) they are brought to a common type as in UNION.

use error::{Error, Result, SqlState, bail};
use ids::Oid;
use types::oid;

use crate::Analyzer;
use crate::types::{self as ty, UNKNOWN};

/// Not among the types crate's constants of earlier servers.
const ANYCOMPATIBLERANGE: Oid = oid::ANYCOMPATIBLERANGE;
const ANYCOMPATIBLEMULTIRANGE: Oid = oid::ANYCOMPATIBLEMULTIRANGE;

/// A type of the first family.
pub(crate) fn is_first_family(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oid::ANYELEMENT | oid::ANYARRAY | oid::ANYNONARRAY | oid::ANYENUM | oid::ANYRANGE | oid::ANYMULTIRANGE
    )
}

/// A type of the second family.
pub(crate) fn is_second_family(type_oid: Oid) -> bool {
    matches!(type_oid, oid::ANYCOMPATIBLE | oid::ANYCOMPATIBLEARRAY | oid::ANYCOMPATIBLENONARRAY)
        || type_oid == ANYCOMPATIBLERANGE
        || type_oid == ANYCOMPATIBLEMULTIRANGE
}

/// A polymorphic type that stands for a range or multirange.
fn is_range_family(type_oid: Oid) -> bool {
    matches!(type_oid, oid::ANYRANGE | oid::ANYMULTIRANGE | oid::ANYCOMPATIBLERANGE | oid::ANYCOMPATIBLEMULTIRANGE)
}

/// A polymorphic type.
pub fn is_polymorphic(type_oid: Oid) -> bool {
    is_first_family(type_oid) || is_second_family(type_oid)
}

/// What a family's types stand for; zero is not known.
#[derive(Clone, Copy, Default)]
struct Actual {
    element: Oid,
    array: Oid,
    range: Oid,
    multirange: Oid,
}

impl Analyzer<'_> {
    /// Whether arguments can be given to these parameters as far as the polymorphic ones go.
    pub(crate) fn polymorphic_types_agree(&self, inputs: &[Oid], targets: &[Oid]) -> Result<bool> {
        let mut declared = targets.to_vec();
        match self.resolve_polymorphic(inputs, &mut declared, Oid::INVALID, true) {
            Ok(_) => Ok(true),
            Err(e)
                if matches!(
                    e.state(),
                    SqlState::DATATYPE_MISMATCH
                        | SqlState::UNDEFINED_OBJECT
                        | SqlState::CANNOT_COERCE
                        | SqlState::INDETERMINATE_DATATYPE
                ) =>
            {
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    /// Puts actual types in place of polymorphic ones in `declared`, and gives the actual result type for `result`. With
    /// `lenient`, what only literals of unknown type would settle is left as it is.
    pub(crate) fn resolve_polymorphic(
        &self,
        inputs: &[Oid],
        declared: &mut [Oid],
        result: Oid,
        lenient: bool,
    ) -> Result<Oid> {
        if !declared.iter().any(|&d| is_polymorphic(d)) && !is_polymorphic(result) {
            return Ok(result);
        }
        let mismatch = |message: String| Err(Error::new(SqlState::DATATYPE_MISMATCH, message));
        let name = |type_oid| self.catalog.format_type(type_oid, -1);
        let mut first = Actual::default();
        let mut second = Actual::default();
        let mut compatible = Vec::new();
        let (mut unknown_first, mut unknown_second) = (false, false);
        let (mut non_array, mut is_enum, mut second_non_array) = (false, false, false);
        for (&input, &target) in inputs.iter().zip(declared.iter()) {
            if !is_polymorphic(target) {
                continue;
            }
            if input == UNKNOWN {
                if is_first_family(target) {
                    unknown_first = true;
                } else {
                    unknown_second = true;
                }
                continue;
            }
            let input = if matches!(target, oid::ANYELEMENT | oid::ANYNONARRAY | oid::ANYENUM)
                || is_second_family(target) && matches!(target, oid::ANYCOMPATIBLE | oid::ANYCOMPATIBLENONARRAY)
            {
                input
            } else {
                self.catalog.base_type(input, -1)?.0
            };
            let settle = |slot: &mut Oid, word: &str| -> Result<()> {
                if slot.is_valid() && *slot != input {
                    return Err(Error::new(
                        SqlState::DATATYPE_MISMATCH,
                        format!("arguments declared \"{word}\" are not all alike"),
                    )
                    .detail(format!("{} versus {}", name(*slot)?, name(input)?)));
                }
                *slot = input;
                Ok(())
            };
            match target {
                oid::ANYELEMENT => settle(&mut first.element, "anyelement")?,
                oid::ANYNONARRAY => {
                    non_array = true;
                    settle(&mut first.element, "anyelement")?
                }
                oid::ANYENUM => {
                    is_enum = true;
                    settle(&mut first.element, "anyelement")?
                }
                oid::ANYARRAY => settle(&mut first.array, "anyarray")?,
                oid::ANYRANGE => settle(&mut first.range, "anyrange")?,
                oid::ANYMULTIRANGE => settle(&mut first.multirange, "anymultirange")?,
                oid::ANYCOMPATIBLE => compatible.push(input),
                oid::ANYCOMPATIBLENONARRAY => {
                    second_non_array = true;
                    compatible.push(input)
                }
                oid::ANYCOMPATIBLEARRAY => {
                    let element = ty::element_type(self.catalog, input)?;
                    if !element.is_valid() {
                        return mismatch(format!(
                            "argument declared anycompatiblearray is not an array but type {}",
                            name(input)?
                        ));
                    }
                    compatible.push(element);
                }
                t if t == ANYCOMPATIBLERANGE => settle(&mut second.range, "anycompatiblerange")?,
                t if t == ANYCOMPATIBLEMULTIRANGE => settle(&mut second.multirange, "anycompatiblemultirange")?,
                _ => {}
            }
        }
        // The element type follows from an array, range or multirange, and must agree with what was given for it.
        let agree = |slot: &mut Oid, derived: Oid, container: &str, word: &str| -> Result<()> {
            if slot.is_valid() && *slot != derived {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("argument declared {container} is not consistent with argument declared {word}"),
                )
                .detail(format!("{} versus {}", name(derived)?, name(*slot)?)));
            }
            *slot = derived;
            Ok(())
        };
        if first.array.is_valid() && first.array != oid::ANYARRAY {
            let element = ty::element_type(self.catalog, first.array)?;
            if !element.is_valid() {
                return mismatch(format!("argument declared anyarray is not an array but type {}", name(first.array)?));
            }
            agree(&mut first.element, element, "anyarray", "anyelement")?;
        }
        for (actual, words) in [
            (&mut first, ["anyrange", "anymultirange"]),
            (&mut second, ["anycompatiblerange", "anycompatiblemultirange"]),
        ] {
            if actual.multirange.is_valid() {
                let Some(row) = self.catalog.find_multirange(actual.multirange)? else {
                    return mismatch(format!(
                        "argument declared {} is not a multirange type but type {}",
                        words[1],
                        name(actual.multirange)?
                    ));
                };
                agree(&mut actual.range, row.rngtypid, words[1], words[0])?;
            }
            if actual.range.is_valid() {
                let Some(row) = self.catalog.find_range(actual.range)? else {
                    return mismatch(format!(
                        "argument declared {} is not a range type but type {}",
                        words[0],
                        name(actual.range)?
                    ));
                };
                agree(&mut actual.element, row.rngsubtype, words[0], "anyelement")?;
                actual.multirange = row.rngmultitypid;
            }
        }
        if second.element.is_valid() {
            compatible.push(second.element);
        }
        if !compatible.is_empty() {
            let places: Vec<_> = compatible.iter().map(|&t| (t, crate::query::NO_LOCATION)).collect();
            let common = self.common_type_of(&places, "")?;
            if !common.is_valid() || second.element.is_valid() && common != second.element {
                return mismatch("arguments of anycompatible family cannot be cast to a common type".into());
            }
            for &from in &compatible {
                if from != common && !self.can_coerce(&[from], &[common], crate::coerce::Coercion::Implicit)? {
                    return mismatch("arguments of anycompatible family cannot be cast to a common type".into());
                }
            }
            second.element = common;
        } else if unknown_second && !lenient {
            second.element = oid::TEXT;
        }
        if first.element.is_valid() {
            if non_array && ty::element_type(self.catalog, first.element)?.is_valid() {
                return mismatch(format!("type matched to anynonarray is an array type: {}", name(first.element)?));
            }
            if is_enum && self.catalog.type_(self.catalog.base_type(first.element, -1)?.0)?.typtype != b'e' {
                return mismatch(format!("type matched to anyenum is not an enum type: {}", name(first.element)?));
            }
        }
        if second_non_array && second.element.is_valid() && ty::element_type(self.catalog, second.element)?.is_valid() {
            return mismatch(format!(
                "type matched to anycompatiblenonarray is an array type: {}",
                name(second.element)?
            ));
        }
        if !first.element.is_valid() && unknown_first && !lenient && first.array != oid::ANYARRAY {
            bail!(DATATYPE_MISMATCH, "could not determine polymorphic type because input has type {}", "unknown");
        }
        for actual in [&mut first, &mut second] {
            if !actual.array.is_valid() && actual.element.is_valid() {
                actual.array = self.catalog.array_type(actual.element)?.unwrap_or_default();
            }
        }
        let actual_of = |type_oid: Oid| -> Oid {
            match type_oid {
                oid::ANYELEMENT | oid::ANYNONARRAY | oid::ANYENUM => first.element,
                oid::ANYARRAY => first.array,
                oid::ANYRANGE => first.range,
                oid::ANYMULTIRANGE => first.multirange,
                oid::ANYCOMPATIBLE | oid::ANYCOMPATIBLENONARRAY => second.element,
                oid::ANYCOMPATIBLEARRAY => second.array,
                t if t == ANYCOMPATIBLERANGE => second.range,
                t if t == ANYCOMPATIBLEMULTIRANGE => second.multirange,
                other => other,
            }
        };
        for (at, target) in declared.iter_mut().enumerate() {
            if is_polymorphic(*target) {
                let actual = actual_of(*target);
                if actual.is_valid() {
                    // An array handed to `anyarray` keeps what it is, even a pseudo-type's (pg_statistic).
                    *target = actual;
                } else if let Some(&input) = inputs.get(at)
                    && !lenient
                    && input != UNKNOWN
                {
                    *target = input;
                } else if !lenient && is_range_family(*target) {
                    let name = name(*target)?;
                    bail!(
                        DATATYPE_MISMATCH,
                        "could not determine polymorphic type {name} because input has type {}",
                        "unknown"
                    );
                } else if !lenient {
                    bail!(UNDEFINED_OBJECT, "could not find array type for data type {}", name(first.element)?);
                }
            }
        }
        if !is_polymorphic(result) {
            return Ok(result);
        }
        let actual = actual_of(result);
        if !actual.is_valid() && !lenient {
            let word = if is_first_family(result) { "any" } else { "anycompatible" };
            let _ = word;
            bail!(DATATYPE_MISMATCH, "could not determine polymorphic type because input has type {}", "unknown");
        }
        Ok(actual)
    }
}
