//! Points, boxes, and polygons by their bounding boxes, in spaces of two or four dimensions.
//!
//! A coordinate is a double as a number of 64 bits whose order is the doubles' order (NaN behind all), so the first bits tell sign and magnitude, and a cell is
//! a product of intervals. Operators compare with a tolerance, so what is found is looked at again.

use std::sync::Arc;

use access::search::{Distance, Match};
use batch::DatumRef;
use error::Result;
use ids::Oid;
use spgist::SpgistClass;
use spgist::cell::{Cell, mix, unmix};
use types::Environment;

use super::{SpaceCoder, SpaceColumn};
use crate::boxes::{Bounds, Shape, reaches};
use crate::{Returned, bytes, unknown};

/// The class of a shape.
pub fn column(shape: Shape) -> SpaceColumn {
    SpaceColumn { class: Arc::new(Plane(shape)), coder: Box::new(Plane(shape)) }
}

#[derive(Clone, Copy, Debug)]
struct Plane(Shape);

/// Where a coordinate lies.
#[derive(Clone, Copy, Debug)]
struct Span {
    low: f64,
    /// NaN: there may be any, NaN among them.
    high: f64,
}

impl Span {
    fn holds(self, coordinate: f64) -> bool {
        reaches(self.low, coordinate) && reaches(coordinate, self.high)
    }

    fn starts_by(self, coordinate: f64) -> bool {
        reaches(self.low, coordinate)
    }

    fn ends_from(self, coordinate: f64) -> bool {
        reaches(coordinate, self.high)
    }
}

fn to_bits(number: f64) -> u64 {
    let bits = if number.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { number.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn from_bits(bits: u64) -> f64 {
    let number = f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits });
    // Below minus infinity there is nothing.
    if number.is_nan() && bits >> 63 == 0 { f64::NEG_INFINITY } else { number }
}

/// The box whose sides are these coordinates, each known nearly.
#[derive(Clone, Copy, Debug)]
struct Spans {
    left: Span,
    bottom: Span,
    right: Span,
    top: Span,
}

impl Plane {
    fn spans(self, cell: Cell<'_>) -> Spans {
        let dimensions = if self.0 == Shape::Point { 2 } else { 4 };
        let span = |number: usize| {
            let (low, high) = cell.number(dimensions, number % dimensions);
            Span { low: from_bits(low), high: from_bits(high) }
        };
        Spans { left: span(0), bottom: span(1), right: span(2), top: span(3) }
    }
}

impl SpgistClass for Plane {
    fn is_code(&self, code: &[u8]) -> bool {
        code.len() == if self.0 == Shape::Point { 16 } else { 32 }
    }

    fn consistent(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Match> {
        let (own, a) = (self.spans(cell), Bounds::read(argument)?);
        Ok(Match::lossy(match strategy {
            1 => own.right.starts_by(a.left),
            2 => own.right.starts_by(a.right),
            3 => {
                own.left.starts_by(a.right)
                    && own.right.ends_from(a.left)
                    && own.bottom.starts_by(a.top)
                    && own.top.ends_from(a.bottom)
            }
            4 => own.left.ends_from(a.left),
            5 => own.left.ends_from(a.right),
            6 => {
                own.left.holds(a.left) && own.bottom.holds(a.bottom) && own.right.holds(a.right) && own.top.holds(a.top)
            }
            7 => {
                own.left.starts_by(a.left)
                    && own.right.ends_from(a.right)
                    && own.bottom.starts_by(a.bottom)
                    && own.top.ends_from(a.top)
            }
            8 => {
                own.left.ends_from(a.left)
                    && own.right.starts_by(a.right)
                    && own.bottom.ends_from(a.bottom)
                    && own.top.starts_by(a.top)
            }
            9 => own.top.starts_by(a.top),
            10 | 29 => own.top.starts_by(a.bottom),
            11 | 30 => own.bottom.ends_from(a.top),
            12 => own.bottom.ends_from(a.bottom),
            _ => return Err(unknown(strategy)),
        }))
    }

    fn distance(&self, cell: Cell<'_>, strategy: u16, argument: &[u8]) -> Result<Distance> {
        if strategy != 15 {
            return Err(unknown(strategy));
        }
        let (own, point) = (self.spans(cell), Bounds::read(argument)?);
        let around = Bounds { left: own.left.low, bottom: own.bottom.low, right: own.right.high, top: own.top.high };
        Ok(Distance { value: around.distance(point.left, point.bottom), exact: self.0 != Shape::Polygon })
    }
}

impl SpaceCoder for Plane {
    fn code(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let own = Bounds::of(self.0.type_oid(), bytes(value)?);
        let coordinates = [own.left, own.bottom, own.right, own.top].map(|number| to_bits(number).to_be_bytes());
        let [left, bottom, right, top] = &coordinates;
        match self.0 {
            Shape::Point => mix(&[left, bottom], out),
            _ => mix(&[left, bottom, right, top], out),
        }
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
        if self.0 == Shape::Polygon { Returned::No } else { Returned::Key }
    }

    fn value(&self, code: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let dimensions = if self.0 == Shape::Point { 2 } else { 4 };
        let coordinates: Vec<[u8; 8]> = (unmix(code, dimensions).iter())
            .map(|part| {
                let bits = part.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                from_bits(bits).to_le_bytes()
            })
            .collect();
        // A box's upper right corner comes first.
        let order: &[usize] = if dimensions == 2 { &[0, 1] } else { &[2, 3, 0, 1] };
        order.iter().for_each(|&at| out.extend_from_slice(&coordinates[at]));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_come_back() {
        let numbers = [f64::NEG_INFINITY, -1.0e300, -2.5, -0.0, 0.0, 1.0e-300, 3.0, f64::INFINITY, f64::NAN];
        assert!(numbers.windows(2).all(|pair| to_bits(pair[0]) < to_bits(pair[1])));
        assert!(numbers.iter().all(|&n| from_bits(to_bits(n)).to_bits() == n.to_bits()));
        assert_eq!(from_bits(0), f64::NEG_INFINITY);
    }
}
