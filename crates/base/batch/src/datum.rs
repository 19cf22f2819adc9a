//! One value in its physical form.

use crate::Repr;

/// One value, or null, owning its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Datum {
    /// Null.
    #[default]
    Null,
    /// One byte.
    B1(u8),
    /// Two bytes.
    B2(i16),
    /// Four bytes.
    B4(i32),
    /// Eight bytes.
    B8(i64),
    /// A string of bytes.
    Bytes(Box<[u8]>),
}

/// One value, or null, its bytes borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatumRef<'a> {
    /// Null.
    Null,
    /// One byte.
    B1(u8),
    /// Two bytes.
    B2(i16),
    /// Four bytes.
    B4(i32),
    /// Eight bytes.
    B8(i64),
    /// A string of bytes.
    Bytes(&'a [u8]),
}

impl Datum {
    /// A boolean.
    pub fn bool(value: bool) -> Datum {
        Datum::B1(value as u8)
    }

    /// A real.
    pub fn f32(value: f32) -> Datum {
        Datum::B4(value.to_bits() as i32)
    }

    /// A double precision.
    pub fn f64(value: f64) -> Datum {
        Datum::B8(value.to_bits() as i64)
    }

    /// An object id.
    pub fn oid(value: ids::Oid) -> Datum {
        Datum::B4(value.0 as i32)
    }

    /// A string of bytes.
    pub fn bytes(value: impl Into<Box<[u8]>>) -> Datum {
        Datum::Bytes(value.into())
    }

    /// A text.
    pub fn text(value: &str) -> Datum {
        Datum::Bytes(value.as_bytes().into())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// Borrows it.
    pub fn as_ref(&self) -> DatumRef<'_> {
        match self {
            Datum::Null => DatumRef::Null,
            Datum::B1(v) => DatumRef::B1(*v),
            Datum::B2(v) => DatumRef::B2(*v),
            Datum::B4(v) => DatumRef::B4(*v),
            Datum::B8(v) => DatumRef::B8(*v),
            Datum::Bytes(v) => DatumRef::Bytes(v),
        }
    }

    /// Its physical form; `None` for null.
    pub fn repr(&self) -> Option<Repr> {
        self.as_ref().repr()
    }
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident -> $type:ty: $variant:ident($v:ident) => $value:expr;)*) => {
        impl<'a> DatumRef<'a> {
            $($(#[$doc])*
            pub fn $name(self) -> Option<$type> {
                match self {
                    DatumRef::$variant($v) => Some($value),
                    _ => None,
                }
            })*
        }
        impl Datum {
            $($(#[$doc])*
            pub fn $name(&self) -> Option<$type> {
                self.as_ref().$name()
            })*
        }
    };
}

accessors! {
    /// As a boolean; `None` if it is null or of another form.
    as_bool -> bool: B1(v) => v != 0;
    /// As a byte; `None` if it is null or of another form.
    as_u8 -> u8: B1(v) => v;
    /// As a smallint; `None` if it is null or of another form.
    as_i16 -> i16: B2(v) => v;
    /// As an integer; `None` if it is null or of another form.
    as_i32 -> i32: B4(v) => v;
    /// As a bigint; `None` if it is null or of another form.
    as_i64 -> i64: B8(v) => v;
    /// As a real; `None` if it is null or of another form.
    as_f32 -> f32: B4(v) => f32::from_bits(v as u32);
    /// As a double precision; `None` if it is null or of another form.
    as_f64 -> f64: B8(v) => f64::from_bits(v as u64);
    /// As an object id; `None` if it is null or of another form.
    as_oid -> ids::Oid: B4(v) => ids::Oid(v as u32);
}

impl Datum {
    /// As bytes; `None` if it is null or of another form.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.as_ref().as_bytes()
    }

    /// As text; `None` if it is null, of another form, or not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_ref().as_str()
    }
}

impl<'a> DatumRef<'a> {
    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self, DatumRef::Null)
    }

    /// Its physical form; `None` for null.
    pub fn repr(self) -> Option<Repr> {
        match self {
            DatumRef::Null => None,
            DatumRef::B1(_) => Some(Repr::B1),
            DatumRef::B2(_) => Some(Repr::B2),
            DatumRef::B4(_) => Some(Repr::B4),
            DatumRef::B8(_) => Some(Repr::B8),
            DatumRef::Bytes(_) => Some(Repr::Bytes),
        }
    }

    /// As bytes; `None` if it is null or of another form.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match self {
            DatumRef::Bytes(v) => Some(v),
            _ => None,
        }
    }

    /// As text; `None` if it is null, of another form, or not UTF-8.
    pub fn as_str(self) -> Option<&'a str> {
        self.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// A copy that owns its bytes.
    pub fn to_datum(self) -> Datum {
        match self {
            DatumRef::Null => Datum::Null,
            DatumRef::B1(v) => Datum::B1(v),
            DatumRef::B2(v) => Datum::B2(v),
            DatumRef::B4(v) => Datum::B4(v),
            DatumRef::B8(v) => Datum::B8(v),
            DatumRef::Bytes(v) => Datum::Bytes(v.into()),
        }
    }
}
