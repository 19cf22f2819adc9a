//! Rows of a trigger's transition table.

use std::rc::Rc;

use batch::{Batch, Repr};
use error::{Error, Result};

use super::{Builder, Operator, reprs};
use crate::run::Run;
use crate::session::StatementTriggers;
use crate::store::rows::RowStore;
use planner::plan::Node;

/// Reads a transition table, batch by batch.
struct TuplestoreScan {
    data: Rc<StatementTriggers>,
    /// The new rows, rather than the old ones.
    new: bool,
    batch: Batch,
    at: usize,
}

pub(super) fn build(builder: &Builder<'_>, name: &str, node: &Node) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let (data, new) = builder.session.host.transition_table(name)?;
    let batch = match rows(&data, new) {
        Some(rows) => rows.borrow().batch(),
        None => return Err(Error::internal(format!("transition table {name} was not kept"))),
    };
    let scan = TuplestoreScan { data, new, batch, at: 0 };
    Ok((Box::new(scan), reprs(&node.output)))
}

fn rows(data: &StatementTriggers, new: bool) -> Option<&std::cell::RefCell<RowStore>> {
    if new { data.new.as_ref() } else { data.old.as_ref() }
}

impl Operator for TuplestoreScan {
    fn next(&mut self, _: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let Some(rows) = rows(&self.data, self.new) else { return Ok(false) };
        let mut rows = rows.borrow_mut();
        if self.at == rows.batches() {
            return Ok(false);
        }
        self.batch.clear();
        rows.read(self.at, &mut self.batch)?;
        self.at += 1;
        let len = self.batch.len();
        for (to, from) in out.columns.iter_mut().zip(&mut self.batch.columns) {
            match to.repr() == from.repr() {
                true => std::mem::swap(to, from),
                // A dropped column has a form of its own, and no value.
                false => (0..len).for_each(|_| to.push_null()),
            }
        }
        out.set_len(len);
        Ok(true)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        Ok(())
    }
}
