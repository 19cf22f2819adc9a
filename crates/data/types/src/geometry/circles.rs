//! Circles.

use super::points::hypotenuse;
use super::{Circle, Point, Points, Rect, about};
use crate::float::{add, div, mul, sub};
use error::{Error, Result, SqlState};
use std::f64::consts::PI;

crate::builtins! {
    /// Functions of circles.
    pub static CIRCLES =
    1146 circle_add_pt each(Circle, Point) |c: Circle, p: Point| Ok::<_, Error>(Circle { center: c.center.plus(p)?, ..c });
    1147 circle_sub_pt each(Circle, Point) |c: Circle, p: Point| Ok::<_, Error>(Circle { center: c.center.minus(p)?, ..c });
    1148 circle_mul_pt each(Circle, Point) |c: Circle, p: Point| Ok::<_, Error>(Circle { center: c.center.times(p)?, radius: mul(c.radius, hypotenuse(p.x, p.y)?)? });
    1149 circle_div_pt each(Circle, Point) |c: Circle, p: Point| Ok::<_, Error>(Circle { center: c.center.over(p)?, radius: div(c.radius, hypotenuse(p.x, p.y)?)? });
    1416 circle_center each(Circle) |c: Circle| c.center;
    1472 circle_center each(Circle) |c: Circle| c.center;
    1543 circle_center each(Circle) |c: Circle| c.center;
    1452 circle_same each(Circle, Circle) |a: Circle, b: Circle| (a.radius.is_nan() && b.radius.is_nan() || about::eq(a.radius, b.radius)) && a.center.same(b.center);
    1453 circle_contain each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::le(a.center.distance(b.center)?, sub(a.radius, b.radius)?));
    1458 circle_contained each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::le(a.center.distance(b.center)?, sub(b.radius, a.radius)?));
    1459 circle_overlap each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::le(a.center.distance(b.center)?, add(a.radius, b.radius)?));
    1454 circle_left each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::lt(add(a.center.x, a.radius)?, sub(b.center.x, b.radius)?));
    1455 circle_overleft each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::le(add(a.center.x, a.radius)?, add(b.center.x, b.radius)?));
    1456 circle_overright each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::ge(sub(a.center.x, a.radius)?, sub(b.center.x, b.radius)?));
    1457 circle_right each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::gt(sub(a.center.x, a.radius)?, add(b.center.x, b.radius)?));
    1460 circle_below each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::lt(add(a.center.y, a.radius)?, sub(b.center.y, b.radius)?));
    1461 circle_above each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::gt(sub(a.center.y, a.radius)?, add(b.center.y, b.radius)?));
    2587 circle_overbelow each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::le(add(a.center.y, a.radius)?, add(b.center.y, b.radius)?));
    2588 circle_overabove each(Circle, Circle) |a: Circle, b: Circle| Ok::<_, Error>(about::ge(sub(a.center.y, a.radius)?, sub(b.center.y, b.radius)?));
    1462 circle_eq each(Circle, Circle) |a, b| areas(a, b, about::eq);
    1463 circle_ne each(Circle, Circle) |a, b| areas(a, b, about::ne);
    1464 circle_lt each(Circle, Circle) |a, b| areas(a, b, about::lt);
    1465 circle_gt each(Circle, Circle) |a, b| areas(a, b, about::gt);
    1466 circle_le each(Circle, Circle) |a, b| areas(a, b, about::le);
    1467 circle_ge each(Circle, Circle) |a, b| areas(a, b, about::ge);
    1468 circle_area each(Circle) |c: Circle| c.area();
    1469 circle_diameter each(Circle) |c: Circle| mul(c.radius, 2.0);
    1470 circle_radius each(Circle) |c: Circle| c.radius;
    1471 circle_distance each(Circle, Circle) |a: Circle, b: Circle| sub(a.center.distance(b.center)?, add(a.radius, b.radius)?).map(not_negative);
    1473 cr_circle each(Point, f64) |center, radius| Circle { center, radius };
    1474 poly_circle each(&[u8]) |polygon| Circle::of_polygon(Points::of_polygon(polygon));
    1475 circle_poly arena(i32, Circle) polygon;
    1476 dist_pc each(Point, Circle) |p: Point, c: Circle| c.distance(p);
    3290 dist_cpoint each(Circle, Point) |c: Circle, p: Point| c.distance(p);
    1477 circle_contain_pt each(Circle, Point) |c: Circle, p: Point| Ok::<_, Error>(c.center.distance(p)? <= c.radius);
    1478 pt_contained_circle each(Point, Circle) |p: Point, c: Circle| Ok::<_, Error>(c.center.distance(p)? <= c.radius);
    1479 box_circle each(Rect) |b: Rect| { let center = b.center()?; Ok::<_, Error>(Circle { center, radius: center.distance(b.high)? }) };
    1480 circle_box each(Circle) |c: Circle| Rect::within(c.center, c.radius);
}

fn areas(a: Circle, b: Circle, test: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(test(a.area()?, b.area()?))
}

/// Nothing is nearer than that.
pub(super) fn not_negative(distance: f64) -> f64 {
    if distance < 0.0 { 0.0 } else { distance }
}

fn polygon(count: i32, circle: Circle, out: &mut Vec<u8>) -> Result<()> {
    if about::zero(circle.radius) {
        let message = "cannot convert circle with radius zero to polygon";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    if count < 2 {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "must request at least 2 points"));
    }
    if count as usize > batch::ByteValues::MAX_LENGTH / 16 {
        return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many points requested"));
    }
    let step = div(2.0 * PI, count as f64)?;
    for at in 0..count {
        let angle = mul(step, at as f64)?;
        let x = sub(circle.center.x, mul(circle.radius, angle.cos())?)?;
        let y = add(circle.center.y, mul(circle.radius, angle.sin())?)?;
        super::put(&[x, y], out);
    }
    Ok(())
}

impl Circle {
    fn area(self) -> Result<f64> {
        mul(mul(self.radius, self.radius)?, PI)
    }

    fn distance(self, p: Point) -> Result<f64> {
        Ok(not_negative(sub(p.distance(self.center)?, self.radius)?))
    }

    /// The circle around the mean of a polygon's points, with the mean of their distances as radius.
    pub(super) fn of_polygon(points: Points<'_>) -> Result<Circle> {
        let count = points.len() as f64;
        let sum = points.iter().try_fold(Point::default(), |sum, p| sum.plus(p))?;
        let center = Point { x: div(sum.x, count)?, y: div(sum.y, count)? };
        let mut radius = 0.0;
        for p in points.iter() {
            radius = add(radius, p.distance(center)?)?;
        }
        Ok(Circle { center, radius: div(radius, count)? })
    }
}
