//! Boxes.

use super::lines::known;
use super::{Line, Point, Rect, Segment, about};
use crate::float::{div, less, mul, sub};
use error::{Error, Result};

crate::builtins! {
    /// Functions of boxes.
    pub static BOXES =
    115 box_above_eq each(Rect, Rect) |a: Rect, b: Rect| about::ge(a.low.y, b.high.y);
    116 box_below_eq each(Rect, Rect) |a: Rect, b: Rect| about::le(a.high.y, b.low.y);
    125 box_overlap each(Rect, Rect) |a: Rect, b: Rect| a.overlaps(b);
    126 box_ge each(Rect, Rect) |a, b| areas(a, b, about::ge);
    127 box_gt each(Rect, Rect) |a, b| areas(a, b, about::gt);
    128 box_eq each(Rect, Rect) |a, b| areas(a, b, about::eq);
    129 box_lt each(Rect, Rect) |a, b| areas(a, b, about::lt);
    130 box_le each(Rect, Rect) |a, b| areas(a, b, about::le);
    136 on_pb each(Point, Rect) |p: Point, b: Rect| b.contains(p);
    193 box_contain_pt each(Rect, Point) |b: Rect, p: Point| b.contains(p);
    138 box_center each(Rect) |b: Rect| b.center();
    1534 box_center each(Rect) |b: Rect| b.center();
    1542 box_center each(Rect) |b: Rect| b.center();
    186 box_same each(Rect, Rect) |a: Rect, b: Rect| a.high.same(b.high) && a.low.same(b.low);
    187 box_contain each(Rect, Rect) |a: Rect, b: Rect| a.contains_box(b);
    192 box_contained each(Rect, Rect) |a: Rect, b: Rect| b.contains_box(a);
    188 box_left each(Rect, Rect) |a: Rect, b: Rect| about::lt(a.high.x, b.low.x);
    189 box_overleft each(Rect, Rect) |a: Rect, b: Rect| about::le(a.high.x, b.high.x);
    190 box_overright each(Rect, Rect) |a: Rect, b: Rect| about::ge(a.low.x, b.low.x);
    191 box_right each(Rect, Rect) |a: Rect, b: Rect| about::gt(a.low.x, b.high.x);
    2562 box_below each(Rect, Rect) |a: Rect, b: Rect| about::lt(a.high.y, b.low.y);
    2563 box_overbelow each(Rect, Rect) |a: Rect, b: Rect| about::le(a.high.y, b.high.y);
    2564 box_overabove each(Rect, Rect) |a: Rect, b: Rect| about::ge(a.low.y, b.low.y);
    2565 box_above each(Rect, Rect) |a: Rect, b: Rect| about::gt(a.low.y, b.high.y);
    975 box_area each(Rect) |b: Rect| b.area();
    976 box_width each(Rect) |b: Rect| sub(b.high.x, b.low.x);
    977 box_height each(Rect) |b: Rect| sub(b.high.y, b.low.y);
    978 box_distance each(Rect, Rect) |a: Rect, b: Rect| a.center()?.distance(b.center()?);
    980 box_intersect each(Rect, Rect) intersection;
    981 box_diagonal each(Rect) |b: Rect| Segment(b.high, b.low);
    1541 box_diagonal each(Rect) |b: Rect| Segment(b.high, b.low);
    1421 points_box each(Point, Point) Rect::of;
    4091 point_box each(Point) |p| Rect { high: p, low: p };
    4067 boxes_bound_box each(Rect, Rect) |a: Rect, b: Rect| a.around(b.high).around(b.low);
    1422 box_add each(Rect, Point) |b: Rect, p: Point| Ok::<_, Error>(Rect { high: b.high.plus(p)?, low: b.low.plus(p)? });
    1423 box_sub each(Rect, Point) |b: Rect, p: Point| Ok::<_, Error>(Rect { high: b.high.minus(p)?, low: b.low.minus(p)? });
    1424 box_mul each(Rect, Point) |b: Rect, p: Point| Ok::<_, Error>(Rect::of(b.high.times(p)?, b.low.times(p)?));
    1425 box_div each(Rect, Point) |b: Rect, p: Point| Ok::<_, Error>(Rect::of(b.high.over(p)?, b.low.over(p)?));
    357 dist_bp each(Rect, Point) |b: Rect, p: Point| b.nearest(p).map(|(_, d)| d);
    364 dist_pb each(Point, Rect) |p: Point, b: Rect| b.nearest(p).map(|(_, d)| d);
    367 close_pb each(Point, Rect) |p: Point, b: Rect| b.nearest(p).map(known);
    365 dist_sb each(Segment, Rect) |s: Segment, b: Rect| b.nearest_to_segment(s).map(|(_, d)| d);
    381 dist_bs each(Rect, Segment) |b: Rect, s: Segment| b.nearest_to_segment(s).map(|(_, d)| d);
    368 close_sb each(Segment, Rect) |s: Segment, b: Rect| b.nearest_to_segment(s).map(known);
    372 on_sb each(Segment, Rect) |s: Segment, b: Rect| b.contains(s.0) && b.contains(s.1);
    373 inter_sb each(Segment, Rect) |s: Segment, b: Rect| b.crossing(s).map(|p| p.is_some());
    278 inter_lb each(Line, Rect) line_crosses;
}

