//! PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED, and `pg_prepared_xacts`: what the session has to do with them. How a
//! transaction is prepared is `txn`'s.

use batch::{Datum, DatumRef};
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use locks::LockKind;
use types::{Context, RowSource};

use crate::block::Block;
use crate::functions::server;
use crate::session::Session;
use crate::statistics::{Rows, time};

/// `pg_prepared_xact`
pub(crate) fn prepared_transactions(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let prepared = server(&context)?.transaction.transactions().prepared().list();
    let row = |of: &txn::prepared::PreparedTransaction| {
        vec![
            Datum::B4(of.xid.0 as i32),
            Datum::text(&of.identifier),
            time(of.prepared_us),
            Datum::oid(of.owner),
            Datum::oid(of.database),
        ]
    };
    Ok(Rows::of(prepared.iter().map(row).collect()))
}

impl Session<'_> {
    /// PREPARE TRANSACTION; gives the command tag. After an error, or outside of a block, it is a ROLLBACK.
    pub(crate) fn prepare_transaction(&self, identifier: &str) -> Result<&'static str> {
        match self.block.get() {
            Block::Failed => {
                self.rollback();
                return Ok("ROLLBACK");
            }
            Block::Explicit => {}
            _ => {
                self.warn_no_transaction();
                self.rollback();
                return Ok("ROLLBACK");
            }
        }
        let holds = self.holds_cursor();
        self.drop_portals();
        let prepared = self
            .fire_triggers(true)
            .and_then(|()| match holds {
                true => {
                    bail!(FEATURE_NOT_SUPPORTED, "cannot PREPARE a transaction that has created a cursor WITH HOLD")
                }
                false => self.refuse_temporary(),
            })
            .and_then(|()| self.transaction.prepare(identifier, self.catalog().current_user()));
        if prepared.is_err() {
            self.transaction.abort();
        }
        self.after_transaction(prepared.is_ok());
        prepared.map(|()| "PREPARE TRANSACTION")
    }

    /// Temporary objects go with their session, which a prepared transaction outlives.
    fn refuse_temporary(&self) -> Result<()> {
        let catalog = self.catalog();
        let is_temporary = |oid: Oid| -> Result<bool> {
            Ok(catalog.find_relation(oid)?.is_some_and(|relation| relation.is_temporary()))
        };
        let mut uses = catalog.has_used_temporary();
        if !uses && catalog.temporary_schema_if_any().is_some() {
            for (tag, _) in self.transaction.locks().of_transaction()? {
                let relation = tag.relation_id().filter(|_| tag.kind() == LockKind::Relation);
                uses |= relation.map_or(Ok(false), is_temporary)?;
            }
        }
        if uses {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot PREPARE a transaction that has operated on temporary objects",
            ));
        }
        Ok(())
    }

    /// COMMIT PREPARED and ROLLBACK PREPARED.
    pub(crate) fn finish_prepared(&self, identifier: &str, commit: bool) -> Result<()> {
        self.refuse_block(if commit { "COMMIT PREPARED" } else { "ROLLBACK PREPARED" })?;
        let role = self.catalog().current_user();
        let is_superuser = self.catalog().is_superuser(role)?;
        self.transaction.finish_prepared(identifier, role, is_superuser, commit)
    }
}
