//! Lines and line segments.

use super::points::hypotenuse;
use super::{Line, Point, Segment, about};
use crate::float::{add, div, equal, less, mul, sub};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of lines and segments.
    pub static LINES =
    1493 line_construct_pp each(Point, Point) |a: Point, b: Point| Line::through(a, b, SqlState::INVALID_PARAMETER_VALUE);
    1492 line_eq each(Line, Line) |a: Line, b: Line| a.same(b);
    1494 line_interpt each(Line, Line) |a: Line, b: Line| a.intersection(b);
    1495 line_intersect each(Line, Line) |a: Line, b: Line| a.intersection(b).map(|p| p.is_some());
    1412 line_parallel each(Line, Line) |a: Line, b: Line| a.intersection(b).map(|p| p.is_none());
    1496 line_parallel each(Line, Line) |a: Line, b: Line| a.intersection(b).map(|p| p.is_none());
    1413 line_perp each(Line, Line) |a: Line, b: Line| a.perpendicular(b);
    1497 line_perp each(Line, Line) |a: Line, b: Line| a.perpendicular(b);
    1414 line_vertical each(Line) |a: Line| about::zero(a.b);
    1498 line_vertical each(Line) |a: Line| about::zero(a.b);
    1415 line_horizontal each(Line) |a: Line| about::zero(a.a);
    1499 line_horizontal each(Line) |a: Line| about::zero(a.a);
    239 line_distance each(Line, Line) |a: Line, b: Line| a.distance(b);
    702 dist_lp each(Line, Point) |l: Line, p: Point| l.nearest(p).map(|(_, d)| d);
    725 dist_pl each(Point, Line) |p: Point, l: Line| l.nearest(p).map(|(_, d)| d);
    961 close_pl each(Point, Line) |p: Point, l: Line| l.nearest(p).map(known);
    959 on_pl each(Point, Line) |p: Point, l: Line| l.contains(p);
    993 lseg_construct each(Point, Point) Segment;
    994 lseg_intersect each(Segment, Segment) |a: Segment, b: Segment| a.intersection(b).map(|p| p.is_some());
    362 lseg_interpt each(Segment, Segment) |a: Segment, b: Segment| a.intersection(b);
    995 lseg_parallel each(Segment, Segment) parallel;
    1408 lseg_parallel each(Segment, Segment) parallel;
    996 lseg_perp each(Segment, Segment) perpendicular;
    1409 lseg_perp each(Segment, Segment) perpendicular;
    997 lseg_vertical each(Segment) |s: Segment| about::eq(s.0.x, s.1.x);
    1410 lseg_vertical each(Segment) |s: Segment| about::eq(s.0.x, s.1.x);
    998 lseg_horizontal each(Segment) |s: Segment| about::eq(s.0.y, s.1.y);
    1411 lseg_horizontal each(Segment) |s: Segment| about::eq(s.0.y, s.1.y);
    999 lseg_eq each(Segment, Segment) |a: Segment, b: Segment| a.0.same(b.0) && a.1.same(b.1);
    1482 lseg_ne each(Segment, Segment) |a: Segment, b: Segment| !(a.0.same(b.0) && a.1.same(b.1));
    1483 lseg_lt each(Segment, Segment) |a, b| lengths(a, b, about::lt);
    1484 lseg_le each(Segment, Segment) |a, b| lengths(a, b, about::le);
    1485 lseg_gt each(Segment, Segment) |a, b| lengths(a, b, about::gt);
    1486 lseg_ge each(Segment, Segment) |a, b| lengths(a, b, about::ge);
    1487 lseg_length each(Segment) |s: Segment| s.length();
    1530 lseg_length each(Segment) |s: Segment| s.length();
    225 lseg_center each(Segment) |s: Segment| s.0.middle(s.1);
    1532 lseg_center each(Segment) |s: Segment| s.0.middle(s.1);
    361 lseg_distance each(Segment, Segment) |a: Segment, b: Segment| a.nearest_to_segment(b).map(|(_, d)| d);
    363 dist_ps each(Point, Segment) |p: Point, s: Segment| s.nearest(p).map(|(_, d)| d);
    380 dist_sp each(Segment, Point) |s: Segment, p: Point| s.nearest(p).map(|(_, d)| d);
    366 close_ps each(Point, Segment) |p: Point, s: Segment| s.nearest(p).map(known);
    369 on_ps each(Point, Segment) |p: Point, s: Segment| s.contains(p);
    1489 close_lseg each(Segment, Segment) close_segments;
    704 dist_ls each(Line, Segment) |l: Line, s: Segment| s.nearest_to_line(l).map(|(_, d)| d);
    727 dist_sl each(Segment, Line) |s: Segment, l: Line| s.nearest_to_line(l).map(|(_, d)| d);
    1488 close_ls each(Line, Segment) close_line;
    277 inter_sl each(Segment, Line) |s: Segment, l: Line| s.crossing(l).map(|p| p.is_some());
    960 on_sl each(Segment, Line) |s: Segment, l: Line| Ok::<_, Error>(l.contains(s.0)? && l.contains(s.1)?);
}

