//! SQL functions that read the cumulative statistics, and reset them: `pg_stat_get_*`, `pg_stat_reset*`.
//!
//! What a transaction has read once it reads again (`stats_fetch_consistency = cache`), or it copies everything at the first look
//! (`snapshot`), or it always reads what is there now (`none`): see [`Snapshot`].
//!
//! Counts that the buffer pool and the log keep since the server's start stand in their own shared memory; here is only what is to be
//! added to them (from before the start), or, after a reset, taken off.

mod io;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use batch::{Datum, DatumRef};
use catalog::functions::catalog_of;
use error::{Error, Result, SqlState};
use ids::Oid;
use shm::ProcessKind;
use stats::function_fields as function;
use stats::{Entry, Globals, Key, Kind, RelationCounters, database, relation_fields as field};
use types::{Context, RowSource, RowSourceMaker};

pub(crate) use types::registry::Rows;

use crate::functions::{ServerHandle, server};

/// Microseconds from 1970 to 2000, where timestamps begin.
pub(crate) const EPOCH_US: i64 = 946_684_800_000_000;

/// What stands for a value of type `void`.
const VOID: i32 = 0;

/// Set-returning functions of this module, and those that return one row of several columns.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] = &[
    (1136, wal),
    (6313, backend_wal),
    (2306, slru),
    (3195, archiver),
    (6214, io::all),
    (6386, io::of_backend),
    (6248, recovery_prefetch),
    (3099, nothing),
    (3317, nulls),
    (6118, nothing),
    (6169, replication_slot),
    (6231, subscription),
];

