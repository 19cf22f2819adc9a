//! The resource manager of the log's own records.

use error::{Error, Result};
use ids::{Lsn, Oid};
use std::sync::Arc;
use storage::{CheckpointParticipant, CheckpointRecord, RedoContext, ResourceManager, xlog};
use wal::{DecodedRecord, RmgrId, WalLevel};

/// Replays and describes the records of [`storage::xlog`].
#[derive(Default)]
pub struct XlogManager {
    participants: Vec<Arc<dyn CheckpointParticipant>>,
}

impl XlogManager {
    /// A manager that tells these participants what it replays. For describing records none are needed.
    pub fn new(participants: Vec<Arc<dyn CheckpointParticipant>>) -> XlogManager {
        XlogManager { participants }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}

fn on(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

impl ResourceManager for XlogManager {
    fn id(&self) -> RmgrId {
        RmgrId::XLOG
    }

    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        let unknown = || Error::corrupted(format!("invalid log record at {}", record.lsn));
        match record.info & 0xF0 {
            xlog::NEXT_OID => {
                let next = Oid(number(record.data()).ok_or_else(unknown)?);
                self.participants.iter().for_each(|participant| participant.replay_next_oid(next));
            }
            xlog::PAGE | xlog::PAGE_FOR_HINT => {
                for id in 0..record.blocks().len() as u8 {
                    // Without an image the page did not need one; there is nothing to do then.
                    if record.block(id).is_some_and(|block| block.has_image()) {
                        context.read_for_redo(record, id)?;
                    }
                }
            }
            info if xlog::identify(info).is_some() => {}
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        xlog::identify(info)
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        let data = record.data();
        let level = |bytes: &[u8]| number(bytes).and_then(|n| WalLevel::from_u8(n as u8)).map_or("?", WalLevel::name);
        match record.info & 0xF0 {
            info @ (xlog::CHECKPOINT_SHUTDOWN | xlog::CHECKPOINT_ONLINE) => {
                let Some(c) = CheckpointRecord::decode(data) else { return };
                text.push_str(&format!(
                    "redo {}; tli {}; prev tli {}; fpw {}; wal_level {}; xid {}:{}; oid {}; multi {}; offset {}; \
                     oldest xid {} in DB {}; oldest multi {} in DB {}; oldest/newest commit timestamp xid: {}/{}; \
                     oldest running xid {}; {}",
                    c.redo,
                    c.timeline.0,
                    c.previous_timeline.0,
                    on(c.full_page_writes),
                    c.wal_level.name(),
                    c.next_xid.0 >> 32,
                    c.next_xid.0 as u32,
                    c.next_oid,
                    c.next_multixact.0,
                    c.next_multixact_offset,
                    c.oldest_xid,
                    c.oldest_xid_database,
                    c.oldest_multixact.0,
                    c.oldest_multixact_database,
                    c.oldest_commit_timestamp_xid,
                    c.newest_commit_timestamp_xid,
                    c.oldest_active_xid,
                    if info == xlog::CHECKPOINT_SHUTDOWN { "shutdown" } else { "online" },
                ));
            }
            xlog::NEXT_OID => text.push_str(&number(data).unwrap_or(0).to_string()),
            xlog::CHECKPOINT_REDO => text.push_str(&format!("wal_level {}", level(data))),
            xlog::FULL_PAGE_WRITES_CHANGE => text.push_str(on(data.first() == Some(&1))),
            xlog::BACKUP_END => {
                if let Some(bytes) = data.first_chunk::<8>() {
                    text.push_str(&Lsn(u64::from_le_bytes(*bytes)).to_string());
                }
            }
            xlog::RESTORE_POINT => text.push_str(&String::from_utf8_lossy(data)),
            _ => {}
        }
    }
}
