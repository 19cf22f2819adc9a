//! LOCK TABLE.

use error::{Error, Result};
use parser::ast::Lock;

use crate::Context;

/// LOCK TABLE.
pub(crate) fn lock(context: &Context<'_>, lock: &Lock) -> Result<()> {
    if lock.nowait {
        return Err(Error::not_implemented("LOCK … NOWAIT"));
    }
    for reference in &lock.relations {
        context.open(&reference.name, lock.mode as u8)?;
    }
    Ok(())
}
