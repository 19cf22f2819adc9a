//! Walking a jsonpath over a jsonb value.
//!
//! In lax mode arrays are unwrapped where an object or a scalar is wanted, values count as arrays of one where an array is
//! wanted, and what is not there is skipped. In strict mode each of these is an error. Errors of the data are *soft*: a
//! condition that meets one is unknown, and a caller may ask for silence. Errors of the query are *hard*.

use super::datetime::DateTime;
use super::sqljson::Variable;
use super::{Chain, LAST_LEVEL, Node, Operator, Path};
use crate::Environment;
use crate::json::{Kind, Value, View, too_deep};
use crate::numeric::Numeric;
use error::{Error, Result, SqlState};
use std::borrow::Cow;
use std::rc::Rc;

/// A value on the way.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    /// A part of the document or of the variables.
    Stored(View<'a>),
    /// A value that a method made, and its number.
    Made(Rc<[u8]>, u64),
    Null,
    Bool(bool),
    Number(Numeric),
    String(Cow<'a, [u8]>),
    DateTime(DateTime),
}

/// What an item is.
pub(super) enum Seen<'s> {
    Null,
    Bool(bool),
    Number(Numeric),
    String(&'s [u8]),
    DateTime(&'s DateTime),
    Array(usize),
    Object(usize),
}

impl<'a> Item<'a> {
    pub fn seen(&self) -> Seen<'_> {
        let view = match self {
            Item::Stored(view) => *view,
            Item::Made(bytes, _) => View::new(bytes),
            Item::Null => return Seen::Null,
            Item::Bool(value) => return Seen::Bool(*value),
            Item::Number(number) => return Seen::Number(number.clone()),
            Item::String(text) => return Seen::String(text),
            Item::DateTime(time) => return Seen::DateTime(time),
        };
        match view.kind() {
            Kind::Null => Seen::Null,
            Kind::Bool(value) => Seen::Bool(value),
            Kind::Number(bytes) => Seen::Number(Numeric::from_bytes(bytes)),
            Kind::String(text) => Seen::String(text),
            Kind::Array(array) => Seen::Array(array.len()),
            Kind::Object(object) => Seen::Object(object.len()),
        }
    }

    fn view(&self) -> Option<View<'_>> {
        match self {
            Item::Stored(view) => Some(*view),
            Item::Made(bytes, _) => Some(View::new(bytes)),
            _ => None,
        }
    }

    /// The part at a position: an array's element or an object's value.
    pub fn part(&self, at: usize) -> Option<Item<'a>> {
        let part = |view: View<'_>| match view.kind() {
            Kind::Array(array) => array.get(at).map(|part| Item::Made(part.bytes().into(), 0)),
            Kind::Object(object) if at < object.len() => Some(Item::Made(object.value(at).bytes().into(), 0)),
            _ => None,
        };
        match self {
            Item::Stored(view) => match view.kind() {
                Kind::Array(array) => array.get(at).map(Item::Stored),
                Kind::Object(object) if at < object.len() => Some(Item::Stored(object.value(at))),
                _ => None,
            },
            Item::Made(bytes, _) => part(View::new(bytes)),
            _ => None,
        }
    }

    /// The value of a key.
    fn member(&self, key: &[u8]) -> Option<Item<'a>> {
        match self {
            Item::Stored(view) => view.object()?.get(key).map(Item::Stored),
            Item::Made(bytes, _) => View::new(bytes).object()?.get(key).map(|part| Item::Made(part.bytes().into(), 0)),
            _ => None,
        }
    }

    /// The key of an object's member.
    pub fn key(&self, at: usize) -> Option<&[u8]> {
        let object = self.view()?.object()?;
        (at < object.len()).then(|| object.key(at))
    }

    /// What it is called in messages and by `.type()`.
    pub fn type_name(&self) -> &'static str {
        match self.seen() {
            Seen::Null => "null",
            Seen::Bool(_) => "boolean",
            Seen::Number(_) => "number",
            Seen::String(_) => "string",
            Seen::DateTime(time) => time.type_name(),
            Seen::Array(_) => "array",
            Seen::Object(_) => "object",
        }
    }

    /// As a value to be encoded.
    pub fn to_value(&self) -> Value<'a> {
        match self {
            Item::Stored(view) => Value::Stored(*view),
            Item::Made(bytes, _) => Value::Encoded(bytes.to_vec()),
            Item::Null => Value::Null,
            Item::Bool(value) => Value::Bool(*value),
            Item::Number(number) => Value::Number(number.clone()),
            Item::String(text) => Value::String(text.clone()),
            Item::DateTime(time) => Value::String(time.text().into()),
        }
    }
}

