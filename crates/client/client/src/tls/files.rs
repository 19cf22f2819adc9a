//! Certificates, keys and revocation lists in files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::certificate::Certificate;
use super::verify::Trust;
use crate::config::home;
use crate::config::settings::{Settings, SslMode, Wish};
use crate::reason;

/// What to do without a root certificate.
const ADVICE: &str = "Either provide the file, use the system's trusted roots with sslrootcert=system, or change sslmode to \
                      disable server certificate verification.";

/// Bundles of the roots that the system trusts, by distribution.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

fn own(file: &str) -> Option<PathBuf> {
    home().map(|home| home.join(".postgresql").join(file))
}

fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|e| e.to_string())?;
    if found.is_empty() { Err("no certificate or crl found".into()) } else { Ok(found) }
}

/// Whom to trust: `None` if the server's certificate is not checked.
pub(super) fn trust(settings: &Settings) -> Result<Option<Trust>, String> {
    let config = &settings.config;
    let given = config.given("sslrootcert");
    if given == Some("system") {
        return system_trust().map(Some);
    }
    let file = match given {
        Some(file) => Some(PathBuf::from(file)),
        None => own("root.crt"),
    };
    let exists = file.as_ref().is_some_and(|file| file.exists());
    let Some(file) = file.as_ref().filter(|_| exists) else {
        // Only those modes ask for a check that say so.
        return match (settings.ssl >= SslMode::VerifyCa, &file) {
            (false, _) => Ok(None),
            (true, None) => Err(format!("could not get home directory to locate root certificate file\n{ADVICE}")),
            (true, Some(file)) => Err(format!("root certificate file \"{}\" does not exist\n{ADVICE}", file.display())),
        };
    };
    let unreadable = |why: String| format!("could not read root certificate file \"{}\": {why}", file.display());
    let bytes = std::fs::read(file).map_err(|e| unreadable(reason(&e)))?;
    let certificates = certificates(&bytes).map_err(unreadable)?;
    let mut trust = trust_in(certificates);
    trust.revoked = revoked(settings)?;
    Ok(Some(trust))
}

/// Trust in certificates; those that cannot sign others still count as what they are.
fn trust_in(certificates: Vec<CertificateDer<'static>>) -> Trust {
    let anchors = certificates.iter().filter_map(|one| Some(webpki::anchor_from_trusted_cert(one).ok()?.to_owned()));
    Trust { anchors: anchors.collect(), certificates, revoked: Vec::new() }
}

/// The roots that the system trusts, where OpenSSL looks for them.
fn system_trust() -> Result<Trust, String> {
    let file = match std::env::var_os("SSL_CERT_FILE") {
        Some(file) => Some(PathBuf::from(file)),
        None => SYSTEM_ROOTS.iter().map(PathBuf::from).find(|file| file.exists()),
    };
    let failed = |why: String| format!("could not load system root certificate paths: {why}");
    let file = file.ok_or_else(|| failed("no bundle of certificates found".into()))?;
    let bytes = std::fs::read(&file).map_err(|e| failed(format!("{}: {}", file.display(), reason(&e))))?;
    Ok(trust_in(certificates(&bytes).map_err(failed)?))
}

/// Lists of revoked certificates. Files that cannot be read count as not there, as in libpq.
fn revoked(settings: &Settings) -> Result<Vec<CertRevocationList<'static>>, String> {
    let config = &settings.config;
    let (list, directory) = (config.given("sslcrl"), config.given("sslcrldir"));
    let mut files: Vec<PathBuf> = list.map(PathBuf::from).into_iter().collect();
    if let Some(directory) = directory {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        files.extend(entries.map(|entry| entry.path()).filter(|path| path.is_file()));
    }
    if list.is_none() && directory.is_none() {
        files.extend(own("root.crl"));
    }
    let mut lists = Vec::new();
    for file in files {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        for list in CertificateRevocationListDer::pem_slice_iter(&bytes) {
            let list = list
                .map_err(|e| e.to_string())
                .and_then(|list| OwnedCertRevocationList::from_der(&list).map_err(|e| e.to_string()));
            let list =
                list.map_err(|e| format!("could not read certificate revocation list \"{}\": {e}", file.display()))?;
            lists.push(list.into());
        }
    }
    Ok(lists)
}

