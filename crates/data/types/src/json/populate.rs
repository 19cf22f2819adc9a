//! Rows made of JSON: `json_populate_record` and its like.
//!
//! Each field of the row takes the member of its name: through its type's input function, or part by part where it is an
//! array or a row itself. What the JSON does not have stays as it is in the row that was given, or is null.

use super::rows::Found;
use super::text::elements;
use super::{Event, Kind, MAX_DEPTH, Reader, View, too_deep, write_view};
use crate::array::{self, Dimension};
use crate::call::{Call, Context};
use crate::environment::TypeKind;
use crate::registry::{RowSource, RowSourceMaker};
use crate::{Environment, oid, record};
use batch::{Column, Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

crate::builtins! {
    /// Rows made of JSON.
    pub static JSON_POPULATE =
    3960 json_populate_record raw() |call| each(call, false, "json_populate_record");
    3209 jsonb_populate_record raw() |call| each(call, true, "jsonb_populate_record");
    6338 jsonb_populate_record_valid raw() is_valid;
}

/// The visible table: OID → maker.
///
/// Where these stand in FROM with a list of columns, two further arguments say what the list is: a row of nulls, whose types
/// and names are the columns', and the type modifiers ([`definition`]).
pub static JSON_RECORDS: &[(u32, RowSourceMaker)] = &[
    (3960, |args, context| one(args, false, context, "json_populate_record")),
    (3209, |args, context| one(args, true, context, "jsonb_populate_record")),
    (3204, |args, context| defined_one(args, false, context, "json_to_record")),
    (3490, |args, context| defined_one(args, true, context, "jsonb_to_record")),
    (3205, |args, context| defined_many(args, false, context, "json_to_recordset")),
    (3491, |args, context| defined_many(args, true, context, "jsonb_to_recordset")),
    (3961, |args, context| many(args, false, context, "json_populate_recordset")),
    (3475, |args, context| many(args, true, context, "jsonb_populate_recordset")),
];

/// A JSON value of either type.
#[derive(Clone, Copy)]
enum Source<'a> {
    Text(&'a [u8]),
    Tree(View<'a>),
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    String,
    Scalar,
    Array,
    Object,
}

impl<'a> Source<'a> {
    fn shape(self) -> Result<Shape> {
        Ok(match self {
            Source::Text(text) => match Reader::new(text, false).next_event()? {
                Event::Null => Shape::Null,
                Event::String => Shape::String,
                Event::BeginArray => Shape::Array,
                Event::BeginObject => Shape::Object,
                _ => Shape::Scalar,
            },
            Source::Tree(view) => match view.kind() {
                Kind::Null => Shape::Null,
                Kind::String(_) => Shape::String,
                Kind::Array(_) => Shape::Array,
                Kind::Object(_) => Shape::Object,
                _ => Shape::Scalar,
            },
        })
    }

    /// A string without quotes, anything else as JSON.
    fn plain_text(self) -> Result<Cow<'a, str>> {
        let bytes: Cow<'a, [u8]> = match self {
            Source::Text(text) => {
                let mut reader = Reader::new(text, true);
                match reader.next_event()? {
                    Event::String => reader.string_cow(),
                    _ => text.into(),
                }
            }
            Source::Tree(view) => match view.kind() {
                Kind::String(text) => text.into(),
                _ => self.json_text()?.into_owned().into_bytes().into(),
            },
        };
        Ok(match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    fn json_text(self) -> Result<Cow<'a, str>> {
        match self {
            Source::Text(text) => Ok(String::from_utf8_lossy(text)),
            Source::Tree(view) => {
                let mut out = Vec::new();
                write_view(view, &mut out)?;
                Ok(Cow::Owned(String::from_utf8_lossy(&out).into_owned()))
            }
        }
    }

    fn elements(self) -> Result<Vec<Source<'a>>> {
        Ok(match self {
            Source::Text(text) => elements(text)?.unwrap_or_default().into_iter().map(Source::Text).collect(),
            Source::Tree(view) => view.array().into_iter().flat_map(|array| array.iter().map(Source::Tree)).collect(),
        })
    }

    /// The members by their keys; of equal keys the last one counts.
    fn members(self) -> Result<Vec<(Cow<'a, [u8]>, Source<'a>)>> {
        match self {
            Source::Tree(view) => {
                let members = view.object().into_iter().flat_map(|object| object.iter());
                Ok(members.map(|(key, value)| (key.into(), Source::Tree(value))).collect())
            }
            Source::Text(text) => {
                let mut reader = Reader::new(text, true);
                let mut members = Vec::new();
                reader.next_event()?;
                while reader.next_event()? == Event::Key {
                    let key = reader.string_cow();
                    let first = reader.next_event()?;
                    members.push((key, Source::Text(reader.value(first)?)));
                }
                Ok(members)
            }
        }
    }
}

