//! Vacuuming one table.

use std::fmt::Write as _;
use std::sync::Arc;

use access::{Index, IndexAm, VacuumOptions, VacuumReport};
use catalog::Relation;
use catalog::relation::kind;
use error::Result;
use ids::Xid;
use stats::{ProgressCommand, relation_fields as field};

use super::cost::CostDelay;
use super::usage::Usage;
use super::{Maintenance, statistics_key, table_name};
use crate::Context;

type Indexes = Vec<(Arc<dyn IndexAm>, Arc<Index>)>;

/// Removes the dead rows of a table, which is locked. A TOAST table has no index that anything is found by.
pub(super) fn vacuum(context: &Context<'_>, relation: &Relation, request: &Maintenance) -> Result<()> {
    let session = context.session;
    let started_us = stats::now_us();
    let usage = Usage::begin(session);
    let name = format!("{}.{}", context.services.database_name(), table_name(context, relation)?);
    let how = if request.freeze || request.all_pages { "aggressively vacuuming" } else { "vacuuming" };
    if request.verbose && request.automatic.is_none() {
        context.tell(format!("{how} \"{name}\""));
    }
    let table = context.catalog().table(relation)?;
    let toast = relation.kind() == kind::TOAST;
    let indexes = relation.indexes.iter().filter(|_| !toast).map(|&index| {
        let relation = context.catalog().relation(index)?;
        Ok((session.indexes.clone(), context.catalog().index(&relation)?))
    });
    let indexes: Indexes = indexes.collect::<Result<_>>()?;
    let cost = CostDelay::new(context, request)?;
    let memory = match (context.services.setting_int("autovacuum_work_mem")?, &request.automatic) {
        (kilobytes, Some(_)) if kilobytes > 0 => kilobytes,
        _ => context.services.setting_int("maintenance_work_mem")?,
    };
    let kilobytes = match request.buffer_limit {
        Some(kilobytes) => kilobytes,
        None => context.services.setting_int("vacuum_buffer_usage_limit")?,
    };
    let option = |name: &str| catalog::store::storage_option(&relation.class, name).map(str::to_ascii_lowercase);
    let on = |text: String| matches!(text.as_str(), "on" | "true" | "1" | "yes");
    let truncate = match (request.truncate, option("vacuum_truncate")) {
        (Some(truncate), _) => truncate,
        (None, Some(text)) => on(text),
        (None, None) => session.env().setting("vacuum_truncate").is_none_or(on),
    };
    let index_cleanup = match (request.index_cleanup, option("vacuum_index_cleanup")) {
        (Some(cleanup), _) => cleanup,
        (None, Some(text)) => text == "auto" || on(text),
        (None, None) => true,
    };
    let activities = context.services.activities();
    let process = session.transaction.process().number();
    activities.begin_progress(process, ProgressCommand::Vacuum, relation.oid);
    let cutoff = session.store.transactions.oldest_visible();
    let result = session.tables.vacuum(
        session.store,
        session.transaction,
        &table,
        &indexes,
        VacuumOptions {
            all_pages: request.all_pages,
            freeze: request.freeze,
            truncate,
            index_cleanup,
            memory: memory.max(64) as usize * 1024,
            pause: &|| cost.pause(),
            progress: &|parameter, value| activities.progress(process, parameter, value),
            toast: false,
            ring_pages: (kilobytes.max(0) / 8) as u32,
        },
    );
    activities.end_progress(process);
    let report = result?;
    session.check_interrupts()?;
    context.catalog().set_statistics(
        relation.oid,
        report.pages,
        report.live_rows,
        report.all_visible_pages,
        report.all_frozen_pages,
    )?;
    for (_, index) in indexes.iter().filter(|(_, index)| index.method == access::Method::Brin && index_cleanup) {
        crate::brin::after_vacuum(context, relation, index)?;
    }
    for ((_, index), done) in indexes.iter().zip(&report.indexes) {
        if let Some(done) = done.filter(|done| done.pages > 0) {
            context.catalog().set_statistics(index.oid, done.pages, report.live_rows.max(0.0), 0, 0)?;
        }
    }
    tell_statistics(context, relation, &report, request.automatic.is_some(), started_us);
    let first = || describe(context, &name, &report, &indexes, request, cutoff);
    usage.tell(context, request, started_us, &first)
}

