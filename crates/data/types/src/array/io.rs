//! Text and binary form of arrays.

use super::{
    Dimension, MAX_DIMENSIONS, MAX_ELEMENTS, View, element_type_of, too_many_dimensions, too_many_elements, write,
};
use crate::environment::{Environment, builtin_facts};
use crate::format::{is_space, write_i64};
use crate::io::{TypeCall, TypeIo, bad_binary, io, too_short, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

/// Arrays of any type that has text and binary forms.
pub const ARRAY_IO: TypeIo =
    TypeIo { repr: Repr::Bytes, input: array_in, output: array_out, receive: array_recv, send: array_send };

/// The vector types `int2vector` and `oidvector`: arrays written as numbers with blanks between, subscripts from 0.
pub const VECTOR_IO: TypeIo =
    TypeIo { repr: Repr::Bytes, input: vector_in, output: vector_out, receive: array_recv, send: array_send };

fn delimiter(element: Oid, env: &dyn Environment) -> Result<u8> {
    match builtin_facts(element) {
        Some(facts) => Ok(facts.delimiter),
        None => Ok(env.type_facts(element)?.delimiter),
    }
}

#[cold]
fn malformed(text: &str, detail: &str) -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("malformed array literal: \"{text}\"")).detail(detail)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    delimiter: u8,
    env: &'a dyn Environment,
    dimensions: Vec<i32>,
    /// The depth at which elements stand.
    leaf: Option<usize>,
    elements: Column,
    element: TypeIo,
    call: TypeCall<'a>,
    scratch: String,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn unexpected_end(&self) -> Error {
        malformed(self.text, "Unexpected end of input.")
    }

    fn mismatch(&self) -> Error {
        malformed(self.text, "Multidimensional arrays must have sub-arrays with matching dimensions.")
    }

    fn unexpected(&self, c: u8) -> Error {
        malformed(self.text, &format!("Unexpected \"{}\" character.", c as char))
    }

    /// `{ element, … }` at depth `depth`, of which the opening brace has been read.
    fn level(&mut self, depth: usize) -> Result<()> {
        if depth >= MAX_DIMENSIONS {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("number of array dimensions exceeds the maximum allowed ({MAX_DIMENSIONS})"),
            ));
        }
        let first_time = self.dimensions.len() <= depth;
        if first_time {
            self.dimensions.push(-1);
        }
        let mut count = 0i32;
        let mut wants_element = true;
        loop {
            self.skip_space();
            match self.peek() {
                None => return Err(self.unexpected_end()),
                Some(b'}') => {
                    if wants_element && count > 0 {
                        return Err(self.unexpected(b'}'));
                    }
                    self.at += 1;
                    break;
                }
                Some(c) if c == self.delimiter => {
                    if wants_element {
                        return Err(self.unexpected(c));
                    }
                    wants_element = true;
                    self.at += 1;
                    continue;
                }
                Some(_) if !wants_element => return Err(malformed(self.text, "Unexpected array element.")),
                Some(b'{') => {
                    if self.leaf == Some(depth) {
                        return Err(self.mismatch());
                    }
                    self.at += 1;
                    self.level(depth + 1)?;
                }
                Some(_) => {
                    if self.dimensions.len() > depth + 1 {
                        return Err(self.mismatch());
                    }
                    self.leaf = Some(depth);
                    self.element()?;
                }
            }
            count += 1;
            wants_element = false;
        }
        match self.dimensions[depth] {
            -1 => self.dimensions[depth] = count,
            same if same == count => {}
            _ => {
                return Err(self.mismatch());
            }
        }
        Ok(())
    }

    fn element(&mut self) -> Result<()> {
        self.scratch.clear();
        let mut quoted = false;
        let mut escaped = false;
        let mut kept = 0;
        if self.peek() == Some(b'"') {
            quoted = true;
            self.at += 1;
            loop {
                let rest = &self.text[self.at..];
                match rest.chars().next() {
                    None => return Err(self.unexpected_end()),
                    Some('"') => {
                        self.at += 1;
                        break;
                    }
                    Some('\\') => {
                        let c = rest[1..].chars().next().ok_or_else(|| self.unexpected_end())?;
                        self.scratch.push(c);
                        self.at += 1 + c.len_utf8();
                    }
                    Some(c) => {
                        self.scratch.push(c);
                        self.at += c.len_utf8();
                    }
                }
            }
            self.skip_space();
            match self.peek() {
                None => return Err(self.unexpected_end()),
                Some(c) if c == self.delimiter || c == b'}' => {}
                Some(_) => return Err(malformed(self.text, "Incorrectly quoted array element.")),
            }
        } else {
            loop {
                let rest = &self.text[self.at..];
                match rest.chars().next() {
                    None => return Err(self.unexpected_end()),
                    Some('"') => return Err(malformed(self.text, "Incorrectly quoted array element.")),
                    Some('{') => return Err(self.unexpected(b'{')),
                    Some('}') => break,
                    Some(c) if c as u32 == self.delimiter as u32 => break,
                    Some('\\') => {
                        let c = rest[1..].chars().next().ok_or_else(|| self.unexpected_end())?;
                        self.scratch.push(c);
                        self.at += 1 + c.len_utf8();
                        escaped = true;
                        kept = self.scratch.len();
                    }
                    Some(c) => {
                        self.scratch.push(c);
                        self.at += c.len_utf8();
                        if !(c.is_ascii() && is_space(c as u8)) {
                            kept = self.scratch.len();
                        }
                    }
                }
            }
            self.scratch.truncate(kept);
        }
        if self.elements.len() >= MAX_ELEMENTS {
            return Err(too_many_elements());
        }
        if !quoted && !escaped && self.env.array_nulls() && self.scratch.eq_ignore_ascii_case("null") {
            self.elements.push_null();
            return Ok(());
        }
        (self.element.input)(&self.scratch, &self.call, &mut self.elements)
    }
}

