//! Who may connect: `pg_hba.conf`, `pg_ident.conf`, passwords, SCRAM, peer.
//!
//! [`authenticate`] is the whole way: find the line of [`Hba`] that decides, hold the exchange that its method wants over
//! [`Dialogue`], and say yes or no as PostgreSQL does. Knows nothing of sockets and catalogs: it asks [`Dialogue`] and
//! [`Roles`].
//!
//! # Invariants
//!
//! - A client learns nothing from a failure but that it failed: the reason goes to the log (`detail_log`).
//! - A role that does not exist costs the same exchange as one that does.
#![forbid(unsafe_code)]

pub mod hba;
pub mod ident;
pub mod scram;
pub use ::secret;
pub mod tokens;

use std::net::IpAddr;

use error::{Error, Result, SqlState};
use wire::backend::Authentication;

pub use hba::{Attempt, Hba, Method, Origin};
pub use ident::IdentMaps;
pub use secret::{ScramSecret, Secret};

/// The client at the other end, as far as authentication talks with it.
pub trait Dialogue {
    /// Sends a request.
    ///
    /// # Errors
    /// If the connection is lost.
    fn send(&mut self, request: &Authentication<'_>) -> Result<()>;

    /// Waits for the client's answer (message `p`) and returns its body; `None` if the client has closed the connection.
    ///
    /// # Errors
    /// `08P01` for any other message; authentication timeout.
    fn receive(&mut self) -> Result<Option<Vec<u8>>>;

    /// The operating system's name for the user at the other end of the unix socket.
    ///
    /// # Errors
    /// If the system does not tell.
    fn peer_user(&self) -> Result<String>;
}

/// What authentication must know of roles.
pub trait Roles {
    /// What is stored as the role's password (`rolpassword`), unless it is expired or absent; the reason is for the log.
    ///
    /// # Errors
    /// Inner: why there is none. Outer: the catalog cannot be read.
    fn secret(&self, role: &str) -> Result<Result<String, String>>;

    /// Whether `role` is a member of `group`, directly or not. A superuser is not a member of everything here.
    fn is_member(&self, role: &str, group: &str) -> bool;
}

/// Who connects to what.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// From where.
    pub origin: Origin,
    /// Whether TLS is in use.
    pub tls: bool,
    /// The database named.
    pub database: &'a str,
    /// The role named.
    pub user: &'a str,
    /// A physical replication client.
    pub replication: bool,
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The method.
    pub method: Method,
    /// `method:name`, what `system_user` shows; none for trust.
    pub system_user: Option<String>,
    /// `file:line`, for the log.
    pub rule: String,
}

/// The way to authenticate ended without an answer: the client closed the connection. Nothing is logged about it.
#[derive(Debug)]
pub enum Outcome {
    /// He is who he says.
    Accepted(Authenticated),
    /// The client has left.
    Gone,
}

