//! Arrays in expressions.

use batch::{Batch, Column, Datum, DatumRef, Repr, Rows};
use error::{Error, Result, SqlState};
use planner::plan::ColumnType;
use types::array::{self, View};

use super::{BOOLEAN, Compiled, Function, set_constant};
use crate::run::Run;

/// `left op ANY (array)` or ALL.
pub(super) struct ScalarArray {
    function: Function,
    any: bool,
    element: ColumnType,
    elements: Column,
    held: Column,
    open: Vec<u16>,
    unknown: Vec<u16>,
}

impl ScalarArray {
    pub fn new(function: Function, any: bool, element: ColumnType) -> ScalarArray {
        ScalarArray {
            function,
            any,
            element,
            elements: Column::new(element.repr),
            held: Column::new(Repr::B1),
            open: Vec::new(),
            unknown: Vec::new(),
        }
    }

    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        super::evaluate_all(&mut self.function.args, input, rows, run)?;
        if self.function.args[1].result(input).is_constant() {
            return self.over_constant(input, rows, run, out);
        }
        out.reset(input.len());
        for row in rows.iter() {
            let array = self.function.args[1].result(input).get(row);
            let Some(bytes) = array.as_bytes() else {
                out.set_null(row);
                continue;
            };
            read_elements(bytes, &mut self.elements)?;
            let count = self.elements.len();
            let left = self.function.args[0].result(input);
            let left = Column::constant(left.repr(), left.get(row));
            let args = [&left, &self.elements];
            let mut answer = DatumRef::B1(!self.any as u8);
            if count > 0 {
                self.function.call_on(&args, Rows::All(count), count, run, BOOLEAN, &mut self.held)?;
            }
            for n in 0..count {
                match self.held.get(n).as_bool() {
                    None => answer = DatumRef::Null,
                    Some(value) if value == self.any => {
                        answer = DatumRef::B1(self.any as u8);
                        break;
                    }
                    Some(_) => (),
                }
            }
            out.put(row, answer);
        }
        Ok(())
    }

    /// One array for all rows: compares the rows that are still open with one element after the other.
    fn over_constant(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        let Some(bytes) = self.function.args[1].result(input).get(0).as_bytes() else {
            set_constant(out, DatumRef::Null);
            return Ok(());
        };
        read_elements(bytes, &mut self.elements)?;
        out.reset(input.len());
        self.open.clear();
        self.open.extend(rows.iter().map(|row| row as u16));
        self.unknown.clear();
        rows.for_each(|row| out.b1_mut()[row] = !self.any as u8);
        for n in 0..self.elements.len() {
            if self.open.is_empty() {
                break;
            }
            let element = Column::constant(self.element.repr, self.elements.get(n));
            let args = [self.function.args[0].result(input), &element];
            let open = Rows::Some(&self.open);
            self.function.call_on(&args, open, input.len(), run, BOOLEAN, &mut self.held)?;
            let (held, unknown, any) = (&self.held, &mut self.unknown, self.any);
            self.open.retain(|&row| match held.get(row as usize).as_bool() {
                None => {
                    unknown.push(row);
                    true
                }
                Some(value) if value == any => {
                    out.b1_mut()[row as usize] = any as u8;
                    false
                }
                Some(_) => true,
            });
        }
        for &row in &self.unknown {
            if (out.b1()[row as usize] != 0) != self.any {
                out.set_null(row as usize);
            }
        }
        Ok(())
    }
}

/// Replaces what stands in `out` by the elements of an array.
fn read_elements(array: &[u8], out: &mut Column) -> Result<()> {
    out.clear();
    View::new(array)?.iter().for_each(|element| out.push(element));
    Ok(())
}

