//! SQL functions of advisory locks.

use catalog::functions::catalog_of;
use error::{Error, Result, SqlState};
use locks::{LockKind, LockMode, LockOwner, LockTag, LockWait};
use txn::Transaction;
use types::Context;

use crate::functions::server;

fn transaction<'a>(context: &Context<'a>) -> Result<&'a Transaction> {
    Ok(&server(context)?.transaction)
}

/// Locks, or tries to; `owner` says until when.
fn lock(context: &Context<'_>, tag: LockTag, owner: LockOwner, mode: LockMode, wait: LockWait) -> Result<bool> {
    transaction(context)?.locks().acquire(owner, tag, mode, wait)
}

fn unlock(context: &Context<'_>, tag: LockTag, mode: LockMode) -> Result<bool> {
    let released = transaction(context)?.locks().release(LockOwner::Session, tag, mode);
    if !released {
        let text = format!("you don't own a lock of type {mode}");
        context.env.notice(Error::new(SqlState::WARNING, text).severity(error::Severity::Warning));
    }
    Ok(released)
}

fn one(context: &Context<'_>, key: i64) -> Result<LockTag> {
    Ok(LockTag::advisory_one(catalog_of(context)?.database(), key))
}

fn two(context: &Context<'_>, first: i32, second: i32) -> Result<LockTag> {
    Ok(LockTag::advisory_two(catalog_of(context)?.database(), first, second))
}

/// What stands for a value of type `void`.
const VOID: i32 = 0;

fn wait_for(context: &Context<'_>, tag: Result<LockTag>, owner: LockOwner, mode: LockMode) -> Result<i32> {
    lock(context, tag?, owner, mode, LockWait::Block).map(|_| VOID)
}

fn try_for(context: &Context<'_>, tag: Result<LockTag>, owner: LockOwner, mode: LockMode) -> Result<bool> {
    lock(context, tag?, owner, mode, LockWait::Try)
}

const SESSION: LockOwner = LockOwner::Session;
const TRANSACTION: LockOwner = LockOwner::Transaction;
const EXCLUSIVE: LockMode = LockMode::Exclusive;
const SHARE: LockMode = LockMode::Share;

types::builtins! {
    /// Advisory locks.
    pub static ADVISORY_LOCKS =
    2880 pg_advisory_lock_int8 each(Context, i64) |cx: Context<'_>, k: i64| wait_for(&cx, one(&cx, k), SESSION, EXCLUSIVE);
    2881 pg_advisory_lock_shared_int8 each(Context, i64) |cx: Context<'_>, k: i64| wait_for(&cx, one(&cx, k), SESSION, SHARE);
    2882 pg_try_advisory_lock_int8 each(Context, i64) |cx: Context<'_>, k: i64| try_for(&cx, one(&cx, k), SESSION, EXCLUSIVE);
    2883 pg_try_advisory_lock_shared_int8 each(Context, i64) |cx: Context<'_>, k: i64| try_for(&cx, one(&cx, k), SESSION, SHARE);
    2884 pg_advisory_unlock_int8 each(Context, i64) |cx: Context<'_>, k: i64| -> Result<bool> { unlock(&cx, one(&cx, k)?, EXCLUSIVE) };
    2885 pg_advisory_unlock_shared_int8 each(Context, i64) |cx: Context<'_>, k: i64| -> Result<bool> { unlock(&cx, one(&cx, k)?, SHARE) };
    2886 pg_advisory_lock_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| wait_for(&cx, two(&cx, a, b), SESSION, EXCLUSIVE);
    2887 pg_advisory_lock_shared_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| wait_for(&cx, two(&cx, a, b), SESSION, SHARE);
    2888 pg_try_advisory_lock_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| try_for(&cx, two(&cx, a, b), SESSION, EXCLUSIVE);
    2889 pg_try_advisory_lock_shared_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| try_for(&cx, two(&cx, a, b), SESSION, SHARE);
    2890 pg_advisory_unlock_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| -> Result<bool> { unlock(&cx, two(&cx, a, b)?, EXCLUSIVE) };
    2891 pg_advisory_unlock_shared_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| -> Result<bool> { unlock(&cx, two(&cx, a, b)?, SHARE) };
    2892 pg_advisory_unlock_all each(Context) |cx: Context<'_>| -> Result<i32> {
        transaction(&cx)?.locks().release_session_locks(LockKind::Advisory);
        Ok(VOID)
    };
    3089 pg_advisory_xact_lock_int8 each(Context, i64) |cx: Context<'_>, k: i64| wait_for(&cx, one(&cx, k), TRANSACTION, EXCLUSIVE);
    3090 pg_advisory_xact_lock_shared_int8 each(Context, i64) |cx: Context<'_>, k: i64| wait_for(&cx, one(&cx, k), TRANSACTION, SHARE);
    3091 pg_try_advisory_xact_lock_int8 each(Context, i64) |cx: Context<'_>, k: i64| try_for(&cx, one(&cx, k), TRANSACTION, EXCLUSIVE);
    3092 pg_try_advisory_xact_lock_shared_int8 each(Context, i64) |cx: Context<'_>, k: i64| try_for(&cx, one(&cx, k), TRANSACTION, SHARE);
    3093 pg_advisory_xact_lock_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| wait_for(&cx, two(&cx, a, b), TRANSACTION, EXCLUSIVE);
    3094 pg_advisory_xact_lock_shared_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| wait_for(&cx, two(&cx, a, b), TRANSACTION, SHARE);
    3095 pg_try_advisory_xact_lock_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| try_for(&cx, two(&cx, a, b), TRANSACTION, EXCLUSIVE);
    3096 pg_try_advisory_xact_lock_shared_int4 each(Context, i32, i32) |cx: Context<'_>, a: i32, b: i32| try_for(&cx, two(&cx, a, b), TRANSACTION, SHARE);
}
