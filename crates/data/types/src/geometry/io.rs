//! Text and binary forms of geometric types.

use super::{Circle, Line, Point, Points, Rect, Segment, about, put};
use crate::float::{f64_text, parse_float};
use crate::format::is_space;
use crate::io::{TypeCall, TypeIo, too_short, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

/// Reads numbers and punctuation.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    type_name: &'static str,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, type_name: &'static str) -> Reader<'t> {
        Reader { text, bytes: text.as_bytes(), at: 0, type_name }
    }

    #[cold]
    fn invalid(&self) -> Error {
        crate::int::invalid_input(self.type_name, self.text)
    }

    fn spaces(&mut self) {
        while self.bytes.get(self.at).is_some_and(|&b| is_space(b)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == byte;
        self.at += is as usize;
        is
    }

    fn must(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.invalid()) }
    }

    fn end(&mut self) -> Result<()> {
        self.spaces();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.invalid()) }
    }

    /// Whether an opening parenthesis here is the last one of the text.
    fn only_parenthesis(&self) -> bool {
        self.peek() == b'(' && !self.bytes[self.at + 1..].contains(&b'(')
    }

    fn number(&mut self) -> Result<f64> {
        self.spaces();
        let rest = &self.bytes[self.at..];
        let sign = matches!(rest.first(), Some(b'+' | b'-')) as usize;
        let word = |word: &str| rest[sign..].get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word.as_bytes()));
        let digits = |from: usize| rest[from.min(rest.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
        let length = if word("infinity") {
            sign + 8
        } else if word("inf") || word("nan") {
            sign + 3
        } else {
            let whole = digits(sign);
            let mut end = sign + whole;
            let mut fraction = 0;
            if rest.get(end) == Some(&b'.') {
                fraction = digits(end + 1);
                end += (whole + fraction > 0) as usize * (1 + fraction);
            }
            if whole + fraction == 0 {
                return Err(self.invalid());
            }
            if matches!(rest.get(end), Some(b'e' | b'E')) {
                let sign = matches!(rest.get(end + 1), Some(b'+' | b'-')) as usize;
                let exponent = digits(end + 1 + sign);
                if exponent > 0 {
                    end += 1 + sign + exponent;
                }
            }
            end
        };
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        let value = parse_float(text, "double precision")?;
        self.spaces();
        Ok(value)
    }

    /// `x,y` or `(x,y)`.
    fn pair(&mut self) -> Result<Point> {
        self.spaces();
        let enclosed = self.take(b'(');
        let x = self.number()?;
        self.must(b',')?;
        let y = self.number()?;
        if enclosed {
            self.must(b')')?;
            self.spaces();
        }
        Ok(Point { x, y })
    }

    /// Some points, perhaps in parentheses, or (if `open` may be) in brackets; and whether they were in brackets.
    fn points(&mut self, count: usize, may_be_open: bool, out: &mut Vec<Point>) -> Result<bool> {
        self.spaces();
        let open = self.peek() == b'[';
        let mut depth = 0;
        if open {
            if !may_be_open {
                return Err(self.invalid());
            }
            self.at += 1;
            depth = 1;
        } else if self.peek() == b'(' {
            // A parenthesis around all of them, or around the first one?
            let next = self.bytes[self.at + 1..].iter().find(|&&b| !is_space(b));
            if next == Some(&b'(') || self.only_parenthesis() {
                self.at += 1;
                depth = 1;
            }
        }
        for _ in 0..count {
            out.push(self.pair()?);
            self.take(b',');
        }
        if depth > 0 {
            let closes = self.take(b')') || open && self.take(b']');
            if !closes {
                return Err(self.invalid());
            }
            self.spaces();
        }
        Ok(open)
    }

    /// How many points the text has, by its commas.
    fn count(&self) -> Result<usize> {
        let commas = self.bytes.iter().filter(|&&b| b == b',').count();
        if commas % 2 == 0 { Err(self.invalid()) } else { Ok(commas.div_ceil(2)) }
    }

    fn two(&mut self, may_be_open: bool) -> Result<[Point; 2]> {
        let mut points = Vec::with_capacity(2);
        self.points(2, may_be_open, &mut points)?;
        self.end()?;
        Ok([points[0], points[1]])
    }
}

fn line(text: &str) -> Result<Line> {
    let mut reader = Reader::new(text, "line");
    reader.spaces();
    if !reader.take(b'{') {
        let [a, b] = reader.two(true)?;
        return Line::through(a, b, SqlState::INVALID_TEXT_REPRESENTATION);
    }
    let a = reader.number()?;
    reader.must(b',')?;
    let b = reader.number()?;
    reader.must(b',')?;
    let c = reader.number()?;
    reader.must(b'}')?;
    reader.end()?;
    checked_line(Line { a, b, c }, SqlState::INVALID_TEXT_REPRESENTATION)
}

