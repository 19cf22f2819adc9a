//! Arrays in expressions.

use batch::{Batch, Column, Datum, DatumRef, Repr, Rows};
use error::{Error, Result};
use planner::plan::ColumnType;
use types::Environment;

use super::{Compiled, Function};
use crate::run::Run;

/// `left op ANY (array)` or ALL.
pub(super) struct ScalarArray {
    function: Function,
    any: bool,
    element: ColumnType,
}

impl ScalarArray {
    pub fn new(function: Function, any: bool, element: ColumnType) -> ScalarArray {
        ScalarArray { function, any, element }
    }

    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        super::evaluate_all(&mut self.function.args, input, rows, run)?;
        let _ = (out, self.any, self.element);
        Err(Error::not_implemented("ANY over an array"))
    }
}

/// Each element replaced.
pub(super) struct MapArray {
    pub arg: Compiled,
    pub local: u32,
    pub from: ColumnType,
    pub element: Compiled,
}

impl MapArray {
    pub fn evaluate(&mut self, _: &Batch, _: Rows<'_>, _: &mut Run<'_>, _: &mut Column) -> Result<()> {
        let _ = (&self.arg, self.local, self.from, &self.element);
        Err(Error::not_implemented("casts of arrays"))
    }
}

/// An element or slice, or an assignment to one.
pub(super) struct Subscript {
    pub container: Compiled,
    pub element: ColumnType,
    pub upper: Vec<Option<Compiled>>,
    pub lower: Vec<Option<Compiled>>,
    pub assign: Option<Compiled>,
}

impl Subscript {
    pub fn evaluate(&mut self, _: &Batch, _: Rows<'_>, _: &mut Run<'_>, _: &mut Column) -> Result<()> {
        let _ = (&self.container, self.element, &self.upper, &self.lower, &self.assign);
        Err(Error::not_implemented("array subscripts"))
    }
}

/// ARRAY[…].
pub(super) fn construct(
    _elements: &[Compiled],
    _element: ColumnType,
    _nested: bool,
    _input: &Batch,
    _rows: Rows<'_>,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    Err(Error::not_implemented("ARRAY[]"))
}

/// A one-dimensional array of these elements.
pub(crate) fn array_of(_element: ColumnType, _elements: &Column, _env: &dyn Environment) -> Result<Datum> {
    Err(Error::not_implemented("ARRAY()"))
}

/// The elements of an array, whatever its dimensions.
pub(crate) fn array_elements(_array: DatumRef<'_>, _repr: Repr, _env: &dyn Environment) -> Result<Column> {
    Err(Error::not_implemented("arrays"))
}
