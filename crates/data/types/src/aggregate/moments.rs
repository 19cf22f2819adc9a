//! avg, variance, stddev and linear regression.
//!
//! Doubles go by the method of Youngs and Cramer (1971): a running sum, and a running sum of squares of differences from
//! the mean. Exact numbers keep the sums of the values and of their squares.

use super::{Groups, State, each_value};
use crate::call::Context;
use crate::float::overflow;
use crate::numeric::Numeric;
use batch::{Column, DatumRef, Rows, Values};
use error::{Error, Result};

/// avg
pub const AVERAGE: u8 = 0;
/// var_pop
pub const VARIANCE_POP: u8 = 1;
/// var_samp
pub const VARIANCE_SAMP: u8 = 2;
/// stddev_pop
pub const STDDEV_POP: u8 = 3;
/// stddev_samp
pub const STDDEV_SAMP: u8 = 4;

fn push_double(value: Option<f64>, out: &mut Column) {
    out.push(value.map_or(DatumRef::Null, |value| DatumRef::B8(value.to_bits() as i64)));
}

/// Count, sum and squared differences of doubles; `WHICH` is the result.
#[derive(Clone, Default)]
pub struct Doubles<const WHICH: u8> {
    count: f64,
    sum: f64,
    squares: f64,
}

impl<const WHICH: u8> Doubles<WHICH> {
    fn add(&mut self, value: f64) -> Result<()> {
        let before = self.sum;
        self.count += 1.0;
        self.sum += value;
        if self.count > 1.0 {
            let distance = value * self.count - self.sum;
            self.squares += distance * distance / (self.count * (self.count - 1.0));
            if self.sum.is_infinite() || self.squares.is_infinite() {
                if !before.is_infinite() && !value.is_infinite() {
                    return Err(overflow());
                }
                self.squares = f64::NAN;
            }
        } else if !value.is_finite() {
            self.squares = f64::NAN;
        }
        Ok(())
    }
}

impl<const WHICH: u8> State for Doubles<WHICH> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let column = args[0];
        match column.values() {
            Values::B4(_) => {
                let values = column.f32();
                each_value(groups, column, rows, |group, row| states[group].add(values[column.index(row)] as f64))
            }
            _ => {
                let values = column.f64();
                each_value(groups, column, rows, |group, row| states[group].add(values[column.index(row)]))
            }
        }
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        if self.count == 0.0 {
            *self = other.clone();
        } else if other.count > 0.0 {
            let count = self.count + other.count;
            let sum = self.sum + other.sum;
            let distance = self.sum / self.count - other.sum / other.count;
            let squares = self.squares + other.squares + self.count * other.count * distance * distance / count;
            if squares.is_infinite() && !self.squares.is_infinite() && !other.squares.is_infinite() {
                return Err(overflow());
            }
            *self = Doubles { count, sum, squares };
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let least = if matches!(WHICH, VARIANCE_SAMP | STDDEV_SAMP) { 2.0 } else { 1.0 };
        let result = (self.count >= least).then(|| match WHICH {
            AVERAGE => self.sum / self.count,
            VARIANCE_POP => self.squares / self.count,
            VARIANCE_SAMP => self.squares / (self.count - 1.0),
            STDDEV_POP => (self.squares / self.count).sqrt(),
            _ => (self.squares / (self.count - 1.0)).sqrt(),
        });
        push_double(result, out);
        Ok(())
    }
}

/// Count, sum and sum of squares of exact numbers; `WHICH` is the result.
#[derive(Clone)]
pub struct Exact<const WHICH: u8> {
    count: i64,
    sum: Numeric,
    squares: Numeric,
}

impl<const WHICH: u8> Default for Exact<WHICH> {
    fn default() -> Self {
        Exact { count: 0, sum: Numeric::ZERO, squares: Numeric::ZERO }
    }
}

impl<const WHICH: u8> State for Exact<WHICH> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let column = args[0];
        each_value(groups, column, rows, |group, row| {
            let value = match column.get(row) {
                DatumRef::B2(v) => Numeric::from(v as i64),
                DatumRef::B4(v) => Numeric::from(v as i64),
                DatumRef::B8(v) => Numeric::from(v),
                DatumRef::Bytes(v) => Numeric::from_bytes(v),
                _ => return Err(Error::internal("an aggregate of numbers was given another type")),
            };
            let state = &mut states[group];
            state.count += 1;
            state.sum = state.sum.add(&value)?;
            state.squares = state.squares.add(&value.mul(&value)?)?;
            Ok(())
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.count += other.count;
        self.sum = self.sum.add(&other.sum)?;
        self.squares = self.squares.add(&other.squares)?;
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        let sample = matches!(WHICH, VARIANCE_SAMP | STDDEV_SAMP);
        if self.count <= sample as i64 {
            out.push_null();
            return Ok(());
        }
        let result = if !self.sum.is_finite() || !self.squares.is_finite() {
            Numeric::NaN
        } else {
            let n = Numeric::from(self.count);
            let spread = n.mul(&self.squares)?.sub(&self.sum.mul(&self.sum)?)?;
            if spread.sign() <= 0 {
                Numeric::ZERO
            } else {
                let divisor = n.mul(&Numeric::from(self.count - sample as i64))?;
                let scale = spread.quotient_scale(&divisor);
                let variance = spread.div_to_scale(&divisor, scale, true)?;
                if matches!(WHICH, STDDEV_POP | STDDEV_SAMP) { variance.sqrt_to_scale(scale)? } else { variance }
            }
        };
        out.push(DatumRef::Bytes(&result.to_bytes()));
        Ok(())
    }
}