fn checked_line(line: Line, state: SqlState) -> Result<Line> {
    if about::zero(line.a) && about::zero(line.b) {
        return Err(Error::new(state, "invalid line specification: A and B cannot both be zero"));
    }
    Ok(line)
}

fn circle(text: &str) -> Result<Circle> {
    let mut reader = Reader::new(text, "circle");
    reader.spaces();
    let angle = reader.take(b'<');
    let mut enclosed = angle;
    if !angle && reader.peek() == b'(' {
        let next = reader.bytes[reader.at + 1..].iter().find(|&&b| !is_space(b));
        if next == Some(&b'(') {
            reader.at += 1;
            enclosed = true;
        }
    }
    let center = reader.pair()?;
    reader.take(b',');
    let radius = reader.number()?;
    if radius < 0.0 {
        return Err(reader.invalid());
    }
    if enclosed && !reader.take(b')') && !(angle && reader.take(b'>')) {
        return Err(reader.invalid());
    }
    reader.end()?;
    Ok(Circle { center, radius })
}

fn path(text: &str) -> Result<(bool, Vec<Point>)> {
    let mut reader = Reader::new(text, "path");
    let count = reader.count()?;
    reader.spaces();
    let enclosed = reader.only_parenthesis();
    reader.at += enclosed as usize;
    let mut points = Vec::with_capacity(count);
    let open = reader.points(count, true, &mut points)?;
    if enclosed {
        reader.must(b')')?;
    }
    reader.end()?;
    Ok((!open, points))
}

fn polygon(text: &str) -> Result<Vec<Point>> {
    let mut reader = Reader::new(text, "polygon");
    let count = reader.count()?;
    let mut points = Vec::with_capacity(count);
    reader.points(count, false, &mut points)?;
    reader.end()?;
    Ok(points)
}

fn push(out: &mut Column, numbers: &[f64]) -> Result<()> {
    let mut bytes = Vec::with_capacity(8 * numbers.len());
    put(numbers, &mut bytes);
    out.push(DatumRef::Bytes(&bytes));
    Ok(())
}

fn bytes<'a>(value: DatumRef<'a>, call: &TypeCall<'_>) -> Result<&'a [u8]> {
    value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))
}

fn write_point(p: Point, call: &TypeCall<'_>, out: &mut Vec<u8>) {
    out.push(b'(');
    write_numbers(&[p.x, p.y], call, out);
    out.push(b')');
}

fn write_numbers(numbers: &[f64], call: &TypeCall<'_>, out: &mut Vec<u8>) {
    for (at, number) in numbers.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&f64_text(*number, call.env));
    }
}

fn write_points(points: impl Iterator<Item = Point>, call: &TypeCall<'_>, out: &mut Vec<u8>) {
    for (at, p) in points.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_point(p, call, out);
    }
}

/// The numbers of a message, which has exactly as many.
fn received<const N: usize>(bytes: &[u8]) -> Result<[f64; N]> {
    if bytes.len() < 8 * N {
        return Err(too_short());
    }
    if bytes.len() > 8 * N {
        return Err(crate::io::bad_binary());
    }
    let mut numbers = [0.0; N];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
        *number = f64::from_be_bytes(crate::io::exactly(bytes)?);
    }
    Ok(numbers)
}

/// Sends numbers; their order in memory and in the message is the same.
fn send_numbers(bytes: &[u8], out: &mut Vec<u8>) {
    for number in bytes.chunks_exact(8) {
        out.extend(number.iter().rev());
    }
}

/// Receives the points behind their number.
fn received_points(bytes: &[u8], type_name: &str) -> Result<Vec<u8>> {
    let (count, rest) = bytes.split_first_chunk::<4>().ok_or_else(too_short)?;
    let count = i32::from_be_bytes(*count);
    if count <= 0 || count as usize > batch::ByteValues::MAX_LENGTH / 16 {
        let message = format!("invalid number of points in external \"{type_name}\" value");
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, message));
    }
    if rest.len() < 16 * count as usize {
        return Err(too_short());
    }
    if rest.len() > 16 * count as usize {
        return Err(crate::io::bad_binary());
    }
    let mut out = Vec::with_capacity(rest.len());
    send_numbers(rest, &mut out);
    Ok(out)
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident: |$text:ident| $input:expr, |$numbers:ident: $count:literal| $receive:expr,
       |$bytes:ident, $call:ident, $out:ident| $output:expr;)*) => {
        $($(#[$doc])*
        pub const $name: TypeIo = TypeIo {
            repr: Repr::Bytes,
            input: |$text, _, out| push(out, &$input),
            output: |value, $call, $out| {
                let $bytes = bytes(value, $call)?;
                $output;
                Ok(())
            },
            receive: |bytes, _, out| {
                let $numbers: [f64; $count] = received(bytes)?;
                push(out, &$receive)
            },
            send: |value, call, out| {
                send_numbers(bytes(value, call)?, out);
                Ok(())
            },
        };)*
    };
}

