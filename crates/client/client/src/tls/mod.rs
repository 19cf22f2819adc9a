//! TLS by rustls, with the meaning that libpq gives to `sslmode` and its kin.
//!
//! - [`files`]: root certificates, the client's certificate and key, revocation lists.
//! - [`verify`]: what of the server's certificate is checked.
//! - [`certificate`]: the few fields of a certificate that rustls does not show.
//!
//! # Differences from libpq
//!
//! TLS 1.2 and 1.3 only, no encrypted private keys, no engines. A chain is checked by webpki, which asks for certificates of
//! X.509 version 3; a server's certificate that is itself a trusted root is accepted, as OpenSSL does.

mod certificate;
mod files;
mod verify;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ClientConfig, ClientConnection, ProtocolVersion, SignatureScheme};
use sha2::Digest;

use crate::TlsInfo;
use crate::config::settings::{Host, Settings, SslMode, tls_versions};
use crate::stream::Stream;
use certificate::{Certificate, Hash};

/// The name of the protocol that both sides have to agree on.
const ALPN: &[u8] = b"postgresql";

/// The state of an encrypted stream.
pub(crate) struct Tls {
    pub connection: ClientConnection,
    identity: Arc<Identity>,
}

/// The client's certificate, and whether it was asked for.
#[derive(Debug)]
struct Identity {
    key: Option<Arc<CertifiedKey>>,
    requested: AtomicBool,
    sent: AtomicBool,
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.requested.store(true, Ordering::Relaxed);
        let key = self.key.clone().filter(|key| key.key.choose_scheme(schemes).is_some())?;
        self.sent.store(true, Ordering::Relaxed);
        Some(key)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Why a stream could not be encrypted.
pub(crate) enum Failed {
    TimedOut,
    /// The text to show.
    Text(String),
}

impl From<String> for Failed {
    fn from(text: String) -> Failed {
        Failed::Text(text)
    }
}

/// Encrypts the stream, as the settings say.
pub(crate) fn begin(
    stream: &mut Stream,
    settings: &Settings,
    host: &Host,
    deadline: Option<Instant>,
) -> Result<(), Failed> {
    let config = &settings.config;
    let trust = files::trust(settings)?;
    let checks_chain = trust.is_some();
    let provider = Arc::new(ring::default_provider());
    let verifier = verify::Verifier::new(trust, provider.signature_verification_algorithms);
    let key = files::identity(settings, &provider)?;
    let identity = Arc::new(Identity { key, requested: AtomicBool::new(false), sent: AtomicBool::new(false) });

    let (min, max) = tls_versions(config).map_err(|e| e.message().to_string())?;
    let versions: Vec<_> = [(2, &rustls::version::TLS12), (3, &rustls::version::TLS13)]
        .into_iter()
        .filter(|(number, _)| (min..=max).contains(number))
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        let wanted = config.get("ssl_max_protocol_version").unwrap_or_default();
        return Err(format!("could not set maximum SSL protocol version: {wanted} is not supported").into());
    }
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|e| format!("could not create SSL context: {e}"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(identity.clone());
    client.alpn_protocols = vec![ALPN.to_vec()];
    // Session tickets would be of use for the next connection only, which has a configuration of its own.
    client.resumption = rustls::client::Resumption::disabled();
    if let Some(file) = config.given("sslkeylogfile") {
        client.key_log = Arc::new(files::KeyLog::new(file));
    }
    // The server may be told the host's name in clear; addresses are no names.
    let literal = host.address.as_deref().unwrap_or("0.0.0.0");
    let name = ServerName::try_from(host.name.clone()).or_else(|_| ServerName::try_from(literal.to_string()));
    let name = name.map_err(|e| format!("could not set SSL Server Name Indication (SNI): {e}"))?;
    client.enable_sni = config.get("sslsni") != Some("0");
    let connection = ClientConnection::new(Arc::new(client), name).map_err(|e| describe(&e))?;
    stream.encrypt(Tls { connection, identity }, deadline).map_err(|e| match e.kind() {
        io::ErrorKind::TimedOut => Failed::TimedOut,
        _ => {
            let text = crate::reason(&e);
            Failed::Text(if text.starts_with("SSL ") { text } else { format!("SSL SYSCALL error: {text}") })
        }
    })?;
    stream.check_peer(settings, host, checks_chain)?;
    Ok(())
}

impl Stream {
    /// What is checked after the handshake: the protocol agreed on, and the host's name.
    fn check_peer(&self, settings: &Settings, host: &Host, checks_chain: bool) -> Result<(), Failed> {
        let Some(tls) = self.tls() else { return Ok(()) };
        match tls.connection.alpn_protocol() {
            Some(ALPN) => (),
            Some(_) => return Err("SSL connection was established with unexpected ALPN protocol".to_string().into()),
            None if settings.ssl_direct => {
                let text = "direct SSL connection was established without ALPN protocol negotiation extension";
                return Err(text.to_string().into());
            }
            None => (),
        }
        if settings.ssl == SslMode::VerifyFull && checks_chain {
            let wanted = if host.name.is_empty() { host.address.as_deref().unwrap_or_default() } else { &host.name };
            if wanted.is_empty() {
                return Err("host name must be specified for a verified SSL connection".to_string().into());
            }
            let certificate = tls.certificate()?;
            verify::check_name(&certificate, wanted)?;
        }
        Ok(())
    }
}

impl Tls {
    /// Looks at what was received.
    pub(crate) fn process(&mut self) -> io::Result<()> {
        self.connection.process_new_packets().map(|_| ()).map_err(|e| io::Error::other(describe(&e)))
    }