/// regr_count
pub const REGR_COUNT: u8 = 0;
/// regr_sxx
pub const REGR_SXX: u8 = 1;
/// regr_syy
pub const REGR_SYY: u8 = 2;
/// regr_sxy
pub const REGR_SXY: u8 = 3;
/// regr_avgx
pub const REGR_AVGX: u8 = 4;
/// regr_avgy
pub const REGR_AVGY: u8 = 5;
/// regr_r2
pub const REGR_R2: u8 = 6;
/// regr_slope
pub const REGR_SLOPE: u8 = 7;
/// regr_intercept
pub const REGR_INTERCEPT: u8 = 8;
/// covar_pop
pub const COVAR_POP: u8 = 9;
/// covar_samp
pub const COVAR_SAMP: u8 = 10;
/// corr
pub const CORR: u8 = 11;

/// Count, sums, squared differences and their product of pairs (Y, X); `WHICH` is the result.
#[derive(Clone, Default)]
pub struct Pairs<const WHICH: u8> {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl<const WHICH: u8> Pairs<WHICH> {
    fn add(&mut self, y: f64, x: f64) -> Result<()> {
        let (before_x, before_y) = (self.x, self.y);
        self.count += 1.0;
        self.x += x;
        self.y += y;
        if self.count > 1.0 {
            let dx = x * self.count - self.x;
            let dy = y * self.count - self.y;
            let scale = 1.0 / (self.count * (self.count - 1.0));
            self.xx += dx * dx * scale;
            self.yy += dy * dy * scale;
            self.xy += dx * dy * scale;
            let infinite_x = before_x.is_infinite() || x.is_infinite();
            let infinite_y = before_y.is_infinite() || y.is_infinite();
            if (self.x.is_infinite() || self.xx.is_infinite()) && !infinite_x
                || (self.y.is_infinite() || self.yy.is_infinite()) && !infinite_y
                || self.xy.is_infinite() && !infinite_x && !infinite_y
            {
                return Err(overflow());
            }
            if self.xx.is_infinite() {
                self.xx = f64::NAN;
            }
            if self.yy.is_infinite() {
                self.yy = f64::NAN;
            }
            if self.xy.is_infinite() {
                self.xy = f64::NAN;
            }
        } else {
            if !x.is_finite() {
                (self.xx, self.xy) = (f64::NAN, f64::NAN);
            }
            if !y.is_finite() {
                (self.yy, self.xy) = (f64::NAN, f64::NAN);
            }
        }
        Ok(())
    }
}

impl<const WHICH: u8> State for Pairs<WHICH> {
    fn update(states: &mut [Self], groups: Groups<'_>, args: &[&Column], rows: Rows<'_>, _: Context<'_>) -> Result<()> {
        let (y, x) = (args[0], args[1]);
        let (ys, xs) = (y.f64(), x.f64());
        each_value(groups, y, rows, |group, row| {
            if x.is_null(row) { Ok(()) } else { states[group].add(ys[y.index(row)], xs[x.index(row)]) }
        })
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        if self.count == 0.0 {
            *self = other.clone();
        } else if other.count > 0.0 {
            let count = self.count + other.count;
            let (dx, dy) = (self.x / self.count - other.x / other.count, self.y / self.count - other.y / other.count);
            let weight = self.count * other.count / count;
            *self = Pairs {
                count,
                x: self.x + other.x,
                y: self.y + other.y,
                xx: self.xx + other.xx + weight * dx * dx,
                yy: self.yy + other.yy + weight * dy * dy,
                xy: self.xy + other.xy + weight * dx * dy,
            };
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        if WHICH == REGR_COUNT {
            out.push(DatumRef::B8(self.count as i64));
            return Ok(());
        }
        let least = if WHICH == COVAR_SAMP { 2.0 } else { 1.0 };
        let result = (self.count >= least).then_some(()).and_then(|()| match WHICH {
            REGR_SXX => Some(self.xx),
            REGR_SYY => Some(self.yy),
            REGR_SXY => Some(self.xy),
            REGR_AVGX => Some(self.x / self.count),
            REGR_AVGY => Some(self.y / self.count),
            COVAR_POP => Some(self.xy / self.count),
            COVAR_SAMP => Some(self.xy / (self.count - 1.0)),
            CORR if self.xx == 0.0 || self.yy == 0.0 => None,
            CORR => {
                // The product of the roots: the root of the product may overflow.
                let r = if (self.xx * self.yy).is_normal() {
                    self.xy / (self.xx * self.yy).sqrt()
                } else {
                    self.xy / (self.xx.sqrt() * self.yy.sqrt())
                };
                Some(if r.is_nan() { r } else { r.clamp(-1.0, 1.0) })
            }
            _ if self.xx == 0.0 => None,
            REGR_R2 if self.yy == 0.0 => Some(1.0),
            REGR_R2 => Some((self.xy * self.xy) / (self.xx * self.yy)),
            REGR_SLOPE => Some(self.xy / self.xx),
            _ => Some((self.y - self.x * self.xy / self.xx) / self.count),
        });
        push_double(result, out);
        Ok(())
    }
}
