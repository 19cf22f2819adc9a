//! LOCK TABLE.

use catalog::Relation;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::LockWait;
use parser::ast::Lock;

use crate::Context;

/// ROW EXCLUSIVE, the strongest mode that an inserter needs.
const ROW_EXCLUSIVE: u8 = 3;

/// LOCK TABLE: the relations that are named, tables below them unless ONLY is said, and all that a view reads.
pub(crate) fn lock(context: &Context<'_>, lock: &Lock) -> Result<()> {
    let locking =
        Locking { context, mode: lock.mode as u8, wait: if lock.nowait { LockWait::Try } else { LockWait::Block } };
    let user = context.catalog().current_user();
    for reference in &lock.relations {
        let check = |relation: &Relation| locking.may_lock(relation, user);
        let relation = context.open_if(&reference.name, locking.mode, locking.wait, check)?;
        match relation.kind() {
            kind::VIEW => locking.read_by(&relation, user, &mut Vec::new())?,
            _ if reference.inherit => locking.below(relation.oid)?,
            _ => {}
        }
    }
    Ok(())
}

/// A LOCK statement under way.
struct Locking<'c> {
    context: &'c Context<'c>,
    mode: u8,
    wait: LockWait,
}

impl Locking<'_> {
    fn take(&self, relation: &Relation) -> Result<()> {
        match executor::try_lock_relation(self.context.session, relation.oid, self.mode, self.wait)? {
            true => Ok(()),
            false => {
                let text = format!("could not obtain lock on relation \"{}\"", relation.name());
                Err(Error::new(SqlState::LOCK_NOT_AVAILABLE, text))
            }
        }
    }

    /// Locks the tables below one: who may lock a table may lock these.
    fn below(&self, table: Oid) -> Result<()> {
        for child in crate::inherit::tree(self.context, table, 0)?.into_iter().skip(1) {
            self.take(&*self.context.catalog().relation(child)?)?;
        }
        Ok(())
    }

    /// Locks what a view reads, as far as its owner may (the user, if the view has `security_invoker`). `above` are the views that led here.
    fn read_by(&self, view: &Relation, user: Oid, above: &mut Vec<Oid>) -> Result<()> {
        let catalog = self.context.catalog();
        above.push(view.oid);
        let reader =
            if analyzer::updatable::boolean_option(view, "security_invoker") { user } else { view.class.relowner };
        for read in catalog.relations_read_by(view)? {
            let relation = catalog.relation(read)?;
            // Views may have been made to read each other.
            if !matches!(relation.kind(), kind::TABLE | kind::PARTITIONED_TABLE | kind::VIEW) || above.contains(&read) {
                continue;
            }
            self.may_lock(&relation, reader)?;
            self.take(&relation)?;
            match relation.kind() {
                kind::VIEW => self.read_by(&relation, reader, above)?,
                _ => self.below(relation.oid)?,
            }
        }
        above.pop();
        Ok(())
    }

    /// Any privilege to change rows will do; for the weaker modes also those that need no more.
    fn may_lock(&self, relation: &Relation, user: Oid) -> Result<()> {
        if !matches!(relation.kind(), kind::TABLE | kind::PARTITIONED_TABLE | kind::VIEW) {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot lock relation \"{}\"", relation.name()),
            )
            .detail(relation.not_supported()));
        }
        let catalog = self.context.catalog();
        let more: &[Privileges] = match self.mode {
            1 => &[Privileges::INSERT, Privileges::SELECT],
            ..=ROW_EXCLUSIVE => &[Privileges::INSERT],
            _ => &[],
        };
        let always = [Privileges::UPDATE, Privileges::DELETE, Privileges::TRUNCATE, Privileges::MAINTAIN];
        let any = always.iter().chain(more).fold(Privileges::NONE, |all, one| all.union(*one));
        let held = catalog.privileges(ObjectKind::Relation, relation.oid, user, any)?;
        match held {
            Some(held) if held.intersection(any) != Privileges::NONE => Ok(()),
            _ => Err(catalog.denied(ObjectKind::Relation, relation.oid)?),
        }
    }
}