#[cold]
fn wrong(message: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// Where a value stands, for hints.
struct Place<'p> {
    key: &'p str,
    subscripts: Vec<usize>,
}

impl Place<'_> {
    #[cold]
    fn expected_array(&self) -> Error {
        let error = Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "expected JSON array");
        let subscripts: String = self.subscripts.iter().map(|at| format!("[{at}]")).collect();
        match (self.key.is_empty(), subscripts.is_empty()) {
            (true, true) => error,
            (true, false) => error.hint(format!("See the array element {subscripts}.")),
            (false, true) => error.hint(format!("See the value of key \"{}\".", self.key)),
            (false, false) => error.hint(format!("See the array element {subscripts} of key \"{}\".", self.key)),
        }
    }
}

/// A field's value; `source` is none where the JSON has no such member.
fn field(
    type_oid: Oid,
    typmod: i32,
    source: Option<Source<'_>>,
    place: &mut Place<'_>,
    depth: usize,
    env: &dyn Environment,
) -> Result<Datum> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let shape = source.map_or(Ok(Shape::Null), Source::shape)?;
    let facts = env.type_facts(type_oid)?;
    if let TypeKind::Domain { base, typmod } = &facts.kind {
        let value = field(*base, *typmod, source, place, depth + 1, env)?;
        env.check_domain(type_oid, value.as_ref())?;
        return Ok(value);
    }
    let Some(source) = source.filter(|_| shape != Shape::Null) else {
        return Ok(Datum::Null);
    };
    match &facts.kind {
        TypeKind::Array { element } if shape != Shape::String => {
            if shape != Shape::Array {
                return Err(place.expected_array());
            }
            array_of(*element, typmod, source, place, depth, env)
        }
        TypeKind::Composite { .. } if shape != Shape::String && type_oid != oid::RECORD => {
            row(type_oid, None, source, depth + 1, env)
        }
        _ => {
            let text = match type_oid {
                oid::JSON | oid::JSONB => source.json_text()?,
                _ => source.plain_text()?,
            };
            crate::input(type_oid, &text, typmod, env)
        }
    }
}

/// A value of a type made of a JSON value, as `JSON_QUERY` returns it. A string keeps its quotes unless `unquoted`; then only
/// what is made of text can be made of it.
pub fn populate_value(
    type_oid: Oid,
    typmod: i32,
    json: View<'_>,
    unquoted: bool,
    env: &dyn Environment,
) -> Result<Datum> {
    let facts = env.type_facts(type_oid)?;
    if let TypeKind::Domain { base, typmod } = &facts.kind {
        let value = populate_value(*base, *typmod, json, unquoted, env)?;
        env.check_domain(type_oid, value.as_ref())?;
        return Ok(value);
    }
    let source = Source::Tree(json);
    let mut place = Place { key: "", subscripts: Vec::new() };
    if unquoted || source.shape()? != Shape::String {
        return field(type_oid, typmod, Some(source), &mut place, 0, env);
    }
    match &facts.kind {
        TypeKind::Array { .. } => Err(place.expected_array()),
        TypeKind::Composite { .. } => Err(wrong("cannot call populate_composite on a scalar")),
        _ => crate::input(type_oid, &source.json_text()?, typmod, env),
    }
}

