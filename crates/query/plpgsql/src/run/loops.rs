//! Loops.

use std::rc::Rc;

use super::frame::Value;
use super::plan::{Planned, fragment_context};
use super::{Flow, Run, row_at};
use crate::tree::*;
use analyzer::query::SqlType;
use batch::Datum;
use error::{Error, Result, SqlState};

/// What the end of a round leads to.
enum Round {
    /// The next round.
    Next,
    /// Out of the loop.
    Leave,
    /// Out of the loop, and further.
    Pass(Flow),
}

/// As many rows of a query are taken at a time, so that a loop that is left early has not read all.
const CHUNK: usize = 50;

impl<'r> Run<'r, '_> {
    fn round(&mut self, label: &str, body: &'r [Statement]) -> Result<Round> {
        self.host.check_interrupts()?;
        Ok(match self.statements(body)? {
            Flow::Next => Round::Next,
            Flow::Exit(to) if to.is_empty() || to == label => Round::Leave,
            Flow::Continue(to) if to.is_empty() || to == label => Round::Next,
            other => Round::Pass(other),
        })
    }

    pub(super) fn looped(&mut self, kind: &'r Kind) -> Result<Flow> {
        match kind {
            Kind::Loop { label, body } => loop {
                match self.round(label, body)? {
                    Round::Next => (),
                    Round::Leave => return Ok(Flow::Next),
                    Round::Pass(flow) => return Ok(flow),
                }
            },
            Kind::While { label, condition, body } => {
                while self.condition(condition)? {
                    match self.round(label, body)? {
                        Round::Next => (),
                        Round::Leave => break,
                        Round::Pass(flow) => return Ok(flow),
                    }
                }
                Ok(Flow::Next)
            }
            Kind::ForInteger { label, variable, from, to, step, reverse, body } => {
                self.for_integer(label, *variable, [from, to], step.as_ref(), *reverse, body)
            }
            Kind::ForQuery { label, target, query, body } => {
                let planned = self.planned(query, &[])?;
                let params = planned.params(self.host, self.routine, &self.frame)?;
                self.for_rows(label, target, query, &planned, params, body)
            }
            Kind::ForExecute { label, target, query, using, body } => {
                let (dynamic, params) = self.dynamic(query, using)?;
                let planned = dynamic.planned.borrow().clone();
                let planned = planned.ok_or_else(|| Error::internal("a statement is not planned"))?;
                self.for_rows(label, target, &dynamic, &planned, params, body)
            }
            Kind::ForCursor { label, target, cursor, arguments, body } => {
                self.for_cursor(label, target, *cursor, arguments.as_ref(), body)
            }
            Kind::ForEach { label, target, slice, array, body } => self.for_each(label, target, *slice, array, body),
            _ => Ok(Flow::Next),
        }
    }

    fn for_integer(
        &mut self,
        label: &str,
        variable: Number,
        bounds: [&Fragment; 2],
        step: Option<&Fragment>,
        reverse: bool,
        body: &'r [Statement],
    ) -> Result<Flow> {
        let null = |what: &str| Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, format!("{what} cannot be null"));
        let from = self.integer(bounds[0])?.ok_or_else(|| null("lower bound of FOR loop"))?;
        let to = self.integer(bounds[1])?.ok_or_else(|| null("upper bound of FOR loop"))?;
        let step = match step {
            Some(step) => self.integer(step)?.ok_or_else(|| null("BY value of FOR loop"))?,
            None => 1,
        };
        if step <= 0 {
            let text = "BY value of FOR loop must be greater than zero";
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
        let mut at = from;
        let mut found = false;
        while if reverse { at >= to } else { at <= to } {
            found = true;
            self.frame.values[variable] = Value::Scalar(Datum::B4(at));
            match self.round(label, body)? {
                Round::Next => (),
                Round::Leave => break,
                Round::Pass(flow) => {
                    self.set_found(found);
                    return Ok(flow);
                }
            }
            let next = if reverse { at.checked_sub(step) } else { at.checked_add(step) };
            let Some(next) = next else { break };
            at = next;
        }
        self.set_found(found);
        Ok(Flow::Next)
    }

    /// Over the rows of a query, through a cursor, so that the body may do as it likes meanwhile.
    fn for_rows(
        &mut self,
        label: &str,
        target: &Target,
        query: &Fragment,
        planned: &Planned,
        params: Vec<Datum>,
        body: &'r [Statement],
    ) -> Result<Flow> {
        let fail = |error: Error| fragment_context(error, &query.text, query.mode);
        let (cursor, columns) = self.open_rows(None, query, planned, params, Some(false))?;
        let result = self.rounds(label, target, &columns, &cursor, body, &fail);
        let closed = self.host.close(&cursor);
        let flow = result?;
        // A COMMIT in the body may have closed it.
        let _ = closed;
        Ok(flow)
    }

    fn rounds(
        &mut self,
        label: &str,
        target: &Target,
        columns: &Rc<[(String, SqlType)]>,
        cursor: &str,
        body: &'r [Statement],
        fail: &dyn Fn(Error) -> Error,
    ) -> Result<Flow> {
        let mut found = false;
        let mut flow = Flow::Next;
        'all: loop {
            let mut rows = Vec::new();
            let count =
                self.host.fetch(cursor, parser::ast::FetchDirection::Forward, CHUNK as i64, false, &mut |batch| {
                    rows.extend(batch.rows().iter().map(|row| row_at(batch, row)));
                    Ok(true)
                });
            let count = count.map_err(fail)?;
            for row in rows {
                found = true;
                self.store(target, columns, Some(row))?;
                match self.round(label, body)? {
                    Round::Next => (),
                    Round::Leave => break 'all,
                    Round::Pass(other) => {
                        flow = other;
                        break 'all;
                    }
                }
            }
            if count < CHUNK as u64 {
                break;
            }
        }
        if !found {
            self.store(target, columns, None)?;
        }
        self.set_found(found);
        Ok(flow)
    }

    fn for_cursor(
        &mut self,
        label: &str,
        target: &Target,
        cursor: Number,
        arguments: Option<&'r Fragment>,
        body: &'r [Statement],
    ) -> Result<Flow> {
        let before = self.value(cursor)?;
        let name = self.open_bound(cursor, arguments)?;
        let columns: Rc<[(String, SqlType)]> = self.host.cursor_columns(&name)?.into();
        let result = self.rounds(label, target, &columns, &name, body, &|error| error);
        let _ = self.host.close(&name);
        if before.is_null() {
            self.frame.values[cursor] = Value::Scalar(Datum::Null);
        }
        result
    }

    fn for_each(
        &mut self,
        label: &str,
        target: &Target,
        slice: i32,
        array: &Fragment,
        body: &'r [Statement],
    ) -> Result<Flow> {
        let (value, ty) = self.evaluate(array)?;
        let Some(bytes) = value.as_bytes() else {
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "FOREACH expression must not be null"));
        };
        let catalog = self.host.catalog();
        let element = analyzer::types::element_type(catalog, catalog.base_type(ty.oid, -1)?.0)?;
        if !element.is_valid() {
            let name = catalog.format_type(ty.oid, -1)?;
            let text = format!("FOREACH expression must yield an array, not type {name}");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        let view = types::array::View::new(bytes)?;
        let dimensions: Vec<usize> = view.dimensions().map(|dimension| dimension.length as usize).collect();
        if slice < 0 || slice as usize > dimensions.len() && !dimensions.is_empty() {
            let text = format!("slice dimension ({slice}) is out of the valid range 0..{}", dimensions.len());
            return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, text));
        }
        let is_array = |place: &Place| -> Result<bool> {
            let Place::Variable(number) = place else { return Ok(false) };
            let ty = self.frame.type_of(self.routine, *number);
            Ok(analyzer::types::element_type(catalog, ty.oid)?.is_valid())
        };
        if let Target::Several(places) = target
            && let [place] = &places[..]
        {
            if slice > 0 && !is_array(place)? {
                let text = "FOREACH ... SLICE loop variable must be of an array type";
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
            if slice == 0 && is_array(place)? {
                let text = "FOREACH loop variable must not be of an array type";
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
        }
        let elements: Vec<Datum> = view.iter().map(|value| value.to_datum()).collect();
        let own = SqlType { oid: element, typmod: ty.typmod, collation: ty.collation };
        let (items, item_type): (Vec<Datum>, SqlType) = match slice {
            0 => (elements, own),
            slice => {
                // The innermost `slice` dimensions make up one item.
                let kept = &dimensions[dimensions.len() - slice as usize..];
                let size: usize = kept.iter().product();
                let row = catalog.type_(element)?;
                let repr = types::repr_of(row.typlen, row.typbyval);
                let items = elements.chunks(size.max(1)).map(|part| {
                    let lengths =
                        kept.iter().map(|&length| types::array::Dimension { length: length as i32, lower: 1 });
                    let lengths: Vec<_> = lengths.collect();
                    let mut bytes = Vec::new();
                    types::array::write(element, repr, &lengths, part.iter().map(Datum::as_ref), &mut bytes)?;
                    Ok(Datum::Bytes(bytes.into()))
                });
                (items.collect::<Result<_>>()?, ty)
            }
        };
        let mut found = false;
        let mut flow = Flow::Next;
        for item in items {
            found = true;
            match target {
                Target::Several(places) if places.len() == 1 => self.set_place(&places[0], item, item_type)?,
                target => {
                    let row = super::frame::decompose(self.host, &item)?;
                    let columns = row.columns.unwrap_or_else(|| Rc::from(Vec::new()));
                    self.store(target, &columns, row.values)?;
                }
            }
            match self.round(label, body)? {
                Round::Next => (),
                Round::Leave => break,
                Round::Pass(other) => {
                    flow = other;
                    break;
                }
            }
        }
        self.set_found(found);
        Ok(flow)
    }
}