/// Why a walk stopped.
pub(super) enum Failure {
    /// The data do not fit the path.
    Soft(Error),
    /// The query is wrong, or something failed.
    Hard(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Hard(error)
    }
}

/// Whether something was found.
pub(super) type Outcome = Result<bool, Failure>;

/// An error of the data.
#[cold]
pub(super) fn soft<T>(state: SqlState, message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Soft(Error::new(state, message)))
}

/// What a caller wants of a walk.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The values of variables: an object.
    pub variables: Option<View<'a>>,
    /// The same, one by one, with their SQL types: of SQL/JSON's functions.
    pub passed: &'a [Variable],
    /// Whether times without a zone may be compared with times that have one.
    pub with_zones: bool,
    /// Whether it is enough to know that something is found.
    pub only_whether: bool,
    /// The session.
    pub env: &'a dyn Environment,
}

/// What a walk found.
pub enum Found<'a> {
    /// The values, or with `only_whether` at most one.
    Values(Vec<Value<'a>>),
    /// The data did not fit the path: the error, for those who do not want silence, and what was found before it.
    Failed(Error, Vec<Value<'a>>),
}

/// Walks a path over a value, and gives what it found as it is; with the inner error where the data do not fit.
pub(super) fn items<'a>(path: &Path, root: View<'a>, options: Options<'a>) -> Result<Result<Vec<Item<'a>>>> {
    let mut found = Some(Vec::new());
    match Walk::new(path, root, options).chain(&path.chain, &Item::Stored(root), &mut found) {
        Ok(_) => Ok(Ok(found.unwrap_or_default())),
        Err(Failure::Soft(error)) => Ok(Err(error)),
        Err(Failure::Hard(error)) => Err(error),
    }
}

/// Walks a path over a value.
pub fn query<'a>(path: &Path, root: View<'a>, options: Options<'a>) -> Result<Found<'a>> {
    if options.variables.is_some_and(|variables| variables.object().is_none()) {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "\"vars\" argument is not an object")
            .detail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object."));
    }
    let mut walk = Walk::new(path, root, options);
    let mut found = if options.only_whether && path.lax { None } else { Some(Vec::new()) };
    let start = Item::Stored(root);
    let outcome = walk.chain(&path.chain, &start, &mut found);
    let values: Vec<Value<'a>> = match (found, &outcome) {
        (Some(items), _) => items.iter().map(Item::to_value).collect(),
        (None, Ok(true)) => vec![Value::Null],
        (None, _) => Vec::new(),
    };
    match outcome {
        Ok(_) => Ok(Found::Values(values)),
        Err(Failure::Soft(error)) => Ok(Found::Failed(error, values)),
        Err(Failure::Hard(error)) => Err(error),
    }
}

/// Where a walk stands.
pub(super) struct Walk<'a> {
    pub lax: bool,
    ignore_structure: bool,
    root: Item<'a>,
    /// What `@` is.
    pub current: Item<'a>,
    /// The length of the innermost array whose subscript is computed.
    array_length: Option<usize>,
    /// How many values methods have made.
    made: u64,
    depth: usize,
    pub options: Options<'a>,
}

/// How deep a walk may recurse.
const MAX_DEPTH: usize = 1200;

/// Where found values go; `None` if it is enough to know whether there are any.
pub(super) type Sink<'a> = Option<Vec<Item<'a>>>;

