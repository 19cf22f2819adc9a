//! Set-returning functions: generate_series of numbers, unnest, generate_subscripts, string_to_table.

use crate::array::{View, split_text};
use crate::call::Context;
use crate::environment::TypeKind;
use crate::numeric::Numeric;
use crate::registry::{RowSource, RowSourceMaker};
use crate::text::Finder;
use batch::{Column, Datum, DatumRef};
use error::{Error, Result, SqlState};

/// The visible table: OID → maker.
pub static SERIES: &[(u32, RowSourceMaker)] = &[
    (1066, integer_series),
    (1067, integer_series),
    (1068, bigint_series),
    (1069, bigint_series),
    (3259, numeric_series),
    (3260, numeric_series),
    (938, timestamp_series),
    (939, timestamptz_series),
    (6274, timestamptz_series),
    (1293, crate::range::unnest),
    (2331, unnest),
    (13329, expand_array),
    (1191, subscripts),
    (1192, subscripts),
    (2763, crate::regex::regexp_matches),
    (2764, crate::regex::regexp_matches),
    (2765, crate::regex::regexp_split_to_table),
    (2766, crate::regex::regexp_split_to_table),
    (6160, string_to_table),
    (6161, string_to_table),
];

/// No rows: what a strict function gives for a null argument.
struct Nothing;

impl RowSource for Nothing {
    fn next(&mut self, _: &mut [Column], _: usize, _: Context<'_>) -> Result<usize> {
        Ok(0)
    }
}

/// Whole numbers from one to another.
struct Numbers {
    next: Option<i64>,
    stop: i64,
    step: i64,
    wide: bool,
}

impl RowSource for Numbers {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        for count in 0..most {
            let Some(value) = self.next.filter(|&v| if self.step > 0 { v <= self.stop } else { v >= self.stop }) else {
                return Ok(count);
            };
            columns[0].push(if self.wide { DatumRef::B8(value) } else { DatumRef::B4(value as i32) });
            self.next = value.checked_add(self.step);
        }
        Ok(most)
    }
}

#[cold]
pub(crate) fn zero_step() -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, "step size cannot equal zero")
}

fn numbers(args: &[DatumRef<'_>], wide: bool) -> Result<Box<dyn RowSource>> {
    let number = |v: &DatumRef<'_>| v.as_i64().or(v.as_i32().map(i64::from));
    let values: Option<Vec<i64>> = args.iter().map(number).collect();
    let Some(values) = values else { return Ok(Box::new(Nothing)) };
    let step = values.get(2).copied().unwrap_or(1);
    if step == 0 {
        return Err(zero_step());
    }
    Ok(Box::new(Numbers { next: Some(values[0]), stop: values[1], step, wide }))
}

fn integer_series(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    numbers(args, false)
}

fn bigint_series(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    numbers(args, true)
}

/// Numerics from one to another.
struct Numerics {
    next: Numeric,
    stop: Numeric,
    step: Numeric,
}

impl RowSource for Numerics {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        for count in 0..most {
            if if self.step.sign() > 0 { self.next > self.stop } else { self.next < self.stop } {
                return Ok(count);
            }
            columns[0].push(DatumRef::Bytes(&self.next.to_bytes()));
            self.next = self.next.add(&self.step)?;
        }
        Ok(most)
    }
}

fn numeric_series(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    let values: Option<Vec<Numeric>> = args.iter().map(|v| v.as_bytes().map(Numeric::from_bytes)).collect();
    let Some(values) = values else { return Ok(Box::new(Nothing)) };
    let step = values.get(2).cloned().unwrap_or_else(|| Numeric::from(1));
    for (value, name) in [(&values[0], "start value"), (&values[1], "stop value"), (&step, "step size")] {
        let bad = match value {
            Numeric::NaN => "NaN",
            Numeric::Infinity | Numeric::NegativeInfinity => "infinity",
            _ => continue,
        };
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("{name} cannot be {bad}")));
    }
    if step.is_zero() {
        return Err(zero_step());
    }
    Ok(Box::new(Numerics { next: values[0].clone(), stop: values[1].clone(), step }))
}

fn timestamp_series(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    Ok(crate::datetime::generate_timestamps(args, context, false)?.unwrap_or_else(|| Box::new(Nothing)))
}

fn timestamptz_series(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    Ok(crate::datetime::generate_timestamps(args, context, true)?.unwrap_or_else(|| Box::new(Nothing)))
}

/// The elements of an array.
struct Elements {
    array: Datum,
    at: usize,
    rows: bool,
}

impl RowSource for Elements {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let view = View::new(self.array.as_bytes().unwrap_or_default())?;
        let count = most.min(view.len() - self.at);
        (self.at..self.at + count).for_each(|at| columns[0].push(view.get(at)));
        self.at += count;
        Ok(count)
    }

    fn gives_row_values(&self) -> bool {
        self.rows
    }
}

fn unnest(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let DatumRef::Bytes(array) = args[0] else { return Ok(Box::new(Nothing)) };
    let element = View::new(array)?.element_type();
    let rows = match crate::environment::builtin_facts(element) {
        Some(facts) => matches!(facts.kind, TypeKind::Composite { .. }),
        None => crate::record::is_row_type(element, context.env)?,
    };
    Ok(Box::new(Elements { array: args[0].to_datum(), at: 0, rows }))
}

