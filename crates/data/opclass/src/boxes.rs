//! Points, boxes, polygons and circles by their bounding boxes.
//!
//! A key is four doubles, little-endian: left, bottom, right, top. NaN is greater than all other numbers, as it is in sorts. Operators on these types
//! compare with a tolerance of 1e-6, so boxes are compared with a little more, and what is found is always looked at again.

use std::sync::Arc;

use batch::DatumRef;
use error::Result;
use gist::{Distance, GistClass, Match};
use ids::Oid;
use types::Environment;
use types::geometry::{Points, hypotenuse};
use types::oid;

use crate::{Coder, Column, Returned, bytes, cut_in_the_middle, damaged, unknown};

/// What is added when two coordinates are compared.
const TOLERANCE: f64 = 4.0e-6;

/// What a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `box_ops`
    Box,
    /// `point_ops`
    Point,
    /// `poly_ops`
    Polygon,
    /// `circle_ops`
    Circle,
}

impl Shape {
    /// Its type.
    pub(crate) fn type_oid(self) -> Oid {
        match self {
            Shape::Box => oid::BOX,
            Shape::Point => oid::POINT,
            Shape::Polygon => oid::POLYGON,
            Shape::Circle => oid::CIRCLE,
        }
    }
}

/// The class of a shape.
pub fn column(shape: Shape) -> Column {
    Column { class: Arc::new(Boxes(shape)), coder: Box::new(Boxes(shape)) }
}

#[derive(Clone, Copy, Debug)]
struct Boxes(Shape);

/// A bounding box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub left: f64,
    pub bottom: f64,
    pub right: f64,
    pub top: f64,
}

fn double(bytes: &[u8], at: usize) -> f64 {
    bytes.get(8 * at..).and_then(|rest| rest.first_chunk()).map_or(0.0, |bytes| f64::from_le_bytes(*bytes))
}

fn least(a: f64, b: f64) -> f64 {
    if a.is_nan() || b < a { b } else { a }
}

fn greatest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Whether a is not behind b, nearly.
pub(crate) fn reaches(a: f64, b: f64) -> bool {
    b.is_nan() || a <= b + TOLERANCE
}

impl Bounds {
    pub fn read(key: &[u8]) -> Result<Bounds> {
        if key.len() < 32 {
            return Err(damaged());
        }
        Ok(Bounds { left: double(key, 0), bottom: double(key, 1), right: double(key, 2), top: double(key, 3) })
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        for number in [self.left, self.bottom, self.right, self.top] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    pub fn of(type_oid: Oid, value: &[u8]) -> Bounds {
        let number = |at| double(value, at);
        match type_oid {
            oid::POINT => Bounds { left: number(0), bottom: number(1), right: number(0), top: number(1) },
            oid::CIRCLE => {
                let (x, y, radius) = (number(0), number(1), number(2));
                Bounds { left: x - radius, bottom: y - radius, right: x + radius, top: y + radius }
            }
            oid::POLYGON => {
                let one = |p: types::geometry::Point| Bounds { left: p.x, bottom: p.y, right: p.x, top: p.y };
                let all = Points::of_polygon(value).iter().map(one);
                all.reduce(Bounds::union).unwrap_or(Bounds { left: 0.0, bottom: 0.0, right: 0.0, top: 0.0 })
            }
            // A box's upper right corner comes first.
            _ => Bounds { left: number(2), bottom: number(3), right: number(0), top: number(1) },
        }
    }

    fn union(self, other: Bounds) -> Bounds {
        Bounds {
            left: least(self.left, other.left),
            bottom: least(self.bottom, other.bottom),
            right: greatest(self.right, other.right),
            top: greatest(self.top, other.top),
        }
    }

    fn overlaps(&self, other: &Bounds) -> bool {
        reaches(self.left, other.right)
            && reaches(other.left, self.right)
            && reaches(self.bottom, other.top)
            && reaches(other.bottom, self.top)
    }

    fn covers(&self, other: &Bounds) -> bool {
        reaches(self.left, other.left)
            && reaches(other.right, self.right)
            && reaches(self.bottom, other.bottom)
            && reaches(other.top, self.top)
    }

    /// A measure of size: area and half the perimeter, so that flat boxes have one too.
    fn size(&self) -> f64 {
        let (width, height) = (self.right - self.left, self.top - self.bottom);
        width * height + width + height
    }

    pub fn distance(&self, x: f64, y: f64) -> f64 {
        let beside = |low: f64, high: f64, at: f64| match () {
            _ if at < low => low - at,
            // Not comparable with NaN: then it is no distance.
            _ if at <= high || high.is_nan() && !low.is_nan() && !at.is_nan() => 0.0,
            _ => at - high,
        };
        hypotenuse(beside(self.left, self.right, x), beside(self.bottom, self.top, y)).unwrap_or(f64::INFINITY)
    }

    fn middle(&self) -> (f64, f64) {
        ((self.left + self.right) / 2.0, (self.bottom + self.top) / 2.0)
    }
}

impl GistClass for Boxes {
    fn consistent(&self, key: &[u8], leaf: bool, strategy: u16, argument: &[u8]) -> Result<Match> {
        let (k, a) = (Bounds::read(key)?, Bounds::read(argument)?);
        // The end of a leaf's box that lies furthest in a direction; below an inner key there can be anything.
        let (right, left) = if leaf { (k.right, k.left) } else { (k.left, k.right) };
        let (top, bottom) = if leaf { (k.top, k.bottom) } else { (k.bottom, k.top) };
        Ok(Match::lossy(match strategy {
            1 => reaches(right, a.left),
            2 => reaches(right, a.right),
            4 => reaches(a.left, left),
            5 => reaches(a.right, left),
            7 => k.covers(&a),
            3 | 6 | 8 | 28 | 48 | 68 => k.overlaps(&a),
            9 => reaches(top, a.top),
            10 | 29 => reaches(top, a.bottom),
            11 | 30 => reaches(a.top, bottom),
            12 => reaches(a.bottom, bottom),
            _ => return Err(unknown(strategy)),
        }))
    }

    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
        let mut all: Option<Bounds> = None;
        for key in keys {
            let one = Bounds::read(key)?;
            all = Some(all.map_or(one, |all| all.union(one)));
        }
        if let Some(all) = all {
            all.write(out);
        }
        Ok(())
    }

