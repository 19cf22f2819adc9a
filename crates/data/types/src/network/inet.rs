//! The values of inet and cidr: form, order, text and binary form.

use super::text;
use crate::io::{TypeCall, TypeIo, too_short, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

const IPV4: u8 = 2;
const IPV6: u8 = 3;

/// An address with a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inet {
    family: u8,
    bits: u8,
    /// The address; of IPv4 the first four bytes.
    address: [u8; 16],
}

impl Inet {
    /// An IPv4 address.
    pub fn v4(address: [u8; 4], bits: u8) -> Inet {
        let mut wide = [0; 16];
        wide[..4].copy_from_slice(&address);
        Inet { family: IPV4, bits, address: wide }
    }

    /// An IPv6 address.
    pub fn v6(address: [u8; 16], bits: u8) -> Inet {
        Inet { family: IPV6, bits, address }
    }

    /// Reads the stored form; bytes that are none give 0.0.0.0.
    pub fn from_bytes(bytes: &[u8]) -> Inet {
        match *bytes {
            [IPV4, bits, a, b, c, d] => Inet::v4([a, b, c, d], bits.min(32)),
            [IPV6, bits, ref address @ ..] => match address.try_into() {
                Ok(address) => Inet::v6(address, bits.min(128)),
                Err(_) => Inet::v4([0; 4], 32),
            },
            _ => Inet::v4([0; 4], 32),
        }
    }

    /// Adds the stored form.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.family, self.bits]);
        out.extend_from_slice(self.address());
    }

    /// Whether it is an IPv6 address.
    pub fn is_v6(&self) -> bool {
        self.family == IPV6
    }

    /// The mask's length.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The longest mask of its family.
    pub fn max_bits(&self) -> u8 {
        if self.is_v6() { 128 } else { 32 }
    }

    /// The address's bytes.
    pub fn address(&self) -> &[u8] {
        if self.is_v6() { &self.address } else { &self.address[..4] }
    }

    /// The address as a number, its last byte the lowest.
    pub fn number(&self) -> u128 {
        self.address().iter().fold(0, |n, &b| n << 8 | b as u128)
    }

    /// The same family and mask with another address; what does not fit is cut off.
    pub fn with_number(&self, number: u128) -> Inet {
        if self.is_v6() {
            Inet::v6(number.to_be_bytes(), self.bits)
        } else {
            Inet::v4((number as u32).to_be_bytes(), self.bits)
        }
    }

    /// The same address with another mask.
    pub fn with_bits(&self, bits: u8) -> Inet {
        Inet { bits, ..*self }
    }

    /// A number with the mask's bits set.
    pub fn mask(&self) -> u128 {
        let width = self.max_bits() as u32;
        let all = if width == 128 { u128::MAX } else { (1 << width) - 1 };
        match width - self.bits as u32 {
            128 => 0,
            free => all >> free << free,
        }
    }

    /// The address without the bits behind the mask.
    pub fn network(&self) -> Inet {
        self.with_number(self.number() & self.mask())
    }

    /// Whether its network contains the other's, or equals it.
    pub fn contains(&self, other: &Inet) -> bool {
        self.family == other.family
            && self.bits <= other.bits
            && self.number() & self.mask() == other.number() & self.mask()
    }

    /// Adds bytes whose order is the values' order.
    pub fn write_key(&self, out: &mut Vec<u8>) {
        out.push(self.family);
        out.extend_from_slice(self.network().address());
        out.push(self.bits);
        out.extend_from_slice(self.address());
    }
}

impl PartialOrd for Inet {
    fn partial_cmp(&self, other: &Inet) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By family, then network, then the mask's length, then address.
impl Ord for Inet {
    fn cmp(&self, other: &Inet) -> Ordering {
        let key = |inet: &Inet| (inet.family, inet.network().number(), inet.bits, inet.number());
        key(self).cmp(&key(other))
    }
}

crate::bytes_value!(Inet, |raw| Inet::from_bytes(raw), |value, out| value.write(out));

/// inet
pub const INET_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| push(text::parse(text, false)?, out),
    output: |value, call, out| {
        text::write(&read(value, call)?, false, out);
        Ok(())
    },
    receive: |bytes, _, out| push(receive(bytes, false)?, out),
    send: |value, call, out| send(&read(value, call)?, false, out),
};

/// cidr
pub const CIDR_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| push(text::parse(text, true)?, out),
    output: |value, call, out| {
        text::write(&read(value, call)?, true, out);
        Ok(())
    },
    receive: |bytes, _, out| push(receive(bytes, true)?, out),
    send: |value, call, out| send(&read(value, call)?, true, out),
};

fn push(value: Inet, out: &mut Column) -> Result<()> {
    let mut bytes = Vec::with_capacity(18);
    value.write(&mut bytes);
    out.push(DatumRef::Bytes(&bytes));
    Ok(())
}

fn read(value: DatumRef<'_>, call: &TypeCall<'_>) -> Result<Inet> {
    Ok(Inet::from_bytes(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?))
}

fn send(value: &Inet, cidr: bool, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&[value.family, value.bits, cidr as u8, value.address().len() as u8]);
    out.extend_from_slice(value.address());
    Ok(())
}

fn receive(bytes: &[u8], cidr: bool) -> Result<Inet> {
    let kind = if cidr { "cidr" } else { "inet" };
    let error = |what: &str| {
        Error::new(SqlState::INVALID_BINARY_REPRESENTATION, format!("invalid {what} in external \"{kind}\" value"))
    };
    let [family, bits, _, length, address @ ..] = bytes else { return Err(too_short()) };
    if !matches!(*family, IPV4 | IPV6) {
        return Err(error("address family"));
    }
    if *bits > if *family == IPV6 { 128 } else { 32 } {
        return Err(error("bits"));
    }
    if *length as usize != if *family == IPV6 { 16 } else { 4 } {
        return Err(error("length"));
    }
    let value = match (address.try_into(), address.try_into()) {
        (Ok(short), _) if *family == IPV4 => Inet::v4(short, *bits),
        (_, Ok(long)) if *family == IPV6 => Inet::v6(long, *bits),
        _ => return Err(too_short()),
    };
    if cidr && value != value.network() {
        return Err(Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "invalid external \"cidr\" value")
            .detail("Value has bits set to right of mask."));
    }
    Ok(value)
}
