//! Access control lists. Their items, and sets of privileges, are the matter of `types::acl`; who may do what is decided in
//! [`crate::privileges`].

use crate::data::Table;
use crate::field::Part;
use crate::index;
use crate::rows::{CatalogRow, PgAuthid};
use error::{Error, Result};
use ids::Oid;

pub use types::acl::{AclItem, PRIVILEGES, Privileges};

/// An access control list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl(pub Vec<AclItem>);

impl Acl {
    /// The list of a data file, which names built-in roles only.
    pub(crate) fn parse_builtin(text: &str) -> Result<Acl> {
        let bad = || Error::corrupted(format!("a catalog column cannot hold \"{text}\""));
        let roles: &Table<PgAuthid> = PgAuthid::builtin();
        let items = crate::arrays::parse_text(text).ok_or_else(bad)?;
        let mut role = |name: &str| match roles.find(index::PG_AUTHID_ROLNAME_INDEX, &[Part::Text(name)]).next() {
            Some(row) => Ok(row.oid),
            None => Err(bad()),
        };
        items.iter().map(|item| AclItem::parse(item, &mut role)).collect::<Result<_>>().map(Acl)
    }

    /// The same list for an object whose owner is `new` instead of `old`: what the old owner held and granted is the new one's,
    /// items that thereby fall together are merged.
    pub fn with_owner(&self, old: Oid, new: Oid) -> Acl {
        let renamed = |role: Oid| if role == old { new } else { role };
        let mut items: Vec<AclItem> = Vec::new();
        for item in &self.0 {
            let item = AclItem { grantee: renamed(item.grantee), grantor: renamed(item.grantor), ..*item };
            match items.iter_mut().find(|other| (other.grantee, other.grantor) == (item.grantee, item.grantor)) {
                Some(other) => {
                    other.privileges = other.privileges.union(item.privileges);
                    other.grantable = other.grantable.union(item.grantable);
                }
                None => items.push(item),
            }
        }
        Acl(items)
    }

    /// The items, each in its text form.
    pub fn print(&self, name: &mut dyn FnMut(Oid) -> Result<Option<String>>) -> Result<Vec<String>> {
        self.0
            .iter()
            .map(|item| {
                let mut out = String::new();
                item.print(&mut out, name)?;
                Ok(out)
            })
            .collect()
    }
}
