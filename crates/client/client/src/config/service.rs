//! `pg_service.conf`: named sets of keywords.
//!
//! ```text
//!  [name]
//!  host=…        keywords as in a connection string, one a line; # begins a comment
//! ```
//!
//! The user's file (`PGSERVICEFILE`, else `~/.pg_service.conf`) is read first, then the system's
//! (`pg_service.conf` in `PGSYSCONFDIR`).

use std::path::{Path, PathBuf};

use super::{Config, home, index};
use crate::{Error, reason};

/// Where the system's file is, if `PGSYSCONFDIR` does not say.
const SYSTEM_DIRECTORY: &str = "/etc/postgresql-common";
/// Lines are shorter than this, in bytes.
const MAX_LINE: usize = 1023;

/// Fills in what the service says, where nothing is given yet.
pub(super) fn apply(config: &mut Config, service: &str) -> Result<(), Error> {
    let explicit = std::env::var_os("PGSERVICEFILE").map(PathBuf::from);
    let user = match &explicit {
        Some(file) => Some(file.clone()),
        None => home().map(|home| home.join(".pg_service.conf")).filter(|file| file.exists()),
    };
    if let Some(file) = user
        && apply_file(config, service, &file)?
    {
        return Ok(());
    }
    let directory = std::env::var_os("PGSYSCONFDIR").map_or_else(|| SYSTEM_DIRECTORY.into(), PathBuf::from);
    let system = directory.join("pg_service.conf");
    if system.exists() && apply_file(config, service, &system)? {
        return Ok(());
    }
    Err(Error::new(format!("definition of service \"{service}\" not found")))
}

/// Whether the file defines the service.
fn apply_file(config: &mut Config, service: &str, file: &Path) -> Result<bool, Error> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::new(format!("service file \"{shown}\" not found")),
        _ => Error::new(format!("could not open file \"{shown}\": {}", reason(&e))),
    })?;
    apply_text(config, service, &String::from_utf8_lossy(&text), &shown.to_string())
}

fn apply_text(config: &mut Config, service: &str, text: &str, file: &str) -> Result<bool, Error> {
    let mut found = false;
    for (n, line) in text.lines().enumerate() {
        let number = n + 1;
        if line.len() >= MAX_LINE {
            return Err(Error::new(format!("line {number} too long in service file \"{file}\"")));
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(group) = line.strip_prefix('[') {
            if found {
                return Ok(true);
            }
            found = group.strip_suffix(']') == Some(service);
            continue;
        }
        if !found {
            continue;
        }
        let wrong = || Error::new(format!("syntax error in service file \"{file}\", line {number}"));
        let (keyword, value) = line.split_once('=').ok_or_else(wrong)?;
        if keyword == "service" {
            return Err(Error::new(format!(
                "nested service specifications not supported in service file \"{file}\", line {number}"
            )));
        }
        let place = index(keyword).ok_or_else(wrong)?;
        config.values[place].get_or_insert_with(|| value.to_string());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_fills_what_is_missing() {
        let text = "# all\n[a]\nhost=one\n\n[b]\nhost=two\nport=7\nuser=u\n[c]\nbad\n";
        let mut config = Config::parse("host=mine").unwrap();
        assert_eq!(apply_text(&mut config, "b", text, "f"), Ok(true));
        assert_eq!((config.get("host"), config.get("port")), (Some("mine"), Some("7")));
        assert_eq!(apply_text(&mut config, "z", text, "f"), Ok(false));
        let wrong = apply_text(&mut config, "c", text, "f").unwrap_err();
        assert_eq!(wrong.message(), "syntax error in service file \"f\", line 10");
        let nested = apply_text(&mut config, "d", "[d]\nservice=a\n", "f").unwrap_err();
        assert_eq!(nested.message(), "nested service specifications not supported in service file \"f\", line 2");
    }
}
