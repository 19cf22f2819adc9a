//! The fields of a certificate (RFC 5280) that rustls does not show: names, validity, key, the signature's hash.
//!
//! ```text
//!  Certificate     SEQUENCE { tbs SEQUENCE, signatureAlgorithm SEQUENCE, signature }
//!  tbs             [0] version, serial, signature, issuer, validity, subject, subjectPublicKeyInfo, …, [3] extensions
//! ```

use std::net::IpAddr;

const INTEGER: u8 = 0x02;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const GENERAL_TIME: u8 = 0x18;
/// `[0]` and `[3]`, constructed.
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
/// `dNSName` and `iPAddress` among the general names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];
const RSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Algorithms of signatures and hashes, by the bytes of their object ids. MD5 and SHA-1 count as SHA-256 (RFC 5929).
const HASHES: &[(&[u8], Hash)] = &[
    // md5WithRSAEncryption, sha1WithRSAEncryption, then with SHA-256, -384, -512
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x04], Hash::Sha256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05], Hash::Sha256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B], Hash::Sha256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C], Hash::Sha384),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D], Hash::Sha512),
    // ecdsa-with-SHA1, then with SHA-256, -384, -512
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01], Hash::Sha256),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02], Hash::Sha256),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03], Hash::Sha384),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04], Hash::Sha512),
    // the hashes themselves, as the parameters of RSA-PSS name them
    (&[0x2B, 0x0E, 0x03, 0x02, 0x1A], Hash::Sha256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], Hash::Sha256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], Hash::Sha384),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], Hash::Sha512),
];

/// Elements of DER, one after the other.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

/// An element: its tag, what is in it, and all of it.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<Element<'a>> {
        let &[tag, first, ..] = self.0 else { return None };
        let (len, header) = match first {
            0..=0x7F => (first as usize, 2),
            0x81..=0x84 => {
                let count = (first & 0x7F) as usize;
                let digits = self.0.get(2..2 + count)?;
                (digits.iter().fold(0usize, |len, digit| len << 8 | *digit as usize), 2 + count)
            }
            _ => return None,
        };
        let whole = self.0.get(..header.checked_add(len)?)?;
        self.0 = &self.0[whole.len()..];
        Some(Element { tag, content: &whole[header..], whole })
    }

    /// The next element, which has to be of this kind.
    fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        Der::next(self)
    }
}