fn corners(rect: Rect) -> [f64; 4] {
    [rect.high.x, rect.high.y, rect.low.x, rect.low.y]
}

fn pairs(points: [Point; 2]) -> [f64; 4] {
    [points[0].x, points[0].y, points[1].x, points[1].y]
}

fn received_circle(numbers: [f64; 3]) -> Result<[f64; 3]> {
    if numbers[2] < 0.0 {
        let message = "invalid radius in external \"circle\" value";
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, message));
    }
    Ok(numbers)
}

fn received_line(numbers: [f64; 3]) -> Result<[f64; 3]> {
    let line = Line { a: numbers[0], b: numbers[1], c: numbers[2] };
    checked_line(line, SqlState::INVALID_BINARY_REPRESENTATION).map(|_| numbers)
}

fn read_point(text: &str) -> Result<[f64; 2]> {
    let mut reader = Reader::new(text, "point");
    let p = reader.pair()?;
    reader.end()?;
    Ok([p.x, p.y])
}

fixed! {
    /// point
    POINT_IO: |text| read_point(text)?, |numbers: 2| numbers,
        |bytes, call, out| write_point(super::point(bytes, 0), call, out);
    /// lseg
    LSEG_IO: |text| pairs(Reader::new(text, "lseg").two(true)?), |numbers: 4| numbers,
        |bytes, call, out| {
            let Segment(a, b) = Segment(super::point(bytes, 0), super::point(bytes, 2));
            out.push(b'[');
            write_points([a, b].into_iter(), call, out);
            out.push(b']');
        };
    /// box
    BOX_IO: |text| { let [a, b] = Reader::new(text, "box").two(false)?; corners(Rect::of(a, b)) },
        |numbers: 4| corners(Rect::of(Point { x: numbers[0], y: numbers[1] }, Point { x: numbers[2], y: numbers[3] })),
        |bytes, call, out| write_points([super::point(bytes, 0), super::point(bytes, 2)].into_iter(), call, out);
    /// line
    LINE_IO: |text| { let line = line(text)?; [line.a, line.b, line.c] }, |numbers: 3| received_line(numbers)?,
        |bytes, call, out| {
            out.push(b'{');
            write_numbers(&[super::number(bytes, 0), super::number(bytes, 1), super::number(bytes, 2)], call, out);
            out.push(b'}');
        };
    /// circle
    CIRCLE_IO: |text| { let c = circle(text)?; [c.center.x, c.center.y, c.radius] }, |numbers: 3| received_circle(numbers)?,
        |bytes, call, out| {
            out.push(b'<');
            write_point(super::point(bytes, 0), call, out);
            out.push(b',');
            write_numbers(&[super::number(bytes, 2)], call, out);
            out.push(b'>');
        };
}

/// path
pub const PATH_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        let (closed, points) = path(text)?;
        let mut bytes = vec![closed as u8];
        points.iter().for_each(|p| put(&[p.x, p.y], &mut bytes));
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    },
    output: |value, call, out| {
        let path = Points::of_path(bytes(value, call)?);
        out.push(if path.closed { b'(' } else { b'[' });
        write_points(path.iter(), call, out);
        out.push(if path.closed { b')' } else { b']' });
        Ok(())
    },
    receive: |bytes, _, out| {
        let (closed, rest) = bytes.split_first().ok_or_else(too_short)?;
        let mut path = vec![(*closed != 0) as u8];
        path.extend(received_points(rest, "path")?);
        out.push(DatumRef::Bytes(&path));
        Ok(())
    },
    send: |value, call, out| {
        let path = Points::of_path(bytes(value, call)?);
        out.push(path.closed as u8);
        out.extend_from_slice(&(path.len() as i32).to_be_bytes());
        send_numbers(path.bytes, out);
        Ok(())
    },
};

/// polygon
pub const POLYGON_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        let mut bytes = Vec::new();
        polygon(text)?.iter().for_each(|p| put(&[p.x, p.y], &mut bytes));
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    },
    output: |value, call, out| {
        out.push(b'(');
        write_points(Points::of_polygon(bytes(value, call)?).iter(), call, out);
        out.push(b')');
        Ok(())
    },
    receive: |bytes, _, out| {
        out.push(DatumRef::Bytes(&received_points(bytes, "polygon")?));
        Ok(())
    },
    send: |value, call, out| {
        let points = Points::of_polygon(bytes(value, call)?);
        out.extend_from_slice(&(points.len() as i32).to_be_bytes());
        send_numbers(points.bytes, out);
        Ok(())
    },
};