/// An array of nested JSON arrays: as many dimensions as its first elements are deep.
fn array_of(
    element: Oid,
    typmod: i32,
    source: Source<'_>,
    place: &mut Place<'_>,
    depth: usize,
    env: &dyn Environment,
) -> Result<Datum> {
    // An array of arrays is possible only if elements are no JSON containers themselves.
    let repr = env.type_facts(element)?.repr;
    let mut walk = Elements { element, typmod, lengths: Vec::new(), leaf: None, values: Column::new(repr), env };
    walk.add(source, 0, place, depth)?;
    let dimensions: Vec<Dimension> =
        walk.lengths.iter().map(|&length| Dimension { length: length as i32, lower: 1 }).collect();
    let mut bytes = Vec::new();
    let values = (0..walk.values.len()).map(|at| walk.values.get(at));
    array::write(element, repr, &dimensions, values, &mut bytes)?;
    Ok(Datum::bytes(bytes))
}

struct Elements<'e> {
    element: Oid,
    typmod: i32,
    /// Of each dimension that is known.
    lengths: Vec<usize>,
    /// The level at which elements stand, once it is known.
    leaf: Option<usize>,
    values: Column,
    env: &'e dyn Environment,
}

#[cold]
fn malformed() -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "malformed JSON array")
        .detail("Multidimensional arrays must have sub-arrays with matching dimensions.")
}

impl Elements<'_> {
    fn add(&mut self, source: Source<'_>, level: usize, place: &mut Place<'_>, depth: usize) -> Result<()> {
        let parts = source.elements()?;
        match self.lengths.get(level) {
            Some(&length) if length != parts.len() => return Err(malformed()),
            Some(_) => {}
            None if level >= array::MAX_DIMENSIONS => return Err(array::too_many_dimensions(level + 1)),
            None => self.lengths.push(parts.len()),
        }
        for (at, part) in parts.into_iter().enumerate() {
            let shape = part.shape()?;
            let nested = shape == Shape::Array && !matches!(self.element, oid::JSON | oid::JSONB);
            place.subscripts.push(at);
            match self.leaf {
                None if !nested => self.leaf = Some(level),
                Some(leaf) if leaf == level && nested => return Err(place_error(place)),
                Some(leaf) if leaf > level && !nested => return Err(place.expected_array()),
                _ => {}
            }
            if nested {
                self.add(part, level + 1, place, depth + 1)?;
            } else {
                let value = field(self.element, self.typmod, Some(part), place, depth + 1, self.env)?;
                self.values.push(value.as_ref());
            }
            place.subscripts.pop();
        }
        if self.leaf.is_none() && level + 1 == self.lengths.len() {
            self.leaf = Some(level);
        }
        Ok(())
    }
}

#[cold]
fn place_error(_: &Place<'_>) -> Error {
    malformed()
}

/// A row of a composite type, over `base` if one was given.
fn row(
    type_oid: Oid,
    base: Option<record::View<'_>>,
    source: Source<'_>,
    depth: usize,
    env: &dyn Environment,
) -> Result<Datum> {
    row_with(type_oid, base, &[], source, depth, env)
}

