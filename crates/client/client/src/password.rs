//! Passwords in the form that servers keep, so that they need not be sent: only that form goes over the wire, and is in no log.

use secret::ScramSecret;

use crate::{Connection, Error, QueryResult, ServerError, escape_identifier, escape_literal};

/// Rounds of key stretching, unless the server says otherwise.
const ITERATIONS: u32 = 4096;

impl Connection {
    /// Gives a role another password, in the form that the server's `password_encryption` wants.
    pub fn change_password(&mut self, user: &str, password: &str) -> QueryResult {
        match self.encrypt_password(user, password) {
            Ok(secret) => {
                let (user, secret) = (escape_identifier(user), escape_literal(&secret));
                self.exec(format!("ALTER USER {user} PASSWORD {secret}"))
            }
            Err(error) => QueryResult::Error(error),
        }
    }

    /// A password in the form that the server's `password_encryption` wants.
    ///
    /// # Errors
    /// If the server does not say what it wants, or wants what is not known; if the system has no random bytes.
    pub fn encrypt_password(&mut self, user: &str, password: &str) -> Result<String, ServerError> {
        let rows = self.exec("SHOW password_encryption").into_rows()?;
        if rows.is_empty() {
            return Err(Error::new("password_encryption value too long").into());
        }
        match &*rows.text(0, 0) {
            "md5" => Ok(secret::md5_secret(user, password)),
            "scram-sha-256" | "on" | "off" => {
                let iterations = self.parameter("scram_iterations").and_then(|text| text.parse().ok());
                let secret = ScramSecret::new(password, iterations.unwrap_or(ITERATIONS)).map_err(|_| {
                    ServerError::from(Error::new("could not encrypt password: could not generate random salt"))
                })?;
                Ok(secret.to_text())
            }
            other => Err(Error::new(format!("unrecognized password encryption algorithm \"{other}\"")).into()),
        }
    }
}