types::builtins! {
    /// Counters of relations, databases, the server.
    pub static STATISTICS =
    1928 pg_stat_get_numscans each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::SCANS);
    6310 pg_stat_get_lastscan each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_relation(&cx, oid, field::LAST_SCAN);
    1929 pg_stat_get_tuples_returned each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::TUPLES_RETURNED);
    1930 pg_stat_get_tuples_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::TUPLES_FETCHED);
    1931 pg_stat_get_tuples_inserted each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::INSERTED);
    1932 pg_stat_get_tuples_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::UPDATED);
    1933 pg_stat_get_tuples_deleted each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::DELETED);
    1972 pg_stat_get_tuples_hot_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::HOT_UPDATED);
    6217 pg_stat_get_tuples_newpage_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::NEW_PAGE_UPDATED);
    2878 pg_stat_get_live_tuples each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::LIVE);
    2879 pg_stat_get_dead_tuples each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::DEAD);
    3177 pg_stat_get_mod_since_analyze each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::CHANGED_SINCE_ANALYZE);
    5053 pg_stat_get_ins_since_vacuum each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::INSERTED_SINCE_VACUUM);
    1934 pg_stat_get_blocks_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::BLOCKS_FETCHED);
    1935 pg_stat_get_blocks_hit each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::BLOCKS_HIT);
    2781 pg_stat_get_last_vacuum_time each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_relation(&cx, oid, field::LAST_VACUUM);
    2782 pg_stat_get_last_autovacuum_time each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_relation(&cx, oid, field::LAST_AUTOVACUUM);
    2783 pg_stat_get_last_analyze_time each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_relation(&cx, oid, field::LAST_ANALYZE);
    2784 pg_stat_get_last_autoanalyze_time each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_relation(&cx, oid, field::LAST_AUTOANALYZE);
    3054 pg_stat_get_vacuum_count each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::VACUUM_COUNT);
    3055 pg_stat_get_autovacuum_count each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::AUTOVACUUM_COUNT);
    3056 pg_stat_get_analyze_count each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::ANALYZE_COUNT);
    3057 pg_stat_get_autoanalyze_count each(Context, Oid) |cx: Context<'_>, oid: Oid| of_relation(&cx, oid, field::AUTOANALYZE_COUNT);
    6358 pg_stat_get_total_vacuum_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_relation(&cx, oid, field::TOTAL_VACUUM_TIME);
    6359 pg_stat_get_total_autovacuum_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_relation(&cx, oid, field::TOTAL_AUTOVACUUM_TIME);
    6360 pg_stat_get_total_analyze_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_relation(&cx, oid, field::TOTAL_ANALYZE_TIME);
    6361 pg_stat_get_total_autoanalyze_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_relation(&cx, oid, field::TOTAL_AUTOANALYZE_TIME);

    3037 pg_stat_get_xact_numscans each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.scans.load(Relaxed));
    3038 pg_stat_get_xact_tuples_returned each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.returned.load(Relaxed));
    3039 pg_stat_get_xact_tuples_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.fetched.load(Relaxed));
    3040 pg_stat_get_xact_tuples_inserted each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.changes()[0]);
    3041 pg_stat_get_xact_tuples_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.changes()[1]);
    3042 pg_stat_get_xact_tuples_deleted each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.changes()[2]);
    3043 pg_stat_get_xact_tuples_hot_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.hot_updated.load(Relaxed));
    6218 pg_stat_get_xact_tuples_newpage_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.new_page_updated.load(Relaxed));
    3044 pg_stat_get_xact_blocks_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| c.blocks.fetched.load(Relaxed));
    3045 pg_stat_get_xact_blocks_hit each(Context, Oid) |cx: Context<'_>, oid: Oid| pending(&cx, oid, |c| {
        c.blocks.fetched.load(Relaxed).saturating_sub(c.blocks.read.load(Relaxed))
    });

    1942 pg_stat_get_db_xact_commit each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::XACT_COMMIT);
    1943 pg_stat_get_db_xact_rollback each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::XACT_ROLLBACK);
    1944 pg_stat_get_db_blocks_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::BLOCKS_FETCHED);
    1945 pg_stat_get_db_blocks_hit each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::BLOCKS_HIT);
    2758 pg_stat_get_db_tuples_returned each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::TUPLES_RETURNED);
    2759 pg_stat_get_db_tuples_fetched each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::TUPLES_FETCHED);
    2760 pg_stat_get_db_tuples_inserted each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::INSERTED);
    2761 pg_stat_get_db_tuples_updated each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::UPDATED);
    2762 pg_stat_get_db_tuples_deleted each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::DELETED);
    3065 pg_stat_get_db_conflict_tablespace each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_TABLESPACE);
    3066 pg_stat_get_db_conflict_lock each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_LOCK);
    3067 pg_stat_get_db_conflict_snapshot each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_SNAPSHOT);
    3068 pg_stat_get_db_conflict_bufferpin each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_BUFFER_PIN);
    3069 pg_stat_get_db_conflict_startup_deadlock each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_STARTUP_DEADLOCK);
    6309 pg_stat_get_db_conflict_logicalslot each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::CONFLICT_LOGICAL_SLOT);
    3070 pg_stat_get_db_conflict_all each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<i64> {
        (database::CONFLICT_TABLESPACE..=database::CONFLICT_STARTUP_DEADLOCK).map(|n| of_database(&cx, oid, n)).sum()
    };
    3150 pg_stat_get_db_temp_files each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::TEMP_FILES);
    3151 pg_stat_get_db_temp_bytes each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::TEMP_BYTES);
    3152 pg_stat_get_db_deadlocks each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::DEADLOCKS);
    3426 pg_stat_get_db_checksum_failures each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<Option<i64>> {
        let checksums = server(&cx)?.engine.storage().checksums();
        if checksums { of_database(&cx, oid, database::CHECKSUM_FAILURES).map(Some) } else { Ok(None) }
    };
    3428 pg_stat_get_db_checksum_last_failure each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_database(&cx, oid, database::LAST_CHECKSUM_FAILURE);
    2844 pg_stat_get_db_blk_read_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_database(&cx, oid, database::BLOCK_READ_TIME);
    2845 pg_stat_get_db_blk_write_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_database(&cx, oid, database::BLOCK_WRITE_TIME);
    6185 pg_stat_get_db_session_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_database(&cx, oid, database::SESSION_TIME);
    6186 pg_stat_get_db_active_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_database(&cx, oid, database::ACTIVE_TIME);
    6187 pg_stat_get_db_idle_in_transaction_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_database(&cx, oid, database::IDLE_IN_TRANSACTION_TIME);
    6188 pg_stat_get_db_sessions each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::SESSIONS);
    6189 pg_stat_get_db_sessions_abandoned each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::SESSIONS_ABANDONED);
    6190 pg_stat_get_db_sessions_fatal each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::SESSIONS_FATAL);
    6191 pg_stat_get_db_sessions_killed each(Context, Oid) |cx: Context<'_>, oid: Oid| of_database(&cx, oid, database::SESSIONS_KILLED);
    6355 pg_stat_get_db_parallel_workers_to_launch each(Context, Oid) |_cx: Context<'_>, _oid: Oid| 0i64;
    6356 pg_stat_get_db_parallel_workers_launched each(Context, Oid) |_cx: Context<'_>, _oid: Oid| 0i64;
    3074 pg_stat_get_db_stat_reset_time each(Context, Oid) |cx: Context<'_>, oid: Oid| time_of_database(&cx, oid, database::STATS_RESET);

    2978 pg_stat_get_function_calls each(Context, Oid) |cx: Context<'_>, oid: Oid| of_function(&cx, oid, function::CALLS);
    2979 pg_stat_get_function_total_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_function(&cx, oid, function::TOTAL_TIME);
    2980 pg_stat_get_function_self_time each(Context, Oid) |cx: Context<'_>, oid: Oid| ms_of_function(&cx, oid, function::SELF_TIME);
    3046 pg_stat_get_xact_function_calls each(Context, Oid) |cx: Context<'_>, oid: Oid| pending_function(&cx, oid, |(calls, _, _)| calls as i64);
    3047 pg_stat_get_xact_function_total_time each(Context, Oid) |cx: Context<'_>, oid: Oid| pending_function(&cx, oid, |(_, total, _)| total.as_secs_f64() * 1000.0);
    3048 pg_stat_get_xact_function_self_time each(Context, Oid) |cx: Context<'_>, oid: Oid| pending_function(&cx, oid, |(_, _, own)| own.as_secs_f64() * 1000.0);

    2769 pg_stat_get_checkpointer_num_timed each(Context) |cx: Context<'_>| global(&cx, |g| &g.checkpoints_timed);
    2770 pg_stat_get_checkpointer_num_requested each(Context) |cx: Context<'_>| global(&cx, |g| &g.checkpoints_requested);
    6377 pg_stat_get_checkpointer_num_performed each(Context) |cx: Context<'_>| global(&cx, |g| &g.checkpoints_done);
    6327 pg_stat_get_checkpointer_restartpoints_timed each() || 0i64;
    6328 pg_stat_get_checkpointer_restartpoints_requested each() || 0i64;
    6329 pg_stat_get_checkpointer_restartpoints_performed each() || 0i64;
    2771 pg_stat_get_checkpointer_buffers_written each(Context) |cx: Context<'_>| -> Result<i64> {
        Ok(totals(server(&cx)?).checkpoint_buffers)
    };
    6366 pg_stat_get_checkpointer_slru_written each(Context) |cx: Context<'_>| global(&cx, |g| &g.checkpoint_slru);
    3160 pg_stat_get_checkpointer_write_time each(Context) |cx: Context<'_>| global_ms(&cx, |g| &g.checkpoint_write_us);
    3161 pg_stat_get_checkpointer_sync_time each(Context) |cx: Context<'_>| global_ms(&cx, |g| &g.checkpoint_sync_us);
    6314 pg_stat_get_checkpointer_stat_reset_time each(Context) |cx: Context<'_>| -> Result<i64> {
        Ok(globals(&cx)?.checkpointer_reset_us.load(Relaxed) - EPOCH_US)
    };
    2772 pg_stat_get_bgwriter_buf_written_clean each(Context) |cx: Context<'_>| -> Result<i64> {
        Ok(totals(server(&cx)?).background_buffers)
    };
    2773 pg_stat_get_bgwriter_maxwritten_clean each(Context) |cx: Context<'_>| global(&cx, |g| &g.bgwriter_max_written_clean);
    3075 pg_stat_get_bgwriter_stat_reset_time each(Context) |cx: Context<'_>| -> Result<i64> {
        Ok(globals(&cx)?.bgwriter_reset_us.load(Relaxed) - EPOCH_US)
    };
    2859 pg_stat_get_buf_alloc each(Context) |cx: Context<'_>| -> Result<i64> { Ok(totals(server(&cx)?).allocated) };

    2137 pg_stat_force_next_flush each(Context) |cx: Context<'_>| -> Result<i32> {
        server(&cx)?.transaction.statistics().force();
        Ok(VOID)
    };
    2230 pg_stat_clear_snapshot each(Context) |cx: Context<'_>| -> Result<i32> {
        server(&cx)?.statistics.clear();
        Ok(VOID)
    };
    3788 pg_stat_get_snapshot_timestamp each(Context) |cx: Context<'_>| -> Result<Option<i64>> {
        let server = server(&cx)?;
        if cx.env.setting("stats_fetch_consistency").as_deref() != Some("snapshot") {
            return Ok(None);
        }
        Ok(server.statistics.taken_us(server.transaction.virtual_count()).map(|us| us - EPOCH_US))
    };
    6230 pg_stat_have_stats each(Context, &[u8], Oid, i64) |cx: Context<'_>, kind: &[u8], of: Oid, object: i64| have(&cx, kind, of, object);
    2274 pg_stat_reset each(Context) |cx: Context<'_>| -> Result<i32> {
        let server = server(&cx)?;
        server.engine.stats.reset_database(catalog_of(&cx)?.database());
        server.statistics.clear();
        Ok(VOID)
    };
    3775 pg_stat_reset_shared each(Context, Option<&[u8]>) |cx: Context<'_>, target: Option<&[u8]>| reset_shared(&cx, target);
    3776 pg_stat_reset_single_table_counters each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<i32> {
        let server = server(&cx)?;
        let own = Key::relation(catalog_of(&cx)?.database(), oid);
        let key = if catalog::relation::builtin(oid).is_some_and(|r| r.class.relisshared) {
            Key::relation(Oid::INVALID, oid)
        } else {
            own
        };
        server.engine.stats.reset(&key);
        server.statistics.clear();
        Ok(VOID)
    };
    3777 pg_stat_reset_single_function_counters each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<i32> {
        let key = Key::new(Kind::Function, catalog_of(&cx)?.database(), oid);
        server(&cx)?.engine.stats.reset(&key);
        Ok(VOID)
    };
    2307 pg_stat_reset_slru each(Context, Option<&[u8]>) |cx: Context<'_>, _target: Option<&[u8]>| -> Result<i32> {
        globals(&cx)?.reset("slru", stats::now_us());
        Ok(VOID)
    };
    6387 pg_stat_reset_backend_stats each(Context, i32) |cx: Context<'_>, pid: i32| reset_backend(&cx, pid);
    6170 pg_stat_reset_replication_slot each(Context, Option<&[u8]>) |_cx: Context<'_>, name: Option<&[u8]>| match name {
        Some(name) => Err(no_slot(name)),
        None => Ok(VOID),
    };
    6232 pg_stat_reset_subscription_stats each(Context, Option<Oid>) |_cx: Context<'_>, oid: Option<Oid>| match oid {
        Some(oid) if !oid.is_valid() => {
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid subscription OID {oid}")))
        }
        _ => Ok(VOID),
    };
}