/// The bytes of an array.
fn write(element: ColumnType, shape: &[array::Dimension], values: &[DatumRef<'_>]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    array::write(element.oid, element.repr, shape, values.iter().copied(), &mut bytes)?;
    Ok(bytes)
}

/// Each element replaced.
pub(super) struct MapArray {
    pub arg: Compiled,
    pub local: u32,
    pub from: ColumnType,
    pub element: Compiled,
}

impl MapArray {
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        self.arg.evaluate(input, rows, run)?;
        out.reset(input.len());
        for row in rows.iter() {
            let Some(bytes) = self.arg.result(input).get(row).as_bytes() else {
                out.set_null(row);
                continue;
            };
            let view = View::new(bytes)?;
            let mut elements = Column::new(self.from.repr);
            view.iter().for_each(|element| elements.push(element));
            let dimensions: Vec<_> = view.dimensions().collect();
            let mapped = map(&mut self.element, self.local, elements, run)?;
            let values: Vec<DatumRef<'_>> = (0..mapped.len()).map(|n| mapped.get(n)).collect();
            let ty = self.element.ty();
            let bytes = write(ty, &dimensions, &values)?;
            out.put(row, DatumRef::Bytes(&bytes));
        }
        Ok(())
    }
}

/// Computes an expression over a local for all values of a column.
fn map(body: &mut Compiled, local: u32, values: Column, run: &mut Run<'_>) -> Result<Column> {
    let mut input = Batch::default();
    let len = values.len();
    let mut mapped = Column::new(body.ty().repr);
    // In pieces that a batch can hold.
    for from in (0..len).step_by(batch::BATCH_ROWS) {
        let count = batch::BATCH_ROWS.min(len - from);
        let mut piece = Column::new(values.repr());
        (from..from + count).for_each(|n| piece.push(values.get(n)));
        run.state.set_local(local, piece);
        input.set_len(count);
        body.evaluate(&input, Rows::All(count), run)?;
        mapped.append(body.result(&input), Rows::All(count));
    }
    Ok(mapped)
}

/// A bound as it was computed: none if left out, and null.
type Bound = Option<Option<i32>>;

/// An element or slice, or an assignment to one.
pub(super) struct Subscript {
    pub container: Compiled,
    pub element: ColumnType,
    pub upper: Vec<Option<Compiled>>,
    pub lower: Vec<Option<Compiled>>,
    pub assign: Option<Compiled>,
}

