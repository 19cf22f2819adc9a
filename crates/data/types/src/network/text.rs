//! Network addresses as text.

use super::Inet;
use error::{Error, Result, SqlState};

/// Reads an address with a mask. A cidr may leave out bytes at its end and its mask, but has nothing behind the mask.
pub(super) fn parse(text: &str, cidr: bool) -> Result<Inet> {
    let invalid = || {
        let kind = if cidr { "cidr" } else { "inet" };
        Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {kind}: \"{text}\""))
    };
    let value = if text.contains(':') { parse_v6(text) } else { parse_v4(text, cidr) }.ok_or_else(invalid)?;
    if cidr && value != value.network() {
        return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid cidr value: \"{text}\""))
            .detail("Value has bits set to right of mask."));
    }
    Ok(value)
}

/// The mask's length behind the slash.
fn mask(text: &str, most: u8) -> Option<u8> {
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse::<u16>().ok().filter(|&n| n <= most as u16).map(|n| n as u8)
}

fn parse_v4(text: &str, cidr: bool) -> Option<Inet> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(mask(bits, 32)?)),
        None => (text, None),
    };
    let mut bytes = [0u8; 4];
    let mut count = 0;
    for part in address.split('.') {
        if count == 4 || part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        bytes[count] = part.parse().ok()?;
        count += 1;
    }
    let bits = match bits {
        // As many bytes as the mask needs.
        Some(bits) if !cidr && bits as usize / 8 > count => return None,
        Some(bits) => bits,
        None if cidr => {
            // By the address's class, but at least the bytes that are there.
            let class = match bytes[0] {
                240.. => 32,
                224.. => 8,
                192.. => 24,
                128.. => 16,
                _ => 8,
            };
            let bits = class.max(8 * count as u8);
            if bits == 8 && bytes[0] == 224 { 4 } else { bits }
        }
        None if count == 4 => 32,
        None => return None,
    };
    Some(Inet::v4(bytes, bits))
}

fn parse_v6(text: &str) -> Option<Inet> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, mask(bits, 128)?),
        None => (text, 128),
    };
    let address: std::net::Ipv6Addr = address.parse().ok()?;
    Some(Inet::v6(address.octets(), bits))
}

/// Adds the address alone.
pub(super) fn write_host(value: &Inet, out: &mut Vec<u8>) {
    match value.address() {
        [a, b, c, d] => out.extend_from_slice(format!("{a}.{b}.{c}.{d}").as_bytes()),
        address => write_words(address, out),
    }
}

/// IPv6: the longest run of two zeros or more is left out; what holds an IPv4 address shows it.
fn write_words(address: &[u8], out: &mut Vec<u8>) {
    let words: Vec<u16> = address.chunks(2).map(|pair| (pair[0] as u16) << 8 | pair[1] as u16).collect();
    let mut best = (0, 0);
    let mut at = 0;
    while at < words.len() {
        let run = words[at..].iter().take_while(|&&w| w == 0).count();
        if run > best.1 {
            best = (at, run);
        }
        at += run.max(1);
    }
    if best.1 < 2 {
        best = (words.len(), 0);
    }
    let mut k = 0;
    while k < words.len() {
        if k == best.0 {
            out.extend_from_slice(b"::");
            k += best.1;
            continue;
        }
        if k > 0 && (best.1 == 0 || k != best.0 + best.1) {
            out.push(b':');
        }
        let embedded = k == 6 && best.0 == 0 && (best.1 == 6 || best.1 == 5 && words[5] == 0xFFFF);
        if embedded {
            let [a, b, c, d] = [address[12], address[13], address[14], address[15]];
            out.extend_from_slice(format!("{a}.{b}.{c}.{d}").as_bytes());
            return;
        }
        out.extend_from_slice(format!("{:x}", words[k]).as_bytes());
        k += 1;
    }
}

/// Adds the text; the mask is left out where it is the whole address, but for a cidr.
pub(super) fn write(value: &Inet, cidr: bool, out: &mut Vec<u8>) {
    write_host(value, out);
    if cidr || value.bits() != value.max_bits() {
        out.extend_from_slice(format!("/{}", value.bits()).as_bytes());
    }
}

/// Adds a cidr's short form: without the bytes behind its mask.
pub(super) fn write_abbreviated(value: &Inet, out: &mut Vec<u8>) {
    if value.is_v6() {
        if value.bits() > 112 {
            write_host(value, out);
        } else {
            // Only the words within the mask, and `::` where they stop being zeros.
            let count = (value.bits() as usize).div_ceil(16).max((value.bits() > 0) as usize);
            let shown = &value.address()[..2 * count];
            if count == 0 || shown.iter().all(|&b| b == 0) {
                out.extend_from_slice(b"::");
            } else if count == 1 {
                out.extend_from_slice(format!("{:x}::", (shown[0] as u16) << 8 | shown[1] as u16).as_bytes());
            } else {
                write_words(shown, out);
            }
        }
    } else {
        let count = (value.bits() as usize).div_ceil(8).max(1);
        let bytes: Vec<String> = value.address()[..count].iter().map(u8::to_string).collect();
        out.extend_from_slice(bytes.join(".").as_bytes());
    }
    out.extend_from_slice(format!("/{}", value.bits()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from PostgreSQL 18.6.
    #[test]
    fn texts_are_postgresqls() {
        for (text, cidr, wanted) in [
            ("10.1.2/24", false, "10.1.2.0/24"),
            ("10.1.2.3/8", false, "10.1.2.3/8"),
            ("10.1.2.3", false, "10.1.2.3"),
            ("10.1", true, "10.1.0.0/16"),
            ("10", true, "10.0.0.0/8"),
            ("::1.2.3.4", false, "::1.2.3.4"),
            ("::ffff:1.2.3.4", false, "::ffff:1.2.3.4"),
            ("1:0:0:2::", false, "1:0:0:2::"),
            ("1:0:0:2::", true, "1:0:0:2::/128"),
            ("2001:4f8:3:ba:2e0:81ff:fe22:d1f1", false, "2001:4f8:3:ba:2e0:81ff:fe22:d1f1"),
            ("::", false, "::"),
            ("1:2:3:4:5:6:7:0", false, "1:2:3:4:5:6:7:0"),
        ] {
            let mut out = Vec::new();
            write(&parse(text, cidr).unwrap(), cidr, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), wanted, "{text}");
        }
        for (text, cidr) in
            [("10.1", false), ("10", false), ("1.2.3.4/33", false), ("10.1.2.3/", true), ("2001::/200", true)]
        {
            assert!(parse(text, cidr).is_err(), "{text}");
        }
        for (text, wanted) in [
            ("ff00::/8", "ff00::/8"),
            ("2001:4f8::/32", "2001:4f8/32"),
            ("::/0", "::/0"),
            ("10.0.1.0/24", "10.0.1/24"),
            ("0.0.0.0/0", "0/0"),
        ] {
            let mut out = Vec::new();
            write_abbreviated(&parse(text, true).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), wanted, "{text}");
        }
    }
}