// --- What a transaction sees ----------------------------------------------------------------------------------------

/// What a transaction has read of the statistics (`stats_fetch_consistency`).
#[derive(Default)]
pub(crate) struct Snapshot {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The transaction's number in its session: another one starts anew.
    transaction: u32,
    entries: HashMap<[u32; 3], Option<Entry>>,
    /// When everything was copied, if it was.
    taken_us: Option<i64>,
}

impl Snapshot {
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self) {
        *self.lock() = Kept::default();
    }

    /// When the transaction that is under way copied everything.
    fn taken_us(&self, transaction: u32) -> Option<i64> {
        let kept = self.lock();
        kept.taken_us.filter(|_| kept.transaction == transaction)
    }
}

fn words(key: &Key) -> [u32; 3] {
    let kind = [Kind::Database, Kind::Relation, Kind::Function].into_iter().position(|kind| key.is(kind));
    [kind.unwrap_or(3) as u32, key.database_oid().0, key.object().0]
}

fn fetch(context: &Context<'_>, key: Key) -> Result<Option<Entry>> {
    let server = server(context)?;
    let stats = &server.engine.stats;
    let consistency = context.env.setting("stats_fetch_consistency");
    let consistency = consistency.as_deref().unwrap_or("cache");
    if consistency == "none" {
        return Ok(stats.get(&key));
    }
    let transaction = server.transaction.virtual_count();
    let mut kept = server.statistics.lock();
    if kept.transaction != transaction {
        *kept = Kept { transaction, ..Kept::default() };
    }
    if consistency == "snapshot" {
        if kept.taken_us.is_none() {
            kept.entries = stats.all().into_iter().map(|(key, entry)| (words(&key), Some(entry))).collect();
            kept.taken_us = Some(stats::now_us());
        }
        return Ok(kept.entries.get(&words(&key)).copied().flatten());
    }
    Ok(*kept.entries.entry(words(&key)).or_insert_with(|| stats.get(&key)))
}

