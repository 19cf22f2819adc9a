//! `aclitem`: what one role was granted by another, with its text form `grantee=privileges/grantor`.
//!
//! A value is 16 bytes: grantee, grantor, privileges, grant options; each a little-endian `u32`. Roles' names come from
//! the session ([`Environment::object_name`](crate::Environment::object_name) of `regrole`).

use crate::io::{TypeCall, TypeIo, wrong_form};
use crate::{Environment, oid};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use ids::oids::BOOTSTRAP_ROLE;
use std::fmt::Write;

/// Input and output of `aclitem`; it has no binary form.
pub const ACLITEM_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, call, out| {
        let item = AclItem::parse(text, &mut |name| role_named(name, call.env))?;
        let mut bytes = Vec::with_capacity(AclItem::STORED);
        item.store(&mut bytes);
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    },
    output: |value, call, out| {
        let item = value.as_bytes().and_then(AclItem::load).ok_or_else(|| wrong_form(call.type_oid, value))?;
        let mut text = String::new();
        item.print(&mut text, &mut |role| role_name(role, call.env))?;
        out.extend_from_slice(text.as_bytes());
        Ok(())
    },
    receive: |_, _, _| Err(no_binary("input")),
    send: |_, _: &TypeCall<'_>, _| Err(no_binary("output")),
};

#[cold]
fn no_binary(what: &str) -> Error {
    Error::new(SqlState::UNDEFINED_FUNCTION, format!("no binary {what} function available for type aclitem"))
}

/// The role of a name, which may need quotes.
fn role_named(name: &str, env: &dyn Environment) -> Result<Oid> {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    env.object_by_name(oid::REGROLE, &quoted)?
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("role \"{name}\" does not exist")))
}

/// A role's name without quotes.
fn role_name(role: Oid, env: &dyn Environment) -> Result<Option<String>> {
    let shown = env.object_name(oid::REGROLE, role)?;
    Ok(shown.map(|shown| match shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => shown,
    }))
}

/// A set of privileges.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Privileges(pub u32);

/// Letter and word of each privilege, in the order of the bits.
pub const PRIVILEGES: [(char, &str); 15] = [
    ('a', "INSERT"),
    ('r', "SELECT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('X', "EXECUTE"),
    ('U', "USAGE"),
    ('C', "CREATE"),
    ('T', "TEMPORARY"),
    ('c', "CONNECT"),
    ('s', "SET"),
    ('A', "ALTER SYSTEM"),
    ('m', "MAINTAIN"),
];

#[allow(missing_docs)] // the names are the privileges' own
impl Privileges {
    pub const NONE: Privileges = Privileges(0);
    pub const INSERT: Privileges = Privileges(1 << 0);
    pub const SELECT: Privileges = Privileges(1 << 1);
    pub const UPDATE: Privileges = Privileges(1 << 2);
    pub const DELETE: Privileges = Privileges(1 << 3);
    pub const TRUNCATE: Privileges = Privileges(1 << 4);
    pub const REFERENCES: Privileges = Privileges(1 << 5);
    pub const TRIGGER: Privileges = Privileges(1 << 6);
    pub const EXECUTE: Privileges = Privileges(1 << 7);
    pub const USAGE: Privileges = Privileges(1 << 8);
    pub const CREATE: Privileges = Privileges(1 << 9);
    pub const TEMPORARY: Privileges = Privileges(1 << 10);
    pub const CONNECT: Privileges = Privileges(1 << 11);
    pub const SET: Privileges = Privileges(1 << 12);
    pub const ALTER_SYSTEM: Privileges = Privileges(1 << 13);
    pub const MAINTAIN: Privileges = Privileges(1 << 14);

    pub const ALL_TABLE: Privileges = Privileges(0b1111111 | 1 << 14);
    pub const ALL_COLUMN: Privileges = Privileges(0b100111);
    pub const ALL_SEQUENCE: Privileges = Privileges(0b110 | 1 << 8);
    pub const ALL_DATABASE: Privileges = Privileges(0b111 << 9);
    pub const ALL_SCHEMA: Privileges = Privileges(0b11 << 8);
    pub const ALL_PARAMETER: Privileges = Privileges(0b11 << 12);
}

impl Privileges {
    /// Whether it holds all of `other`.
    pub const fn contains(self, other: Privileges) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it holds any of `other`.
    pub const fn intersects(self, other: Privileges) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    pub const fn union(self, other: Privileges) -> Privileges {
        Privileges(self.0 | other.0)
    }

    /// What is in both.
    pub const fn intersection(self, other: Privileges) -> Privileges {
        Privileges(self.0 & other.0)
    }

    /// What is in this and not in `other`.
    pub const fn minus(self, other: Privileges) -> Privileges {
        Privileges(self.0 & !other.0)
    }

    /// The privilege of this letter.
    pub fn from_letter(letter: char) -> Option<Privileges> {
        PRIVILEGES.iter().position(|&(l, _)| l == letter).map(|bit| Privileges(1 << bit))
    }

    /// The privilege of this word, in any case; `TEMP` is short for `TEMPORARY`.
    pub fn from_word(word: &str) -> Option<Privileges> {
        let word = if word.eq_ignore_ascii_case("temp") { "TEMPORARY" } else { word };
        PRIVILEGES.iter().position(|&(_, w)| w.eq_ignore_ascii_case(word)).map(|bit| Privileges(1 << bit))
    }

    /// The single privileges of the set.
    pub fn iter(self) -> impl Iterator<Item = Privileges> {
        (0..PRIVILEGES.len()).map(|bit| Privileges(1 << bit)).filter(move |&one| self.contains(one))
    }

    /// The word of a single privilege.
    pub fn word(self) -> &'static str {
        PRIVILEGES.get(self.0.trailing_zeros() as usize).map_or("", |&(_, word)| word)
    }
}

