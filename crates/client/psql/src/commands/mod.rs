//! Backslash commands: one table, [`COMMANDS`], of their names, how their arguments are read where they are not to be executed,
//! and what they do.
//!
//! A command takes its arguments from the scanner one by one, as each wants to be read. What it leaves behind is reported as extra
//! (or, after an error, dropped). In an inactive `\if` branch only the commands of `control` are executed.

mod connect;
mod control;
mod copy;
mod describe;
mod edit;
mod files;
mod general;
mod large_object;
mod query;
mod variables;

pub use connect::{connect_at_start, greet};
pub use general::commands_help;

use crate::lexer::{ArgumentKind, shown};
use crate::main_loop::Script;
use crate::message::Level;
use crate::session::{Psql, Surroundings};

/// What the main loop is to do after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Go on.
    Done,
    /// Send the query buffer.
    Send,
    /// Read the query buffer anew: it was edited.
    NewEdit,
    /// End.
    Terminate,
    /// The command failed, and has said why.
    Error,
}

impl From<bool> for Status {
    fn from(success: bool) -> Status {
        if success { Status::Done } else { Status::Error }
    }
}

/// How the arguments of a command that is not executed are skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skip {
    /// One by one.
    Arguments,
    /// A file name or shell command.
    FileOrPipe,
    /// The whole line.
    Line,
    /// The command is executed, as it ends or begins what is active.
    Execute,
}

/// A backslash command.
struct Command {
    names: &'static [&'static str],
    skip: Skip,
    run: fn(&mut Psql, &mut Call<'_>) -> Status,
}

const fn command(names: &'static [&'static str], run: fn(&mut Psql, &mut Call<'_>) -> Status) -> Command {
    Command { names, skip: Skip::Arguments, run }
}

const fn skipping(names: &'static [&'static str], skip: Skip, run: fn(&mut Psql, &mut Call<'_>) -> Status) -> Command {
    Command { names, skip, run }
}

/// All commands but those that describe, which `describe` knows.
const COMMANDS: &[Command] = &[
    skipping(&["!"], Skip::Line, general::shell),
    command(&["?"], general::help),
    command(&["a"], general::toggle_aligned),
    command(&["bind"], query::bind),
    command(&["bind_named"], query::bind_named),
    command(&["C"], general::title),
    command(&["c", "connect"], connect::connect),
    command(&["cd"], files::change_directory),
    command(&["close_prepared"], query::close_prepared),
    command(&["conninfo"], connect::connection_info),
    skipping(&["copy"], Skip::Line, copy::copy),
    command(&["copyright"], general::copyright),
    command(&["crosstabview"], query::crosstab),
    command(&["e", "edit"], edit::edit),
    command(&["echo", "qecho", "warn"], variables::echo),
    skipping(&["ef", "ev"], Skip::Line, edit::edit_definition),
    skipping(&["elif"], Skip::Execute, control::elif),
    skipping(&["else"], Skip::Execute, control::otherwise),
    command(&["encoding"], variables::encoding),
    skipping(&["endif"], Skip::Execute, control::endif),
    command(&["endpipeline"], query::end_pipeline),
    command(&["errverbose"], general::error_verbose),
    command(&["f"], general::field_separator),
    command(&["flush"], query::flush),
    command(&["flushrequest"], query::flush_request),
    skipping(&["g", "gx"], Skip::FileOrPipe, query::go),
    command(&["gdesc"], query::describe),
    command(&["getenv"], variables::get_environment),
    command(&["getresults"], query::get_results),
    command(&["gexec"], query::execute),
    command(&["gset"], query::set),
    skipping(&["h", "help"], Skip::Line, general::sql_help),
    command(&["H", "html"], general::toggle_html),
    command(&["i", "include", "ir", "include_relative"], files::include),
    skipping(&["if"], Skip::Execute, control::begin),
    command(&["lo_export", "lo_import", "lo_unlink"], large_object::large_object),
    skipping(&["o", "out"], Skip::FileOrPipe, files::output),
    command(&["p", "print"], files::print_query),
    command(&["parse"], query::parse),
    command(&["password"], connect::password),
    command(&["prompt"], variables::prompt),
    command(&["pset"], general::print_option),
    command(&["q", "quit"], control::quit),
    command(&["r", "reset"], files::reset),
    command(&["restrict"], general::restrict),
    command(&["s"], files::history),
    command(&["sendpipeline"], query::send_pipeline),
    command(&["set"], variables::set),
    command(&["setenv"], variables::set_environment),
    command(&["startpipeline"], query::start_pipeline),
    command(&["syncpipeline"], query::sync_pipeline),
    command(&["t"], general::tuples_only),
    command(&["T"], general::table_attributes),
    command(&["timing"], general::timing),
    command(&["unrestrict"], general::unrestrict),
    command(&["unset"], variables::unset),
    skipping(&["w", "write"], Skip::FileOrPipe, files::write),
    command(&["watch"], query::watch),
    command(&["x"], general::expanded),
];