// --- Relations ------------------------------------------------------------------------------------------------------

fn relation(context: &Context<'_>, oid: Oid) -> Result<Option<Entry>> {
    let database = catalog_of(context)?.database();
    let shared = catalog::relation::builtin(oid).is_some_and(|relation| relation.class.relisshared);
    fetch(context, Key::relation(if shared { Oid::INVALID } else { database }, oid))
}

fn of_relation(context: &Context<'_>, oid: Oid, field: usize) -> Result<i64> {
    // What others have not reported yet may make a difference negative.
    Ok(relation(context, oid)?.map_or(0, |entry| entry.signed(field).max(0)))
}

fn timestamp(entry: Option<Entry>, field: usize) -> Option<i64> {
    entry.and_then(|entry| entry.time(field)).map(|us| us - EPOCH_US)
}

fn time_of_relation(context: &Context<'_>, oid: Oid, field: usize) -> Result<Option<i64>> {
    Ok(timestamp(relation(context, oid)?, field))
}

fn ms_of_relation(context: &Context<'_>, oid: Oid, field: usize) -> Result<f64> {
    Ok(of_relation(context, oid, field)? as f64 / 1000.0)
}

fn pending(context: &Context<'_>, oid: Oid, read: impl Fn(&RelationCounters) -> u64) -> Result<i64> {
    let (server, database) = (server(context)?, catalog_of(context)?.database());
    let statistics = server.transaction.statistics();
    let found = statistics.find(database, oid).or_else(|| statistics.find(Oid::INVALID, oid));
    Ok(found.map_or(0, |counters| read(&counters) as i64))
}