impl std::fmt::Debug for Privileges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        PRIVILEGES
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 >> bit & 1 != 0)
            .try_for_each(|(_, (c, _))| f.write_char(*c))
    }
}

/// What one role was granted by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclItem {
    /// Who holds the privileges; invalid for PUBLIC.
    pub grantee: Oid,
    /// Who granted them.
    pub grantor: Oid,
    /// What is held.
    pub privileges: Privileges,
    /// Which of them may be granted on.
    pub grantable: Privileges,
}

impl AclItem {
    /// Bytes of the stored form.
    pub const STORED: usize = 16;

    /// Appends the stored form: grantee, grantor, privileges (low word) and grant options (high word), as the type's values are kept.
    pub fn store(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.grantee.0.to_le_bytes());
        out.extend_from_slice(&self.grantor.0.to_le_bytes());
        out.extend_from_slice(&(self.privileges.0 as u64 | (self.grantable.0 as u64) << 32).to_le_bytes());
    }

    /// Reads the stored form; `None` if it has not the right length.
    pub fn load(bytes: &[u8]) -> Option<AclItem> {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        (bytes.len() == Self::STORED).then_some(())?;
        Some(AclItem {
            grantee: Oid(word(0)?),
            grantor: Oid(word(4)?),
            privileges: Privileges(word(8)?),
            grantable: Privileges(word(12)?),
        })
    }

    /// Appends the text form. `name` gives a role's name, or `None` if it is gone (its number is shown then).
    pub fn print(&self, out: &mut String, name: &mut dyn FnMut(Oid) -> Result<Option<String>>) -> Result<()> {
        let mut role = |out: &mut String, oid: Oid| -> Result<()> {
            match name(oid)? {
                Some(name) => quote_role(out, &name),
                None => out.push_str(&oid.to_string()),
            }
            Ok(())
        };
        if self.grantee.is_valid() {
            role(out, self.grantee)?;
        }
        out.push('=');
        for (bit, (letter, _)) in PRIVILEGES.iter().enumerate() {
            if self.privileges.0 >> bit & 1 != 0 {
                out.push(*letter);
            }
            if self.grantable.0 >> bit & 1 != 0 {
                out.push('*');
            }
        }
        out.push('/');
        role(out, self.grantor)
    }

    /// Reads the text form. `role` gives the role of a name; the grantor may be missing (then it is the bootstrap role, which
    /// PostgreSQL warns of).
    pub fn parse(text: &str, role: &mut dyn FnMut(&str) -> Result<Oid>) -> Result<AclItem> {
        let bad = |message: String| Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message);
        let (mut name, mut rest) = take_role(text)?;
        if matches!(&*name, "group" | "user") && !rest.starts_with('=') {
            (name, rest) = take_role(rest)?;
        }
        let Some(rest) = rest.strip_prefix('=') else {
            return Err(bad("missing \"=\" sign".into()));
        };
        let grantee = if name.is_empty() { Oid::INVALID } else { role(&name)? };
        let (mut privileges, mut grantable) = (Privileges::NONE, Privileges::NONE);
        let mut last = Privileges::NONE;
        let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '*').unwrap_or(rest.len());
        for letter in rest[..end].chars() {
            if letter == '*' {
                grantable = grantable.union(last);
                continue;
            }
            last = Privileges::from_letter(letter)
                .ok_or_else(|| bad("invalid mode character: must be one of \"arwdDxtXUCTcsAm\"".into()))?;
            privileges = privileges.union(last);
        }
        let grantor = match rest[end..].strip_prefix('/') {
            Some(after) => {
                let (name, tail) = take_role(after)?;
                if name.is_empty() {
                    return Err(bad("a name must follow the \"/\" sign".into()));
                }
                if !tail.trim().is_empty() {
                    return Err(bad("extra garbage at the end of the ACL specification".into()));
                }
                role(&name)?
            }
            None if rest[end..].trim().is_empty() => BOOTSTRAP_ROLE,
            None => return Err(bad("extra garbage at the end of the ACL specification".into())),
        };
        Ok(AclItem { grantee, grantor, privileges, grantable })
    }
}

