//! Points.

use super::{Point, about};
use crate::float::{add, div, equal, mul, overflow, sub, underflow};
use error::Result;

crate::builtins! {
    /// Functions of points.
    pub static POINTS =
    1440 construct_point each(f64, f64) |x, y| Point { x, y };
    131 point_above each(Point, Point) |a: Point, b: Point| about::gt(a.y, b.y);
    132 point_left each(Point, Point) |a: Point, b: Point| about::lt(a.x, b.x);
    133 point_right each(Point, Point) |a: Point, b: Point| about::gt(a.x, b.x);
    134 point_below each(Point, Point) |a: Point, b: Point| about::lt(a.y, b.y);
    135 point_eq each(Point, Point) |a: Point, b: Point| a.same(b);
    988 point_ne each(Point, Point) |a: Point, b: Point| !a.same(b);
    989 point_vert each(Point, Point) |a: Point, b: Point| about::eq(a.x, b.x);
    990 point_horiz each(Point, Point) |a: Point, b: Point| about::eq(a.y, b.y);
    1406 point_vert each(Point, Point) |a: Point, b: Point| about::eq(a.x, b.x);
    1407 point_horiz each(Point, Point) |a: Point, b: Point| about::eq(a.y, b.y);
    991 point_distance each(Point, Point) |a: Point, b: Point| a.distance(b);
    992 point_slope each(Point, Point) |a: Point, b: Point| a.slope(b);
    1441 point_add each(Point, Point) |a: Point, b: Point| a.plus(b);
    1442 point_sub each(Point, Point) |a: Point, b: Point| a.minus(b);
    1443 point_mul each(Point, Point) |a: Point, b: Point| a.times(b);
    1444 point_div each(Point, Point) |a: Point, b: Point| a.over(b);
}

/// The length of a vector, without overflow on the way.
pub fn hypotenuse(x: f64, y: f64) -> Result<f64> {
    if x.is_infinite() || y.is_infinite() {
        return Ok(f64::INFINITY);
    }
    if x.is_nan() || y.is_nan() {
        return Ok(f64::NAN);
    }
    let (long, short) = if x.abs() < y.abs() { (y.abs(), x.abs()) } else { (x.abs(), y.abs()) };
    if short == 0.0 {
        return Ok(long);
    }
    let ratio = short / long;
    let length = long * (1.0 + ratio * ratio).sqrt();
    if length.is_infinite() {
        return Err(overflow());
    }
    if length == 0.0 {
        return Err(underflow());
    }
    Ok(length)
}

impl Point {
    pub(super) fn has_nan(self) -> bool {
        self.x.is_nan() || self.y.is_nan()
    }

    /// The same within the tolerance.
    pub fn same(self, other: Point) -> bool {
        if self.has_nan() || other.has_nan() {
            return equal(self.x, other.x) && equal(self.y, other.y);
        }
        about::eq(self.x, other.x) && about::eq(self.y, other.y)
    }

    /// How far it is to another one.
    pub fn distance(self, other: Point) -> Result<f64> {
        hypotenuse(sub(self.x, other.x)?, sub(self.y, other.y)?)
    }

    /// The slope of the line to another one.
    pub(super) fn slope(self, other: Point) -> Result<f64> {
        if about::eq(self.x, other.x) {
            return Ok(f64::INFINITY);
        }
        if about::eq(self.y, other.y) {
            return Ok(0.0);
        }
        div(sub(self.y, other.y)?, sub(self.x, other.x)?)
    }

    /// The slope of the lines at right angles to the line to another one.
    pub(super) fn normal_slope(self, other: Point) -> Result<f64> {
        if about::eq(self.x, other.x) {
            return Ok(0.0);
        }
        if about::eq(self.y, other.y) {
            return Ok(f64::INFINITY);
        }
        div(sub(self.x, other.x)?, sub(other.y, self.y)?)
    }

    pub(super) fn plus(self, other: Point) -> Result<Point> {
        Ok(Point { x: add(self.x, other.x)?, y: add(self.y, other.y)? })
    }

    pub(super) fn minus(self, other: Point) -> Result<Point> {
        Ok(Point { x: sub(self.x, other.x)?, y: sub(self.y, other.y)? })
    }

    /// As complex numbers are multiplied: turned and scaled.
    pub(super) fn times(self, other: Point) -> Result<Point> {
        Ok(Point {
            x: sub(mul(self.x, other.x)?, mul(self.y, other.y)?)?,
            y: add(mul(self.x, other.y)?, mul(self.y, other.x)?)?,
        })
    }

    pub(super) fn over(self, other: Point) -> Result<Point> {
        let square = add(mul(other.x, other.x)?, mul(other.y, other.y)?)?;
        Ok(Point {
            x: div(add(mul(self.x, other.x)?, mul(self.y, other.y)?)?, square)?,
            y: div(sub(mul(self.y, other.x)?, mul(self.x, other.y)?)?, square)?,
        })
    }

    /// The point in the middle.
    pub(super) fn middle(self, other: Point) -> Result<Point> {
        Ok(Point { x: div(add(self.x, other.x)?, 2.0)?, y: div(add(self.y, other.y)?, 2.0)? })
    }
}