/// Reads `[low:high]…=` before an array's braces.
fn explicit_bounds(text: &str, at: &mut usize) -> Result<Option<Vec<Dimension>>> {
    let bytes = text.as_bytes();
    let skip = |at: &mut usize| {
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
    };
    let mut bounds = Vec::new();
    let integer = |at: &mut usize| -> Result<Option<i32>> {
        let start = *at;
        if matches!(bytes.get(*at), Some(b'-' | b'+')) {
            *at += 1;
        }
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        if *at == start {
            return Ok(None);
        }
        match text[start..*at].parse::<i32>() {
            Ok(value) => Ok(Some(value)),
            Err(_) if bytes[*at - 1].is_ascii_digit() => {
                Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "array bound is out of integer range"))
            }
            Err(_) => Ok(None),
        }
    };
    loop {
        skip(at);
        if bytes.get(*at) != Some(&b'[') {
            break;
        }
        *at += 1;
        skip(at);
        if bounds.len() >= MAX_DIMENSIONS {
            return Err(too_many_dimensions(bounds.len() + 1));
        }
        let explicit = || malformed(text, "\"[\" must introduce explicitly-specified array dimensions.");
        let first = integer(at)?.ok_or_else(explicit)?;
        let (lower, upper) = if bytes.get(*at) == Some(&b':') {
            *at += 1;
            (first, integer(at)?.ok_or_else(|| malformed(text, "Missing array dimension value."))?)
        } else {
            (1, first)
        };
        skip(at);
        if bytes.get(*at) != Some(&b']') {
            return Err(malformed(text, "Missing \"]\" after array dimensions."));
        }
        *at += 1;
        if upper < lower {
            return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "upper bound cannot be less than lower bound"));
        }
        let length = upper as i64 - lower as i64 + 1;
        if upper == i32::MAX {
            return Err(Error::new(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("array upper bound is too large: {upper}"),
            ));
        }
        let length = i32::try_from(length).map_err(|_| too_many_elements())?;
        bounds.push(Dimension { length, lower });
    }
    if bounds.is_empty() {
        return Ok(None);
    }
    if bytes.get(*at) != Some(&b'=') {
        return Err(malformed(text, "Missing \"=\" after array dimensions."));
    }
    *at += 1;
    skip(at);
    Ok(Some(bounds))
}

