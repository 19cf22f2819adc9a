//! Print options, help, the shell, and other switches.

use super::{Call, Status};
use crate::help;
use crate::lexer::{ArgumentKind, shown};
use crate::print::{Expanded, Format};
use crate::pset;
use crate::session::Psql;
use crate::shell;
use crate::variables::{not_bool, parse_bool};

/// Sets a print option and says how it is now.
fn set(psql: &mut Psql, name: &str, value: Option<&[u8]>) -> Status {
    match pset::set(&mut psql.print, name.as_bytes(), value) {
        Ok(text) => {
            psql.say_unless_quiet(text);
            Status::Done
        }
        Err(problem) => {
            psql.error(problem);
            Status::Error
        }
    }
}

/// `\pset [NAME [VALUE]]`
pub(super) fn print_option(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (name, value) = (call.next(psql), call.next(psql));
    match name {
        Some(name) => set(psql, &shown(&name), value.as_deref()),
        None => {
            let listing = pset::listing(&psql.print);
            psql.say(listing);
            Status::Done
        }
    }
}

/// `\a`
pub(super) fn toggle_aligned(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    let text = pset::toggle_aligned(&mut psql.print);
    psql.say_unless_quiet(text);
    Status::Done
}

/// `\H`
pub(super) fn toggle_html(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    let text = pset::toggle_html(&mut psql.print);
    psql.say_unless_quiet(text);
    Status::Done
}

/// `\C [TITLE]`
pub(super) fn title(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let value = call.next_stripped(psql);
    set(psql, "title", value.as_deref())
}

/// `\f [SEPARATOR]`
pub(super) fn field_separator(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let value = call.next(psql);
    set(psql, "fieldsep", value.as_deref())
}

/// `\t [BOOLEAN]`
pub(super) fn tuples_only(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let value = call.next_stripped(psql);
    set(psql, "tuples_only", value.as_deref())
}

/// `\T [ATTRIBUTES]`
pub(super) fn table_attributes(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let value = call.next(psql);
    set(psql, "tableattr", value.as_deref())
}

/// `\x [on|off|auto]`
pub(super) fn expanded(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let value = call.next_stripped(psql);
    set(psql, "expanded", value.as_deref())
}

/// `\timing [BOOLEAN]`
pub(super) fn timing(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let mut status = Status::Done;
    match call.next(psql) {
        None => psql.timing = !psql.timing,
        Some(value) => match parse_bool(&value) {
            Some(on) => psql.timing = on,
            None => {
                psql.error(not_bool(&value, "\\timing"));
                status = Status::Error;
            }
        },
    }
    psql.say_unless_quiet(if psql.timing { "Timing is on.\n" } else { "Timing is off.\n" });
    status
}

/// `\! [COMMAND]`
pub(super) fn shell(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let text = call.argument(psql, ArgumentKind::WholeLine, false);
    psql.output.flush();
    let mut command = match &text {
        Some(text) => shell::command(text),
        None => shell::program(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into())),
    };
    match command.status() {
        Ok(status) => {
            psql.set_shell_result(shell::exit_code(status));
            Status::Done
        }
        Err(_) => {
            psql.set_shell_result(127);
            psql.error("\\!: failed");
            Status::Error
        }
    }
}

/// `\? [commands|options|variables]`
pub(super) fn help(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let topic = call.next(psql);
    let text = match topic.as_deref() {
        Some(b"options") => help::options().to_string(),
        Some(b"variables") => help::variables().to_string(),
        _ => commands_help(psql),
    };
    psql.page(&text);
    Status::Done
}

/// The list of backslash commands.
pub fn commands_help(psql: &Psql) -> String {
    let database = psql.connection.as_ref().map(|connection| connection.dbname());
    help::commands(help::State {
        html: psql.print.format == Format::Html,
        tuples_only: psql.print.tuples_only,
        expanded: match psql.print.expanded {
            Expanded::On => "on",
            Expanded::Off => "off",
            Expanded::Auto => "auto",
        },
        timing: psql.timing,
        database,
    })
}

/// `\h [TOPIC]`
pub(super) fn sql_help(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let topic = call.argument(psql, ArgumentKind::WholeLine, true).unwrap_or_default();
    let columns = psql.screen_columns();
    let text = help::sql(&shown(&topic), columns);
    psql.page(&text);
    Status::Done
}

/// `\copyright`
pub(super) fn copyright(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    psql.say(include_str!("copyright.txt"));
    Status::Done
}

/// `\errverbose`
pub(super) fn error_verbose(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    match &psql.last_error {
        Some(error) => {
            let text = error.message_bytes(client::Verbosity::Verbose, client::ContextVisibility::Always);
            psql.error(text);
        }
        None => psql.say("There is no previous error.\n"),
    }
    Status::Done
}

/// `\restrict KEY`
pub(super) fn restrict(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    match call.next_stripped(psql).filter(|key| !key.is_empty()) {
        Some(key) => {
            psql.restricted = Some(key);
            Status::Done
        }
        None => call.missing(psql),
    }
}

/// `\unrestrict KEY`
pub(super) fn unrestrict(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(key) = call.next_stripped(psql).filter(|key| !key.is_empty()) else { return call.missing(psql) };
    match &psql.restricted {
        None => call.fail(psql, "not currently in restricted mode"),
        Some(expected) if *expected == key => {
            psql.restricted = None;
            Status::Done
        }
        Some(_) => call.fail(psql, "wrong key"),
    }
}
