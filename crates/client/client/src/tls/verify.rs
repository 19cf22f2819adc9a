//! What of the server's certificate is checked: its chain, and its name.

use std::net::IpAddr;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, TrustAnchor, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RawPublicKeyEntity, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::certificate::{AlternativeName, Certificate};

/// Whom to trust.
#[derive(Debug)]
pub(super) struct Trust {
    pub anchors: Vec<TrustAnchor<'static>>,
    /// The same as certificates: one of them may be the server's own.
    pub certificates: Vec<CertificateDer<'static>>,
    pub revoked: Vec<CertRevocationList<'static>>,
}

/// Checks the chain if there is somebody to trust. The name is checked after the handshake.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Option<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
}

fn failed() -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
}

impl Verifier {
    pub(super) fn new(trust: Option<Trust>, algorithms: WebPkiSupportedAlgorithms) -> Verifier {
        Verifier { trust, algorithms }
    }

    fn verify_chain(
        &self,
        trust: &Trust,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        // A server that shows a trusted root itself is trusted, whatever that root may sign.
        if trust.certificates.iter().any(|trusted| trusted == certificate) {
            let parsed = Certificate::parse(certificate).ok_or_else(failed)?;
            let trusted = parsed.is_self_issued() && parsed.is_valid_at(now.as_secs());
            return if trusted { Ok(()) } else { Err(failed()) };
        }
        let lists: Vec<&CertRevocationList<'_>> = trust.revoked.iter().collect();
        let revocation = match RevocationOptionsBuilder::new(&lists) {
            Ok(builder) => Some(
                builder
                    .with_depth(RevocationCheckDepth::Chain)
                    .with_status_policy(UnknownStatusPolicy::Deny)
                    .with_expiration_policy(ExpirationPolicy::Enforce)
                    .build(),
            ),
            // There are no lists.
            Err(_) => None,
        };
        let end = EndEntityCert::try_from(certificate).map_err(|_| failed())?;
        let usage = KeyUsage::server_auth();
        end.verify_for_usage(self.algorithms.all, &trust.anchors, intermediates, now, usage, revocation, None)
            .map(|_| ())
            .map_err(|_| failed())
    }
}

