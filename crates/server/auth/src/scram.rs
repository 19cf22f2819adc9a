//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.
//!
//! ```text
//!  client-first   n,,n=,r=<client nonce>
//!  server-first   r=<client nonce><server nonce>,s=<salt>,i=<iterations>
//!  client-final   c=biws,r=<both nonces>,p=<proof>
//!  server-final   v=<server's signature>
//! ```
//!
//! A role without a usable secret goes through the same exchange with a made-up salt, so that its absence cannot be told from a
//! wrong password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use error::{Error, Result, SqlState};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::secret::{DEFAULT_ITERATIONS, Key, ScramSecret, hmac, random};

/// The mechanism's name.
pub const MECHANISM: &str = "SCRAM-SHA-256";
/// Bytes of the server's nonce.
const NONCE_LENGTH: usize = 18;

/// An exchange, between the client's two messages.
pub struct Exchange {
    secret: ScramSecret,
    /// The secret is made up: no proof is good enough.
    doomed: bool,
    /// The header of the first message, which the last must repeat.
    header: String,
    client_first_bare: String,
    server_first: String,
    nonce: String,
}

fn malformed(detail: impl Into<String>) -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, "malformed SCRAM message").detail(detail)
}

/// The value of the attribute that a message continues with, and the rest behind its comma.
fn attribute(text: &str, name: char) -> Result<(&str, &str)> {
    let mut chars = text.chars();
    match chars.next() {
        Some(c) if c == name => (),
        Some(c) => {
            return Err(malformed(format!("Expected attribute \"{name}\" but found \"{}\".", c.escape_default())));
        }
        None => return Err(malformed(format!("Expected attribute \"{name}\" but found end of message."))),
    }
    let rest = chars
        .as_str()
        .strip_prefix('=')
        .ok_or_else(|| malformed(format!("Expected character \"=\" for attribute \"{name}\".")))?;
    Ok(rest.split_once(',').unwrap_or((rest, "")))
}

impl Exchange {
    /// Reads the client's first message. `secret` is the role's, or `None` if it has none that fits; `seed` makes up a
    /// salt for such roles, always the same for one role and cluster. Returns the exchange and the answer.
    ///
    /// # Errors
    /// `08P01` for a malformed message; `0A000` for what SCRAM has and this server has not.
    pub fn begin(secret: Option<ScramSecret>, seed: &[&[u8]], message: &[u8]) -> Result<(Exchange, String)> {
        let text = text_of(message)?;
        let unsupported = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        let rest = match text.as_bytes().first() {
            // `y`: the client could bind the channel, but believes that the server cannot. True without TLS.
            Some(b'n' | b'y') => &text[1..],
            Some(b'p') => {
                return Err(malformed(
                    "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel \
                     binding data.",
                ));
            }
            _ => {
                let found = text.chars().next().unwrap_or_default().escape_default();
                return Err(malformed(format!("Unexpected channel-binding flag \"{found}\".")));
            }
        };
        let rest = rest.strip_prefix(',').ok_or_else(|| malformed("Comma expected, but found another character."))?;
        if rest.starts_with('a') {
            return unsupported("client uses authorization identity, but it is not supported");
        }
        let bare = rest.strip_prefix(',').ok_or_else(|| {
            malformed(format!(
                "Unexpected attribute \"{}\" in client-first-message.",
                rest.chars().next().unwrap_or_default().escape_default()
            ))
        })?;
        if bare.starts_with('m') {
            return unsupported("client requires an unsupported SCRAM extension");
        }
        let header = text[..text.len() - bare.len()].to_string();
        // The user name here is ignored: the start-up packet's counts.
        let (_, rest) = attribute(bare, 'n')?;
        let (client_nonce, _) = attribute(rest, 'r')?;
        if client_nonce.is_empty() || !client_nonce.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b',') {
            return Err(Error::new(SqlState::PROTOCOL_VIOLATION, "non-printable characters in SCRAM nonce"));
        }
        let mut bytes = [0; NONCE_LENGTH];
        random(&mut bytes)?;
        Ok(Exchange::answer(secret, seed, header, bare, client_nonce, &BASE64.encode(bytes)))
    }

    fn answer(
        secret: Option<ScramSecret>,
        seed: &[&[u8]],
        header: String,
        bare: &str,
        client_nonce: &str,
        server_nonce: &str,
    ) -> (Exchange, String) {
        let doomed = secret.is_none();
        let secret = secret.unwrap_or_else(|| {
            let salt = seed.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
            let salt = salt[..16].to_vec();
            ScramSecret { iterations: DEFAULT_ITERATIONS, salt, stored_key: Key::default(), server_key: Key::default() }
        });
        let nonce = format!("{client_nonce}{server_nonce}");
        let server_first = format!("r={nonce},s={},i={}", BASE64.encode(&secret.salt), secret.iterations);
        let exchange = Exchange {
            secret,
            doomed,
            header,
            client_first_bare: bare.to_string(),
            server_first: server_first.clone(),
            nonce,
        };
        (exchange, server_first)
    }

    /// Reads the client's last message: the server's last one if the proof is right, `None` if it is wrong.
    ///
    /// # Errors
    /// `08P01` for a malformed message.
    pub fn finish(self, message: &[u8]) -> Result<Option<String>> {
        let text = text_of(message)?;
        let (binding, rest) = attribute(text, 'c')?;
        if BASE64.decode(binding).ok().as_deref() != Some(self.header.as_bytes()) {
            let text = "unexpected SCRAM channel-binding attribute in client-final-message";
            return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text));
        }
        let (nonce, _) = attribute(rest, 'r')?;
        if nonce != self.nonce {
            return Err(
                Error::new(SqlState::PROTOCOL_VIOLATION, "invalid SCRAM response").detail("Nonce does not match.")
            );
        }
        let (without_proof, proof) =
            text.rsplit_once(",p=").ok_or_else(|| malformed("Expected attribute \"p\" but found end of message."))?;
        let proof = BASE64.decode(proof).ok().and_then(|bytes| Key::try_from(bytes).ok());
        let proof = proof.ok_or_else(|| malformed("Malformed proof in client-final-message."))?;

        let comma: &[u8] = b",";
        let exchanged: [&[u8]; 5] =
            [self.client_first_bare.as_bytes(), comma, self.server_first.as_bytes(), comma, without_proof.as_bytes()];
        let client_signature = hmac(&self.secret.stored_key, &exchanged);
        let client_key: Key = std::array::from_fn(|i| proof[i] ^ client_signature[i]);
        let proven: bool = Sha256::digest(client_key).as_slice().ct_eq(&self.secret.stored_key).into();
        if !proven || self.doomed {
            return Ok(None);
        }
        Ok(Some(format!("v={}", BASE64.encode(hmac(&self.secret.server_key, &exchanged)))))
    }
}

