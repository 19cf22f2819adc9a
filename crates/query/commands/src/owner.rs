//! ALTER … OWNER TO of objects that are no relations.

use catalog::privileges::Membership;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterOwner, ObjectKind};

use crate::{Context, function};

/// Gives an object another owner.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterOwner) -> Result<()> {
    let owner = context.role(&alter.new_owner)?;
    match alter.kind {
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
            function::alter::set_owner(context, alter.kind, &alter.object, owner)
        }
        ObjectKind::Collation => crate::collation::set_owner(context, &alter.object, owner),
        ObjectKind::Database => crate::database::set_owner(context, &alter.object, owner),
        kind => {
            let found = crate::object::find(context, kind, &alter.object)?;
            match crate::object::operations(found.class) {
                Some(operations) => operations.set_owner(context, found.oid, owner),
                None => Err(Error::not_implemented(format_args!("{} … OWNER TO", kind.alter_tag()))),
            }
        }
    }
}

/// Who gives an object away must be able to become its new owner.
pub(crate) fn require_settable(context: &Context<'_>, owner: Oid) -> Result<()> {
    let catalog = context.catalog();
    if catalog.has_role(catalog.current_user(), owner, Membership::Set)? {
        return Ok(());
    }
    let name = catalog.role_name(owner)?.unwrap_or_default();
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, format!("must be able to SET ROLE \"{name}\"")))
}