/// The elements of an array, each with its number from one: `information_schema._pg_expandarray`.
struct Numbered(Elements);

impl RowSource for Numbered {
    fn next(&mut self, columns: &mut [Column], most: usize, context: Context<'_>) -> Result<usize> {
        let first = self.0.at as i32 + 1;
        let count = self.0.next(columns, most, context)?;
        (0..count as i32).for_each(|k| columns[1].push(DatumRef::B4(first + k)));
        Ok(count)
    }
}

fn expand_array(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    if args[0].is_null() {
        return Ok(Box::new(Nothing));
    }
    Ok(Box::new(Numbered(Elements { array: args[0].to_datum(), at: 0, rows: false })))
}

fn subscripts(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    let (Some(array), Some(which)) = (args[0].as_bytes(), args[1].as_i32()) else { return Ok(Box::new(Nothing)) };
    let reverse = match args.get(2) {
        None => false,
        Some(reverse) => match reverse.as_bool() {
            Some(reverse) => reverse,
            None => return Ok(Box::new(Nothing)),
        },
    };
    let dimension =
        usize::try_from(which).ok().and_then(|k| View::new(array).ok()?.dimensions().nth(k.checked_sub(1)?));
    let Some(dimension) = dimension else { return Ok(Box::new(Nothing)) };
    let (first, last) = (dimension.lower as i64, dimension.lower as i64 + dimension.length as i64 - 1);
    let (next, stop, step) = if reverse { (last, first, -1) } else { (first, last, 1) };
    Ok(Box::new(Numbers { next: Some(next), stop, step, wide: false }))
}

/// The pieces of a text.
struct Pieces(std::vec::IntoIter<Datum>);

impl RowSource for Pieces {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for value in self.0.by_ref().take(most) {
            columns[0].push(value.as_ref());
            count += 1;
        }
        Ok(count)
    }
}

fn string_to_table(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some(text) = args[0].as_bytes() else { return Ok(Box::new(Nothing)) };
    let null = args.get(2).and_then(|v| v.as_bytes());
    let finder = Finder::new(context)?;
    let is_null = |piece: &[u8]| null.is_some_and(|null| finder.equal(piece, null));
    let piece = |piece: &[u8]| if is_null(piece) { Datum::Null } else { Datum::bytes(piece) };
    let pieces: Vec<Datum> = split_text(&finder, text, args[1].as_bytes())?.into_iter().map(piece).collect();
    Ok(Box::new(Pieces(pieces.into_iter())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DefaultEnvironment, input, output};
    use ids::Oid;

    fn rows(function: u32, types: &[u32], args: &[&str], result: u32) -> String {
        let env = DefaultEnvironment::default();
        let context = Context { collation: Oid(950), ..Context::plain(&env) };
        let args: Vec<Datum> = types
            .iter()
            .zip(args)
            .map(|(&t, text)| if *text == "NULL" { Datum::Null } else { input(Oid(t), text, -1, &env).unwrap() })
            .collect();
        let refs: Vec<DatumRef<'_>> = args.iter().map(Datum::as_ref).collect();
        let mut source = match crate::row_source(Oid(function)).unwrap()(&refs, context) {
            Ok(source) => source,
            Err(e) => return e.message().to_string(),
        };
        let mut columns = [Column::new(crate::repr(Oid(result)).unwrap())];
        while source.next(&mut columns, 2, context).unwrap() == 2 {}
        let text = |row: usize| {
            let mut text = Vec::new();
            output(Oid(result), columns[0].get(row), &env, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        (0..columns[0].len()).map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn series() {
        assert_eq!(rows(1067, &[23, 23], &["1", "5"], 23), "1 2 3 4 5");
        assert_eq!(rows(1066, &[23, 23, 23], &["5", "1", "-2"], 23), "5 3 1");
        assert_eq!(rows(1066, &[23, 23, 23], &["5", "1", "0"], 23), "step size cannot equal zero");
        assert_eq!(rows(1067, &[23, 23], &["2147483646", "2147483647"], 23), "2147483646 2147483647");
        assert_eq!(
            rows(1069, &[20, 20], &["9223372036854775806", "9223372036854775807"], 20),
            "9223372036854775806 9223372036854775807"
        );
        assert_eq!(rows(1067, &[23, 23], &["NULL", "5"], 23), "");
        assert_eq!(rows(3259, &[1700, 1700, 1700], &["1", "2", "0.5"], 1700), "1 1.5 2.0");
        assert_eq!(rows(3260, &[1700, 1700], &["NaN", "2"], 1700), "start value cannot be NaN");
        assert_eq!(rows(2331, &[1007], &["{{1,2},{3,4}}"], 23), "1 2 3 4");
        assert_eq!(rows(1192, &[1007, 23], &["[5:7]={1,2,3}", "1"], 23), "5 6 7");
        assert_eq!(rows(1191, &[1007, 23, 16], &["{1,2,3}", "1", "t"], 23), "3 2 1");
        assert_eq!(rows(6160, &[25, 25], &["a,b", ","], 25), "a b");
    }
}
