//! LOCK TABLE.

use catalog::Relation;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use locks::LockWait;
use parser::ast::Lock;

use crate::Context;

/// ROW EXCLUSIVE, the strongest mode that an inserter needs.
const ROW_EXCLUSIVE: u8 = 3;

/// LOCK TABLE.
pub(crate) fn lock(context: &Context<'_>, lock: &Lock) -> Result<()> {
    let mode = lock.mode as u8;
    let wait = if lock.nowait { LockWait::Try } else { LockWait::Block };
    for reference in &lock.relations {
        context.open_if(&reference.name, mode, wait, |relation| may_lock(context, relation, mode))?;
    }
    Ok(())
}

/// Any privilege to change rows will do; for the weaker modes also those that need no more.
fn may_lock(context: &Context<'_>, relation: &Relation, mode: u8) -> Result<()> {
    match relation.kind() {
        kind::TABLE => {}
        kind::VIEW => return Err(Error::not_implemented("LOCK of a view")),
        _ => {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot lock relation \"{}\"", relation.name()),
            )
            .detail(relation.not_supported()));
        }
    }
    let catalog = context.catalog();
    let more: &[Privileges] = match mode {
        1 => &[Privileges::INSERT, Privileges::SELECT],
        ..=ROW_EXCLUSIVE => &[Privileges::INSERT],
        _ => &[],
    };
    let always = [Privileges::UPDATE, Privileges::DELETE, Privileges::TRUNCATE, Privileges::MAINTAIN];
    let any = always.iter().chain(more).fold(Privileges::NONE, |all, one| all.union(*one));
    let held = catalog.privileges(ObjectKind::Relation, relation.oid, catalog.current_user(), any)?;
    match held {
        Some(held) if held.intersection(any) != Privileges::NONE => Ok(()),
        _ => Err(catalog.denied(ObjectKind::Relation, relation.oid)?),
    }
}
