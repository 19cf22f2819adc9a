//! Geometric types: points, lines, line segments, boxes, paths, polygons and circles in the plane.
//!
//! Coordinates are doubles. A box is its upper right and lower left corner; a line is the `A`, `B` and `C` of `Ax + By + C = 0`; a path is a
//! byte, 1 if it is closed, and its points; a polygon is its points. Numbers stand in little-endian order, at any address.
//!
//! Nearly everything is compared with a tolerance of 1e-6 ([`about`]); where PostgreSQL compares exactly, so does this.

mod about;
mod boxes;
mod circles;
mod io;
mod lines;
mod points;
mod polygons;

pub use boxes::BOXES;
pub use circles::CIRCLES;
pub use io::{BOX_IO, CIRCLE_IO, LINE_IO, LSEG_IO, PATH_IO, POINT_IO, POLYGON_IO};
pub use lines::LINES;
pub use points::{POINTS, hypotenuse};
pub use polygons::POLYGONS;

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

/// A line segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Segment(pub Point, pub Point);

/// An infinite line: the points of which `a * x + b * y + c` is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// What x is multiplied with.
    pub a: f64,
    /// What y is multiplied with.
    pub b: f64,
    /// What is added.
    pub c: f64,
}

/// A box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Its upper right corner.
    pub high: Point,
    /// Its lower left corner.
    pub low: Point,
}

/// A circle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Circle {
    /// Its middle.
    pub center: Point,
    /// Not negative.
    pub radius: f64,
}

/// Doubles one behind the other; what is missing reads as 0.
fn number(bytes: &[u8], at: usize) -> f64 {
    bytes.get(8 * at..).and_then(|rest| rest.first_chunk()).map_or(0.0, |bytes| f64::from_le_bytes(*bytes))
}

fn point(bytes: &[u8], at: usize) -> Point {
    Point { x: number(bytes, at), y: number(bytes, at + 1) }
}

/// The box of these bytes.
pub(crate) fn rect_of(bytes: &[u8]) -> Rect {
    Rect { high: point(bytes, 0), low: point(bytes, 2) }
}

/// The point of these bytes.
pub(crate) fn point_of(bytes: &[u8]) -> Point {
    point(bytes, 0)
}

fn put(numbers: &[f64], out: &mut Vec<u8>) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

crate::bytes_value!(Point, |raw| point(raw, 0), |value, out| put(&[value.x, value.y], out));
crate::bytes_value!(Segment, |raw| Segment(point(raw, 0), point(raw, 2)), |value, out| {
    put(&[value.0.x, value.0.y, value.1.x, value.1.y], out)
});
crate::bytes_value!(Line, |raw| Line { a: number(raw, 0), b: number(raw, 1), c: number(raw, 2) }, |value, out| {
    put(&[value.a, value.b, value.c], out)
});
crate::bytes_value!(Rect, |raw| Rect { high: point(raw, 0), low: point(raw, 2) }, |value, out| {
    put(&[value.high.x, value.high.y, value.low.x, value.low.y], out)
});
crate::bytes_value!(Circle, |raw| Circle { center: point(raw, 0), radius: number(raw, 2) }, |value, out| {
    put(&[value.center.x, value.center.y, value.radius], out)
});

/// The points of a polygon or path, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    bytes: &'a [u8],
    /// Whether the last point is joined with the first one.
    pub closed: bool,
}

impl<'a> Points<'a> {
    /// A path's points.
    pub fn of_path(bytes: &'a [u8]) -> Points<'a> {
        let (closed, bytes) = bytes.split_first().unwrap_or((&1, &[]));
        Points { bytes, closed: *closed != 0 }
    }

    /// A polygon's points.
    pub fn of_polygon(bytes: &'a [u8]) -> Points<'a> {
        Points { bytes, closed: true }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.bytes.len() / 16
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() < 16
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Point {
        point(self.bytes, 2 * at)
    }

    /// One after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Point> + Clone + use<'a> {
        let points = *self;
        (0..points.len()).map(move |at| points.get(at))
    }

    /// The segments between them: the one from the last to the first point comes first.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + Clone + use<'a> {
        let points = *self;
        let first = if points.closed { 0 } else { 1 };
        (first..points.len()).map(move |at| {
            let before = if at == 0 { points.len() - 1 } else { at - 1 };
            Segment(points.get(before), points.get(at))
        })
    }

    /// The smallest box around them.
    pub fn bounds(&self) -> Rect {
        let first = self.get(0);
        self.iter().fold(Rect { high: first, low: first }, |rect, p| rect.around(p))
    }
}
