//! Stored secrets (`pg_authid.rolpassword`): made from passwords, and compared with them; and the keys behind them, which both
//! sides of an authentication need.
//!
//! ```text
//!  SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>      base64; RFC 5802, RFC 7677
//!  md5<hexadecimal MD5 of password and user name>
//! ```
#![forbid(unsafe_code)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use error::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Iterations when `scram_iterations` says nothing else.
pub const DEFAULT_ITERATIONS: u32 = 4096;
const SALT_LENGTH: usize = 16;
/// Bytes of a SHA-256 hash.
pub const KEY_LENGTH: usize = 32;

/// A SHA-256 hash.
pub type Key = [u8; KEY_LENGTH];

/// A stored SCRAM secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScramSecret {
    /// How often the password is hashed.
    pub iterations: u32,
    /// What is hashed with it.
    pub salt: Vec<u8>,
    /// The hash of the client's key.
    pub stored_key: Key,
    /// The server's key.
    pub server_key: Key,
}

/// What is stored for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// For SCRAM.
    Scram(ScramSecret),
    /// The old hash, 32 hexadecimal digits.
    Md5(String),
}

/// HMAC-SHA-256 of the parts, one after the other.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    // HMAC takes keys of any length, so this cannot fail.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The password as SCRAM uses it: normalised by SASLprep, or as it is where that does not apply.
fn prepared(password: &str) -> std::borrow::Cow<'_, str> {
    stringprep::saslprep(password).unwrap_or(password.into())
}

/// The keys of a password: (client key, server key).
pub fn keys(password: &str, salt: &[u8], iterations: u32) -> (Key, Key) {
    let mut salted = Key::default();
    pbkdf2::pbkdf2::<Hmac<Sha256>>(prepared(password).as_bytes(), salt, iterations, &mut salted)
        .expect("the output is a hash long");
    (hmac(&salted, &[b"Client Key"]), hmac(&salted, &[b"Server Key"]))
}

impl ScramSecret {
    /// The secret of a password, with a salt of its own.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn new(password: &str, iterations: u32) -> Result<ScramSecret> {
        let mut salt = vec![0; SALT_LENGTH];
        random(&mut salt)?;
        Ok(ScramSecret::with_salt(password, iterations, salt))
    }

    /// The secret of a password with this salt.
    pub fn with_salt(password: &str, iterations: u32, salt: Vec<u8>) -> ScramSecret {
        let (client_key, server_key) = keys(password, &salt, iterations);
        ScramSecret { iterations, salt, stored_key: Sha256::digest(client_key).into(), server_key }
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<ScramSecret> {
        let (parameters, hashes) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let (iterations, salt) = parameters.split_once(':')?;
        let (stored_key, server_key) = hashes.split_once(':')?;
        let key = |text: &str| Key::try_from(BASE64.decode(text).ok()?).ok();
        Some(ScramSecret {
            iterations: iterations.parse().ok().filter(|n| *n > 0)?,
            salt: BASE64.decode(salt).ok()?,
            stored_key: key(stored_key)?,
            server_key: key(server_key)?,
        })
    }

    /// The stored form.
    pub fn to_text(&self) -> String {
        format!(
            "SCRAM-SHA-256${}:{}${}:{}",
            self.iterations,
            BASE64.encode(&self.salt),
            BASE64.encode(self.stored_key),
            BASE64.encode(self.server_key)
        )
    }

    fn verifies(&self, password: &str) -> bool {
        let (_, server_key) = keys(password, &self.salt, self.iterations);
        server_key.ct_eq(&self.server_key).into()
    }
}

impl Secret {
    /// Recognises a stored secret; `None` for anything else, such as a password in clear.
    pub fn parse(text: &str) -> Option<Secret> {
        if let Some(hex) = text.strip_prefix("md5") {
            let ok = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            return ok.then(|| Secret::Md5(hex.to_string()));
        }
        ScramSecret::parse(text).map(Secret::Scram)
    }

    /// Whether it is the secret of this password.
    pub fn verifies(&self, user: &str, password: &str) -> bool {
        match self {
            Secret::Scram(secret) => secret.verifies(password),
            Secret::Md5(hex) => {
                md5_hex(&[password.as_bytes(), user.as_bytes()]).as_bytes().ct_eq(hex.as_bytes()).into()
            }
        }
    }
}

/// The old stored form: `md5` and 32 digits.
pub fn md5_secret(user: &str, password: &str) -> String {
    format!("md5{}", md5_hex(&[password.as_bytes(), user.as_bytes()]))
}

/// MD5 in hexadecimal.
pub fn md5_hex(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| Digest::update(&mut hash, part));
    hash.finalize().iter().fold(String::with_capacity(32), |mut hex, byte| {
        hex.push(char::from_digit((byte >> 4) as u32, 16).unwrap_or('0'));
        hex.push(char::from_digit((byte & 15) as u32, 16).unwrap_or('0'));
        hex
    })
}

/// Fills the buffer with random bytes fit for secrets.
///
/// # Errors
/// If the system has none.
pub fn random(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|_| Error::internal("could not generate random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    const RFC: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
                       wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    #[test]
    fn the_standards_example() {
        let secret = ScramSecret::parse(RFC).unwrap();
        assert_eq!(secret.to_text(), RFC);
        assert_eq!(secret, ScramSecret::with_salt("pencil", 4096, secret.salt.clone()));
        let secret = Secret::parse(RFC).unwrap();
        assert!(secret.verifies("user", "pencil") && !secret.verifies("user", "pen"));
    }

    #[test]
    fn md5_is_what_postgresql_stores() {
        let text = md5_secret("ann", "secret");
        let secret = Secret::parse(&text).unwrap();
        assert!(secret.verifies("ann", "secret") && !secret.verifies("bob", "secret"));
        assert_eq!(md5_hex(&[b"abc"]), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        for text in
            ["", "md5", "md5900150983cd24fb0d6963f7d28e17fzz", "SCRAM-SHA-256$0:aa$b:c", "SCRAM-SHA-256$x", "secret"]
        {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }
}