/// Lets a client in, or not. `seed` is a secret of the cluster, from which roles without a secret get their made-up salt.
///
/// # Errors
/// FATAL `28000` or `28P01` with PostgreSQL's words; `08P01` for malformed answers.
pub fn authenticate(
    hba: &Hba,
    maps: &IdentMaps,
    client: &Client<'_>,
    seed: &[u8],
    roles: &dyn Roles,
    dialogue: &mut dyn Dialogue,
) -> Result<Outcome> {
    let is_member = |role: &str, group: &str| roles.is_member(role, group);
    let attempt = Attempt {
        origin: client.origin,
        tls: client.tls,
        database: client.database,
        user: client.user,
        replication: client.replication,
        is_member: &is_member,
    };
    let Some(rule) = hba.find(&attempt) else { return Err(refuse(client, "no pg_hba.conf entry for")) };
    let failed = |reason: Option<String>| {
        let matched = format!(
            "Connection matched file \"{}\" line {}: \"{}\"",
            rule.line.file.display(),
            rule.line.number,
            rule.line.text
        );
        let detail = match reason {
            Some(reason) => format!("{reason}\n{matched}"),
            None => matched,
        };
        let (state, way) = match rule.method {
            Method::Peer => (SqlState::INVALID_AUTHORIZATION_SPECIFICATION, "Peer"),
            _ => (SqlState::INVALID_PASSWORD, "password"),
        };
        Error::new(state, format!("{way} authentication failed for user \"{}\"", client.user))
            .fatal()
            .detail_log(detail)
    };
    let accepted = |system_user: Option<&str>| {
        Ok(Outcome::Accepted(Authenticated {
            method: rule.method,
            system_user: system_user.map(|name| format!("{}:{name}", rule.method.name())),
            rule: format!("{}:{}", rule.line.file.display(), rule.line.number),
        }))
    };
    // The only answer to a closed connection is none.
    macro_rules! answer {
        () => {
            match dialogue.receive()? {
                Some(answer) => answer,
                None => return Ok(Outcome::Gone),
            }
        };
    }
    match rule.method {
        Method::Trust => accepted(None),
        Method::Reject => Err(refuse(client, "pg_hba.conf rejects connection for")),
        Method::Peer => {
            let name = dialogue.peer_user()?;
            if maps.allows(rule.map.as_deref(), client.user, &name, &is_member) {
                return accepted(Some(&name));
            }
            let reason = match &rule.map {
                Some(map) => {
                    format!("no match in usermap \"{map}\" for user \"{}\" authenticated as \"{name}\"", client.user)
                }
                None => {
                    format!("provided user name ({}) and authenticated user name ({name}) do not match", client.user)
                }
            };
            Err(failed(Some(reason)))
        }
        Method::Password => {
            dialogue.send(&Authentication::CleartextPassword)?;
            let answer = answer!();
            let password = password_of(&answer)?;
            match usable_secret(roles, client.user)? {
                Ok(secret) if secret.verifies(client.user, password) => accepted(Some(client.user)),
                Ok(_) => Err(failed(Some(format!("Password does not match for user \"{}\".", client.user)))),
                Err(reason) => Err(failed(Some(reason))),
            }
        }
        Method::Md5 | Method::ScramSha256 => {
            let secret = usable_secret(roles, client.user)?;
            if let (Method::Md5, Ok(Secret::Md5(hex))) = (rule.method, &secret) {
                let mut salt = [0; 4];
                secret::random(&mut salt)?;
                dialogue.send(&Authentication::Md5Password(salt))?;
                let answer = answer!();
                let expected = format!("md5{}", secret::md5_hex(&[hex.as_bytes(), &salt]));
                let proven: bool =
                    subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), password_of(&answer)?.as_bytes()).into();
                if proven {
                    return accepted(Some(client.user));
                }
                return Err(failed(Some(format!("Password does not match for user \"{}\".", client.user))));
            }
            let (secret, reason) = match secret {
                Ok(Secret::Scram(secret)) => (Some(secret), None),
                Ok(Secret::Md5(_)) => {
                    (None, Some(format!("User \"{}\" does not have a valid SCRAM secret.", client.user)))
                }
                Err(reason) => (None, Some(reason)),
            };
            dialogue.send(&Authentication::Sasl(vec![scram::MECHANISM]))?;
            let answer = answer!();
            let first = initial_response(&answer)?;
            let seed: [&[u8]; 2] = [seed, client.user.as_bytes()];
            let (exchange, challenge) = scram::Exchange::begin(secret, &seed, first).map_err(Error::fatal)?;
            dialogue.send(&Authentication::SaslContinue(challenge.as_bytes()))?;
            let answer = answer!();
            match exchange.finish(&answer).map_err(Error::fatal)? {
                Some(last) => {
                    dialogue.send(&Authentication::SaslFinal(last.as_bytes()))?;
                    accepted(Some(client.user))
                }
                None => Err(failed(reason)),
            }
        }
    }
}

/// The role's stored secret, or why there is none.
fn usable_secret(roles: &dyn Roles, user: &str) -> Result<Result<Secret, String>> {
    Ok(roles.secret(user)?.and_then(|text| {
        Secret::parse(&text).ok_or_else(|| format!("Password of user \"{user}\" is in unrecognized format."))
    }))
}