/// A nearest point, unless its distance is not a number.
pub(super) fn known((nearest, distance): (Point, f64)) -> Option<Point> {
    (!distance.is_nan()).then_some(nearest)
}

fn parallel(a: Segment, b: Segment) -> Result<bool> {
    Ok(about::eq(a.slope()?, b.slope()?))
}

fn perpendicular(a: Segment, b: Segment) -> Result<bool> {
    Ok(about::eq(a.slope()?, b.0.normal_slope(b.1)?))
}

fn lengths(a: Segment, b: Segment, test: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(test(a.length()?, b.length()?))
}

fn close_segments(a: Segment, b: Segment) -> Result<Option<Point>> {
    if a.slope()? == b.slope()? {
        return Ok(None);
    }
    b.nearest_to_segment(a).map(known)
}

fn close_line(line: Line, segment: Segment) -> Result<Option<Point>> {
    if segment.slope()? == line.slope()? {
        return Ok(None);
    }
    segment.nearest_to_line(line).map(known)
}

/// Zero instead of minus zero.
fn positive(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}

impl Line {
    /// The line through a point with a slope.
    pub(super) fn with_slope(p: Point, slope: f64) -> Result<Line> {
        Ok(if slope.is_infinite() {
            Line { a: -1.0, b: 0.0, c: p.x }
        } else if slope == 0.0 {
            Line { a: 0.0, b: -1.0, c: p.y }
        } else {
            Line { a: slope, b: -1.0, c: positive(sub(p.y, mul(slope, p.x)?)?) }
        })
    }

    /// The line through two points; `state` is that of the error if they are the same.
    pub(super) fn through(a: Point, b: Point, state: SqlState) -> Result<Line> {
        if a.same(b) {
            return Err(Error::new(state, "invalid line specification: must be two distinct points"));
        }
        Line::with_slope(a, a.slope(b)?)
    }

    fn slope(self) -> Result<f64> {
        if about::zero(self.a) {
            return Ok(0.0);
        }
        if about::zero(self.b) {
            return Ok(f64::INFINITY);
        }
        div(self.a, -self.b)
    }

    fn normal_slope(self) -> Result<f64> {
        if about::zero(self.a) {
            return Ok(f64::INFINITY);
        }
        if about::zero(self.b) {
            return Ok(0.0);
        }
        div(self.b, self.a)
    }

    fn same(self, other: Line) -> Result<bool> {
        if [self.a, self.b, self.c, other.a, other.b, other.c].iter().any(|v| v.is_nan()) {
            return Ok(equal(self.a, other.a) && equal(self.b, other.b) && equal(self.c, other.c));
        }
        let ratio = if !about::zero(other.a) {
            div(self.a, other.a)?
        } else if !about::zero(other.b) {
            div(self.b, other.b)?
        } else if !about::zero(other.c) {
            div(self.c, other.c)?
        } else {
            1.0
        };
        let same = |a: f64, b: f64| mul(ratio, b).map(|b| about::eq(a, b));
        Ok(same(self.a, other.a)? && same(self.b, other.b)? && same(self.c, other.c)?)
    }

    fn perpendicular(self, other: Line) -> Result<bool> {
        if about::zero(self.a) {
            return Ok(about::zero(other.b));
        }
        if about::zero(other.a) {
            return Ok(about::zero(self.b));
        }
        if about::zero(self.b) {
            return Ok(about::zero(other.a));
        }
        if about::zero(other.b) {
            return Ok(about::zero(self.a));
        }
        Ok(about::eq(div(mul(self.a, other.a)?, mul(self.b, other.b)?)?, -1.0))
    }