fn tell_statistics(
    context: &Context<'_>,
    relation: &Relation,
    report: &VacuumReport,
    automatic: bool,
    started_us: i64,
) {
    let pending = context.session.transaction.statistics();
    let now = stats::now_us();
    // What is not reported yet was seen by the vacuum, and must not be added to what it found.
    pending.flush(now);
    let Some(stats) = pending.stats() else { return };
    stats.update(&statistics_key(context, relation), |entry| {
        if report.live_rows >= 0.0 {
            entry.set(field::LIVE, report.live_rows as u64);
        }
        entry.set(field::DEAD, report.recently_dead_rows);
        entry.set(field::INSERTED_SINCE_VACUUM, 0);
        let (last, count, time) = match automatic {
            true => (field::LAST_AUTOVACUUM, field::AUTOVACUUM_COUNT, field::TOTAL_AUTOVACUUM_TIME),
            false => (field::LAST_VACUUM, field::VACUUM_COUNT, field::TOTAL_VACUUM_TIME),
        };
        entry.set(last, now as u64);
        entry.add(count, 1);
        entry.add(time, (now - started_us).max(0) as u64);
    });
}

fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// What was done, as VERBOSE tells it.
fn describe(
    context: &Context<'_>,
    name: &str,
    report: &VacuumReport,
    indexes: &Indexes,
    request: &Maintenance,
    cutoff: Xid,
) -> String {
    let mut text = match request.automatic {
        None => format!("finished vacuuming \"{name}\": index scans: {}\n", report.index_scans),
        Some(_) => format!("automatic vacuum of table \"{name}\": index scans: {}\n", report.index_scans),
    };
    let before = report.pages + report.removed_pages;
    let behind = context.session.store.transactions.next_xid().0.saturating_sub(cutoff.0);
    // To a string, writing does not fail.
    let _ = write!(
        text,
        "pages: {} removed, {} remain, {} scanned ({:.2}% of total), 0 eagerly scanned\n\
         tuples: {} removed, {:.0} remain, {} are dead but not yet removable\n\
         removable cutoff: {cutoff}, which was {behind} XIDs old when operation ended\n\
         frozen: {} pages from table ({:.2}% of total) had {} tuples frozen\n\
         visibility map: {} pages set all-visible, {} pages set all-frozen ({} were all-visible)\n",
        report.removed_pages,
        report.pages,
        report.scanned_pages,
        percent(report.scanned_pages, before),
        report.removed_rows,
        report.live_rows.max(0.0),
        report.recently_dead_rows,
        report.frozen.0,
        percent(report.frozen.0, before),
        report.frozen.1,
        report.newly_visible.0,
        report.newly_visible.1,
        report.newly_visible.1.saturating_sub(report.newly_visible.0),
    );
    let (pages, lines) = report.dead_lines;
    let part = percent(pages, before);
    let _ = match request.index_cleanup {
        Some(false) => writeln!(
            text,
            "index scan bypassed: {pages} pages from table ({part:.2}% of total) have {lines} dead item identifiers"
        ),
        _ => writeln!(
            text,
            "index scan {}needed: {pages} pages from table ({part:.2}% of total) had {lines} dead item identifiers removed",
            if report.index_scans == 0 { "not " } else { "" }
        ),
    };
    if report.index_scans > 0 {
        for ((_, index), done) in indexes.iter().zip(&report.indexes) {
            if let Some(done) = done {
                let _ = writeln!(
                    text,
                    "index \"{}\": pages: {} in total, {} newly deleted, {} currently deleted, {} reusable",
                    index.name, done.pages, done.deleted_pages, done.deleted_pages, done.free_pages
                );
            }
        }
    }
    text.pop();
    text
}