    fn penalty(&self, key: &[u8], new: &[u8]) -> Result<f64> {
        let (key, new) = (Bounds::read(key)?, Bounds::read(new)?);
        let growth = key.union(new).size() - key.size();
        // Infinite boxes: as bad as can be, unless the key covers it.
        let bad = if key.covers(&new) { 0.0 } else { f64::MAX };
        Ok(if growth.is_nan() { bad } else { growth.min(f64::MAX) })
    }

    fn pick_split(&self, keys: &[&[u8]]) -> Result<Vec<bool>> {
        let all: Vec<Bounds> = keys.iter().map(|key| Bounds::read(key)).collect::<Result<_>>()?;
        let by = |coordinate: fn(&Bounds) -> f64| {
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.sort_by(|&a, &b| coordinate(&all[a]).total_cmp(&coordinate(&all[b])));
            order
        };
        let orders = vec![by(|b| b.middle().0), by(|b| b.middle().1)];
        let size = |part: &[usize]| {
            part.iter().map(|&n| all[n]).reduce(Bounds::union).map_or(0.0, |b| {
                let size = b.size();
                if size.is_nan() { f64::MAX } else { size }
            })
        };
        Ok(cut_in_the_middle(orders, |left, right| size(left) + size(right)))
    }

    fn same(&self, a: &[u8], b: &[u8]) -> Result<bool> {
        // -0 and 0, and one NaN and another, are the same.
        let number = |key: &[u8], at| {
            let number = double(key, at);
            if number.is_nan() { f64::NAN.to_bits() } else { (number + 0.0).to_bits() }
        };
        Ok((0..4).all(|at| number(a, at) == number(b, at)))
    }

    fn distance(&self, key: &[u8], _leaf: bool, strategy: u16, argument: &[u8]) -> Result<Distance> {
        if strategy != 15 {
            return Err(unknown(strategy));
        }
        let (key, point) = (Bounds::read(key)?, Bounds::read(argument)?);
        let exact = matches!(self.0, Shape::Point | Shape::Box);
        Ok(Distance { value: key.distance(point.left, point.bottom), exact })
    }
}

impl Coder for Boxes {
    fn key(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        Bounds::of(self.0.type_oid(), bytes(value)?).write(out);
        Ok(())
    }

    fn argument(
        &self,
        _strategy: u16,
        type_oid: Oid,
        value: DatumRef<'_>,
        _: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        Bounds::of(type_oid, bytes(value)?).write(out);
        Ok(())
    }

    fn returned(&self) -> Returned {
        if matches!(self.0, Shape::Point | Shape::Box) { Returned::Key } else { Returned::No }
    }

    fn value(&self, key: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let own = Bounds::read(key)?;
        match self.0 {
            Shape::Point => [own.left, own.bottom].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
            // A box's upper right corner comes first.
            _ => Bounds { left: own.right, bottom: own.top, right: own.left, top: own.bottom }.write(out),
        }
        Ok(())
    }

    /// Along Morton's curve through the boxes' middles.
    fn order(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        let Ok(bounds) = Bounds::read(key) else { return false };
        let (x, y) = bounds.middle();
        let place = |number: f64| -> u64 {
            let bits = number.to_bits();
            let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
            // Every other bit.
            let mut spread = ordered >> 32;
            for (shift, mask) in [
                (16, 0x0000_FFFF_0000_FFFF),
                (8, 0x00FF_00FF_00FF_00FF),
                (4, 0x0F0F_0F0F_0F0F_0F0F),
                (2, 0x3333_3333_3333_3333),
                (1, 0x5555_5555_5555_5555),
            ] {
                spread = (spread | spread << shift) & mask;
            }
            spread
        };
        out.extend_from_slice(&(place(x) << 1 | place(y)).to_be_bytes());
        true
    }

    fn has_order(&self) -> bool {
        true
    }
}