/// The client's certificate and key, if there are some.
pub(super) fn identity(settings: &Settings, provider: &CryptoProvider) -> Result<Option<Arc<CertifiedKey>>, String> {
    if settings.client_certificate == Wish::Disable {
        return Ok(None);
    }
    let config = &settings.config;
    let Some(file) = config.given("sslcert").map(PathBuf::from).or_else(|| own("postgresql.crt")) else {
        return Ok(None);
    };
    let shown = file.display();
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(format!("could not open certificate file \"{shown}\": {}", reason(&e))),
    };
    let chain = certificates(&bytes).map_err(|e| format!("could not read certificate file \"{shown}\": {e}"))?;
    let Some(key_file) = config.given("sslkey").map(PathBuf::from).or_else(|| own("postgresql.key")) else {
        return Ok(None);
    };
    let shown = key_file.display();
    check_key_file(&key_file)?;
    let unusable = |why: String| format!("could not load private key file \"{shown}\": {why}");
    let bytes = std::fs::read(&key_file).map_err(|e| unusable(reason(&e)))?;
    let key = PrivateKeyDer::from_pem_slice(&bytes).or_else(|e| {
        if is_encrypted(&bytes) {
            return Err(unusable("encrypted private keys are not supported".into()));
        }
        PrivateKeyDer::try_from(bytes.clone()).map_err(|_| unusable(e.to_string()))
    })?;
    let key = provider.key_provider.load_private_key(key).map_err(|e| unusable(e.to_string()))?;
    let public = chain.first().and_then(|first| Some(Certificate::parse(first)?.key().to_vec()));
    if let (Some(public), Some(own)) = (public, key.public_key())
        && public != own.as_ref()
    {
        return Err(unusable("key values mismatch".into()));
    }
    Ok(Some(Arc::new(CertifiedKey::new(chain, key))))
}

fn is_encrypted(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// A private key has to be private.
fn check_key_file(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let metadata = std::fs::metadata(file).map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("certificate present, but not private key file \"{shown}\""),
        _ => format!("could not stat private key file \"{shown}\": {}", reason(&e)),
    })?;
    if !metadata.is_file() {
        return Err(format!("private key file \"{shown}\" is not a regular file"));
    }
    // The administrator's keys may be readable for a group; libpq grants the same to users with the power of root.
    let allowed = if metadata.uid() == 0 { 0o027 } else { 0o077 };
    if metadata.mode() & allowed != 0 {
        return Err(format!(
            "private key file \"{shown}\" has group or world access; file must have permissions u=rw (0600) or less if owned \
             by the current user, or permissions u=rw,g=r (0640) or less if owned by root"
        ));
    }
    Ok(())
}

/// `sslkeylogfile`: the session's secrets, for a debugger of network traffic.
#[derive(Debug)]
pub(super) struct KeyLog {
    file: Option<Mutex<File>>,
}

impl KeyLog {
    pub(super) fn new(path: &str) -> KeyLog {
        match OpenOptions::new().append(true).create(true).mode(0o600).open(path) {
            Ok(file) => KeyLog { file: Some(Mutex::new(file)) },
            Err(e) => {
                eprintln!("WARNING: could not open SSL key logging file \"{path}\": {}", reason(&e));
                KeyLog { file: None }
            }
        }
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if let Some(Ok(mut file)) = self.file.as_ref().map(Mutex::lock) {
            let _ = writeln!(file, "{label} {} {}", hex(client_random), hex(secret));
        }
    }
}