    fn certificate(&self) -> Result<Certificate<'_>, String> {
        let chain = self.connection.peer_certificates().unwrap_or_default();
        let first = chain.first().ok_or("certificate could not be obtained: the server sent none")?;
        Certificate::parse(first).ok_or_else(|| "certificate could not be obtained: it is malformed".into())
    }

    /// RFC 5929: the certificate's hash, by the function that its signature uses; SHA-256 for the weak ones.
    pub(crate) fn end_point_hash(&self) -> Result<Vec<u8>, String> {
        let chain = self.connection.peer_certificates().unwrap_or_default();
        let der = chain.first().ok_or("could not determine server certificate signature algorithm")?;
        Ok(match self.certificate()?.signature_hash() {
            Some(Hash::Sha256) => sha2::Sha256::digest(der).to_vec(),
            Some(Hash::Sha384) => sha2::Sha384::digest(der).to_vec(),
            Some(Hash::Sha512) => sha2::Sha512::digest(der).to_vec(),
            None => return Err("could not determine server certificate signature algorithm".into()),
        })
    }

    pub(crate) fn certificate_requested(&self) -> bool {
        self.identity.requested.load(Ordering::Relaxed)
    }

    pub(crate) fn certificate_sent(&self) -> bool {
        self.identity.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn info(&self) -> TlsInfo {
        let suite = self.connection.negotiated_cipher_suite().map(|suite| suite.suite());
        let name = suite.and_then(|suite| suite.as_str()).unwrap_or_default();
        let protocol = match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        };
        TlsInfo {
            library: "rustls",
            protocol: protocol.into(),
            key_bits: if name.contains("AES_128") { 128 } else { 256 },
            cipher: cipher_name(name),
            alpn: self.connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        }
    }
}

/// OpenSSL's name for a cipher suite, as PostgreSQL's users know it.
fn cipher_name(name: &str) -> String {
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 is ECDHE-RSA-AES256-GCM-SHA384.
        None => {
            let plain = name.trim_start_matches("TLS_").replace("_WITH_", "_").replace("AES_", "AES");
            plain.replace("CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305").replace('_', "-")
        }
    }
}

/// An error of TLS in OpenSSL's words, where there are some.
fn describe(error: &rustls::Error) -> String {
    let text = match error {
        rustls::Error::InvalidCertificate(_) => "certificate verify failed".into(),
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::UnknownCA => "tlsv1 alert unknown ca".into(),
            AlertDescription::CertificateRequired => "tlsv13 alert certificate required".into(),
            AlertDescription::ProtocolVersion => "tlsv1 alert protocol version".into(),
            AlertDescription::NoApplicationProtocol => "tlsv1 alert no application protocol".into(),
            AlertDescription::HandshakeFailure => "ssl/tls alert handshake failure".into(),
            AlertDescription::CertificateExpired => "ssl/tls alert certificate expired".into(),
            AlertDescription::CertificateRevoked => "ssl/tls alert certificate revoked".into(),
            AlertDescription::CertificateUnknown => "ssl/tls alert certificate unknown".into(),
            AlertDescription::BadCertificate => "ssl/tls alert bad certificate".into(),
            AlertDescription::DecryptError => "tlsv1 alert decrypt error".into(),
            AlertDescription::InternalError => "tlsv1 alert internal error".into(),
            other => format!("alert {other:?}"),
        },
        other => other.to_string(),
    };
    format!("SSL error: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphers_have_the_names_that_users_know() {
        assert_eq!(cipher_name("TLS13_AES_256_GCM_SHA384"), "TLS_AES_256_GCM_SHA384");
        assert_eq!(cipher_name("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), "ECDHE-RSA-AES256-GCM-SHA384");
        let chacha = cipher_name("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
        assert_eq!(chacha, "ECDHE-ECDSA-CHACHA20-POLY1305");
    }
}