/// A parsed certificate.
pub(super) struct Certificate<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    validity: &'a [u8],
    key: &'a [u8],
    extensions: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Option<Certificate<'a>> {
        let mut parts = Der(Der(der).expect(SEQUENCE)?.content);
        let mut tbs = Der(parts.expect(SEQUENCE)?.content);
        let signature = parts.expect(SEQUENCE)?.content;
        if tbs.0.first() == Some(&VERSION) {
            tbs.next()?;
        }
        tbs.expect(INTEGER)?;
        tbs.expect(SEQUENCE)?;
        let issuer = tbs.expect(SEQUENCE)?.content;
        let validity = tbs.expect(SEQUENCE)?.content;
        let subject = tbs.expect(SEQUENCE)?.content;
        let key = tbs.expect(SEQUENCE)?.whole;
        let extensions = tbs.find(|element| element.tag == EXTENSIONS).map_or(&[][..], |element| element.content);
        Some(Certificate { issuer, subject, validity, key, extensions, signature })
    }

    /// The public key, as SubjectPublicKeyInfo.
    pub(super) fn key(&self) -> &'a [u8] {
        self.key
    }

    /// Whether its subject has issued it.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether it is valid at this time, in seconds since 1970.
    pub(super) fn is_valid_at(&self, seconds: u64) -> bool {
        let mut times = Der(self.validity);
        let time = |element: Option<Element<'_>>| element.and_then(|element| digits(element.tag, element.content));
        let (Some(from), Some(to)) = (time(times.next()), time(times.next())) else { return false };
        let now = calendar(seconds);
        from <= now && now <= to
    }

    /// The hash that its signature is made of; `None` for unknown ones and those without.
    pub(super) fn signature_hash(&self) -> Option<Hash> {
        let known = |oid: &[u8]| HASHES.iter().find(|known| known.0 == oid).map(|known| known.1);
        let mut algorithm = Der(self.signature);
        let oid = algorithm.expect(OID)?.content;
        if oid != RSA_PSS {
            return known(oid);
        }
        // Parameters: [0] { SEQUENCE { the hash, … } }, … ; SHA-1 if there is none.
        let mut parameters = Der(algorithm.expect(SEQUENCE)?.content);
        match parameters.next().filter(|element| element.tag == VERSION) {
            None => Some(Hash::Sha256),
            Some(hash) => known(Der(Der(hash.content).expect(SEQUENCE)?.content).expect(OID)?.content),
        }
    }

    /// The last common name of the subject.
    pub(super) fn common_name(&self) -> Option<&'a [u8]> {
        let mut found = None;
        for set in Der(self.subject).filter(|element| element.tag == SET) {
            for pair in Der(set.content).filter(|element| element.tag == SEQUENCE) {
                let mut pair = Der(pair.content);
                if pair.expect(OID).is_some_and(|oid| oid.content == COMMON_NAME) {
                    found = pair.next().map(|name| name.content);
                }
            }
        }
        found
    }

    /// The subject's alternative names: hosts and addresses.
    pub(super) fn alternative_names(&self) -> Vec<AlternativeName<'a>> {
        let list = Der(self.extensions).expect(SEQUENCE).map_or(&[][..], |list| list.content);
        let mut names = Vec::new();
        for extension in Der(list) {
            let mut parts = Der(extension.content);
            if parts.expect(OID).is_none_or(|oid| oid.content != SUBJECT_ALT_NAME) {
                continue;
            }
            let mut value = parts.next();
            if value.is_some_and(|element| element.tag == BOOLEAN) {
                value = parts.next();
            }
            let Some(value) = value.filter(|element| element.tag == OCTETS) else { continue };
            let Some(list) = Der(value.content).expect(SEQUENCE) else { continue };
            names.extend(Der(list.content).filter_map(|name| match name.tag {
                DNS_NAME => Some(AlternativeName::Host(name.content)),
                IP_ADDRESS => match name.content.len() {
                    4 => <[u8; 4]>::try_from(name.content).ok().map(|ip| AlternativeName::Address(ip.into())),
                    16 => <[u8; 16]>::try_from(name.content).ok().map(|ip| AlternativeName::Address(ip.into())),
                    _ => None,
                },
                _ => None,
            }));
        }
        names
    }
}

/// Another name of the certificate's subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AlternativeName<'a> {
    /// A host's name.
    Host(&'a [u8]),
    /// An address.
    Address(IpAddr),
}

/// A time as the number YYYYMMDDHHMMSS.
fn digits(tag: u8, text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let number: u64 = text.parse().ok()?;
    match (tag, text.len()) {
        (UTC_TIME, 12) if number >= 500_000_000_000 => Some(19_000_000_000_000 + number),
        (UTC_TIME, 12) => Some(20_000_000_000_000 + number),
        (GENERAL_TIME, 14) => Some(number),
        _ => None,
    }
}

/// Seconds since 1970 as the number YYYYMMDDHHMMSS (days to a date by Howard Hinnant's algorithm).
fn calendar(seconds: u64) -> u64 {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    ((year * 100 + month) * 100 + day) * 1_000_000 + (time / 3600) * 10_000 + (time / 60 % 60) * 100 + time % 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_as_dates() {
        assert_eq!(calendar(0), 19_700_101_000_000);
        assert_eq!(calendar(951_827_696), 20_000_229_123_456);
        assert_eq!(digits(UTC_TIME, b"991231235959Z"), Some(19_991_231_235_959));
        assert_eq!(digits(GENERAL_TIME, b"20500101000000Z"), Some(20_500_101_000_000));
        assert_eq!(digits(UTC_TIME, b"99123"), None);
    }

    #[test]
    fn a_certificate_is_read() {
        let mut parameters = rcgen::CertificateParams::new(vec!["a.example".into(), "10.0.0.1".into()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "server");
        let key = rcgen::KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        let certificate = Certificate::parse(made.der()).unwrap();
        assert_eq!(certificate.common_name(), Some(&b"server"[..]));
        let names = certificate.alternative_names();
        assert_eq!(names, [AlternativeName::Host(b"a.example"), AlternativeName::Address([10, 0, 0, 1].into())]);
        assert_eq!(certificate.signature_hash(), Some(Hash::Sha256));
        assert!(certificate.is_valid_at(1_700_000_000) && !certificate.is_valid_at(0));
        for len in 0..made.der().len() {
            // Whatever is cut off, nothing is read past the end.
            if let Some(short) = Certificate::parse(&made.der()[..len]) {
                short.alternative_names();
            }
        }
    }
}