// --- Databases and functions ----------------------------------------------------------------------------------------

fn of_database(context: &Context<'_>, oid: Oid, field: usize) -> Result<i64> {
    Ok(fetch(context, Key::database(oid))?.map_or(0, |entry| entry.signed(field)))
}

fn time_of_database(context: &Context<'_>, oid: Oid, field: usize) -> Result<Option<i64>> {
    Ok(timestamp(fetch(context, Key::database(oid))?, field))
}

fn ms_of_database(context: &Context<'_>, oid: Oid, field: usize) -> Result<f64> {
    Ok(of_database(context, oid, field)? as f64 / 1000.0)
}

fn of_function(context: &Context<'_>, oid: Oid, field: usize) -> Result<Option<i64>> {
    let key = Key::new(Kind::Function, catalog_of(context)?.database(), oid);
    Ok(fetch(context, key)?.map(|entry| entry.signed(field)))
}

fn ms_of_function(context: &Context<'_>, oid: Oid, field: usize) -> Result<Option<f64>> {
    Ok(of_function(context, oid, field)?.map(|ns| ns as f64 / 1e6))
}

fn pending_function<T>(
    context: &Context<'_>,
    oid: Oid,
    read: impl Fn((u64, Duration, Duration)) -> T,
) -> Result<Option<T>> {
    let (server, database) = (server(context)?, catalog_of(context)?.database());
    Ok(server.transaction.statistics().function(database, oid).map(read))
}

fn have(context: &Context<'_>, kind: &[u8], of: Oid, object: i64) -> Result<bool> {
    let name = String::from_utf8_lossy(kind);
    let Some(kind) = Kind::named(&name) else {
        // Kinds of which there is exactly one are always there.
        let fixed = ["archiver", "bgwriter", "checkpointer", "io", "slru", "wal"];
        let variable = ["replslot", "subscription", "backend"];
        return match (fixed.contains(&&*name), variable.contains(&&*name)) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid statistics kind: \"{name}\""))),
        };
    };
    if kind == Kind::Database && object != 0 {
        return Ok(false);
    }
    Ok(server(context)?.engine.stats.get(&Key::new(kind, of, Oid(object as u32))).is_some())
}

