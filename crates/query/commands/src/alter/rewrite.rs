//! Rewriting a table: every row computed anew, into new files.
//!
//! ALTER TABLE makes new rows, which older snapshots do not see; CLUSTER and VACUUM FULL ([`copy`]) take the versions along that there are.
//! The old files are read through the descriptor from before the change, whose layout they have; they go when the transaction commits.

use access::{InsertOptions, VersionCounts};
use analyzer::query::{Expr, ExprKind, NO_LOCATION, SqlType};
use batch::{Batch, Column, Datum, DatumRef};
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::{Context, expression, index_build, not_null, rows};

/// How a column of a rewritten table gets its values.
pub(crate) enum Source {
    /// From the column of this number, as it is.
    Column(i16),
    /// From an expression over the old row.
    Expr(Expr),
    /// From an expression over the new row, once the others are there.
    Generated(Expr),
    /// None: dropped, or virtual.
    Null,
}

/// The sources of all columns of a table that keeps them.
pub(crate) fn unchanged(relation: &Relation) -> Vec<Source> {
    let sources = relation.columns.iter().map(|column| match column.attisdropped || column.attgenerated == b'v' {
        true => Source::Null,
        false => Source::Column(column.attnum),
    });
    sources.collect()
}

/// Writes a table anew: `old` is its descriptor from before the change, `sources` has an entry for each column that it has now.
pub(crate) fn rewrite(context: &Context<'_>, old: &Entry<Relation>, sources: Vec<Source>) -> Result<()> {
    let (catalog, session) = (context.catalog(), context.session);
    let table = old.oid;
    catalog.next_command()?;
    renew_files(context, table)?;
    let new = catalog.relation(table)?;
    let handle = catalog.table(&new)?;
    let mut computed = Vec::new();
    let mut generated = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let column = &new.columns[at];
        computed.push(match source {
            Source::Column(number) => expression::column(old, *number)?,
            Source::Expr(expr) => expr.clone(),
            Source::Generated(_) | Source::Null => {
                let ty = match column.attisdropped {
                    true => SqlType::plain(types::oid::INT4),
                    false => SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
                };
                Expr { kind: ExprKind::Const(Datum::Null), ty, location: NO_LOCATION }
            }
        });
        if let Source::Generated(expr) = source {
            generated.push((at, expr.clone()));
        }
    }
    let mut evaluator = expression::evaluator(context, old, computed)?;
    let mut later = match generated.is_empty() {
        true => None,
        false => {
            let exprs = generated.iter().map(|(_, expr)| expr.clone()).collect();
            Some(expression::evaluator(context, &new, exprs)?)
        }
    };
    let reprs: Vec<_> = handle.layout.columns().iter().map(|column| column.repr).collect();
    // A constraint that is NOT VALID says nothing of the rows there are.
    let required: Vec<i16> = new
        .live_columns()
        .filter(|column| column.attnotnull && column.attgenerated != b'v')
        .map(|column| column.attnum)
        .filter(|&number| not_null::of(&new, number).is_none_or(|constraint| constraint.convalidated))
        .collect();
    let mut places = Vec::new();
    rows::for_each(context, old, |batch| {
        evaluator.evaluate(session, batch)?;
        let mut out = Batch::new(reprs.iter().copied());
        let count = batch.row_count();
        for (at, to) in out.columns.iter_mut().enumerate() {
            let from = evaluator.column(at, batch);
            batch.rows().iter().for_each(|row| to.push(from.get(row)));
        }
        out.set_len(count);
        if let Some(later) = &mut later {
            later.evaluate(session, &out)?;
            let columns: Vec<Column> = (0..generated.len())
                .map(|n| {
                    let mut to = Column::new(reprs[generated[n].0]);
                    let from = later.column(n, &out);
                    (0..count).for_each(|row| to.push(from.get(row)));
                    to
                })
                .collect();
            for ((at, _), column) in generated.iter().zip(columns) {
                out.columns[*at] = column;
            }
        }
        for column in required.iter().filter_map(|&number| new.column(number)) {
            let values = &out.columns[column.attnum as usize - 1];
            if (0..count).any(|row| values.is_null(row)) {
                let name = &column.attname;
                let text = format!("column \"{name}\" of relation \"{}\" contains null values", new.name());
                return Err(Error::new(SqlState::NOT_NULL_VIOLATION, text).table(new.name()).column(name.as_ref()));
            }
        }
        places.clear();
        let options = InsertOptions { skip_free_space: true, ..Default::default() };
        session.tables.insert_batch(session.store, session.transaction, &handle, &out, options, &mut places)
    })?;
    finish(context, &new)
}

/// The rows of a table are in their new file: all have all columns now, and the indexes are made of them.
fn finish(context: &Context<'_>, new: &Relation) -> Result<()> {
    let catalog = context.catalog();
    for column in new.columns.iter().filter(|column| column.atthasmissing) {
        catalog.alter_column(new.oid, column.attnum, |row| {
            row.atthasmissing = false;
            row.attmissingval = None;
        })?;
    }
    catalog.next_command()?;
    for &index in &new.indexes {
        index_build::fill(context, new.oid, index, index_build::How::Rewritten)?;
    }
    catalog.next_command()
}

/// Writes a table anew as it is, in the order of an index if one is given, with every version of its rows that somebody may still see.
pub(crate) fn copy(context: &Context<'_>, old: &Entry<Relation>, order: Option<Oid>) -> Result<VersionCounts> {
    let (catalog, session) = (context.catalog(), context.session);
    catalog.next_command()?;
    let from = catalog.table(old)?;
    renew_files(context, old.oid)?;
    let new = catalog.relation(old.oid)?;
    let to = catalog.table(&new)?;
    // What dropped columns had is not taken along.
    let empty: Vec<usize> = (0..new.columns.len())
        .filter(|&at| new.columns[at].attisdropped || new.columns[at].attgenerated == b'v')
        .collect();
    let mut counts = VersionCounts::default();
    let mut source = |consume: &mut dyn FnMut(&mut Batch) -> Result<()>| {
        counts = session.tables.scan_versions(session.store, &from, &mut |batch| {
            session.check_interrupts()?;
            for &at in &empty {
                let mut nulls = Column::new(batch.columns[at].repr());
                (0..batch.row_count()).for_each(|_| nulls.push(DatumRef::Null));
                batch.columns[at] = nulls;
            }
            consume(batch)
        })?;
        Ok(())
    };
    let mut insert = |batch: &mut Batch| session.tables.insert_versions(session.store, session.transaction, &to, batch);
    match order {
        Some(order) => rows::in_order(context, old.oid, order, source, insert)?,
        None => source(&mut insert)?,
    }
    finish(context, &new)?;
    Ok(counts)
}

/// Gives a table, its TOAST table and their indexes new, empty files.
pub(crate) fn renew_files(context: &Context<'_>, table: Oid) -> Result<()> {
    crate::truncate::empty(context, table)
}