fn array_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let element_type = element_type_of(call.type_oid, call.env)?;
    let element = io(element_type, call.env)?;
    let mut at = 0;
    let bounds = explicit_bounds(text, &mut at)?;
    let mut parser = Parser {
        text,
        at,
        delimiter: delimiter(element_type, call.env)?,
        env: call.env,
        dimensions: Vec::new(),
        leaf: None,
        elements: Column::new(element.repr),
        element,
        call: TypeCall { env: call.env, type_oid: element_type, typmod: call.typmod },
        scratch: String::new(),
    };
    parser.skip_space();
    if parser.peek() != Some(b'{') {
        return Err(malformed(
            text,
            if bounds.is_some() {
                "Array contents must start with \"{\"."
            } else {
                "Array value must start with \"{\" or dimension information."
            },
        ));
    }
    parser.at += 1;
    parser.level(0)?;
    parser.skip_space();
    if parser.at != text.len() {
        return Err(malformed(text, "Junk after closing right brace."));
    }
    let found: Vec<Dimension> =
        parser.dimensions.iter().map(|&length| Dimension { length: length.max(0), lower: 1 }).collect();
    let dimensions = match bounds {
        Some(bounds) => {
            let same = bounds.iter().map(|b| b.length).eq(found.iter().map(|f| f.length));
            if !same {
                return Err(malformed(text, "Specified array dimensions do not match array contents."));
            }
            bounds
        }
        None => found,
    };
    let elements = &parser.elements;
    let mut bytes = Vec::new();
    write(element_type, element.repr, &dimensions, (0..elements.len()).map(|row| elements.get(row)), &mut bytes)?;
    out.push(DatumRef::Bytes(&bytes));
    Ok(())
}

fn needs_quotes(text: &[u8], delimiter: u8) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case(b"null")
        || text.iter().any(|&c| matches!(c, b'"' | b'\\' | b'{' | b'}') || c == delimiter || is_space(c))
}

fn array_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let array = View::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    write_array(&array, call.env, out)
}

/// Adds an array's text.
pub fn write_array(array: &View<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    if array.is_empty() {
        out.extend_from_slice(b"{}");
        return Ok(());
    }
    let element_type = array.element_type();
    let element = io(element_type, env)?;
    let delimiter = delimiter(element_type, env)?;
    let call = TypeCall { env, type_oid: element_type, typmod: -1 };
    let dimensions: Vec<Dimension> = array.dimensions().collect();
    if dimensions.iter().any(|d| d.lower != 1) {
        for d in &dimensions {
            out.push(b'[');
            write_i64(d.lower as i64, out);
            out.push(b':');
            write_i64(d.lower as i64 + d.length as i64 - 1, out);
            out.push(b']');
        }
        out.push(b'=');
    }
    let mut text = Vec::new();
    for (at, value) in array.iter().enumerate() {
        // An element opens as many levels as it is the first of, and closes as many as it is the last of.
        let mut span = 1;
        let mut opened = 0;
        let mut closed = 0;
        for d in dimensions.iter().rev() {
            span *= d.length as usize;
            opened += at.is_multiple_of(span) as usize;
            closed += (at + 1).is_multiple_of(span) as usize;
        }
        if at > 0 {
            out.push(delimiter);
        }
        out.extend(std::iter::repeat_n(b'{', opened));
        if value.is_null() {
            out.extend_from_slice(b"NULL");
        } else {
            text.clear();
            (element.output)(value, &call, &mut text)?;
            if needs_quotes(&text, delimiter) {
                out.push(b'"');
                for &c in &text {
                    if matches!(c, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(c);
                }
                out.push(b'"');
            } else {
                out.extend_from_slice(&text);
            }
        }
        out.extend(std::iter::repeat_n(b'}', closed));
    }
    Ok(())
}

/// A message's bytes, read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<i32> {
        let (head, tail) = self.0.split_first_chunk::<4>().ok_or_else(too_short)?;
        self.0 = tail;
        Ok(i32::from_be_bytes(*head))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length).ok_or_else(too_short)?;
        self.0 = tail;
        Ok(head)
    }
}

