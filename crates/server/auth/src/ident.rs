//! `pg_ident.conf`: which users of the operating system may be which database users.

use std::path::Path;

use error::{Error, Result};

use crate::hba::user_matches;
use crate::tokens::{self, Line, Token};

/// An entry.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The line it stands on.
    pub line: Line,
    /// The map's name.
    pub map: String,
    /// The name that the operating system vouches for.
    pub system_user: String,
    /// Who that may be.
    pub database_user: Token,
}

/// The file's entries.
#[derive(Clone, Debug, Default)]
pub struct IdentMaps {
    mappings: Vec<Mapping>,
}

impl IdentMaps {
    /// Reads the file.
    ///
    /// # Errors
    /// All errors of all lines: with any, the file is not to be used.
    pub fn read(path: &Path) -> Result<IdentMaps, Vec<Error>> {
        let (lines, mut errors) = tokens::read(path).map_err(|error| vec![error])?;
        let mut mappings = Vec::new();
        for line in lines {
            match parse(line) {
                Ok(mapping) => mappings.push(mapping),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(IdentMaps { mappings }) } else { Err(errors) }
    }

    /// The entries.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Whether `system_user` may be `user`: by the map, or without one if the names are the same.
    pub fn allows(
        &self,
        map: Option<&str>,
        user: &str,
        system_user: &str,
        is_member: &dyn Fn(&str, &str) -> bool,
    ) -> bool {
        match map {
            None | Some("") => user == system_user,
            Some(map) => self.mappings.iter().any(|mapping| {
                mapping.map == map
                    && mapping.system_user == system_user
                    && user_matches(&mapping.database_user, user, is_member)
            }),
        }
    }
}

fn parse(line: Line) -> Result<Mapping> {
    let mut fields = line.fields.iter();
    let mut next = || match fields.next().map(Vec::as_slice) {
        Some([token]) => Ok(token.clone()),
        Some([_, ..]) => Err(line.error("multiple values in ident field")),
        _ => Err(line.error("missing entry at end of line")),
    };
    let (map, system_user, database_user) = (next()?, next()?, next()?);
    if let Some(token) = [&system_user, &database_user].into_iter().find(|t| t.text.starts_with('/') && !t.quoted) {
        return Err(line.error(format!("regular expression \"{}\": not supported by this build", token.text)));
    }
    Ok(Mapping { map: map.text, system_user: system_user.text, database_user, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mapped() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "os root postgres\nos ann +staff\nany bob all\n").unwrap();
        let maps = IdentMaps::read(file.path()).unwrap();
        let member = |user: &str, role: &str| user == "clerk" && role == "staff";
        assert!(maps.allows(None, "x", "x", &member) && !maps.allows(None, "x", "y", &member));
        assert!(maps.allows(Some("os"), "postgres", "root", &member));
        assert!(!maps.allows(Some("os"), "root", "root", &member));
        assert!(maps.allows(Some("os"), "clerk", "ann", &member));
        assert!(maps.allows(Some("any"), "whoever", "bob", &member));
        std::fs::write(file.path(), "os root\na,b c d\n").unwrap();
        let errors = IdentMaps::read(file.path()).unwrap_err();
        assert_eq!(errors[0].message(), "missing entry at end of line");
        assert_eq!(errors[1].message(), "multiple values in ident field");
    }
}