impl Subscript {
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        self.container.evaluate(input, rows, run)?;
        for bound in self.upper.iter_mut().chain(&mut self.lower).flatten() {
            bound.evaluate(input, rows, run)?;
        }
        if let Some(value) = &mut self.assign {
            value.evaluate(input, rows, run)?;
        }
        // What is subscripted without being an array: `name`, `point` and their like.
        let fixed = types::builtin_type(self.container.ty().oid).is_some_and(|t| t.length > 0);
        out.reset(input.len());
        let slice = !self.lower.is_empty();
        for row in rows.iter() {
            let bound = |bound: &Option<Compiled>| bound.as_ref().map(|bound| bound.result(input).get(row).as_i32());
            let upper: Vec<Bound> = self.upper.iter().map(bound).collect();
            let lower: Vec<Bound> = self.lower.iter().map(bound).collect();
            let container = self.container.result(input).get(row);
            let unknown = upper.iter().chain(&lower).any(|bound| *bound == Some(None));
            if let Some(value) = &self.assign {
                if unknown {
                    return Err(Error::new(
                        SqlState::NULL_VALUE_NOT_ALLOWED,
                        "array subscript in assignment must not be null",
                    ));
                }
                let value = value.result(input).get(row);
                if fixed {
                    match container.as_bytes() {
                        Some(bytes) => {
                            out.put(row, DatumRef::Bytes(&self.fixed_assigned(bytes, slice, &upper, value)?))
                        }
                        None => out.set_null(row),
                    }
                    continue;
                }
                match self.assigned(container, &lower, &upper, value)? {
                    Some(bytes) => out.put(row, DatumRef::Bytes(&bytes)),
                    None => out.put(row, container),
                }
                continue;
            }
            let Some(bytes) = container.as_bytes().filter(|_| !unknown) else {
                out.set_null(row);
                continue;
            };
            if fixed {
                out.put(row, self.fixed_element(bytes, slice, &upper)?);
                continue;
            }
            let view = View::new(bytes)?;
            if slice {
                let bytes = self.slice(&view, &lower, &upper)?;
                out.put(row, DatumRef::Bytes(&bytes));
                continue;
            }
            let subscripts: Vec<i32> = upper.iter().map(|bound| bound.flatten().unwrap_or(0)).collect();
            out.put(row, view.subscript(&subscripts).unwrap_or(DatumRef::Null));
        }
        Ok(())
    }

    /// The bytes of an element of a value of a fixed length, counted from 0; `None` if there is none.
    fn fixed_range(&self, length: usize, slice: bool, upper: &[Bound]) -> Result<Option<std::ops::Range<usize>>> {
        if slice {
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "slices of fixed-length arrays not implemented"));
        }
        let own = types::builtin_type(self.element.oid).map_or(8, |t| t.length.max(1) as usize);
        let width = self.element.repr.width().unwrap_or(own);
        Ok(match upper {
            [Some(Some(at))] if *at >= 0 && (*at as usize) < length / width => {
                Some(*at as usize * width..(*at as usize + 1) * width)
            }
            _ => None,
        })
    }

    /// An element of a value of a fixed length.
    fn fixed_element<'v>(&self, bytes: &'v [u8], slice: bool, upper: &[Bound]) -> Result<DatumRef<'v>> {
        let Some(range) = self.fixed_range(bytes.len(), slice, upper)? else { return Ok(DatumRef::Null) };
        let element = &bytes[range];
        Ok(match (self.element.repr, element) {
            (batch::Repr::Bytes, element) => DatumRef::Bytes(element),
            (_, &[a]) => DatumRef::B1(a),
            (_, &[a, b]) => DatumRef::B2(i16::from_le_bytes([a, b])),
            (_, &[a, b, c, d]) => DatumRef::B4(i32::from_le_bytes([a, b, c, d])),
            (_, &[a, b, c, d, e, f, g, h]) => DatumRef::B8(i64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => DatumRef::Null,
        })
    }

    /// The value of a fixed length with an element replaced.
    fn fixed_assigned(&self, bytes: &[u8], slice: bool, upper: &[Bound], value: DatumRef<'_>) -> Result<Vec<u8>> {
        let mut bytes = bytes.to_vec();
        let range = self.fixed_range(bytes.len(), slice, upper)?;
        let range = range.ok_or_else(|| Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "array subscript out of range"))?;
        let element = &mut bytes[range];
        match value {
            DatumRef::B1(v) => element.copy_from_slice(&[v]),
            DatumRef::B2(v) => element.copy_from_slice(&v.to_le_bytes()),
            DatumRef::B4(v) => element.copy_from_slice(&v.to_le_bytes()),
            DatumRef::B8(v) => element.copy_from_slice(&v.to_le_bytes()),
            DatumRef::Bytes(v) if v.len() == element.len() => element.copy_from_slice(v),
            DatumRef::Bytes(_) | DatumRef::Null => {}
        }
        Ok(bytes)
    }

    /// The array with an element or a slice replaced; none if it stays as it is.
    fn assigned(
        &self,
        container: DatumRef<'_>,
        lower: &[Bound],
        upper: &[Bound],
        value: DatumRef<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let bounds: Vec<Option<i32>> = upper.iter().map(|bound| bound.flatten()).collect();
        if lower.is_empty() {
            let subscripts: Vec<i32> = bounds.iter().map(|bound| bound.unwrap_or(0)).collect();
            array::set_element(
                container.as_bytes(),
                self.element.oid,
                self.element.repr,
                &subscripts,
                value,
                &mut bytes,
            )?;
            return Ok(Some(bytes));
        }
        let Some(source) = value.as_bytes() else { return Ok(None) };
        let lower: Vec<Option<i32>> = lower.iter().map(|bound| bound.flatten()).collect();
        array::set_slice(
            container.as_bytes(),
            self.element.oid,
            self.element.repr,
            &lower,
            &bounds,
            View::new(source)?,
            &mut bytes,
        )?;
        Ok(Some(bytes))
    }

    /// The part of an array within bounds; bounds that are left out are the array's own.
    fn slice(&self, view: &View<'_>, lower: &[Bound], upper: &[Bound]) -> Result<Vec<u8>> {
        let dimensions: Vec<array::Dimension> = view.dimensions().collect();
        let nothing = || write(self.element, &[], &[]);
        if dimensions.is_empty() || lower.len() > dimensions.len() {
            return nothing();
        }
        let mut ranges = Vec::new();
        for (n, dimension) in dimensions.iter().enumerate() {
            let last = dimension.lower + dimension.length - 1;
            let given = |bounds: &[Bound], own: i32| bounds.get(n).copied().flatten().flatten().unwrap_or(own);
            let (from, to) = (given(lower, dimension.lower).max(dimension.lower), given(upper, last).min(last));
            if from > to {
                return nothing();
            }
            ranges.push((from - dimension.lower, to - dimension.lower));
        }
        let shape: Vec<array::Dimension> =
            ranges.iter().map(|(from, to)| array::Dimension { length: to - from + 1, lower: 1 }).collect();
        let mut at: Vec<i32> = ranges.iter().map(|range| range.0).collect();
        let mut values = Vec::new();
        'all: loop {
            let position = at.iter().zip(&dimensions).fold(0usize, |p, (&i, d)| p * d.length as usize + i as usize);
            values.push(view.get(position));
            for n in (0..at.len()).rev() {
                if at[n] < ranges[n].1 {
                    at[n] += 1;
                    continue 'all;
                }
                at[n] = ranges[n].0;
            }
            break;
        }
        write(self.element, &shape, &values)
    }
}

