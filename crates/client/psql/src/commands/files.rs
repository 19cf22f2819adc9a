//! Commands about files and the query buffer: `\i`, `\o`, `\w`, `\p`, `\r`, `\cd`, `\s`.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Call, Status};
use crate::lexer::{ArgumentKind, shown};
use crate::output::Target;
use crate::session::{EXIT_SUCCESS, Psql};
use crate::shell;

/// `\cd [DIRECTORY]`
pub(super) fn change_directory(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let directory = match call.next_stripped(psql) {
        Some(mut directory) => {
            shell::expand_tilde(&mut directory);
            directory
        }
        None => match shell::home_directory() {
            Some(home) => home.as_os_str().as_bytes().to_vec(),
            None => {
                let user = sys::process::effective_user();
                return call.fail(psql, format!("could not get home directory for user ID {user}"));
            }
        },
    };
    match std::env::set_current_dir(Path::new(OsStr::from_bytes(&directory))) {
        Ok(()) => Status::Done,
        Err(e) => {
            let (directory, reason) = (shown(&directory), shell::reason(&e));
            call.fail(psql, format!("could not change directory to \"{directory}\": {reason}"))
        }
    }
}

/// `\i FILE`, `\ir FILE`
pub(super) fn include(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(mut file) = call.next_stripped(psql) else { return call.missing(psql) };
    shell::expand_tilde(&mut file);
    let relative = matches!(call.name.as_str(), "ir" | "include_relative");
    (psql.run_file(&file, relative) == EXIT_SUCCESS).into()
}

/// `\o [FILE | |COMMAND]`
pub(super) fn output(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let name = call.argument(psql, ArgumentKind::FileOrPipe, true).map(|mut name| {
        shell::expand_tilde(&mut name);
        name
    });
    psql.redirect(name.as_deref()).into()
}

/// `\p`
pub(super) fn print_query(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let query = if call.script.query.is_empty() { &call.script.previous } else { &call.script.query };
    if !query.is_empty() {
        let text = [&query[..], b"\n"].concat();
        psql.say(text);
    } else {
        psql.say_unless_quiet("Query buffer is empty.\n");
    }
    Status::Done
}

/// `\r`
pub(super) fn reset(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    call.script.query.clear();
    call.script.lexer.reset();
    psql.forget_request();
    psql.say_unless_quiet("Query buffer reset (cleared).\n");
    Status::Done
}

/// `\w FILE | |COMMAND`
pub(super) fn write(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(mut name) = call.argument(psql, ArgumentKind::FileOrPipe, true) else { return call.missing(psql) };
    shell::expand_tilde(&mut name);
    psql.output.flush();
    let mut target = match Target::open(&name) {
        Ok(target) => target,
        Err(e) => {
            psql.error([&name[..], b": ", shell::reason(&e).as_bytes()].concat());
            return Status::Error;
        }
    };
    let query = if call.script.query.is_empty() { &call.script.previous } else { &call.script.query };
    let written = if query.is_empty() { Ok(()) } else { target.write_all(&[&query[..], b"\n"].concat()) };
    let closed = written.and_then(|()| target.close());
    match closed {
        Ok(status) => {
            if let Some(status) = status {
                psql.set_shell_result(shell::exit_code(status));
            }
            Status::Done
        }
        Err(e) => {
            psql.error([&name[..], b": ", shell::reason(&e).as_bytes()].concat());
            Status::Error
        }
    }
}

/// `\s [FILE]`
pub(super) fn history(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let file = call.next_stripped(psql).map(|mut file| {
        shell::expand_tilde(&mut file);
        file
    });
    psql.show_history(file.as_deref()).into()
}

impl Psql {
    /// Sends results to a file or command, or back to standard output.
    pub fn redirect(&mut self, name: Option<&[u8]>) -> bool {
        self.output.flush();
        let target = match name.filter(|name| !name.is_empty()).map(|name| (name, Target::open(name))) {
            None => None,
            Some((_, Ok(target))) => Some(target),
            Some((name, Err(e))) => {
                self.error([name, b": ", shell::reason(&e).as_bytes()].concat());
                return false;
            }
        };
        if let Some(Ok(Some(status))) = self.output.redirect(target).map(Target::close) {
            self.set_shell_result(shell::exit_code(status));
        }
        true
    }
}