fn array_recv(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let mut message = Reader(bytes);
    let count = message.number()?;
    if count < 0 {
        return Err(Error::new(
            SqlState::INVALID_BINARY_REPRESENTATION,
            format!("invalid number of dimensions: {count}"),
        ));
    }
    if count as usize > MAX_DIMENSIONS {
        return Err(too_many_dimensions(count as usize));
    }
    if !matches!(message.number()?, 0 | 1) {
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "invalid array flags"));
    }
    let sent = Oid(message.number()? as u32);
    let element_type = element_type_of(call.type_oid, call.env)?;
    if sent != element_type {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!(
                "binary data has array element type {sent} ({}) instead of expected {element_type} ({})",
                crate::objects::format_type(sent, None, call.env)?,
                crate::objects::format_type(element_type, None, call.env)?
            ),
        ));
    }
    let mut dimensions = Vec::new();
    let mut total = (count > 0) as usize;
    for _ in 0..count {
        let (length, lower) = (message.number()?, message.number()?);
        if length < 0 || lower.checked_add(length).is_none() {
            return Err(too_many_elements());
        }
        total = total.saturating_mul(length as usize);
        dimensions.push(Dimension { length, lower });
    }
    if total > MAX_ELEMENTS {
        return Err(too_many_elements());
    }
    let element = io(element_type, call.env)?;
    let inner = TypeCall { env: call.env, type_oid: element_type, typmod: call.typmod };
    let mut elements = Column::new(element.repr);
    for _ in 0..total {
        match message.number()? {
            -1 => elements.push_null(),
            length if length < 0 => return Err(too_short()),
            length => (element.receive)(message.take(length as usize)?, &inner, &mut elements)?,
        }
    }
    if !message.0.is_empty() {
        return Err(bad_binary());
    }
    let mut array = Vec::new();
    let values = (0..elements.len()).map(|row| elements.get(row));
    write(element_type, element.repr, &dimensions, values, &mut array)?;
    out.push(DatumRef::Bytes(&array));
    Ok(())
}

fn array_send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let array = View::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    let element_type = array.element_type();
    let element = io(element_type, call.env)?;
    let inner = TypeCall { env: call.env, type_oid: element_type, typmod: -1 };
    out.extend_from_slice(&(array.dimensions().len() as i32).to_be_bytes());
    out.extend_from_slice(&(array.has_nulls() as i32).to_be_bytes());
    out.extend_from_slice(&element_type.0.to_be_bytes());
    for d in array.dimensions() {
        out.extend_from_slice(&d.length.to_be_bytes());
        out.extend_from_slice(&d.lower.to_be_bytes());
    }
    for value in array.iter() {
        if value.is_null() {
            out.extend_from_slice(&(-1i32).to_be_bytes());
            continue;
        }
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        (element.send)(value, &inner, out)?;
        let length = (out.len() - at - 4) as u32;
        out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

fn vector_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let element_type = element_type_of(call.type_oid, call.env)?;
    let element = io(element_type, call.env)?;
    let inner = TypeCall { env: call.env, type_oid: element_type, typmod: -1 };
    let mut elements = Column::new(element.repr);
    for word in text.split(|c: char| c.is_ascii() && is_space(c as u8)).filter(|word| !word.is_empty()) {
        (element.input)(word, &inner, &mut elements)?;
    }
    let mut array = Vec::new();
    let dimension = Dimension { length: elements.len() as i32, lower: 0 };
    write(element_type, element.repr, &[dimension], (0..elements.len()).map(|row| elements.get(row)), &mut array)?;
    out.push(DatumRef::Bytes(&array));
    Ok(())
}

fn vector_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let array = View::new(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?)?;
    for (at, value) in array.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        let number = value.as_i16().map(i64::from).or(value.as_oid().map(|oid| oid.0 as i64));
        write_i64(number.unwrap_or_default(), out);
    }
    Ok(())
}