/// ARRAY[…].
pub(super) fn construct(
    elements: &[Compiled],
    element: ColumnType,
    nested: bool,
    input: &Batch,
    rows: Rows<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(input.len());
    for row in rows.iter() {
        let values = elements.iter().map(|value| value.result(input).get(row));
        let bytes = if nested {
            nest(element, values.collect())?
        } else {
            let shape = [array::Dimension { length: elements.len() as i32, lower: 1 }];
            write(element, &shape, &values.collect::<Vec<_>>())?
        };
        out.put(row, DatumRef::Bytes(&bytes));
    }
    Ok(())
}

/// An array of arrays of equal shape; empty ones and nulls count for nothing if all are.
fn nest(element: ColumnType, parts: Vec<DatumRef<'_>>) -> Result<Vec<u8>> {
    let views = parts.iter().filter_map(|part| part.as_bytes()).map(View::new).collect::<Result<Vec<_>>>()?;
    let shapes: Vec<Vec<array::Dimension>> = views.iter().map(|view| view.dimensions().collect()).collect();
    let Some(first) = shapes.first().filter(|shape| !shape.is_empty()) else {
        return write(element, &[], &[]);
    };
    if views.len() < parts.len() || shapes.iter().any(|shape| shape != first) {
        return Err(Error::new(
            SqlState::ARRAY_SUBSCRIPT_ERROR,
            "multidimensional arrays must have array expressions with matching dimensions",
        ));
    }
    let mut shape = vec![array::Dimension { length: views.len() as i32, lower: 1 }];
    shape.extend(first.iter().copied());
    let values: Vec<DatumRef<'_>> = views.iter().flat_map(|view| view.iter()).collect();
    write(element, &shape, &values)
}

/// A one-dimensional array of these elements.
pub(crate) fn array_of(element: ColumnType, elements: &Column) -> Result<Datum> {
    array::from_column(element.oid, elements).map(Datum::bytes)
}

/// The elements of an array, whatever its dimensions.
pub(crate) fn array_elements(array: DatumRef<'_>, repr: Repr) -> Result<Column> {
    let mut elements = Column::new(repr);
    if let Some(bytes) = array.as_bytes() {
        read_elements(bytes, &mut elements)?;
    }
    Ok(elements)
}
