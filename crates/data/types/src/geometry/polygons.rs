//! Paths and polygons.

use super::circles::not_negative;
use super::{Circle, Point, Points, Rect, Segment, about};
use crate::float::{add, div, less, mul, sub};
use crate::json::too_deep;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of paths and polygons.
    pub static POLYGONS =
    137 on_ppath each(Point, &[u8]) |p, path| on_path(p, Points::of_path(path));
    370 path_distance each(&[u8], &[u8]) |a, b| distance(Points::of_path(a), Points::of_path(b));
    371 dist_ppath each(Point, &[u8]) |p, path| distance_to(p, Points::of_path(path));
    421 dist_pathp each(&[u8], Point) |path, p| distance_to(p, Points::of_path(path));
    973 path_inter each(&[u8], &[u8]) |a, b| paths_cross(Points::of_path(a), Points::of_path(b));
    979 path_area each(&[u8]) |path| area(Points::of_path(path));
    982 path_n_lt each(&[u8], &[u8]) |a, b| Points::of_path(a).len() < Points::of_path(b).len();
    983 path_n_gt each(&[u8], &[u8]) |a, b| Points::of_path(a).len() > Points::of_path(b).len();
    984 path_n_eq each(&[u8], &[u8]) |a, b| Points::of_path(a).len() == Points::of_path(b).len();
    985 path_n_le each(&[u8], &[u8]) |a, b| Points::of_path(a).len() <= Points::of_path(b).len();
    986 path_n_ge each(&[u8], &[u8]) |a, b| Points::of_path(a).len() >= Points::of_path(b).len();
    987 path_length each(&[u8]) |path| length(Points::of_path(path));
    1531 path_length each(&[u8]) |path| length(Points::of_path(path));
    1430 path_isclosed each(&[u8]) |path| Points::of_path(path).closed;
    1431 path_isopen each(&[u8]) |path| !Points::of_path(path).closed;
    1432 path_npoints each(&[u8]) |path| Points::of_path(path).len() as i32;
    1545 path_npoints each(&[u8]) |path| Points::of_path(path).len() as i32;
    1433 path_close arena(&[u8]) |path: &[u8], out: &mut Vec<u8>| write_path(true, Points::of_path(path).iter(), out);
    1434 path_open arena(&[u8]) |path: &[u8], out: &mut Vec<u8>| write_path(false, Points::of_path(path).iter(), out);
    1435 path_add arena(&[u8], &[u8]) join;
    1436 path_add_pt arena(&[u8], Point) |path: &[u8], p: Point, out: &mut Vec<u8>| each_point(path, out, |q| q.plus(p));
    1437 path_sub_pt arena(&[u8], Point) |path: &[u8], p: Point, out: &mut Vec<u8>| each_point(path, out, |q| q.minus(p));
    1438 path_mul_pt arena(&[u8], Point) |path: &[u8], p: Point, out: &mut Vec<u8>| each_point(path, out, |q| q.times(p));
    1439 path_div_pt arena(&[u8], Point) |path: &[u8], p: Point, out: &mut Vec<u8>| each_point(path, out, |q| q.over(p));
    1449 path_poly arena(&[u8]) polygon_of_path;
    1447 poly_path arena(&[u8]) |polygon: &[u8], out: &mut Vec<u8>| write_path(true, Points::of_polygon(polygon).iter(), out);
    1448 box_poly arena(Rect) |b: Rect, out: &mut Vec<u8>| super::put(&[b.low.x, b.low.y, b.low.x, b.high.y, b.high.x, b.high.y, b.high.x, b.low.y], out);
    1446 poly_box each(&[u8]) |polygon| Points::of_polygon(polygon).bounds();
    1445 poly_npoints each(&[u8]) |polygon| Points::of_polygon(polygon).len() as i32;
    1556 poly_npoints each(&[u8]) |polygon| Points::of_polygon(polygon).len() as i32;
    227 poly_center each(&[u8]) |polygon| Circle::of_polygon(Points::of_polygon(polygon)).map(|c| c.center);
    1540 poly_center each(&[u8]) |polygon| Circle::of_polygon(Points::of_polygon(polygon)).map(|c| c.center);
    339 poly_same each(&[u8], &[u8]) |a, b| same(Points::of_polygon(a), Points::of_polygon(b));
    340 poly_contain each(&[u8], &[u8]) |a, b| contains(Points::of_polygon(a), Points::of_polygon(b));
    345 poly_contained each(&[u8], &[u8]) |a, b| contains(Points::of_polygon(b), Points::of_polygon(a));
    346 poly_overlap each(&[u8], &[u8]) |a, b| overlap(Points::of_polygon(a), Points::of_polygon(b));
    341 poly_left each(&[u8], &[u8]) |a, b| bounds(a).high.x < bounds(b).low.x;
    342 poly_overleft each(&[u8], &[u8]) |a, b| bounds(a).high.x <= bounds(b).high.x;
    343 poly_overright each(&[u8], &[u8]) |a, b| bounds(a).low.x >= bounds(b).low.x;
    344 poly_right each(&[u8], &[u8]) |a, b| bounds(a).low.x > bounds(b).high.x;
    2566 poly_below each(&[u8], &[u8]) |a, b| bounds(a).high.y < bounds(b).low.y;
    2567 poly_overbelow each(&[u8], &[u8]) |a, b| bounds(a).high.y <= bounds(b).high.y;
    2568 poly_overabove each(&[u8], &[u8]) |a, b| bounds(a).low.y >= bounds(b).low.y;
    2569 poly_above each(&[u8], &[u8]) |a, b| bounds(a).low.y > bounds(b).high.y;
    1428 poly_contain_pt each(&[u8], Point) |polygon, p| Points::of_polygon(polygon).side(p).map(|side| side != Side::Outside);
    1429 pt_contained_poly each(Point, &[u8]) |p, polygon| Points::of_polygon(polygon).side(p).map(|side| side != Side::Outside);
    729 poly_distance each(&[u8], &[u8]) |a, b| polygon_distance(Points::of_polygon(a), Points::of_polygon(b));
    3275 dist_ppoly each(Point, &[u8]) |p, polygon| distance_inside(p, Points::of_polygon(polygon));
    3292 dist_polyp each(&[u8], Point) |polygon, p| distance_inside(p, Points::of_polygon(polygon));
    785 dist_polyc each(&[u8], Circle) |polygon, c| circle_distance(c, Points::of_polygon(polygon));
    728 dist_cpoly each(Circle, &[u8]) |c, polygon| circle_distance(c, Points::of_polygon(polygon));
}

