//! Changing a role's password without sending it: only what the server is to keep goes over the wire, so it is in no log.

use secret::ScramSecret;

use crate::{Connection, Error, QueryResult, escape_identifier, escape_literal};

/// Rounds of key stretching, unless the server says otherwise.
const ITERATIONS: u32 = 4096;

impl Connection {
    /// Gives a role another password, in the form that the server's `password_encryption` wants.
    pub fn change_password(&mut self, user: &str, password: &str) -> QueryResult {
        let method = match self.exec("SHOW password_encryption").into_rows() {
            Ok(rows) if !rows.is_empty() => rows.text(0, 0).into_owned(),
            Ok(_) => return QueryResult::Error(Error::new("password_encryption value too long").into()),
            Err(error) => return QueryResult::Error(error),
        };
        let secret = match method.as_str() {
            "md5" => secret::md5_secret(user, password),
            "scram-sha-256" | "on" | "off" => {
                let iterations = self.parameter("scram_iterations").and_then(|text| text.parse().ok());
                match ScramSecret::new(password, iterations.unwrap_or(ITERATIONS)) {
                    Ok(secret) => secret.to_text(),
                    Err(_) => {
                        return QueryResult::Error(
                            Error::new("could not encrypt password: could not generate random salt").into(),
                        );
                    }
                }
            }
            other => {
                let problem = format!("unrecognized password encryption algorithm \"{other}\"");
                return QueryResult::Error(Error::new(problem).into());
            }
        };
        let (user, secret) = (escape_identifier(user), escape_literal(&secret));
        self.exec(format!("ALTER USER {user} PASSWORD {secret}"))
    }
}
