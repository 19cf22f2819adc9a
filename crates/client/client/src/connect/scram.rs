//! The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding by the server's certificate (RFC 5929).
//!
//! ```text
//!  client-first   <binding>,,n=,r=<client nonce>            binding: n, y or p=tls-server-end-point
//!  server-first   r=<client nonce><server nonce>,s=<salt>,i=<iterations>
//!  client-final   c=<binding>,r=<both nonces>,p=<proof>
//!  server-final   v=<server's signature>  or  e=<error>
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secret::{Key, hmac};
use sha2::{Digest, Sha256};

/// Without channel binding.
pub(super) const MECHANISM: &str = "SCRAM-SHA-256";
/// With channel binding.
pub(super) const MECHANISM_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// Bytes of the nonce.
const NONCE: usize = 18;
/// Rounds that a hostile server may have us work.
const MAX_ITERATIONS: u32 = 100_000_000;

/// Whether the exchange is bound to the encrypted channel.
pub(super) enum Binding {
    /// It is not.
    None,
    /// It could be, but the server did not offer it.
    NotOffered,
    /// To the certificate with this hash.
    EndPoint(Vec<u8>),
}

impl Binding {
    fn header(&self) -> &'static str {
        match self {
            Binding::None => "n,,",
            Binding::NotOffered => "y,,",
            Binding::EndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Binding::EndPoint(hash) => hash,
            _ => &[],
        }
    }
}

/// Keys to use instead of a password.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
    pub client: Option<Key>,
    pub server: Option<Key>,
}

/// An exchange that is under way.
pub(super) struct Exchange {
    password: String,
    keys: Keys,
    binding: Binding,
    nonce: String,
    /// The server's key and what was said until then, which its signature has to fit.
    expected: Option<Key>,
}

type Result<T> = std::result::Result<T, String>;

/// The value of the attribute that a message continues with, and the rest behind its comma.
fn attribute(text: &str, name: char) -> Result<(&str, &str)> {
    let rest = text
        .strip_prefix(name)
        .ok_or_else(|| format!("malformed SCRAM message (attribute \"{name}\" expected)"))?
        .strip_prefix('=')
        .ok_or_else(|| format!("malformed SCRAM message (expected character \"=\" for attribute \"{name}\")"))?;
    Ok(rest.split_once(',').unwrap_or((rest, "")))
}

fn text_of(message: &[u8]) -> Result<&str> {
    if message.is_empty() {
        return Err("malformed SCRAM message (empty message)".into());
    }
    match std::str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err("malformed SCRAM message (length mismatch)".into()),
    }
}