/// A command being executed.
pub struct Call<'a> {
    /// Its name as written.
    name: String,
    script: &'a mut Script,
}

impl Call<'_> {
    /// The next argument.
    fn argument(&mut self, psql: &mut Psql, kind: ArgumentKind, strip_semicolons: bool) -> Option<Vec<u8>> {
        let active = self.script.conditions.active();
        let argument = self.script.lexer.argument(kind, strip_semicolons, &mut Surroundings { psql, active })?;
        Some(argument.text)
    }

    /// The next argument, read in the normal way.
    fn next(&mut self, psql: &mut Psql) -> Option<Vec<u8>> {
        self.argument(psql, ArgumentKind::Normal, false)
    }

    /// The next argument, without semicolons at its end.
    fn next_stripped(&mut self, psql: &mut Psql) -> Option<Vec<u8>> {
        self.argument(psql, ArgumentKind::Normal, true)
    }

    /// All arguments that are left.
    fn rest(&mut self, psql: &mut Psql) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.next(psql)).collect()
    }

    /// Reports an error with the command's name before it.
    fn fail(&self, psql: &mut Psql, problem: impl AsRef<[u8]>) -> Status {
        psql.error([b"\\", self.name.as_bytes(), b": ", problem.as_ref()].concat());
        Status::Error
    }

    /// Reports that an argument is missing.
    fn missing(&self, psql: &mut Psql) -> Status {
        self.fail(psql, "missing required argument")
    }
}

/// Reads a command that a backslash began, and executes it.
pub fn run(psql: &mut Psql, script: &mut Script) -> Status {
    let name = shown(&script.lexer.command_name()).into_owned();
    let mut call = Call { name, script };
    let active = call.script.conditions.active();
    let status = if psql.restricted.is_some() && active && call.name != "unrestrict" {
        psql.error("backslash commands are restricted; only \\unrestrict is allowed");
        Status::Error
    } else {
        dispatch(psql, &mut call, active)
    };
    let mut ignored = crate::session::Surroundings { psql, active: false };
    if status == Status::Error {
        while call.script.lexer.argument(ArgumentKind::WholeLine, false, &mut ignored).is_some() {}
    } else {
        while let Some(extra) = call.script.lexer.argument(ArgumentKind::Normal, false, &mut ignored) {
            let text = format!("\\{}: extra argument \"{}\" ignored", call.name, shown(&extra.text));
            ignored.psql.warn(text);
        }
    }
    call.script.lexer.end_command();
    psql.output.flush();
    status
}

fn dispatch(psql: &mut Psql, call: &mut Call<'_>, active: bool) -> Status {
    let found = COMMANDS.iter().find(|command| command.names.contains(&call.name.as_str()));
    if psql.interactive() && !active && found.is_none_or(|command| command.skip != Skip::Execute) {
        psql.warn(format!("\\{} command ignored; use \\endif or Ctrl-C to exit current \\if block", call.name));
    }
    let kind = match found {
        Some(command) if active || command.skip == Skip::Execute => return (command.run)(psql, call),
        Some(command) => match command.skip {
            Skip::Arguments | Skip::Execute => ArgumentKind::Normal,
            Skip::FileOrPipe => ArgumentKind::FileOrPipe,
            Skip::Line => ArgumentKind::WholeLine,
        },
        None => match describe::argument_kind(&call.name) {
            Some(kind) if !active => kind,
            Some(_) => return describe::describe(psql, call),
            None => {
                psql.error(format!("invalid command \\{}", call.name));
                if psql.interactive() {
                    psql.log(Level::Hint, "Try \\? for help.");
                }
                return Status::Error;
            }
        },
    };
    while call.argument(psql, kind, false).is_some() {}
    Status::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = COMMANDS.iter().flat_map(|command| command.names).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
