//! Redo of heap records: every page's data is a list of actions, carried out by the function that did them first.

use error::Result;
use storage::{RedoContext, ResourceManager};
use wal::{DecodedRecord, RmgrId};

use crate::action::{self, Kind};

/// The heap's resource manager.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapRmgr;

impl ResourceManager for HeapRmgr {
    fn id(&self) -> RmgrId {
        RmgrId::HEAP
    }

    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        for id in 0..record.blocks().len() as u8 {
            context.read_for_redo(record, id)?.apply(|page| action::apply(page, record.block_data(id)))?;
        }
        Ok(())
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        Kind::NAMES.iter().find(|(kind, _)| *kind as u8 == info).map(|(_, name)| *name)
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        action::describe(record.block_data(0), text);
    }
}
