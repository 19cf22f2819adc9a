//! VACUUM, ANALYZE, LOCK TABLE.

use std::sync::Arc;

use access::{Index, IndexAm, VacuumOptions};
use catalog::Relation;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{Lock, Vacuum};

use crate::{Context, options, statistics};

struct Options {
    vacuum: bool,
    analyze: bool,
    freeze: bool,
    all_pages: bool,
    truncate: bool,
    index_cleanup: bool,
    skip_locked: bool,
}

fn parse(vacuum: &Vacuum) -> Result<Options> {
    let mut found = Options {
        vacuum: vacuum.vacuum,
        analyze: !vacuum.vacuum,
        freeze: false,
        all_pages: false,
        truncate: true,
        index_cleanup: true,
        skip_locked: false,
    };
    let name = if vacuum.vacuum { "VACUUM" } else { "ANALYZE" };
    for item in &vacuum.options {
        match &*item.name {
            "verbose" | "process_main" | "process_toast" | "only_database_stats" | "skip_database_stats" => {
                options::boolean(item)?;
            }
            "buffer_usage_limit" | "parallel" => (),
            "analyze" if vacuum.vacuum => found.analyze = options::boolean(item)?,
            "freeze" if vacuum.vacuum => found.freeze = options::boolean(item)?,
            "disable_page_skipping" if vacuum.vacuum => found.all_pages = options::boolean(item)?,
            "truncate" if vacuum.vacuum => found.truncate = options::boolean(item)?,
            "index_cleanup" if vacuum.vacuum => {
                found.index_cleanup = options::text(item).as_deref() == Some("auto") || options::boolean(item)?;
            }
            "skip_locked" => found.skip_locked = options::boolean(item)?,
            "full" if vacuum.vacuum => {
                if options::boolean(item)? {
                    return Err(Error::not_implemented("VACUUM FULL"));
                }
            }
            other => {
                return Err(Error::new(SqlState::SYNTAX_ERROR, format!("unrecognized {name} option \"{other}\"")));
            }
        }
    }
    Ok(found)
}

/// VACUUM and ANALYZE, each table in a transaction of its own (ANALYZE in the current one, if it is in a block).
pub(crate) fn vacuum(context: &Context<'_>, vacuum: &Vacuum) -> Result<()> {
    let options = parse(vacuum)?;
    let mut tables: Vec<(Oid, Vec<parser::ast::Name>)> = Vec::new();
    for named in &vacuum.relations {
        let name = &named.relation.name;
        let oid = context.catalog().require_relation(name.schema.as_deref(), &name.name)?;
        tables.push((oid, named.columns.clone()));
    }
    if vacuum.relations.is_empty() {
        for class in context.catalog().scan_all::<catalog::rows::PgClass>()? {
            if matches!(class.row.relkind, kind::TABLE | kind::MATERIALIZED_VIEW | kind::TOAST) {
                let owner = context.catalog().is_owner(
                    catalog::privileges::ObjectKind::Relation,
                    class.row.oid,
                    context.catalog().current_user(),
                )?;
                if owner && (options.vacuum || class.row.relkind != kind::TOAST) {
                    tables.push((class.row.oid, Vec::new()));
                }
            }
        }
    }
    for (table, columns) in tables {
        if options.vacuum {
            context.services.next_transaction()?;
        }
        executor::lock_relation(context.session, table, 4)?;
        let Some(relation) = context.catalog().find_relation(table)? else { continue };
        if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::TOAST) {
            let text = format!(
                "skipping \"{}\" --- cannot {} non-tables or special system tables",
                relation.name(),
                if options.vacuum { "vacuum" } else { "analyze" }
            );
            context.notice(Error::new(SqlState::WARNING, text).severity(error::Severity::Warning));
            continue;
        }
        if options.vacuum {
            vacuum_table(context, &relation, &options)?;
            if relation.class.reltoastrelid.is_valid()
                && let Some(toast) = context.catalog().find_relation(relation.class.reltoastrelid)?
            {
                vacuum_table(context, &toast, &options)?;
            }
        }
        if options.analyze && relation.kind() != kind::TOAST {
            statistics::analyze(context, &relation, &columns)?;
        }
    }
    Ok(())
}

fn vacuum_table(context: &Context<'_>, relation: &Relation, options: &Options) -> Result<()> {
    let session = context.session;
    let table = context.catalog().table(relation)?;
    let indexes = relation.indexes.iter().map(|&index| {
        let relation = context.catalog().relation(index)?;
        Ok((session.indexes.clone(), context.catalog().index(&relation)?))
    });
    let indexes: Vec<(Arc<dyn IndexAm>, Arc<Index>)> = indexes.collect::<Result<_>>()?;
    let memory = context.services.setting_int("maintenance_work_mem")?.max(64) as usize * 1024;
    let report = session.tables.vacuum(
        session.store,
        session.transaction,
        &table,
        &indexes,
        VacuumOptions {
            all_pages: options.all_pages,
            freeze: options.freeze,
            truncate: options.truncate,
            index_cleanup: options.index_cleanup,
            memory,
            pause: &|| Ok(()),
        },
    )?;
    session.check_interrupts()?;
    context.catalog().set_statistics(
        relation.oid,
        report.pages,
        report.live_rows,
        report.all_visible_pages,
        report.all_frozen_pages,
    )
}

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
