//! Expressions, and where values go.

use std::rc::Rc;

use analyzer::query::SqlType;
use batch::Datum;
use error::{Error, Result, Severity, SqlState};
use planner::plan::Plan;
use types::oid;

use super::frame::{self, Row, Value};
use super::plan::{Planned, Work, fragment_context};
use super::{Run, first_row};
use crate::tree::*;

impl<'r> Run<'r, '_> {
    /// A fragment, planned to give these types.
    pub(super) fn planned(&self, fragment: &Fragment, wanted: &[Option<SqlType>]) -> Result<Rc<Planned>> {
        fragment.planned(self.host, self.routine, &self.frame, wanted)
    }

    /// An expression's value, as a type if one is wanted, and its type.
    pub(super) fn evaluate_as(&mut self, fragment: &Fragment, wanted: Option<SqlType>) -> Result<(Datum, SqlType)> {
        let planned = self.planned(fragment, &[wanted])?;
        let params = planned.params(self.host, self.routine, &self.frame)?;
        match &planned.work {
            Work::Scalar(scalar, ty) => {
                // A routine that calls itself within its own expression finds it in use.
                if let Ok(mut scalar) = scalar.try_borrow_mut() {
                    let value = self.host.evaluate(&mut scalar, &params, self.read_only);
                    // PostgreSQL computes what is constant while it plans, and says so.
                    let constant = planned.sources.is_empty() && !scalar.calls_routines();
                    let explain = |error| match constant {
                        true => fragment_context(error, &fragment.text, fragment.mode),
                        false => error,
                    };
                    return Ok((value.map_err(explain)?, *ty));
                }
                fragment.planned.replace(None);
                self.evaluate_as(fragment, wanted)
            }
            Work::Plan(plan) => {
                let mut found: Option<Vec<Datum>> = None;
                let mut several = false;
                let text = &fragment.text;
                let run = self.host.run(plan, params, self.read_only, &mut |batch| {
                    several |= found.is_some() || batch.row_count() > 1;
                    if found.is_none() {
                        found = first_row(batch);
                    }
                    Ok(!several)
                });
                run.map_err(|error| fragment_context(error, text, fragment.mode))?;
                if several {
                    let error = Error::new(SqlState::CARDINALITY_VIOLATION, "query returned more than one row");
                    return Err(error.context(format!("query: {text}")));
                }
                let value = found.and_then(|row| row.into_iter().next()).unwrap_or_default();
                Ok((value, type_of(plan, 0)))
            }
            Work::Utility(_) => Err(Error::internal("an expression is no query")),
        }
    }

    /// An expression's value.
    pub(super) fn evaluate(&mut self, fragment: &Fragment) -> Result<(Datum, SqlType)> {
        self.evaluate_as(fragment, None)
    }

    /// An expression as a condition; null counts as false.
    pub(super) fn condition(&mut self, fragment: &Fragment) -> Result<bool> {
        let (value, _) = self.evaluate_as(fragment, Some(SqlType::plain(oid::BOOL)))?;
        Ok(value.as_bool() == Some(true))
    }

    /// An expression as text; none for null.
    pub(super) fn text(&mut self, fragment: &Fragment) -> Result<Option<String>> {
        let (value, ty) = self.evaluate(fragment)?;
        self.text_of(&value, ty)
    }

    pub(super) fn text_of(&self, value: &Datum, ty: SqlType) -> Result<Option<String>> {
        if value.is_null() {
            return Ok(None);
        }
        let mut out = Vec::new();
        types::output(ty.oid, value.as_ref(), self.host.env(), &mut out)?;
        Ok(Some(String::from_utf8_lossy(&out).into_owned()))
    }

    /// An expression as an integer; none for null.
    pub(super) fn integer(&mut self, fragment: &Fragment) -> Result<Option<i32>> {
        Ok(self.evaluate_as(fragment, Some(SqlType::plain(oid::INT4)))?.0.as_i32())
    }

    /// Assigns an expression's value to a variable or a field of it.
    pub(super) fn assign_fragment(&mut self, number: Number, field: Option<&str>, value: &Fragment) -> Result<()> {
        if let Some(field) = field {
            let ty = self.frame.field_type(self.routine, number, field)?;
            let (value, _) = self.evaluate_as(value, Some(ty))?;
            return self.set_field(number, field, value);
        }
        match self.routine.variables[number].kind {
            VariableKind::Scalar(ty) if self.frame.types[number].is_none() => {
                let (value, _) = self.evaluate_as(value, Some(ty))?;
                self.set_scalar(number, value)
            }
            VariableKind::Scalar(_) => {
                let (value, ty) = self.evaluate(value)?;
                self.frame.types[number] = Some(ty);
                self.set_scalar(number, value)
            }
            VariableKind::Cursor(_) => {
                let (value, _) = self.evaluate_as(value, Some(SqlType::plain(oid::TEXT)))?;
                self.set_scalar(number, value)
            }
            VariableKind::Record(row_type) => {
                let (value, ty) = self.evaluate(value)?;
                if value.is_null() {
                    return self.frame.shape(self.host, self.routine, number);
                }
                if ty.oid != oid::RECORD && !analyzer::types::is_composite(self.host.catalog(), ty.oid)? {
                    let text = "cannot assign non-composite value to a record variable";
                    return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
                }
                let row = frame::decompose(self.host, &value)?;
                self.set_row(number, row_type, row)
            }
        }
    }

    pub(super) fn set_scalar(&mut self, number: Number, value: Datum) -> Result<()> {
        let variable = &self.routine.variables[number];
        if variable.not_null && value.is_null() {
            let text = format!("null value cannot be assigned to variable \"{}\" declared NOT NULL", variable.name);
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
        }
        self.frame.values[number] = Value::Scalar(value);
        Ok(())
    }

    pub(super) fn set_field(&mut self, number: Number, field: &str, value: Datum) -> Result<()> {
        let at = self.frame.field_at(self.routine, number, field)?;
        if let Value::Record(row) = &mut self.frame.values[number] {
            let count = row.columns.as_ref().map_or(0, |columns| columns.len());
            row.values.get_or_insert_with(|| vec![Datum::Null; count])[at] = value;
        }
        Ok(())
    }

    /// Puts a row into a row variable: brought to its type, or as it is for a `record`.
    pub(super) fn set_row(&mut self, number: Number, row_type: ids::Oid, row: Row) -> Result<()> {
        let variable = &self.routine.variables[number];
        let row = match frame::columns_of(self.host, row_type)? {
            None => row,
            Some(columns) => {
                let given = row.columns.clone().unwrap_or_else(|| columns.clone());
                let values = match row.values {
                    None => None,
                    Some(values) => {
                        let mut fitted = Vec::with_capacity(columns.len());
                        let mut rest = values.into_iter().zip(given.iter());
                        for (_, wanted) in columns.iter() {
                            fitted.push(match rest.next() {
                                Some((value, (_, given))) => self.convert(value, *given, *wanted)?,
                                None => Datum::Null,
                            });
                        }
                        Some(fitted)
                    }
                };
                Row { columns: Some(columns), values }
            }
        };
        if variable.not_null && row.values.is_none() {
            let text = format!("null value cannot be assigned to variable \"{}\" declared NOT NULL", variable.name);
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
        }
        self.frame.values[number] = Value::Record(row);
        Ok(())
    }

    /// A value of one type as another, where planning could not see to it: through the text form.
    pub(super) fn convert(&self, value: Datum, from: SqlType, to: SqlType) -> Result<Datum> {
        if value.is_null() || from.oid == to.oid && (to.typmod < 0 || from.typmod == to.typmod) {
            return Ok(value);
        }
        let mut text = Vec::new();
        types::output(from.oid, value.as_ref(), self.host.env(), &mut text)?;
        types::input(to.oid, &String::from_utf8_lossy(&text), to.typmod, self.host.env())
    }

    /// The types that a target's values shall have, as far as they are known.
    pub(super) fn wanted(&self, target: &Target) -> Result<Vec<Option<SqlType>>> {
        match target {
            Target::Record(number) => match self.routine.variables[*number].kind {
                VariableKind::Record(row_type) => {
                    let columns = frame::columns_of(self.host, row_type)?;
                    Ok(columns.iter().flat_map(|columns| columns.iter()).map(|(_, ty)| Some(*ty)).collect())
                }
                _ => Ok(Vec::new()),
            },
            Target::Several(places) => places.iter().map(|place| self.place_type(place).map(Some)).collect(),
        }
    }

    fn place_type(&self, place: &Place) -> Result<SqlType> {
        match place {
            Place::Variable(number) => match self.routine.variables[*number].kind {
                VariableKind::Cursor(_) => Ok(SqlType::plain(oid::TEXT)),
                _ => Ok(self.frame.type_of(self.routine, *number)),
            },
            Place::Field(number, field) => self.frame.field_type(self.routine, *number, field),
        }
    }

    /// Puts a row of a plan's columns, or nulls if there is none, into a target.
    pub(super) fn store(
        &mut self,
        target: &Target,
        columns: &Rc<[(String, SqlType)]>,
        row: Option<Vec<Datum>>,
    ) -> Result<()> {
        match target {
            Target::Record(number) => {
                let VariableKind::Record(row_type) = self.routine.variables[*number].kind else { return Ok(()) };
                // A single value of the row's own type is the row.
                let composite = match &columns[..] {
                    [(_, ty)] => ty.oid == row_type && row_type != oid::RECORD,
                    _ => false,
                };
                if !composite && let Some(wanted) = frame::columns_of(self.host, row_type)? {
                    self.check_count(columns.len(), wanted.len())?;
                }
                match row {
                    Some(row) if composite => {
                        let row = frame::decompose(self.host, &row[0])?;
                        self.set_row(*number, row_type, row)
                    }
                    Some(row) => self.set_row(*number, row_type, Row::new(columns.clone(), row)),
                    None if row_type == oid::RECORD => {
                        self.frame.values[*number] =
                            Value::Record(Row { columns: Some(columns.clone()), values: None });
                        Ok(())
                    }
                    None => self.frame.shape(self.host, self.routine, *number),
                }
            }
            Target::Several(places) => {
                self.check_count(columns.len(), places.len())?;
                let mut values = row.unwrap_or_default().into_iter();
                for (at, place) in places.iter().enumerate() {
                    let value = values.next().unwrap_or_default();
                    let wanted = self.place_type(place)?;
                    let value = match columns.get(at) {
                        Some((_, given)) => self.convert(value, *given, wanted)?,
                        None => value,
                    };
                    match place {
                        Place::Variable(number) => self.set_scalar(*number, value)?,
                        Place::Field(number, field) => self.set_field(*number, field, value)?,
                    }
                }
                Ok(())
            }
        }
    }

    /// The check `strict_multi_assignment`: `plpgsql.extra_warnings`, `plpgsql.extra_errors`.
    fn check_count(&self, given: usize, wanted: usize) -> Result<()> {
        if given == wanted {
            return Ok(());
        }
        let setting = |name: &str| self.host.setting(name);
        let Some(severity) = crate::extra_check(&setting, "strict_multi_assignment") else { return Ok(()) };
        let list = if severity >= Severity::Error { "extra_errors" } else { "extra_warnings" };
        let text = "number of source and target fields in assignment does not match";
        let error = Error::new(SqlState::DATATYPE_MISMATCH, text)
            .detail(format!("strict_multi_assignment check of {list} is active."))
            .hint("Make sure the query returns the exact list of columns.");
        self.found_odd(error, severity)
    }

    /// Assigns a value of a type to a variable or field.
    pub(super) fn set_place(&mut self, place: &Place, value: Datum, ty: SqlType) -> Result<()> {
        let columns: Rc<[(String, SqlType)]> = Rc::from(vec![(String::new(), ty)]);
        self.store(&Target::Several(vec![place.clone()]), &columns, Some(vec![value]))
    }

    pub(super) fn set_found(&mut self, found: bool) {
        self.frame.values[self.routine.found] = Value::Scalar(Datum::bool(found));
    }
}

/// The type of a plan's column.
pub(super) fn type_of(plan: &Plan, at: usize) -> SqlType {
    plan.output.get(at).map_or(SqlType::plain(oid::UNKNOWN), |column| SqlType {
        oid: column.ty.oid,
        typmod: column.ty.typmod,
        collation: column.ty.collation,
    })
}

/// Names and types of a plan's columns.
pub(super) fn columns_of_plan(plan: &Plan) -> Rc<[(String, SqlType)]> {
    plan.output.iter().enumerate().map(|(at, column)| (column.name.clone(), type_of(plan, at))).collect()
}
