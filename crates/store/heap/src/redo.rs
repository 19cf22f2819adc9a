//! Redo of heap records: every page's data is a list of actions, carried out by the function that did them first.

use error::Result;
use storage::{Page, ResourceManager};
use wal::{DecodedRecord, RmgrId};

use crate::action::{self, Kind};

/// The heap's resource manager.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapRmgr;

impl ResourceManager for HeapRmgr {
    fn id(&self) -> RmgrId {
        RmgrId::HEAP
    }

    fn apply(&self, page: &mut Page, actions: &[u8]) -> Result<()> {
        action::apply(page, actions)
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        Kind::NAMES.iter().find(|(kind, _)| *kind as u8 == info).map(|(_, name)| *name)
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        action::describe(record.block_data(0), text);
    }
}
