//! `\if` and its kin; `\q`.

use super::{Call, Status};
use crate::lexer::ArgumentKind;
use crate::session::{Psql, Surroundings};
use crate::variables::{not_bool, parse_bool};

/// Reads a condition: all arguments, which together are a Boolean.
fn condition(psql: &mut Psql, call: &mut Call<'_>) -> bool {
    let mut text = Vec::new();
    while let Some(argument) =
        call.script.lexer.argument(ArgumentKind::Normal, false, &mut Surroundings { psql, active: true })
    {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend(argument.text);
    }
    parse_bool(&text).filter(|_| !text.is_empty()).unwrap_or_else(|| {
        psql.error(not_bool(&text, &format!("\\{} expression", call.name)));
        false
    })
}

/// Reads a condition that does not count.
fn skip_condition(psql: &mut Psql, call: &mut Call<'_>) {
    let mut surroundings = Surroundings { psql, active: false };
    while call.script.lexer.argument(ArgumentKind::Normal, false, &mut surroundings).is_some() {}
}

/// An inactive branch begins: what it says will not count.
fn save(call: &mut Call<'_>) {
    call.script.conditions.save(call.script.query.len(), call.script.lexer.nesting());
}

/// A branch ends: what an inactive one said is dropped.
fn discard(call: &mut Call<'_>) {
    if !call.script.conditions.active()
        && let Some((length, nesting)) = call.script.conditions.saved()
    {
        call.script.query.truncate(length);
        call.script.lexer.set_nesting(nesting);
    }
}

pub(super) fn begin(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    if call.script.conditions.active() {
        let condition = condition(psql, call);
        call.script.conditions.begin(condition);
    } else {
        skip_condition(psql, call);
        call.script.conditions.begin_ignored();
    }
    save(call);
    Status::Done
}

pub(super) fn elif(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    match call.script.conditions.elif_counts() {
        Err(problem) => return call.fail(psql, problem),
        Ok(true) => {
            discard(call);
            let condition = condition(psql, call);
            call.script.conditions.elif(condition);
        }
        Ok(false) => {
            discard(call);
            call.script.conditions.ignore();
            skip_condition(psql, call);
        }
    }
    save(call);
    Status::Done
}

pub(super) fn otherwise(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    discard(call);
    match call.script.conditions.otherwise() {
        Ok(()) => {
            save(call);
            Status::Done
        }
        Err(problem) => call.fail(psql, problem),
    }
}

pub(super) fn endif(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    discard(call);
    match call.script.conditions.end() {
        Ok(()) => Status::Done,
        Err(problem) => call.fail(psql, problem),
    }
}

pub(super) fn quit(_: &mut Psql, _: &mut Call<'_>) -> Status {
    Status::Terminate
}