/// The password in an answer: text that ends with a zero byte.
fn password_of(answer: &[u8]) -> Result<&str> {
    let violation = |text: &str| Error::new(SqlState::PROTOCOL_VIOLATION, text).fatal();
    let Some((0, password)) = answer.split_last().map(|(last, rest)| (*last, rest)) else {
        return Err(violation("invalid password packet size"));
    };
    if password.contains(&0) {
        return Err(violation("invalid password packet size"));
    }
    if password.is_empty() {
        return Err(Error::new(SqlState::INVALID_PASSWORD, "empty password returned by client").fatal());
    }
    std::str::from_utf8(password).map_err(|_| violation("invalid password packet size"))
}

/// The mechanism and the message in a SASL client's first answer.
fn initial_response(answer: &[u8]) -> Result<&[u8]> {
    let mut body = wire::Body::new(answer);
    let mechanism = body.c_str().map_err(Error::fatal)?;
    if mechanism != scram::MECHANISM {
        let text = "client selected an invalid SASL authentication mechanism";
        return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text).fatal());
    }
    let response = body.value().map_err(Error::fatal)?;
    body.end().map_err(Error::fatal)?;
    response.ok_or_else(|| Error::not_implemented("a SASL exchange without an initial response").fatal())
}

fn refuse(client: &Client<'_>, what: &str) -> Error {
    let host = match client.origin {
        Origin::Local => "[local]".to_string(),
        Origin::Host(address) => address.to_canonical().to_string(),
    };
    let encryption = if client.tls { "SSL encryption" } else { "no encryption" };
    let Client { user, database, .. } = client;
    let text = if client.replication {
        let what = what
            .replace("connection for", "replication connection for")
            .replace("entry for", "entry for replication connection from");
        format!("{what} host \"{host}\", user \"{user}\", {encryption}")
    } else {
        format!("{what} host \"{host}\", user \"{user}\", database \"{database}\", {encryption}")
    };
    Error::new(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text).fatal()
}

