//! SQL functions about transactions' ids: the current one's, what became of one, and which had ended at a moment.
//!
//! A snapshot of ours is a position in the log, not a list of ids; `pg_current_snapshot` makes the list from the statuses of the ids that
//! were given out since the oldest running transaction began.

use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Xid;
use txn::{Transaction, XidStatus};
use types::Context;

use crate::functions::server;

fn transaction<'a>(context: &Context<'a>) -> Result<&'a Transaction> {
    Ok(&server(context)?.transaction)
}

types::builtins! {
    /// Transaction ids and snapshots.
    pub static TRANSACTION_IDS =
    2943 pg_current_xact_id each(Context) |cx: Context<'_>| -> Result<i64> { Ok(transaction(&cx)?.top_xid()?.0 as i64) };
    5059 pg_current_xact_id each(Context) |cx: Context<'_>| -> Result<i64> { Ok(transaction(&cx)?.top_xid()?.0 as i64) };
    3348 pg_current_xact_id_if_assigned each(Context) |cx: Context<'_>| if_assigned(&cx);
    5060 pg_current_xact_id_if_assigned each(Context) |cx: Context<'_>| if_assigned(&cx);
    3360 pg_xact_status each(Context, i64) |cx: Context<'_>, xid: i64| status(&cx, xid as u64);
    5066 pg_xact_status each(Context, u64) |cx: Context<'_>, xid: u64| status(&cx, xid);
    2944 pg_current_snapshot each(Context) |cx: Context<'_>| current_snapshot(&cx);
    5061 pg_current_snapshot each(Context) |cx: Context<'_>| current_snapshot(&cx);
}

fn if_assigned(context: &Context<'_>) -> Result<Option<i64>> {
    Ok(transaction(context)?.top_xid_if_assigned().map(|xid| xid.0 as i64))
}

/// What became of a transaction; nothing if that is not known any more.
fn status(context: &Context<'_>, xid: u64) -> Result<Option<&'static str>> {
    let transaction = transaction(context)?;
    let (transactions, xid) = (transaction.transactions(), Xid(xid));
    if xid >= transactions.next_xid() {
        let text = format!("transaction ID {xid} is in the future");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let is_kept = xid == Xid::BOOTSTRAP || xid == Xid::FROZEN || xid >= transactions.oldest_kept();
    if !is_kept || transactions.is_multixact(xid)? {
        return Ok(None);
    }
    Ok(Some(match transactions.status(xid)? {
        XidStatus::Running => "in progress",
        XidStatus::Committed(_) => "committed",
        XidStatus::Aborted => "aborted",
    }))
}

/// The present snapshot as a list: ids from the highest that had ended on are left out.
fn current_snapshot(context: &Context<'_>) -> Result<Datum> {
    let transaction = transaction(context)?;
    let transactions = transaction.transactions();
    let active = transaction.snapshot()?;
    let (first, end) = (active.xmin, active.xmax.min(transactions.next_xid()));
    let (mut running, mut xmax) = (Vec::new(), first);
    for (count, xid) in (first.0..end.0).map(Xid).enumerate() {
        if count.is_multiple_of(1024) {
            context.env.check_interrupts()?;
        }
        if transactions.is_multixact(xid)? {
            continue;
        }
        let has_ended = match transactions.status(xid)? {
            XidStatus::Committed(lsn) => lsn <= active.visible,
            XidStatus::Aborted => true,
            XidStatus::Running => false,
        };
        if has_ended {
            xmax = Xid(xid.0 + 1);
        } else if transactions.top_of(xid)? == xid {
            running.push(xid.0);
        }
    }
    running.retain(|xid| *xid < xmax.0);
    let xmin = running.first().copied().unwrap_or(xmax.0);
    let made = types::snapshot::build(xmin, xmax.0, running.into_iter());
    made.map(Datum::bytes).ok_or_else(|| Error::internal("the ids of a snapshot are not in order"))
}