fn areas(a: Rect, b: Rect, test: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(test(a.area()?, b.area()?))
}

fn least(a: f64, b: f64) -> f64 {
    if less(b, a) { b } else { a }
}

fn greatest(a: f64, b: f64) -> f64 {
    if less(a, b) { b } else { a }
}

fn intersection(a: Rect, b: Rect) -> Option<Rect> {
    a.overlaps(b).then(|| Rect {
        high: Point { x: least(a.high.x, b.high.x), y: least(a.high.y, b.high.y) },
        low: Point { x: greatest(a.low.x, b.low.x), y: greatest(a.low.y, b.low.y) },
    })
}

fn line_crosses(line: Line, rect: Rect) -> Result<bool> {
    for side in rect.sides() {
        if side.crossing(line)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Rect {
    /// The box with these corners.
    pub fn of(a: Point, b: Point) -> Rect {
        Rect {
            high: Point { x: greatest(a.x, b.x), y: greatest(a.y, b.y) },
            low: Point { x: least(a.x, b.x), y: least(a.y, b.y) },
        }
    }

    /// The smallest box around it and a point.
    pub fn around(self, p: Point) -> Rect {
        Rect {
            high: Point { x: greatest(self.high.x, p.x), y: greatest(self.high.y, p.y) },
            low: Point { x: least(self.low.x, p.x), y: least(self.low.y, p.y) },
        }
    }

    fn area(self) -> Result<f64> {
        mul(sub(self.high.x, self.low.x)?, sub(self.high.y, self.low.y)?)
    }

    pub(super) fn center(self) -> Result<Point> {
        self.high.middle(self.low)
    }

    pub(super) fn overlaps(self, other: Rect) -> bool {
        about::le(self.low.x, other.high.x)
            && about::le(other.low.x, self.high.x)
            && about::le(self.low.y, other.high.y)
            && about::le(other.low.y, self.high.y)
    }

    /// Exactly.
    pub(super) fn contains(self, p: Point) -> bool {
        self.high.x >= p.x && self.low.x <= p.x && self.high.y >= p.y && self.low.y <= p.y
    }

    pub(super) fn contains_box(self, other: Rect) -> bool {
        about::ge(self.high.x, other.high.x)
            && about::le(self.low.x, other.low.x)
            && about::ge(self.high.y, other.high.y)
            && about::le(self.low.y, other.low.y)
    }

    fn sides(self) -> [Segment; 4] {
        let upper_left = Point { x: self.low.x, y: self.high.y };
        let lower_right = Point { x: self.high.x, y: self.low.y };
        [
            Segment(self.low, upper_left),
            Segment(self.high, upper_left),
            Segment(self.low, lower_right),
            Segment(self.high, lower_right),
        ]
    }

    /// The segment's point nearest to the middle, if the segment and the box have points in common.
    fn crossing(self, segment: Segment) -> Result<Option<Point>> {
        if !Rect::of(segment.0, segment.1).overlaps(self) {
            return Ok(None);
        }
        let mut crosses = self.contains(segment.0) || self.contains(segment.1);
        for side in self.sides() {
            crosses = crosses || side.intersection(segment)?.is_some();
        }
        if !crosses {
            return Ok(None);
        }
        Ok(Some(segment.nearest(self.center()?)?.0))
    }

    fn nearest_side(self, nearest: impl Fn(Segment) -> Result<(Point, f64)>) -> Result<(Point, f64)> {
        let [first, rest @ ..] = self.sides();
        let mut best = nearest(first)?;
        for side in rest {
            let candidate = nearest(side)?;
            if less(candidate.1, best.1) {
                best = candidate;
            }
        }
        Ok(best)
    }

    fn nearest(self, p: Point) -> Result<(Point, f64)> {
        if self.contains(p) {
            return Ok((p, 0.0));
        }
        self.nearest_side(|side| side.nearest(p))
    }

    fn nearest_to_segment(self, segment: Segment) -> Result<(Point, f64)> {
        match self.crossing(segment)? {
            Some(p) => Ok((p, 0.0)),
            None => self.nearest_side(|side| side.nearest_to_segment(segment)),
        }
    }

    /// A box around a circle's middle, its corners on the circle.
    pub(super) fn within(center: Point, radius: f64) -> Result<Rect> {
        let side = div(radius, 2f64.sqrt())?;
        let side = Point { x: side, y: side };
        Ok(Rect { high: center.plus(side)?, low: center.minus(side)? })
    }
}