/// The same, where the fields of an anonymous row have type modifiers.
fn row_with(
    type_oid: Oid,
    base: Option<record::View<'_>>,
    modifiers: &[i32],
    source: Source<'_>,
    depth: usize,
    env: &dyn Environment,
) -> Result<Datum> {
    match source.shape()? {
        Shape::Object => {}
        Shape::Null => return Ok(Datum::Null),
        Shape::Array => return Err(wrong("cannot call populate_composite on an array")),
        _ => return Err(wrong("cannot call populate_composite on a scalar")),
    }
    let mut row_type = type_oid;
    let mut facts = env.type_facts(row_type)?;
    let mut domain = None;
    while let TypeKind::Domain { base, .. } = &facts.kind {
        domain.get_or_insert(type_oid);
        row_type = *base;
        let inner = env.type_facts(row_type)?;
        facts = inner;
    }
    // Name, type and modifier of each field.
    let columns: Vec<(String, Oid, i32)> = match (&facts.kind, &base) {
        (TypeKind::Composite { columns, fields }, _) if row_type != oid::RECORD && columns.len() != *fields => {
            return Err(Error::not_implemented("a row from JSON whose type has had columns dropped"));
        }
        (TypeKind::Composite { columns, .. }, _) if row_type != oid::RECORD => {
            columns.iter().map(|c| (c.name.clone(), c.type_oid, c.typmod)).collect()
        }
        (_, Some(base)) => {
            let modifiers = modifiers.iter().copied().chain(std::iter::repeat(-1));
            let fields = record::fields(base, env)?.into_iter().zip(modifiers);
            fields.map(|(f, typmod)| (f.name.into_owned(), f.type_oid, typmod)).collect()
        }
        _ => return Err(Error::not_implemented(format_args!("rows of type {}", facts.name))),
    };
    let given: Vec<Datum> = match &base {
        Some(base) => record::fields(base, env)?.into_iter().map(|f| f.value.to_datum()).collect(),
        None => Vec::new(),
    };
    let members = source.members()?;
    let mut values = Vec::with_capacity(columns.len());
    for (at, (name, column_type, typmod)) in columns.iter().enumerate() {
        let member = members.iter().rev().find(|(key, _)| **key == *name.as_bytes()).map(|(_, value)| *value);
        if member.is_none()
            && let Some(value) = given.get(at)
        {
            values.push(value.clone());
            continue;
        }
        let mut place = Place { key: name, subscripts: Vec::new() };
        values.push(field(*column_type, *typmod, member, &mut place, depth, env)?);
    }
    let types: Vec<Oid> = columns.iter().map(|(_, column_type, _)| *column_type).collect();
    let names = match row_type == oid::RECORD {
        true => base.as_ref().map(|base| base.names().to_vec()).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut bytes = Vec::new();
    record::write(row_type, &types, values.iter().map(Datum::as_ref), &names, &mut bytes)?;
    if let Some(domain) = domain {
        env.check_domain(domain, DatumRef::Bytes(&bytes))?;
    }
    Ok(Datum::bytes(bytes))
}

/// Rows that are made beforehand, as row values.
struct Rows(Box<dyn RowSource>);

impl RowSource for Rows {
    fn next(&mut self, columns: &mut [Column], most: usize, context: Context<'_>) -> Result<usize> {
        self.0.next(columns, most, context)
    }

    fn gives_row_values(&self) -> bool {
        true
    }
}

/// What a list of columns is, for functions whose rows it names: a row of nulls and the type modifiers.
pub fn definition(names: &[&str], types: &[Oid], modifiers: &[i32]) -> Result<[Datum; 2]> {
    let mut row = Vec::new();
    let nulls = vec![DatumRef::Null; types.len()];
    let names = record::encode_names(names.iter().copied());
    record::write(oid::RECORD, types, nulls.into_iter(), &names, &mut row)?;
    Ok([Datum::bytes(row), Datum::bytes(modifiers.iter().flat_map(|m| m.to_le_bytes()).collect::<Vec<u8>>())])
}

/// What rows are to be made.
struct Target<'a> {
    type_oid: Oid,
    base: Option<record::View<'a>>,
    modifiers: Vec<i32>,
}

impl<'a> Target<'a> {
    /// Of a list of columns.
    fn defined(definition: &[DatumRef<'a>]) -> Result<Option<Target<'a>>> {
        let [DatumRef::Bytes(row), DatumRef::Bytes(modifiers)] = definition else { return Ok(None) };
        let modifiers = modifiers.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
        Ok(Some(Target { type_oid: oid::RECORD, base: Some(record::View::new(row)?), modifiers }))
    }

    fn row(&self, source: Source<'_>, env: &dyn Environment) -> Result<Datum> {
        row_with(self.type_oid, self.base, &self.modifiers, source, 0, env)
    }
}

/// The type of the rows and the row to start from: the first argument's, or those of a list of columns.
fn target<'a>(args: &[DatumRef<'a>], context: Context<'_>, name: &str) -> Result<Target<'a>> {
    let base = args[0].as_bytes().map(record::View::new).transpose()?;
    let type_oid = match (&base, context.arg_type(0)) {
        (Some(base), oid::RECORD) => base.row_type(),
        (None, oid::RECORD) => {
            if let Some(target) = args.len().checked_sub(2).map_or(Ok(None), |at| Target::defined(&args[at..]))? {
                return Ok(target);
            }
            let message = format!("could not determine row type for result of {name}");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message).hint(
                "Provide a non-null record argument, or call the function in the FROM clause using a column \
                 definition list.",
            ));
        }
        (_, type_oid) => type_oid,
    };
    if !record::is_row_type(type_oid, context.env)? {
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, format!("first argument of {name} must be a row type")));
    }
    Ok(Target { type_oid, base, modifiers: Vec::new() })
}