impl<'a> Walk<'a> {
    fn new(path: &Path, root: View<'a>, options: Options<'a>) -> Walk<'a> {
        Walk {
            lax: path.lax,
            ignore_structure: path.lax,
            root: Item::Stored(root),
            current: Item::Stored(root),
            array_length: None,
            made: 1,
            depth: 0,
            options,
        }
    }

    /// Walks a chain from its first node.
    pub fn chain(&mut self, chain: &[Node], item: &Item<'a>, found: &mut Sink<'a>) -> Outcome {
        self.step(chain, item, self.lax, found)
    }

    /// All that a chain gives; arrays among it are unwrapped in lax mode if `unwrap`.
    pub fn all(&mut self, chain: &[Node], item: &Item<'a>, unwrap: bool) -> Result<Vec<Item<'a>>, Failure> {
        let mut found = Some(Vec::new());
        self.chain(chain, item, &mut found)?;
        let items = found.unwrap_or_default();
        let arrays = unwrap && self.lax && items.iter().any(|item| matches!(item.seen(), Seen::Array(_)));
        if !arrays {
            return Ok(items);
        }
        let mut unwrapped = Vec::new();
        for item in items {
            match item.seen() {
                Seen::Array(length) => unwrapped.extend((0..length).filter_map(|at| item.part(at))),
                _ => unwrapped.push(item),
            }
        }
        Ok(unwrapped)
    }

    /// Goes on behind `chain[0]` with a value.
    pub fn next(&mut self, chain: &[Node], item: Item<'a>, found: &mut Sink<'a>) -> Outcome {
        if chain.len() > 1 {
            return self.step(&chain[1..], &item, self.lax, found);
        }
        if let Some(found) = found {
            found.push(item);
        }
        Ok(true)
    }

    fn step(&mut self, chain: &[Node], item: &Item<'a>, unwrap: bool, found: &mut Sink<'a>) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Hard(too_deep()));
        }
        if self.depth.is_multiple_of(64) {
            self.options.env.check_interrupts()?;
        }
        let outcome = self.node(chain, item, unwrap, found);
        self.depth -= 1;
        outcome
    }

    /// The same node for each element of an array.
    pub fn unwrapped(&mut self, chain: &[Node], item: &Item<'a>, length: usize, found: &mut Sink<'a>) -> Outcome {
        let mut any = false;
        for at in 0..length {
            if let Some(part) = item.part(at) {
                any |= self.step(chain, &part, false, found)?;
                if any && found.is_none() {
                    break;
                }
            }
        }
        Ok(any)
    }

    /// Goes on with each part of a container.
    fn parts(&mut self, chain: &[Node], item: &Item<'a>, length: usize, found: &mut Sink<'a>) -> Outcome {
        let mut any = false;
        for at in 0..length {
            if let Some(part) = item.part(at) {
                any |= self.next(chain, part, found)?;
                if any && found.is_none() {
                    break;
                }
            }
        }
        Ok(any)
    }

    fn node(&mut self, chain: &[Node], item: &Item<'a>, unwrap: bool, found: &mut Sink<'a>) -> Outcome {
        match &chain[0] {
            Node::Null => self.next(chain, Item::Null, found),
            Node::Bool(value) => self.next(chain, Item::Bool(*value), found),
            Node::Number(number) => self.next(chain, Item::Number(number.clone()), found),
            Node::String(text) => self.next(chain, Item::String(Cow::Owned(text.clone())), found),
            Node::Variable(name) => {
                let variable = self.variable(name)?;
                self.next(chain, variable, found)
            }
            Node::Root => self.next(chain, self.root.clone(), found),
            Node::Current => self.next(chain, self.current.clone(), found),
            Node::Last => match self.array_length {
                Some(length) => self.next(chain, Item::Number(Numeric::from(length as i64 - 1)), found),
                None => Err(Error::internal("evaluating jsonpath LAST outside of array subscript").into()),
            },
            Node::Binary(operator, operands) if operator.is_arithmetic() => {
                let result = self.arithmetic(*operator, operands, item)?;
                self.next(chain, Item::Number(result), found)
            }
            Node::Sign(minus, operand) => self.sign(chain, *minus, operand, item, found),
            Node::Binary(..) | Node::Not(_) | Node::IsUnknown(_) | Node::Exists(_) | Node::LikeRegex(_) => {
                let answer = self.condition(&chain[..1], item)?;
                self.next(chain, answer.map_or(Item::Null, Item::Bool), found)
            }
            Node::Key(key) => self.key(chain, key, item, unwrap, found),
            Node::AnyKey => match item.seen() {
                Seen::Object(length) => self.parts(chain, item, length, found),
                Seen::Array(length) if unwrap => self.unwrapped(chain, item, length, found),
                _ if self.ignore_structure => Ok(false),
                _ => soft(
                    SqlState::SQL_JSON_OBJECT_NOT_FOUND,
                    "jsonpath wildcard member accessor can only be applied to an object",
                ),
            },
            Node::AnyElement => match item.seen() {
                Seen::Array(length) => self.parts(chain, item, length, found),
                _ if self.lax => self.next(chain, item.clone(), found),
                _ if self.ignore_structure => Ok(false),
                _ => soft(
                    SqlState::SQL_JSON_ARRAY_NOT_FOUND,
                    "jsonpath wildcard array accessor can only be applied to an array",
                ),
            },
            Node::Elements(list) => self.elements(chain, list, item, found),
            Node::AnyLevel(first, last) => {
                let outer = std::mem::replace(&mut self.ignore_structure, true);
                let outcome = self.any_level(chain, item, 0, (*first, *last), found);
                self.ignore_structure = outer;
                outcome
            }
            Node::Filter(condition) => match item.seen() {
                Seen::Array(length) if unwrap => self.unwrapped(chain, item, length, found),
                _ => {
                    let outer = std::mem::replace(&mut self.current, item.clone());
                    let answer = self.condition(condition, item);
                    self.current = outer;
                    if answer? == Some(true) { self.next(chain, item.clone(), found) } else { Ok(false) }
                }
            },
            Node::Method(method) => self.method(chain, method, item, unwrap, found),
        }
    }

    fn variable(&self, name: &[u8]) -> Result<Item<'a>, Failure> {
        let value = self.options.variables.and_then(|variables| variables.object()?.get(name));
        let passed = || self.options.passed.iter().find(|variable| variable.name.as_bytes() == name);
        value.map(Item::Stored).or_else(|| passed().map(|variable| variable.value.clone())).ok_or_else(|| {
            Failure::Hard(Error::new(
                SqlState::UNDEFINED_OBJECT,
                format!("could not find jsonpath variable \"{}\"", String::from_utf8_lossy(name)),
            ))
        })
    }

    fn key(&mut self, chain: &[Node], key: &[u8], item: &Item<'a>, unwrap: bool, found: &mut Sink<'a>) -> Outcome {
        match item.seen() {
            Seen::Object(_) => match item.member(key) {
                Some(value) => self.next(chain, value, found),
                None if self.ignore_structure => Ok(false),
                None => soft(
                    SqlState::SQL_JSON_MEMBER_NOT_FOUND,
                    format!("JSON object does not contain key \"{}\"", String::from_utf8_lossy(key)),
                ),
            },
            Seen::Array(length) if unwrap => self.unwrapped(chain, item, length, found),
            _ if self.ignore_structure => Ok(false),
            _ => soft(SqlState::SQL_JSON_MEMBER_NOT_FOUND, "jsonpath member accessor can only be applied to an object"),
        }
    }

    fn any_level(
        &mut self,
        chain: &[Node],
        item: &Item<'a>,
        level: u32,
        (first, last): (u32, u32),
        found: &mut Sink<'a>,
    ) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Hard(too_deep()));
        }
        let length = match item.seen() {
            Seen::Array(length) | Seen::Object(length) => Some(length),
            _ => None,
        };
        let mut any = false;
        // `last` alone is the level of scalars.
        let wanted = level >= first || first == LAST_LEVEL && last == LAST_LEVEL && length.is_none();
        if wanted && level <= last {
            any = self.next(chain, item.clone(), found)?;
        }
        if level < last && !(any && found.is_none()) {
            for at in 0..length.unwrap_or(0) {
                if let Some(part) = item.part(at) {
                    any |= self.any_level(chain, &part, level + 1, (first, last), found)?;
                    if any && found.is_none() {
                        break;
                    }
                }
            }
        }
        self.depth -= 1;
        Ok(any)
    }

    fn elements(
        &mut self,
        chain: &[Node],
        list: &[(Chain, Option<Chain>)],
        item: &Item<'a>,
        found: &mut Sink<'a>,
    ) -> Outcome {
        let length = match item.seen() {
            Seen::Array(length) => Some(length),
            _ if self.lax => None,
            _ if self.ignore_structure => return Ok(false),
            _ => {
                return soft(
                    SqlState::SQL_JSON_ARRAY_NOT_FOUND,
                    "jsonpath array accessor can only be applied to an array",
                );
            }
        };
        let size = length.unwrap_or(1);
        let outer = self.array_length.replace(size);
        let outcome = self.elements_of(chain, list, item, length, size, found);
        self.array_length = outer;
        outcome
    }

    fn elements_of(
        &mut self,
        chain: &[Node],
        list: &[(Chain, Option<Chain>)],
        item: &Item<'a>,
        length: Option<usize>,
        size: usize,
        found: &mut Sink<'a>,
    ) -> Outcome {
        let mut any = false;
        for (from, to) in list {
            let from = self.position(from, item)?;
            let to = match to {
                Some(to) => self.position(to, item)?,
                None => from,
            };
            if !self.ignore_structure && (from < 0 || from > to || to >= size as i64) {
                return soft(SqlState::INVALID_SQL_JSON_SUBSCRIPT, "jsonpath array subscript is out of bounds");
            }
            for at in from.max(0)..=to.min(size as i64 - 1) {
                let part = if length.is_some() { item.part(at as usize) } else { Some(item.clone()) };
                if let Some(part) = part {
                    any |= self.next(chain, part, found)?;
                    if any && found.is_none() {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(any)
    }

    /// An array subscript's value.
    fn position(&mut self, chain: &Chain, item: &Item<'a>) -> Result<i64, Failure> {
        let items = self.all(chain, item, false)?;
        match &items[..] {
            [one] if matches!(one.seen(), Seen::Number(_)) => {
                let Seen::Number(number) = one.seen() else { return Ok(0) };
                let number = number.truncated(0).to_i128().and_then(|n| i32::try_from(n).ok());
                match number {
                    Some(number) => Ok(number as i64),
                    None => {
                        soft(SqlState::INVALID_SQL_JSON_SUBSCRIPT, "jsonpath array subscript is out of integer range")
                    }
                }
            }
            _ => soft(SqlState::INVALID_SQL_JSON_SUBSCRIPT, "jsonpath array subscript is not a single numeric value"),
        }
    }

    fn arithmetic(
        &mut self,
        operator: Operator,
        operands: &(Chain, Chain),
        item: &Item<'a>,
    ) -> Result<Numeric, Failure> {
        let mut side = |chain: &Chain, name: &str| -> Result<Numeric, Failure> {
            let items = self.all(chain, item, true)?;
            match &items[..] {
                [one] if matches!(one.seen(), Seen::Number(_)) => match one.seen() {
                    Seen::Number(number) => Ok(number),
                    _ => Ok(Numeric::ZERO),
                },
                _ => soft(
                    SqlState::SINGLETON_SQL_JSON_ITEM_REQUIRED,
                    format!("{name} operand of jsonpath operator {} is not a single numeric value", operator.symbol()),
                ),
            }
        };
        let left = side(&operands.0, "left")?;
        let right = side(&operands.1, "right")?;
        let result = match operator {
            Operator::Add => left.add(&right),
            Operator::Subtract => left.sub(&right),
            Operator::Multiply => left.mul(&right),
            Operator::Divide => left.div(&right),
            _ => left.rem(&right),
        };
        result.map_err(Failure::Soft)
    }

    fn sign(&mut self, chain: &[Node], minus: bool, operand: &Chain, item: &Item<'a>, found: &mut Sink<'a>) -> Outcome {
        let mut any = false;
        for item in self.all(operand, item, true)? {
            match item.seen() {
                Seen::Number(number) => {
                    let number = if minus { number.negated() } else { number };
                    any |= self.next(chain, Item::Number(number), found)?;
                }
                _ if found.is_none() && chain.len() == 1 => continue,
                _ => {
                    let symbol = if minus { '-' } else { '+' };
                    return soft(
                        SqlState::SQL_JSON_NUMBER_NOT_FOUND,
                        format!("operand of unary jsonpath operator {symbol} is not a numeric value"),
                    );
                }
            }
            if any && found.is_none() {
                break;
            }
        }
        Ok(any)
    }

    /// The members of an object as objects of key, value and the object's number.
    pub fn key_values(&mut self, chain: &[Node], item: &Item<'a>, length: usize, found: &mut Sink<'a>) -> Outcome {
        const BASE: u64 = 10_000_000_000;
        let id = match item {
            Item::Made(_, number) => BASE * number,
            Item::Stored(view) => {
                let root = match &self.root {
                    Item::Stored(root) => stored_offset(*root, *view),
                    _ => None,
                };
                match root {
                    Some(offset) => offset,
                    None => {
                        let offset = self.options.variables.and_then(|variables| stored_offset(variables, *view));
                        BASE + offset.unwrap_or(0)
                    }
                }
            }
            _ => 0,
        };
        let mut any = false;
        for at in 0..length {
            let (Some(key), Some(value)) = (item.key(at), item.part(at)) else { continue };
            let object = Value::Object(vec![
                (Cow::Borrowed(&b"key"[..]), Value::String(Cow::Owned(key.to_vec()))),
                (Cow::Borrowed(&b"value"[..]), value.to_value()),
                (Cow::Borrowed(&b"id"[..]), Value::Number(Numeric::from(id as i64))),
            ]);
            self.made += 1;
            let made = Item::Made(object.to_bytes()?.into(), self.made);
            any |= self.next(chain, made, found)?;
            if any && found.is_none() {
                break;
            }
        }
        Ok(any)
    }
}

/// Where a part of `root` would begin if `root` were stored as PostgreSQL stores it, which `keyvalue()` shows as an
/// object's number: containers have a head of four bytes and four for each part; numbers and containers are aligned.
fn stored_offset(root: View<'_>, part: View<'_>) -> Option<u64> {
    let mut at = 0;
    find_offset(root, part, &mut at, 0)
}

fn find_offset(view: View<'_>, wanted: View<'_>, at: &mut u64, depth: usize) -> Option<u64> {
    if depth > MAX_DEPTH {
        return None;
    }
    let align = |at: &mut u64| *at = at.next_multiple_of(4);
    match view.kind() {
        Kind::Null | Kind::Bool(_) => {}
        Kind::String(text) => *at += text.len() as u64,
        Kind::Number(bytes) => {
            align(at);
            let number = Numeric::from_bytes(bytes);
            let (digits, weight) = number.base_10000();
            let short = number.scale() <= 63 && (-64..=63).contains(&weight);
            *at += if short { 6 } else { 8 } + 2 * digits.len() as u64;
        }
        Kind::Array(array) => {
            align(at);
            if std::ptr::eq(view.bytes().as_ptr(), wanted.bytes().as_ptr())
                && view.bytes().len() == wanted.bytes().len()
            {
                return Some(*at);
            }
            *at += 4 + 4 * array.len() as u64;
            return array.iter().find_map(|element| find_offset(element, wanted, at, depth + 1));
        }
        Kind::Object(object) => {
            align(at);
            if std::ptr::eq(view.bytes().as_ptr(), wanted.bytes().as_ptr())
                && view.bytes().len() == wanted.bytes().len()
            {
                return Some(*at);
            }
            *at += 4 + 8 * object.len() as u64;
            *at += object.iter().map(|(key, _)| key.len() as u64).sum::<u64>();
            return object.iter().find_map(|(_, value)| find_offset(value, wanted, at, depth + 1));
        }
    }
    None
}