// --- The server -----------------------------------------------------------------------------------------------------

fn globals(context: &Context<'_>) -> Result<&'static Globals> {
    Ok(server(context)?.engine.stats.globals())
}

fn global(context: &Context<'_>, counter: impl Fn(&Globals) -> &AtomicU64) -> Result<i64> {
    Ok(counter(globals(context)?).load(Relaxed) as i64)
}

fn global_ms(context: &Context<'_>, counter: impl Fn(&Globals) -> &AtomicU64) -> Result<f64> {
    Ok(global(context, counter)? as f64 / 1000.0)
}

/// Counts of the pool and the log, with what was before the start.
struct Totals {
    background_buffers: i64,
    checkpoint_buffers: i64,
    allocated: i64,
    /// Records, images, bytes, waits for room.
    wal: [i64; 4],
}

/// The counts that the pool and the log keep themselves, each beside what is to be added.
fn kept_elsewhere(engine: &engine::Engine) -> [(&'static AtomicU64, u64); 7] {
    let (globals, pool, wal) = (engine.stats.globals(), engine.storage().statistics(), engine.wal.statistics());
    [
        (&globals.bgwriter_buffers_clean, pool.written_by_background),
        (&globals.checkpoint_buffers, pool.written_by_checkpoints),
        (&globals.buffers_allocated_base, pool.allocated),
        (&globals.wal_records, wal.records.load(Relaxed)),
        (&globals.wal_images, wal.images.load(Relaxed)),
        (&globals.wal_bytes, wal.bytes.load(Relaxed)),
        (&globals.wal_buffers_full, wal.buffers_full.load(Relaxed)),
    ]
}

fn totals(server: &ServerHandle) -> Totals {
    let kept = kept_elsewhere(&server.engine);
    let [background_buffers, checkpoint_buffers, allocated, records, images, bytes, full] =
        kept.map(|(base, now)| base.load(Relaxed).wrapping_add(now) as i64);
    Totals { background_buffers, checkpoint_buffers, allocated, wal: [records, images, bytes, full] }
}

/// Writes the statistics to their file, at a clean shutdown: nobody else is at work any more.
///
/// # Errors
/// Those of writing.
pub fn save(engine: &engine::Engine) -> Result<()> {
    for (base, now) in kept_elsewhere(engine) {
        base.store(base.load(Relaxed).wrapping_add(now), Relaxed);
    }
    engine.stats.save(engine.data_directory())
}

fn reset_shared(context: &Context<'_>, target: Option<&[u8]>) -> Result<i32> {
    let server = server(context)?;
    let all = ["archiver", "bgwriter", "checkpointer", "io", "recovery_prefetch", "slru", "wal"];
    let target = target.map(String::from_utf8_lossy);
    let now = stats::now_us();
    for group in all.iter().filter(|group| target.as_ref().is_none_or(|target| target == **group)) {
        server.engine.stats.globals().reset(group, now);
        let kept = kept_elsewhere(&server.engine);
        let concerned = match *group {
            "bgwriter" => &kept[0..1],
            "checkpointer" => &kept[1..2],
            "wal" => &kept[3..],
            _ => &[],
        };
        for (base, now) in concerned {
            base.store(0u64.wrapping_sub(*now), Relaxed);
        }
        if *group == "bgwriter" {
            kept[2].0.store(0u64.wrapping_sub(kept[2].1), Relaxed);
        }
    }
    match target {
        Some(target) if !all.contains(&&*target) => {
            let text = format!("unrecognized reset target: \"{target}\"");
            let hint = "Target must be \"archiver\", \"bgwriter\", \"checkpointer\", \"io\", \"recovery_prefetch\", \
                        \"slru\", or \"wal\".";
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).hint(hint))
        }
        _ => Ok(VOID),
    }
}

// --- Rows -----------------------------------------------------------------------------------------------------------

pub(crate) fn time(us: i64) -> Datum {
    if us == 0 { Datum::Null } else { Datum::B8(us - EPOCH_US) }
}

pub(crate) fn numeric(context: &Context<'_>, value: i64) -> Result<Datum> {
    types::input(Oid(1700), &value.to_string(), -1, context.env)
}

fn nothing(_: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    Ok(Rows::of(Vec::new()))
}