fn source<'a>(value: DatumRef<'a>, tree: bool) -> Option<Source<'a>> {
    let bytes = value.as_bytes()?;
    Some(if tree { Source::Tree(View::new(bytes)) } else { Source::Text(bytes) })
}

fn each(call: &mut Call<'_>, tree: bool, name: &str) -> Result<()> {
    let context = call.context;
    for row_at in call.rows.iter() {
        let args = [call.args[0].get(row_at), call.args[1].get(row_at)];
        let target = target(&args, context, name)?;
        match source(args[1], tree) {
            Some(source) => call.out.put(row_at, target.row(source, context.env)?.as_ref()),
            None => call.out.put(row_at, args[0]),
        }
    }
    Ok(())
}

/// Whether a row can be made of a jsonb.
fn is_valid(call: &mut Call<'_>) -> Result<()> {
    let context = call.context;
    for row_at in call.rows.iter() {
        let args = [call.args[0].get(row_at), call.args[1].get(row_at)];
        let target = target(&args, context, "jsonb_populate_record_valid")?;
        let Some(source) = source(args[1], true) else {
            call.out.put(row_at, DatumRef::B1(1));
            continue;
        };
        match target.row(source, context.env) {
            Ok(_) => call.out.put(row_at, DatumRef::B1(1)),
            Err(error) if crate::jsonpath::sqljson::is_soft(&error) => call.out.put(row_at, DatumRef::B1(0)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn one(args: &[DatumRef<'_>], tree: bool, context: Context<'_>, name: &str) -> Result<Box<dyn RowSource>> {
    let target = target(args, context, name)?;
    let value = match source(args[1], tree) {
        Some(source) => target.row(source, context.env)?,
        None => args[0].to_datum(),
    };
    Ok(Box::new(Rows(Found::source(vec![vec![value]]))))
}

/// The arguments' JSON and the columns of a function that has nothing else to tell them.
fn defined<'a>(args: &[DatumRef<'a>], tree: bool, name: &str) -> Result<(Option<Source<'a>>, Target<'a>)> {
    let target = Target::defined(args.get(1..).unwrap_or_default())?;
    let target = target.ok_or_else(|| {
        let message = format!("could not determine row type for result of {name}");
        Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
            .hint("Call the function in the FROM clause using a column definition list.")
    })?;
    Ok((source(args[0], tree), target))
}

fn defined_one(args: &[DatumRef<'_>], tree: bool, context: Context<'_>, name: &str) -> Result<Box<dyn RowSource>> {
    let (source, target) = defined(args, tree, name)?;
    let value = source.map_or(Ok(Datum::Null), |source| target.row(source, context.env))?;
    Ok(Box::new(Rows(Found::source(vec![vec![value]]))))
}

fn defined_many(args: &[DatumRef<'_>], tree: bool, context: Context<'_>, name: &str) -> Result<Box<dyn RowSource>> {
    let (source, target) = defined(args, tree, name)?;
    rows_of(source, &target, context, name)
}

fn many(args: &[DatumRef<'_>], tree: bool, context: Context<'_>, name: &str) -> Result<Box<dyn RowSource>> {
    let target = target(args, context, name)?;
    rows_of(source(args[1], tree), &target, context, name)
}

fn rows_of(
    source: Option<Source<'_>>,
    target: &Target<'_>,
    context: Context<'_>,
    name: &str,
) -> Result<Box<dyn RowSource>> {
    let Some(source) = source else { return Ok(Box::new(Rows(Found::source(Vec::new())))) };
    match source.shape()? {
        Shape::Array => {}
        Shape::Object => return Err(wrong(&format!("cannot call {name} on an object"))),
        _ => return Err(wrong(&format!("cannot call {name} on a scalar"))),
    }
    let mut rows = Vec::new();
    for element in source.elements()? {
        if element.shape()? != Shape::Object {
            return Err(wrong(&format!("argument of {name} must be an array of objects")));
        }
        rows.push(vec![target.row(element, context.env)?]);
    }
    Ok(Box::new(Rows(Found::source(rows))))
}
