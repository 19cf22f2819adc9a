//! Commands about variables, the environment, and text: `\set`, `\getenv`, `\echo`, `\prompt` …

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::{Call, Status};
use crate::lexer::{ArgumentKind, shown};
use crate::session::{Psql, Surroundings};

/// `\set [NAME [VALUE]…]`
pub(super) fn set(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(name) = call.next(psql) else {
        let mut text = Vec::new();
        for (name, value) in psql.variables.all() {
            text.extend_from_slice(&[name, b" = '", value, b"'\n"].concat());
        }
        psql.say(text);
        return Status::Done;
    };
    let value = call.rest(psql).concat();
    psql.set_variable(&name, &value).into()
}

/// `\unset NAME`
pub(super) fn unset(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    match call.next(psql) {
        Some(name) => psql.unset_variable(&name).into(),
        None => call.missing(psql),
    }
}

/// `\echo`, `\qecho`, `\warn`: `[-n] [TEXT]…`
///
/// What is read is written at once: the next argument may be an error.
pub(super) fn echo(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (mut newline, mut first) = (true, true);
    while let Some(argument) =
        call.script.lexer.argument(ArgumentKind::Normal, false, &mut Surroundings { psql, active: true })
    {
        if first && newline && !argument.quoted && argument.text == b"-n" {
            newline = false;
            continue;
        }
        let text = if first { argument.text } else { [b" ", &argument.text[..]].concat() };
        first = false;
        put(psql, &call.name, &text);
    }
    if newline {
        put(psql, &call.name, b"\n");
    }
    Status::Done
}

fn put(psql: &mut Psql, command: &str, text: &[u8]) {
    let _ = match command {
        "echo" => psql.output.stdout().write_all(text),
        "qecho" => psql.output.results().write_all(text),
        _ => {
            psql.output.flush();
            std::io::stderr().write_all(text)
        }
    };
}

/// `\getenv VARIABLE NAME`
pub(super) fn get_environment(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (variable, name) = (call.next(psql), call.next(psql));
    let (Some(variable), Some(name)) = (variable, name) else { return call.missing(psql) };
    let valid = !name.is_empty() && !name.contains(&b'=') && !name.contains(&0);
    match valid.then(|| std::env::var_os(OsStr::from_bytes(&name))).flatten() {
        Some(value) => psql.set_variable(&variable, &value.into_vec()).into(),
        None => Status::Done,
    }
}

/// `\setenv NAME [VALUE]`
pub(super) fn set_environment(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (name, value) = (call.next(psql), call.next(psql));
    let Some(name) = name else { return call.missing(psql) };
    if name.contains(&b'=') {
        return call.fail(psql, "environment variable name must not contain \"=\"");
    }
    psql.set_environment(&name, value.as_deref());
    Status::Done
}

/// `\prompt [TEXT] VARIABLE`
pub(super) fn prompt(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(first) = call.next(psql) else { return call.missing(psql) };
    let (text, variable) = match call.next(psql) {
        Some(variable) => (first, variable),
        None => (Vec::new(), first),
    };
    psql.say(text);
    let mut answer = Vec::new();
    match psql.read_stdin_line(&mut answer) {
        Ok(true) => psql.set_variable(&variable, &answer).into(),
        _ if psql.interrupt.pressed() => Status::Error,
        _ => call.fail(psql, "could not read value for variable"),
    }
}

/// `\encoding [NAME]`
pub(super) fn encoding(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(name) = call.next(psql) else {
        psql.say(format!("{}\n", psql.encoding));
        return Status::Done;
    };
    let Some(connection) = &mut psql.connection else {
        psql.error(format!("{}: invalid encoding name or conversion procedure not found", shown(&name)));
        return Status::Done;
    };
    let query = format!("SET client_encoding TO {}", client::escape_literal(&shown(&name)));
    let result = connection.exec(query);
    psql.show_notices();
    if result.error().is_some() {
        psql.error(format!("{}: invalid encoding name or conversion procedure not found", shown(&name)));
    } else {
        let now = psql.connection.as_ref().and_then(|connection| connection.parameter("client_encoding"));
        let now = now.unwrap_or("SQL_ASCII").to_string();
        psql.set_encoding(&now);
    }
    Status::Done
}