impl Exchange {
    pub(super) fn new(password: &str, keys: Keys, binding: Binding) -> Result<Exchange> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| "could not generate nonce")?;
        let nonce = BASE64.encode(nonce);
        Ok(Exchange { password: password.into(), keys, binding, nonce, expected: None })
    }

    /// Whether it is bound to the channel.
    pub(super) fn is_bound(&self) -> bool {
        matches!(self.binding, Binding::EndPoint(_))
    }

    fn first_bare(&self) -> String {
        // The role's name is the one of the start-up packet.
        format!("n=,r={}", self.nonce)
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("{}{}", self.binding.header(), self.first_bare())
    }

    /// The answer to the server's first message.
    pub(super) fn answer(&mut self, server_first: &[u8]) -> Result<String> {
        if self.expected.is_some() {
            return Err("invalid SCRAM exchange state".into());
        }
        let server_first = text_of(server_first)?;
        let (nonce, rest) = attribute(server_first, 'r')?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err("invalid SCRAM response (nonce mismatch)".into());
        }
        let (salt, rest) = attribute(rest, 's')?;
        let salt = BASE64.decode(salt).map_err(|_| "malformed SCRAM message (invalid salt)")?;
        let (iterations, rest) = attribute(rest, 'i')?;
        let iterations: u32 = iterations
            .parse()
            .ok()
            .filter(|iterations| (1..=MAX_ITERATIONS).contains(iterations))
            .ok_or("malformed SCRAM message (invalid iteration count)")?;
        if !rest.is_empty() {
            return Err("malformed SCRAM message (garbage at end of server-first-message)".into());
        }
        let (client_key, server_key) = match (self.keys.client, self.keys.server) {
            (Some(client), Some(server)) => (client, server),
            (client, server) => {
                let made = secret::keys(&self.password, &salt, iterations);
                (client.unwrap_or(made.0), server.unwrap_or(made.1))
            }
        };
        let bound = [self.binding.header().as_bytes(), self.binding.data()].concat();
        let without_proof = format!("c={},r={nonce}", BASE64.encode(bound));
        let said = format!("{},{server_first},{without_proof}", self.first_bare());
        let stored_key: Key = Sha256::digest(client_key).into();
        let signature = hmac(&stored_key, &[said.as_bytes()]);
        let proof: Key = std::array::from_fn(|i| client_key[i] ^ signature[i]);
        self.expected = Some(hmac(&server_key, &[said.as_bytes()]));
        Ok(format!("{without_proof},p={}", BASE64.encode(proof)))
    }

    /// Checks the server's last message: it has to know the password, too.
    pub(super) fn finish(self, server_final: &[u8]) -> Result<()> {
        let text = text_of(server_final)?;
        if text.starts_with('e') {
            let (error, _) = attribute(text, 'e')?;
            return Err(format!("error received from server in SCRAM exchange: {error}"));
        }
        let (signature, rest) = attribute(text, 'v')?;
        if !rest.is_empty() {
            return Err("malformed SCRAM message (garbage at end of server-final-message)".into());
        }
        let signature = BASE64.decode(signature).ok().and_then(|bytes| Key::try_from(bytes).ok());
        let signature = signature.ok_or("malformed SCRAM message (invalid server signature)")?;
        if self.expected == Some(signature) { Ok(()) } else { Err("incorrect server signature".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Exchange {
        let nonce = "rOprNGfwEbeRWgbNEkqO".to_string();
        Exchange { password: "pencil".into(), keys: Keys::default(), binding: Binding::None, nonce, expected: None }
    }

    const FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    /// The example of RFC 7677, but for the role's name, which PostgreSQL leaves out: so the proof differs.
    #[test]
    fn both_sides_prove_that_they_know_the_password() {
        let mut client = exchange();
        assert_eq!(client.first(), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
        let last = client.answer(FIRST.as_bytes()).unwrap();
        let proof = BASE64.decode(last.rsplit_once(",p=").unwrap().1).unwrap();
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let stored = secret::ScramSecret::with_salt("pencil", 4096, salt);
        let said = format!("n=,r=rOprNGfwEbeRWgbNEkqO,{FIRST},{}", last.rsplit_once(",p=").unwrap().0);
        let signature = hmac(&stored.stored_key, &[said.as_bytes()]);
        let key: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(Key::from(Sha256::digest(key)), stored.stored_key);
        let server = BASE64.encode(hmac(&stored.server_key, &[said.as_bytes()]));
        assert_eq!(client.finish(format!("v={server}").as_bytes()), Ok(()));
    }

    #[test]
    fn a_server_that_does_not_know_it_is_noticed() {
        let mut client = exchange();
        client.answer(FIRST.as_bytes()).unwrap();
        assert_eq!(
            client.finish(format!("v={}", BASE64.encode([0; 32])).as_bytes()),
            Err("incorrect server signature".into())
        );
    }

    #[test]
    fn malformed_messages_are_errors() {
        for bad in [
            "",
            "x",
            "r",
            "r=zz",
            "r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqOx,s=!,i=1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=AA==,i=0",
            "r=rOprNGfwEbeRWgbNEkqOx,s=AA==,i=1,x",
        ] {
            assert!(exchange().answer(bad.as_bytes()).is_err(), "{bad}");
        }
        for bad in ["", "v", "v=!", "v=AA==", "e=other-error", "x"] {
            assert!(exchange().finish(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
