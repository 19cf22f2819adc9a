//! What the server asks for before it lets anybody in, and what is answered.

use wire::backend::Authentication;
use wire::frontend;

use super::scram::{self, Exchange};
use crate::config::settings::{Host, Method, Settings, Wish};
use crate::stream::Stream;

/// The state of the exchange.
pub(super) struct Dialogue<'a> {
    settings: &'a Settings,
    host: &'a Host,
    /// A password was sent, or something made of it.
    pub password_used: bool,
    scram: Option<Exchange>,
    /// The server has proved that it knows the password, bound to the channel.
    bound: bool,
    /// The server has let us prove something, so that "no authentication" cannot be said of it.
    authenticated: bool,
    done: bool,
}

/// Why there is no answer.
pub(super) struct Refusal {
    pub text: String,
    pub needs_password: bool,
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { text: text.into(), needs_password: false })
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(settings: &'a Settings, host: &'a Host) -> Dialogue<'a> {
        Dialogue { settings, host, password_used: false, scram: None, bound: false, authenticated: false, done: false }
    }

    /// Whether the server has let us in.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// The message to send; empty for none.
    pub(super) fn answer(&mut self, request: &Authentication<'_>, stream: &Stream) -> Result<Vec<u8>, Refusal> {
        self.check(request, stream)?;
        let mut message = Vec::new();
        match request {
            Authentication::Ok => {
                if self.scram.is_some() {
                    return refuse("server did not complete authentication");
                }
                self.done = true;
            }
            Authentication::CleartextPassword => {
                self.password_used = true;
                frontend::password(&mut message, self.password()?);
                self.authenticated = true;
            }
            Authentication::Md5Password(salt) => {
                self.password_used = true;
                let user = self.settings.config.get("user").unwrap_or_default();
                let stored = secret::md5_hex(&[self.password()?.as_bytes(), user.as_bytes()]);
                let answer = format!("md5{}", secret::md5_hex(&[stored.as_bytes(), salt]));
                frontend::password(&mut message, &answer);
                self.authenticated = true;
            }
            Authentication::Sasl(mechanisms) => {
                if self.scram.is_some() || self.authenticated {
                    return refuse("duplicate SASL authentication request");
                }
                let (exchange, mechanism) = self.begin(mechanisms, stream)?;
                frontend::sasl_initial(&mut message, mechanism, exchange.first().as_bytes());
                self.scram = Some(exchange);
            }
            Authentication::SaslContinue(challenge) => {
                let Some(exchange) = &mut self.scram else {
                    return refuse(
                        "fe_sendauth: invalid authentication request from server: AUTH_REQ_SASL_CONT without AUTH_REQ_SASL",
                    );
                };
                let answer = exchange.answer(challenge).or_else(refuse)?;
                frontend::sasl_response(&mut message, answer.as_bytes());
            }
            Authentication::SaslFinal(last) => {
                let Some(exchange) = self.scram.take() else {
                    return refuse(
                        "fe_sendauth: invalid authentication request from server: AUTH_REQ_SASL_CONT without AUTH_REQ_SASL",
                    );
                };
                self.bound = exchange.is_bound();
                exchange.finish(last).or_else(refuse)?;
                self.authenticated = true;
            }
            Authentication::Other(code) => {
                return refuse(match code {
                    1 => "Kerberos 4 authentication not supported".to_string(),
                    2 => "Kerberos 5 authentication not supported".to_string(),
                    4 => "Crypt authentication not supported".to_string(),
                    7 | 8 => "GSSAPI authentication not supported".to_string(),
                    9 => "SSPI authentication not supported".to_string(),
                    code => format!("authentication method {code} not supported"),
                });
            }
        }
        Ok(message)
    }

    fn password(&self) -> Result<&'a str, Refusal> {
        match self.host.password.as_deref().filter(|password| !password.is_empty()) {
            Some(password) => Ok(password),
            None => Err(Refusal { text: "fe_sendauth: no password supplied".into(), needs_password: true }),
        }
    }

    /// What the user's requirements say to a request.
    fn check(&self, request: &Authentication<'_>, stream: &Stream) -> Result<(), Refusal> {
        let required = &self.settings.required_auth;
        let complaint = match request {
            // Being let in without a proof is what `none` allows.
            Authentication::Ok if self.authenticated || required.allows(Method::None) => None,
            Authentication::Ok => Some("server did not complete authentication"),
            Authentication::CleartextPassword if !required.allows(Method::Password) => {
                Some("server requested a cleartext password")
            }
            Authentication::Md5Password(_) if !required.allows(Method::Md5) => {
                Some("server requested a hashed password")
            }
            Authentication::Other(7 | 8) if !required.allows(Method::Gss) => {
                Some("server requested GSSAPI authentication")
            }
            Authentication::Other(9) if !required.allows(Method::Sspi) => Some("server requested SSPI authentication"),
            Authentication::Sasl(mechanisms) => {
                let of = |name: &str| mechanisms.iter().any(|mechanism| mechanism.starts_with(name));
                let (scram, oauth) = (required.allows(Method::ScramSha256), required.allows(Method::OAuth));
                match (of(scram::MECHANISM), of("OAUTHBEARER")) {
                    _ if !scram && !oauth => Some("server requested SASL authentication"),
                    (true, _) if !scram => Some("server requested SCRAM-SHA-256 authentication"),
                    (false, true) if !oauth => Some("server requested OAUTHBEARER authentication"),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(complaint) = complaint {
            return refuse(format!("authentication method requirement \"{}\" failed: {complaint}", required.text));
        }
        if self.settings.client_certificate == Wish::Require && matches!(request, Authentication::Ok) {
            match stream.certificate_requested() {
                Some(true) if stream.certificate_sent() => (),
                Some(true) => return refuse("server accepted connection without a valid SSL certificate"),
                _ => return refuse("server did not request an SSL certificate"),
            }
        }
        if self.settings.channel_binding == Wish::Require {
            match request {
                Authentication::Ok if !self.bound => {
                    return refuse("channel binding required, but server authenticated client without channel binding");
                }
                Authentication::Ok
                | Authentication::Sasl(_)
                | Authentication::SaslContinue(_)
                | Authentication::SaslFinal(_) => (),
                _ => {
                    return refuse("channel binding required but not supported by server's authentication request");
                }
            }
        }
        Ok(())
    }

    /// Chooses among the server's mechanisms.
    fn begin(&mut self, mechanisms: &[&str], stream: &Stream) -> Result<(Exchange, &'static str), Refusal> {
        let wish = self.settings.channel_binding;
        if wish == Wish::Require && !stream.is_encrypted() {
            return refuse("channel binding required, but SSL not in use");
        }
        if mechanisms.is_empty() {
            return refuse(
                "fe_sendauth: invalid authentication request from server: invalid list of authentication mechanisms",
            );
        }
        let offered = |name: &str| mechanisms.contains(&name);
        if offered(scram::MECHANISM_PLUS) && !stream.is_encrypted() {
            return refuse("server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection");
        }
        let binding = match (offered(scram::MECHANISM_PLUS), wish) {
            (true, Wish::Prefer | Wish::Require) => {
                let hash = stream.end_point_hash().or_else(refuse)?;
                scram::Binding::EndPoint(hash)
            }
            _ if wish == Wish::Require => {
                return refuse(
                    "channel binding is required, but server did not offer an authentication method that supports channel \
                     binding",
                );
            }
            // The server shall know that we could have, so that a man in the middle cannot take the offer away.
            (false, Wish::Prefer) if stream.is_encrypted() => scram::Binding::NotOffered,
            _ => scram::Binding::None,
        };
        let mechanism = match binding {
            scram::Binding::EndPoint(_) => scram::MECHANISM_PLUS,
            _ if offered(scram::MECHANISM) => scram::MECHANISM,
            _ if offered("OAUTHBEARER") => {
                return refuse("no OAuth flows are available (try installing the libpq-oauth package)");
            }
            _ => return refuse("none of the server's SASL authentication mechanisms are supported"),
        };
        let keys = scram::Keys { client: self.settings.scram_client_key, server: self.settings.scram_server_key };
        self.password_used = true;
        let password = match keys.client {
            Some(_) => "",
            None => self.password()?,
        };
        Ok((Exchange::new(password, keys, binding).or_else(refuse)?, mechanism))
    }
}
