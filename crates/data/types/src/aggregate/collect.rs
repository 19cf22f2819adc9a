//! string_agg, array_agg and any_value.

use super::{Groups, State, each_value};
use crate::array::{self, Dimension, View};
use crate::call::{Context, too_long};
use batch::{ByteValues, Column, Datum, DatumRef, Rows};
use error::{Error, Result, SqlState};

/// string_agg of texts or byteas.
#[derive(Clone, Default)]
pub struct Joined {
    /// The first delimiter (kept for a merge), then the result.
    first_delimiter: Vec<u8>,
    text: Option<Vec<u8>>,
}

impl State for Joined {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let (values, delimiters) = (args[0].bytes(), args[1]);
        each_value(groups, args[0], rows, |group, row| {
            let state = &mut states[group];
            let delimiter = delimiters.get(row).as_bytes().unwrap_or_default();
            let value = values.get(args[0].index(row));
            match &mut state.text {
                None => {
                    state.first_delimiter = delimiter.to_vec();
                    state.text = Some(value.to_vec());
                }
                Some(text) => {
                    text.extend_from_slice(delimiter);
                    text.extend_from_slice(value);
                    if text.len() > ByteValues::MAX_LENGTH {
                        return Err(too_long());
                    }
                }
            }
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        match (&mut self.text, &other.text) {
            (None, _) => *self = std::mem::take(other),
            (Some(_), None) => {}
            (Some(text), Some(more)) => {
                text.extend_from_slice(&other.first_delimiter);
                text.extend_from_slice(more);
            }
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.text.as_deref().map_or(DatumRef::Null, DatumRef::Bytes));
        Ok(())
    }

    fn memory(&self) -> usize {
        self.text.as_ref().map_or(0, Vec::capacity)
    }
}

/// array_agg of values that are no arrays; nulls count.
#[derive(Clone, Default)]
pub struct Elements(Option<Column>);

impl State for Elements {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let column = args[0];
        if let Groups::One(group) = groups {
            if !rows.is_empty() {
                states[group as usize].0.get_or_insert_with(|| Column::new(column.repr())).append(column, rows);
            }
            return Ok(());
        }
        for (k, row) in rows.iter().enumerate() {
            states[groups.of(k)].0.get_or_insert_with(|| Column::new(column.repr())).push(column.get(row));
        }
        Ok(())
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        match (&mut self.0, &other.0) {
            (None, _) => self.0 = other.0.take(),
            (Some(all), Some(more)) => (0..more.len()).for_each(|row| all.push(more.get(row))),
            (Some(_), None) => {}
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, context: Context<'_>) -> Result<()> {
        match &self.0 {
            None => out.push_null(),
            Some(values) => out.push(DatumRef::Bytes(&array::from_column(context.arg_type(0), values)?)),
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, Column::memory)
    }
}

/// array_agg of arrays: an array of one more dimension.
#[derive(Clone, Default)]
pub struct Arrays(Vec<Datum>);

impl Arrays {
    fn add(&mut self, value: DatumRef<'_>) -> Result<()> {
        let error = |message: &str| Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message));
        let Some(bytes) = value.as_bytes() else {
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "cannot accumulate null arrays"));
        };
        let view = View::new(bytes)?;
        if view.is_empty() {
            return error("cannot accumulate empty arrays");
        }
        if view.dimensions().len() + 1 > array::MAX_DIMENSIONS {
            return Err(array::too_many_dimensions(view.dimensions().len() + 1));
        }
        if let Some(first) = self.0.first().and_then(Datum::as_bytes)
            && !View::new(first)?.dimensions().eq(view.dimensions())
        {
            return error("cannot accumulate arrays of different dimensionality");
        }
        self.0.push(value.to_datum());
        Ok(())
    }
}

impl State for Arrays {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        rows.iter().enumerate().try_for_each(|(k, row)| states[groups.of(k)].add(args[0].get(row)))
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        std::mem::take(&mut other.0).iter().try_for_each(|array| self.add(array.as_ref()))
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let views = self.0.iter().filter_map(Datum::as_bytes).map(View::new).collect::<Result<Vec<View<'_>>>>()?;
        let Some(first) = views.first() else {
            out.push_null();
            return Ok(());
        };
        let mut dimensions = vec![Dimension { length: views.len() as i32, lower: 1 }];
        dimensions.extend(first.dimensions());
        let each = first.len();
        let elements = (0..views.len() * each).map(|at| views[at / each].get(at % each));
        let mut bytes = Vec::new();
        array::write(first.element_type(), first.repr(), &dimensions, elements, &mut bytes)?;
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    }

    fn memory(&self) -> usize {
        self.0.iter().map(|v| v.as_bytes().map_or(0, <[u8]>::len) + size_of::<Datum>()).sum()
    }
}

/// any_value: the first one that is not null.
#[derive(Clone, Default)]
pub struct AnyValue(Datum);

impl State for AnyValue {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        each_value(groups, args[0], rows, |group, row| {
            if states[group].0.is_null() {
                states[group].0 = args[0].datum(row);
            }
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        if self.0.is_null() {
            self.0 = std::mem::take(&mut other.0);
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        out.push(self.0.as_ref());
        Ok(())
    }

    fn memory(&self) -> usize {
        self.0.as_bytes().map_or(0, <[u8]>::len)
    }
}