    /// Where two lines meet; `None` if they are parallel.
    pub(super) fn intersection(self, other: Line) -> Result<Option<Point>> {
        let (one, two) = if !about::zero(self.b) {
            (self, other)
        } else if !about::zero(other.b) {
            (other, self)
        } else {
            return Ok(None);
        };
        if about::eq(two.a, mul(one.a, div(two.b, one.b)?)?) {
            return Ok(None);
        }
        let x = div(sub(mul(one.b, two.c)?, mul(two.b, one.c)?)?, sub(mul(one.a, two.b)?, mul(two.a, one.b)?)?)?;
        let y = div(-add(mul(one.a, x)?, one.c)?, one.b)?;
        Ok(Some(Point { x: positive(x), y: positive(y) }))
    }

    fn distance(self, other: Line) -> Result<f64> {
        if self.intersection(other)?.is_some() {
            return Ok(0.0);
        }
        let usable = |v: f64| !about::zero(v) && !v.is_nan();
        let ratio = if usable(self.a) && usable(other.a) {
            div(self.a, other.a)?
        } else if usable(self.b) && usable(other.b) {
            div(self.b, other.b)?
        } else {
            1.0
        };
        div(sub(self.c, mul(ratio, other.c)?)?.abs(), hypotenuse(self.a, self.b)?)
    }

    pub(super) fn contains(self, p: Point) -> Result<bool> {
        Ok(about::zero(add(add(mul(self.a, p.x)?, mul(self.b, p.y)?)?, self.c)?))
    }

    /// Its point nearest to another one, and how far that is.
    pub(super) fn nearest(self, p: Point) -> Result<(Point, f64)> {
        let normal = Line::with_slope(p, self.normal_slope()?)?;
        match normal.intersection(self)? {
            Some(nearest) => Ok((nearest, nearest.distance(p)?)),
            None => Ok((p, f64::NAN)),
        }
    }
}

impl Segment {
    fn slope(self) -> Result<f64> {
        self.0.slope(self.1)
    }

    pub(super) fn length(self) -> Result<f64> {
        self.0.distance(self.1)
    }

    pub(super) fn contains(self, p: Point) -> Result<bool> {
        Ok(about::eq(add(p.distance(self.0)?, p.distance(self.1)?)?, self.length()?))
    }

    /// Where it crosses a line.
    pub(super) fn crossing(self, line: Line) -> Result<Option<Point>> {
        let own = Line::with_slope(self.0, self.slope()?)?;
        let Some(p) = own.intersection(line)? else { return Ok(None) };
        if !self.contains(p)? {
            return Ok(None);
        }
        // An end that it meets is given exactly.
        Ok(Some(if self.0.same(p) {
            self.0
        } else if self.1.same(p) {
            self.1
        } else {
            p
        }))
    }

    /// Where it crosses another one.
    pub(super) fn intersection(self, other: Segment) -> Result<Option<Point>> {
        let line = Line::with_slope(other.0, other.slope()?)?;
        match self.crossing(line)? {
            Some(p) if other.contains(p)? => Ok(Some(p)),
            _ => Ok(None),
        }
    }

    /// Its point nearest to another one, and how far that is.
    pub(super) fn nearest(self, p: Point) -> Result<(Point, f64)> {
        let normal = Line::with_slope(p, self.0.normal_slope(self.1)?)?;
        let (nearest, _) = self.nearest_to_line(normal)?;
        Ok((nearest, nearest.distance(p)?))
    }

    /// Its point nearest to a line.
    pub(super) fn nearest_to_line(self, line: Line) -> Result<(Point, f64)> {
        if let Some(p) = self.crossing(line)? {
            return Ok((p, 0.0));
        }
        let (first, second) = (line.nearest(self.0)?.1, line.nearest(self.1)?.1);
        Ok(if first < second { (self.0, first) } else { (self.1, second) })
    }

    /// Its point nearest to another segment.
    pub(super) fn nearest_to_segment(self, other: Segment) -> Result<(Point, f64)> {
        if let Some(p) = self.intersection(other)? {
            return Ok((p, 0.0));
        }
        let mut best = self.nearest(other.0)?;
        let mut closer = |candidate: (Point, f64)| {
            if less(candidate.1, best.1) {
                best = candidate;
            }
        };
        closer(self.nearest(other.1)?);
        closer((self.0, other.nearest(self.0)?.1));
        closer((self.1, other.nearest(self.1)?.1));
        Ok(best)
    }
}