/// Splits off a role's name, perhaps in double quotes.
fn take_role(text: &str) -> Result<(String, &str)> {
    let text = text.trim_start();
    let mut name = String::new();
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '"' {
            if quoted && chars.next_if(|&(_, c)| c == '"').is_some() {
                name.push('"');
            } else {
                quoted = !quoted;
            }
        } else if quoted || c.is_alphanumeric() || c == '_' || !c.is_ascii() {
            name.push(c);
        } else {
            return Ok((name, text[at..].trim_start()));
        }
    }
    Ok((name, ""))
}

fn quote_role(out: &mut String, name: &str) {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()) {
        out.push_str(name);
        return;
    }
    out.push('"');
    for c in name.chars() {
        out.extend((c == '"').then_some('"'));
        out.push(c);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back_what_they_print() {
        let mut role = |name: &str| match name {
            "alice" => Ok(Oid(100)),
            "Bob \"B\"" => Ok(Oid(101)),
            other => Err(Error::internal(other)),
        };
        let mut name = |oid: Oid| {
            Ok(match oid.0 {
                100 => Some("alice".to_string()),
                101 => Some("Bob \"B\"".to_string()),
                _ => None,
            })
        };
        for text in ["alice=arwdDxtm/alice", "=r/alice", "\"Bob \"\"B\"\"\"=U*C/alice", "alice=/\"Bob \"\"B\"\"\""] {
            let item = AclItem::parse(text, &mut role).expect(text);
            let mut printed = String::new();
            item.print(&mut printed, &mut name).expect("prints");
            assert_eq!(printed, text);
            let mut stored = Vec::new();
            item.store(&mut stored);
            assert_eq!(AclItem::load(&stored), Some(item));
        }
        for bad in ["alice", "alice=q/alice", "alice=r/", "alice=r/alice x", "carol=r/alice"] {
            assert!(AclItem::parse(bad, &mut role).is_err(), "{bad}");
        }
    }
}