/// One row of nulls: there is no receiver of a standby's.
fn nulls(_: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    Ok(Rows::of(vec![vec![Datum::Null; 15]]))
}

fn no_slot(name: &[u8]) -> Error {
    let text = format!("replication slot \"{}\" does not exist", String::from_utf8_lossy(name));
    Error::new(SqlState::UNDEFINED_OBJECT, text)
}

fn replication_slot(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    Err(no_slot(args.first().and_then(|name| name.as_bytes()).unwrap_or_default()))
}

fn subscription(args: &[DatumRef<'_>], _: Context<'_>) -> Result<Box<dyn RowSource>> {
    let oid = args.first().and_then(|oid| oid.as_oid()).unwrap_or(Oid::INVALID);
    let mut row = vec![Datum::oid(oid)];
    row.extend(std::iter::repeat_n(Datum::B8(0), 9));
    row.push(Datum::Null);
    Ok(Rows::of(vec![row]))
}

fn wal(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let server = server(&context)?;
    let [records, images, bytes, full] = totals(server).wal;
    let reset = server.engine.stats.globals().wal_reset_us.load(Relaxed);
    let row = vec![Datum::B8(records), Datum::B8(images), numeric(&context, bytes)?, Datum::B8(full), time(reset)];
    Ok(Rows::of(vec![row]))
}

/// The process that a function asks for by its id, if it is one whose statistics are kept apart, and its kind.
fn process_of(
    args: &[DatumRef<'_>],
    context: &Context<'_>,
) -> Result<Option<(ProcessKind, &'static stats::ProcessCounters)>> {
    use ProcessKind::{AutovacuumWorker, Backend, BackgroundWorker, Standalone, WalSender};
    let server = server(context)?;
    let pid = args.first().and_then(|pid| pid.as_i32()).unwrap_or(0);
    let Some(number) = server.processes.find(pid) else { return Ok(None) };
    let kind = server.processes.slot(number).kind();
    let kind =
        kind.filter(|kind| matches!(kind, AutovacuumWorker | Backend | BackgroundWorker | Standalone | WalSender));
    Ok(kind.and_then(|kind| Some((kind, server.engine.stats.process(number)?))))
}

/// What one process wrote to the log.
fn backend_wal(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some((_, process)) = process_of(args, &context)? else {
        return Ok(Rows::of(vec![vec![Datum::Null; 5]]));
    };
    let [records, images, bytes, full] = process.wal.each_ref().map(|count| count.load(Relaxed) as i64);
    let reset = time(process.reset_us.load(Relaxed));
    Ok(Rows::of(vec![vec![Datum::B8(records), Datum::B8(images), numeric(&context, bytes)?, Datum::B8(full), reset]]))
}

fn reset_backend(context: &Context<'_>, pid: i32) -> Result<i32> {
    if let Some((_, process)) = process_of(&[DatumRef::B4(pid)], context)? {
        process.clear(stats::now_us());
    }
    Ok(VOID)
}

/// The caches of small tables, as PostgreSQL names them. Ours are counted nowhere yet.
fn slru(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let names = [
        "commit_timestamp",
        "multixact_member",
        "multixact_offset",
        "notify",
        "serializable",
        "subtransaction",
        "transaction",
        "other",
    ];
    let reset = globals(&context)?.slru_reset_us.load(Relaxed);
    let row = |name: &&str| {
        let mut row = vec![Datum::text(name)];
        row.extend(std::iter::repeat_n(Datum::B8(0), 7));
        row.push(time(reset));
        row
    };
    Ok(Rows::of(names.iter().map(row).collect()))
}

fn archiver(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let reset = globals(&context)?.archiver_reset_us.load(Relaxed);
    let (none, zero) = (Datum::Null, Datum::B8(0));
    let row = vec![zero.clone(), none.clone(), none.clone(), zero, none.clone(), none, time(reset)];
    Ok(Rows::of(vec![row]))
}

fn recovery_prefetch(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let reset = globals(&context)?.recovery_prefetch_reset_us.load(Relaxed);
    let mut row = vec![time(reset)];
    row.extend(std::iter::repeat_n(Datum::B8(0), 6));
    row.extend(std::iter::repeat_n(Datum::B4(0), 3));
    Ok(Rows::of(vec![row]))
}