/// The key that the server has to prove to own.
fn key<'a>(certificate: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, rustls::Error> {
    let parsed = Certificate::parse(certificate);
    let parsed = parsed.ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(SubjectPublicKeyInfoDer::from(parsed.key()))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(trust) = &self.trust {
            self.verify_chain(trust, certificate, intermediates, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let bad = || rustls::Error::InvalidCertificate(CertificateError::BadSignature);
        let key = key(certificate)?;
        let entity = RawPublicKeyEntity::try_from(&key).map_err(|_| bad())?;
        let known = self.algorithms.mapping.iter().find(|known| known.0 == signed.scheme).ok_or_else(bad)?;
        let verified = known.1.iter().any(|one| entity.verify_signature(*one, message, signed.signature()).is_ok());
        if verified { Ok(HandshakeSignatureValid::assertion()) } else { Err(bad()) }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature_with_raw_key(message, &key(certificate)?, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Checks that the certificate is made out to the host.
///
/// # Errors
/// The text to show.
pub(super) fn check_name(certificate: &Certificate<'_>, host: &str) -> Result<(), String> {
    let address: Option<IpAddr> = host.parse().ok();
    let mut names = Vec::new();
    let mut has_alternatives = false;
    for name in certificate.alternative_names() {
        let (matches, shown) = match name {
            AlternativeName::Host(name) => {
                if name.contains(&0) {
                    return Err("SSL certificate's name contains embedded null".into());
                }
                has_alternatives |= address.is_none();
                (host_matches(name, host), String::from_utf8_lossy(name).into_owned())
            }
            AlternativeName::Address(ip) => {
                has_alternatives |= address.is_some();
                (address == Some(ip), ip.to_string())
            }
        };
        if matches {
            return Ok(());
        }
        names.push(shown);
    }
    // The common name counts only for certificates without other names of the host's kind.
    if !has_alternatives && let Some(name) = certificate.common_name() {
        if name.contains(&0) {
            return Err("SSL certificate's name contains embedded null".into());
        }
        if host_matches(name, host) {
            return Ok(());
        }
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    Err(match names.split_first() {
        None => "could not get server's host name from server certificate".into(),
        Some((first, [])) => format!("server certificate for \"{first}\" does not match host name \"{host}\""),
        Some((first, others)) => {
            let (count, plural) = (others.len(), if others.len() == 1 { "" } else { "s" });
            format!(
                "server certificate for \"{first}\" (and {count} other name{plural}) does not match host name \"{host}\""
            )
        }
    })
}

/// Whether a host has this name; one that begins with `*.` stands for one label before the rest, which has to hold a point.
fn host_matches(name: &[u8], host: &str) -> bool {
    let host = host.as_bytes();
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(rest) = name.strip_prefix(b"*") else { return false };
    if rest.first() != Some(&b'.') || !rest[1..].contains(&b'.') {
        return false;
    }
    let Some(split) = host.len().checked_sub(rest.len()).filter(|split| *split > 0) else { return false };
    let (label, end) = host.split_at(split);
    end.eq_ignore_ascii_case(rest) && !label.contains(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(host_matches(b"*.example.com", "db.example.com"));
        assert!(host_matches(b"DB.example.com", "db.EXAMPLE.com"));
        for (name, host) in [
            ("*.example.com", "a.b.example.com"),
            ("*.com", "example.com"),
            ("*", "x"),
            ("*.example.com", ".example.com"),
        ] {
            assert!(!host_matches(name.as_bytes(), host), "{name} {host}");
        }
    }

    #[test]
    fn names_that_do_not_match_are_told() {
        let made = |names: &[&str], common: &str| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            let mut parameters = rcgen::CertificateParams::new(names).unwrap();
            parameters.distinguished_name = rcgen::DistinguishedName::new();
            parameters.distinguished_name.push(rcgen::DnType::CommonName, common);
            parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
        };
        let check = |certificate: &rcgen::Certificate, host: &str| {
            check_name(&Certificate::parse(certificate.der()).unwrap(), host).err().unwrap_or_default()
        };
        let several = made(&["one.example", "two.example"], "common.example");
        assert_eq!(check(&several, "two.example"), "");
        assert_eq!(
            check(&several, "common.example"),
            "server certificate for \"one.example\" (and 1 other name) does not match host name \"common.example\""
        );
        let common = made(&[], "common.example");
        assert_eq!(check(&common, "common.example"), "");
        assert_eq!(check(&common, "x"), "server certificate for \"common.example\" does not match host name \"x\"");
        assert_eq!(check(&made(&["127.0.0.1"], "x"), "127.0.0.1"), "");
    }

    #[test]
    fn chains_lead_to_a_root_that_is_trusted() {
        let authority = || {
            let mut parameters = rcgen::CertificateParams::new(vec![]).unwrap();
            parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            parameters.distinguished_name.push(rcgen::DnType::CommonName, "root");
            let key = rcgen::KeyPair::generate().unwrap();
            (parameters.self_signed(&key).unwrap(), rcgen::Issuer::new(parameters, key))
        };
        let (root, issuer) = authority();
        let (other, _) = authority();
        let key = rcgen::KeyPair::generate().unwrap();
        let server = rcgen::CertificateParams::new(vec!["h".into()]).unwrap().signed_by(&key, &issuer).unwrap();
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
        let verify = |trusted: &rcgen::Certificate, shown: &rcgen::Certificate| {
            let certificates = vec![trusted.der().clone()];
            let anchors =
                certificates.iter().map(|one| webpki::anchor_from_trusted_cert(one).unwrap().to_owned()).collect();
            let trust = Trust { anchors, certificates, revoked: Vec::new() };
            Verifier::new(None, algorithms).verify_chain(&trust, shown.der(), &[], now)
        };
        assert!(verify(&root, &server).is_ok());
        assert!(verify(&other, &server).is_err());
        // A server that shows the trusted root itself, as a plain set-up with one certificate does.
        assert!(verify(&root, &root).is_ok());
        // The chain has to end at a root.
        assert!(verify(&server, &server).is_err());
    }
}