/// How deep a segment is cut while it is looked for in a polygon.
const MAX_DEPTH: usize = 1000;

fn bounds(polygon: &[u8]) -> Rect {
    Points::of_polygon(polygon).bounds()
}

fn write_path(closed: bool, points: impl Iterator<Item = Point>, out: &mut Vec<u8>) {
    out.push(closed as u8);
    points.for_each(|p| super::put(&[p.x, p.y], out));
}

fn each_point(path: &[u8], out: &mut Vec<u8>, f: impl Fn(Point) -> Result<Point>) -> Result<()> {
    let path = Points::of_path(path);
    out.push(path.closed as u8);
    for p in path.iter() {
        let p = f(p)?;
        super::put(&[p.x, p.y], out);
    }
    Ok(())
}

/// One open path behind the other.
fn join(a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (a, b) = (Points::of_path(a), Points::of_path(b));
    if a.closed || b.closed {
        return None;
    }
    write_path(false, a.iter().chain(b.iter()), out);
    Some(())
}

fn polygon_of_path(path: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let path = Points::of_path(path);
    if !path.closed {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "open path cannot be converted to polygon"));
    }
    path.iter().for_each(|p| super::put(&[p.x, p.y], out));
    Ok(())
}

fn on_path(p: Point, path: Points<'_>) -> Result<bool> {
    if path.closed {
        return Ok(path.side(p)? != Side::Outside);
    }
    for segment in path.segments() {
        if segment.contains(p)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The least of some distances; `None` if there are none.
fn least(distances: impl Iterator<Item = Result<f64>>) -> Result<Option<f64>> {
    let mut best = None;
    for distance in distances {
        let distance = distance?;
        if best.is_none_or(|best| less(distance, best)) {
            best = Some(distance);
        }
    }
    Ok(best)
}

fn distance(a: Points<'_>, b: Points<'_>) -> Result<Option<f64>> {
    least(a.segments().flat_map(|s| b.segments().map(move |t| s.nearest_to_segment(t).map(|(_, d)| d))))
}

fn distance_to(p: Point, points: Points<'_>) -> Result<f64> {
    Ok(least(points.segments().map(|s| s.nearest(p).map(|(_, d)| d)))?.unwrap_or(0.0))
}

fn distance_inside(p: Point, polygon: Points<'_>) -> Result<f64> {
    if polygon.side(p)? != Side::Outside {
        return Ok(0.0);
    }
    distance_to(p, polygon)
}

fn circle_distance(circle: Circle, polygon: Points<'_>) -> Result<f64> {
    Ok(not_negative(sub(distance_inside(circle.center, polygon)?, circle.radius)?))
}

fn polygon_distance(a: Points<'_>, b: Points<'_>) -> Result<Option<f64>> {
    if overlap(a, b)? { Ok(Some(0.0)) } else { distance(a, b) }
}

fn edges_cross(a: Points<'_>, b: Points<'_>) -> Result<bool> {
    for s in a.segments() {
        for t in b.segments() {
            if s.intersection(t)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn paths_cross(a: Points<'_>, b: Points<'_>) -> Result<bool> {
    Ok(a.bounds().overlaps(b.bounds()) && edges_cross(a, b)?)
}

fn length(path: Points<'_>) -> Result<f64> {
    path.segments().try_fold(0.0, |sum, segment| add(sum, segment.length()?))
}

fn area(path: Points<'_>) -> Result<Option<f64>> {
    if !path.closed {
        return Ok(None);
    }
    let mut area = 0.0;
    for at in 0..path.len() {
        let (p, q) = (path.get(at), path.get((at + 1) % path.len()));
        area = sub(add(area, mul(p.x, q.y)?)?, mul(p.y, q.x)?)?;
    }
    Ok(Some(div(area.abs(), 2.0)?))
}

/// The same points in the same order, forwards or backwards, beginning anywhere.
fn same(a: Points<'_>, b: Points<'_>) -> bool {
    let count = a.len();
    count == b.len()
        && (0..count).any(|start| {
            let all = |at: &dyn Fn(usize) -> usize| (0..count).all(|k| b.get(at(k)).same(a.get(k)));
            all(&|k| (start + k) % count) || all(&|k| (start + count - k) % count)
        })
}

fn overlap(a: Points<'_>, b: Points<'_>) -> Result<bool> {
    if !a.bounds().overlaps(b.bounds()) {
        return Ok(false);
    }
    Ok(edges_cross(a, b)? || b.side(a.get(0))? != Side::Outside || a.side(b.get(0))? != Side::Outside)
}

fn contains(a: Points<'_>, b: Points<'_>) -> Result<bool> {
    if !a.bounds().contains_box(b.bounds()) {
        return Ok(false);
    }
    for segment in b.segments() {
        if !has_inside(a, segment, 0, 0)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a segment is inside of a polygon, whose sides from number `start` on are looked at: where it meets one, it is cut there.
fn has_inside(polygon: Points<'_>, segment: Segment, start: usize, depth: usize) -> Result<bool> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let mut crossed = false;
    for (at, side) in polygon.segments().enumerate().skip(start) {
        let inside = |part: Segment| has_inside(polygon, part, at + 1, depth + 1);
        let (first, second) = (side.contains(segment.0)?, side.contains(segment.1)?);
        let inside = if first && second {
            return Ok(true);
        } else if first || second {
            // One end touches the side: what matters is how it goes on from there.
            let (touching, other) = if first { (segment.0, segment.1) } else { (segment.1, segment.0) };
            let next = if touching.same(side.0) {
                segment.contains(side.1)?.then_some(side.1)
            } else if touching.same(side.1) {
                segment.contains(side.0)?.then_some(side.0)
            } else if segment.contains(side.0)? {
                Some(side.0)
            } else if segment.contains(side.1)? {
                Some(side.1)
            } else {
                None
            };
            match next {
                Some(end) => inside(Segment(other, end))?,
                None => true,
            }
        } else if let Some(p) = segment.intersection(side)? {
            crossed = true;
            inside(Segment(segment.0, p))? && inside(Segment(segment.1, p))?
        } else {
            true
        };
        if !inside {
            return Ok(false);
        }
    }
    if crossed {
        // Both parts were looked at.
        return Ok(true);
    }
    Ok(polygon.side(segment.0.middle(segment.1)?)? != Side::Outside)
}

/// Where a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Outside,
    Inside,
    Edge,
}

impl Points<'_> {
    /// Where a point is: how often the polygon goes around it.
    pub(super) fn side(&self, p: Point) -> Result<Side> {
        let mut turns = 0;
        let Some(first) = (!self.is_empty()).then(|| self.get(0)) else { return Ok(Side::Outside) };
        let relative = |q: Point| q.minus(p);
        let start = relative(first)?;
        let mut before = start;
        for at in 1..=self.len() {
            let next = if at == self.len() { start } else { relative(self.get(at))? };
            match crossing(next, before)? {
                Some(crossing) => turns += crossing,
                None => return Ok(Side::Edge),
            }
            before = next;
        }
        Ok(if turns == 0 { Side::Outside } else { Side::Inside })
    }
}

/// Half-crossings of the positive x axis by the way from `from` to `to`: 2 for a crossing, 1 where it only begins or ends there, negative
/// downwards; `None` if it goes through the origin.
fn crossing(to: Point, from: Point) -> Result<Option<i32>> {
    let on_axis = |y: f64| about::zero(y);
    if on_axis(to.y) {
        if about::zero(to.x) {
            return Ok(None);
        }
        if about::gt(to.x, 0.0) {
            if on_axis(from.y) {
                return Ok(about::gt(from.x, 0.0).then_some(0));
            }
            return Ok(Some(if about::lt(from.y, 0.0) { 1 } else { -1 }));
        }
        if on_axis(from.y) {
            return Ok(about::lt(from.x, 0.0).then_some(0));
        }
        return Ok(Some(0));
    }
    let up = about::gt(to.y, 0.0);
    let sign = if up { 1 } else { -1 };
    if on_axis(from.y) {
        return Ok(Some(if about::lt(from.x, 0.0) { 0 } else { sign }));
    }
    if !up && about::lt(from.y, 0.0) || up && about::gt(from.y, 0.0) {
        return Ok(Some(0));
    }
    if about::ge(to.x, 0.0) && about::gt(from.x, 0.0) {
        return Ok(Some(2 * sign));
    }
    if about::lt(to.x, 0.0) && about::le(from.x, 0.0) {
        return Ok(Some(0));
    }
    // On which side of the origin it passes.
    let turn = sub(mul(sub(to.x, from.x)?, to.y)?, mul(sub(to.y, from.y)?, to.x)?)?;
    if about::zero(turn) {
        return Ok(None);
    }
    if !up && about::lt(turn, 0.0) || up && about::gt(turn, 0.0) {
        return Ok(Some(0));
    }
    Ok(Some(2 * sign))
}