/// The message as text; SCRAM's messages are text without zero bytes.
fn text_of(message: &[u8]) -> Result<&str> {
    if message.is_empty() {
        return Err(malformed("The message is empty."));
    }
    if message.contains(&0) {
        return Err(malformed("Message length does not match input length."));
    }
    std::str::from_utf8(message).map_err(|_| malformed("Message is not valid UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ScramSecret;

    /// The example of RFC 7677, with its nonces.
    #[test]
    fn the_standards_exchange() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let secret = ScramSecret::with_salt("pencil", 4096, salt);
        let begin = || {
            Exchange::answer(
                Some(secret.clone()),
                &[],
                "n,,".to_string(),
                "n=user,r=rOprNGfwEbeRWgbNEkqO",
                "rOprNGfwEbeRWgbNEkqO",
                "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            )
        };
        let (exchange, first) = begin();
        assert_eq!(first, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let good = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let last = exchange.finish(good.as_bytes()).unwrap();
        assert_eq!(last.as_deref(), Some("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        let wrong = good.replace("dHzb", "eHzb");
        assert_eq!(begin().0.finish(wrong.as_bytes()), Ok(None));
        let other_nonce = good.replace("r=rO", "r=rP");
        assert_eq!(begin().0.finish(other_nonce.as_bytes()).unwrap_err().message(), "invalid SCRAM response");
    }

    #[test]
    fn unknown_roles_look_like_others() {
        let seed: [&[u8]; 2] = [b"cluster", b"nobody"];
        let salt = |text: &str| text.split(",s=").nth(1).unwrap().to_string();
        let (_, one) = Exchange::begin(None, &seed, b"n,,n=,r=abc").unwrap();
        let (exchange, two) = Exchange::begin(None, &seed, b"n,,n=,r=abc").unwrap();
        assert_eq!(salt(&one), salt(&two));
        let nonce = two.split(',').next().unwrap();
        let zero_proof = BASE64.encode([0; 32]);
        assert_eq!(exchange.finish(format!("c=biws,{nonce},p={zero_proof}").as_bytes()), Ok(None));
    }

    #[test]
    fn malformed_messages_are_errors() {
        for bad in [
            "",
            "x",
            "n",
            "n,",
            "n,,",
            "n,,x=",
            "n,,n=,",
            "n,,n=,r=",
            "p=tls-exporter,,n=,r=a",
            "n,a=x,n=,r=a",
            "n,,m=x",
            "n,,n=u,r=\u{e9}",
        ] {
            assert!(Exchange::begin(None, &[], bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Exchange::begin(None, &[], b"n,,n=,r=a\0").is_err());
        for bad in ["", "c=biws", "c=biws,r=zzz,p=", "c=eSws,r=abc,p=AA=="] {
            let (exchange, _) = Exchange::begin(None, &[], b"n,,n=,r=abc").unwrap();
            assert!(exchange.finish(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
