//! What to connect to and how: keywords and values, from connection strings, the environment and files.
//!
//! - [`keyword`]: the table of all keywords.
//! - [`conninfo`] and [`uri`]: the two forms of connection strings.
//! - [`service`], [`passfile`]: the two files.
//! - [`settings`]: what the values mean.
//!
//! A value set explicitly wins over the service file, that over the environment, that over the default.

mod conninfo;
mod keyword;
pub(crate) mod locale;
mod passfile;
mod service;
pub(crate) mod settings;
mod uri;

use std::fmt;
use std::path::PathBuf;

pub use keyword::{Display, Keyword};
use keyword::{KEYWORDS, index};

use crate::Error;

/// Keywords and their values, as far as they are given.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    values: [Option<String>; KEYWORDS.len()],
}

impl Default for Config {
    fn default() -> Config {
        Config { values: [const { None }; KEYWORDS.len()] }
    }
}

impl Config {
    /// Nothing given yet: all comes from the environment and the defaults.
    pub fn new() -> Config {
        Config::default()
    }

    /// Reads a connection string: `keyword = value …` or `postgresql://…`.
    ///
    /// # Errors
    /// What is wrong with it, in libpq's words.
    pub fn parse(text: &str) -> Result<Config, Error> {
        let mut config = Config::new();
        config.merge(text)?;
        Ok(config)
    }

    /// Adds what a connection string says to what is there.
    ///
    /// # Errors
    /// What is wrong with it, in libpq's words.
    pub fn merge(&mut self, text: &str) -> Result<(), Error> {
        match uri::without_scheme(text) {
            Some(rest) => uri::parse(self, text, rest),
            None => conninfo::parse(self, text),
        }
    }

    /// Whether a database's name is rather a connection string.
    pub fn is_connection_string(text: &str) -> bool {
        uri::without_scheme(text).is_some() || text.contains('=')
    }

    /// Sets the database's name; if it is a connection string, all that it says.
    ///
    /// # Errors
    /// What is wrong with it, in libpq's words.
    pub fn set_dbname(&mut self, text: &str) -> Result<(), Error> {
        if Config::is_connection_string(text) { self.merge(text) } else { self.set("dbname", text) }
    }

    /// Sets a value; an empty one counts as not given for most keywords.
    ///
    /// # Errors
    /// If there is no such keyword.
    pub fn set(&mut self, keyword: &str, value: impl Into<String>) -> Result<(), Error> {
        let index = index(keyword).ok_or_else(|| Error::new(format!("invalid connection option \"{keyword}\"")))?;
        self.values[index] = Some(value.into());
        Ok(())
    }

    /// Takes a value back.
    pub fn unset(&mut self, keyword: &str) {
        if let Some(index) = index(keyword) {
            self.values[index] = None;
        }
    }

    /// A value, if given.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.values[index(keyword)?].as_deref()
    }

    /// A value that is given and not empty.
    pub(crate) fn given(&self, keyword: &str) -> Option<&str> {
        self.get(keyword).filter(|value| !value.is_empty())
    }

    /// All keywords, in libpq's order.
    pub fn keywords() -> &'static [Keyword] {
        KEYWORDS
    }

    /// All keywords that have a value here, with it.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Keyword, &str)> {
        KEYWORDS.iter().zip(&self.values).filter_map(|(keyword, value)| Some((keyword, value.as_deref()?)))
    }

    /// With everything filled in that the service file, the environment and the defaults give.
    ///
    /// # Errors
    /// If the service is not defined, or its file is wrong.
    pub fn resolve(&self) -> Result<Config, Error> {
        let mut config = self.clone();
        let service = config.given("service").map(str::to_string).or_else(|| std::env::var("PGSERVICE").ok());
        if let Some(service) = service {
            service::apply(&mut config, &service)?;
            config.set("service", service)?;
        }
        for (keyword, value) in KEYWORDS.iter().zip(&mut config.values) {
            if value.is_none() {
                *value = keyword.environment.and_then(|name| std::env::var(name).ok());
            }
        }
        // The system's certificates are known to strangers, so the host's name has to be checked, too.
        if config.get("sslmode").is_none() && config.get("sslrootcert") == Some("system") {
            config.set("sslmode", "verify-full")?;
        }
        for (keyword, value) in KEYWORDS.iter().zip(&mut config.values) {
            if value.is_none() {
                *value = keyword.default.map(str::to_string);
            }
        }
        if config.get("user").is_none_or(str::is_empty) {
            let id = sys::process::effective_user();
            let name = sys::process::user_name(id)
                .ok_or_else(|| Error::new(format!("local user with ID {id} does not exist")))?;
            config.set("user", name)?;
        }
        if config.get("dbname").is_none_or(str::is_empty) {
            let user = config.get("user").unwrap_or_default().to_string();
            config.set("dbname", user)?;
        }
        Ok(config)
    }
}

/// The user's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(home.into()),
        None => sys::process::home_directory(sys::process::effective_user()),
    }
}

/// Passwords are not shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(keyword, value)| match keyword.display {
            Display::Password => (keyword.name, "********"),
            _ => (keyword.name, value),
        });
        f.debug_map().entries(shown).finish()
    }
}