/// The address as logs show it.
pub fn origin_text(origin: Origin) -> String {
    match origin {
        Origin::Local => "[local]".to_string(),
        Origin::Host(address) => IpAddr::to_canonical(&address).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that answers as it is told, and remembers what it was asked.
    struct Scripted {
        answers: Vec<Box<dyn Fn(&[u8]) -> Vec<u8>>>,
        asked: Vec<Vec<u8>>,
    }

    impl Dialogue for Scripted {
        fn send(&mut self, request: &Authentication<'_>) -> Result<()> {
            let mut message = Vec::new();
            wire::backend::authentication(&mut message, request);
            self.asked.push(message[9..].to_vec());
            Ok(())
        }
        fn receive(&mut self) -> Result<Option<Vec<u8>>> {
            if self.answers.is_empty() {
                return Ok(None);
            }
            let answer = self.answers.remove(0);
            Ok(Some(answer(self.asked.last().map_or(&[], Vec::as_slice))))
        }
        fn peer_user(&self) -> Result<String> {
            Ok("root".to_string())
        }
    }

    struct Fixed(Vec<(&'static str, String)>);

    impl Roles for Fixed {
        fn secret(&self, role: &str) -> Result<Result<String, String>> {
            let found = self.0.iter().find(|entry| entry.0 == role);
            Ok(found.map(|entry| entry.1.clone()).ok_or_else(|| format!("Role \"{role}\" does not exist.")))
        }
        fn is_member(&self, _role: &str, _group: &str) -> bool {
            false
        }
    }

    fn run(line: &str, user: &str, answers: Vec<Box<dyn Fn(&[u8]) -> Vec<u8>>>) -> Result<Outcome> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), line).unwrap();
        let hba = Hba::read(file.path()).unwrap();
        let roles = Fixed(vec![
            ("ann", ScramSecret::with_salt("pencil", 4096, vec![7; 16]).to_text()),
            ("bob", secret::md5_secret("bob", "pencil")),
        ]);
        let origin = if line.starts_with("local") { Origin::Local } else { Origin::Host("10.0.0.1".parse().unwrap()) };
        let client = Client { origin, tls: false, database: "shop", user, replication: false };
        let mut dialogue = Scripted { answers, asked: Vec::new() };
        authenticate(&hba, &IdentMaps::default(), &client, b"seed", &roles, &mut dialogue)
    }

    fn password(text: &'static str) -> Box<dyn Fn(&[u8]) -> Vec<u8>> {
        Box::new(move |_| [text.as_bytes(), b"\0"].concat())
    }

    /// A SCRAM client's two answers, computed from its password.
    fn scram_answers(password: &'static str) -> Vec<Box<dyn Fn(&[u8]) -> Vec<u8>>> {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD;
        let first = Box::new(|_: &[u8]| {
            let response = b"n,,n=,r=clientnonce";
            [b"SCRAM-SHA-256\0".as_slice(), &(response.len() as i32).to_be_bytes(), response].concat()
        });
        let last = Box::new(move |challenge: &[u8]| {
            let challenge = std::str::from_utf8(challenge).unwrap();
            let part = |name: &str| challenge.split(',').find_map(|p| p.strip_prefix(name)).unwrap().to_string();
            let salt = base64.decode(part("s=")).unwrap();
            let (client_key, _) = secret::keys(password, &salt, part("i=").parse().unwrap());
            let stored: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(client_key).into();
            let without_proof = format!("c=biws,r={}", part("r="));
            let signed = format!("n=,r=clientnonce,{challenge},{without_proof}");
            let signature = secret::hmac(&stored, &[signed.as_bytes()]);
            let proof: Vec<u8> = client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
            format!("{without_proof},p={}", base64.encode(proof)).into_bytes()
        });
        vec![first, last]
    }

    fn message(outcome: Result<Outcome>) -> (String, String) {
        let error = outcome.unwrap_err();
        assert_eq!(error.fields().severity, error::Severity::Fatal);
        (error.state().code().to_string(), error.message().to_string())
    }

    #[test]
    fn methods_let_in_and_keep_out() {
        let accepted = |outcome: Result<Outcome>| matches!(outcome, Ok(Outcome::Accepted(_)));
        assert!(accepted(run("host all all all trust", "zoe", vec![])));
        assert!(accepted(run("host all all all password", "ann", vec![password("pencil")])));
        assert!(accepted(run("host all all all password", "bob", vec![password("pencil")])));
        for method in ["md5", "scram-sha-256"] {
            let line = format!("host all all all {method}");
            assert!(accepted(run(&line, "ann", scram_answers("pencil"))), "{method}");
            let failed = message(run(&line, "ann", scram_answers("pen")));
            assert_eq!(failed, ("28P01".into(), "password authentication failed for user \"ann\"".into()));
            let failed = message(run(&line, "nobody", scram_answers("pencil")));
            assert_eq!(failed.1, "password authentication failed for user \"nobody\"");
        }
        let md5 = |text: &'static str| -> Box<dyn Fn(&[u8]) -> Vec<u8>> {
            Box::new(move |salt| {
                let inner = secret::md5_hex(&[text.as_bytes(), b"bob"]);
                format!("md5{}\0", secret::md5_hex(&[inner.as_bytes(), salt])).into_bytes()
            })
        };
        assert!(accepted(run("host all all all md5", "bob", vec![md5("pencil")])));
        assert_eq!(message(run("host all all all md5", "bob", vec![md5("pen")])).0, "28P01");
        assert!(accepted(run("local all all peer", "root", vec![])));
        let failed = message(run("local all all peer", "ann", vec![]));
        assert_eq!(failed, ("28000".into(), "Peer authentication failed for user \"ann\"".into()));
        assert!(matches!(run("host all all all password", "ann", vec![]), Ok(Outcome::Gone)));
        assert_eq!(
            message(run("host all all all password", "ann", vec![password("")])).1,
            "empty password returned by client"
        );
    }

    #[test]
    fn no_entry_is_told_in_full() {
        let text = message(run("host other all all trust", "ann", vec![])).1;
        assert_eq!(text, "no pg_hba.conf entry for host \"10.0.0.1\", user \"ann\", database \"shop\", no encryption");
        let text = message(run("local all all reject", "ann", vec![])).1;
        assert_eq!(
            text,
            "pg_hba.conf rejects connection for host \"[local]\", user \"ann\", database \"shop\", no encryption"
        );
    }
}
