//! `\e`, `\ef`, `\ev`: the query buffer, a file or an object's definition in an editor.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Call, Status};
use crate::describe::{self, Editable};
use crate::lexer::{ArgumentKind, shown};
use crate::pset::leading_integer;
use crate::session::Psql;
use crate::shell;

/// `\e [FILE] [LINE]`
pub(super) fn edit(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (first, second) = (call.next_stripped(psql), call.next_stripped(psql));
    // A single number is a line's.
    let only_line = |text: &Vec<u8>| second.is_none() && !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let (file, line) = match first {
        Some(text) if only_line(&text) => (None, Some(text)),
        first => (first, second.clone()),
    };
    let line = match line {
        None => None,
        Some(text) => match usize::try_from(leading_integer(&text)) {
            Ok(line @ 1..) => Some(line),
            _ => {
                psql.error(format!("invalid line number: {}", shown(&text)));
                return Status::Error;
            }
        },
    };
    let edited = match file {
        Some(mut file) => {
            shell::expand_tilde(&mut file);
            let path = shell::path(&shell::clean(&file));
            psql.edit_file(&path, line)
        }
        None => {
            let text = if call.script.query.is_empty() { &call.script.previous } else { &call.script.query };
            let mut text = text.clone();
            if !text.is_empty() && !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            psql.edit_text(&text, line)
        }
    };
    accept(call, edited)
}

/// `\ef [FUNCTION [LINE]]`, `\ev [VIEW [LINE]]`
pub(super) fn edit_definition(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let argument = call.argument(psql, ArgumentKind::WholeLine, true).unwrap_or_default();
    if psql.connection.is_none() {
        psql.error("You are currently not connected to a database.");
        return Status::Error;
    }
    let kind = if call.name == "ef" { Editable::Function } else { Editable::View };
    let Ok(text) = describe::editable(psql, kind, &shown(&argument)) else { return Status::Error };
    let edited = psql.edit_text(text.text.as_bytes(), text.line);
    if let Some(None) = edited {
        psql.say("No changes\n");
    }
    accept(call, edited)
}

/// Takes the edited text over: `Some(None)` if it was not changed.
fn accept(call: &mut Call<'_>, edited: Option<Option<Vec<u8>>>) -> Status {
    match edited {
        Some(Some(text)) => {
            call.script.query = text;
            Status::NewEdit
        }
        Some(None) => Status::Done,
        None => Status::Error,
    }
}

impl Psql {
    /// Edits a text in a file of its own.
    fn edit_text(&mut self, text: &[u8], line: Option<usize>) -> Option<Option<Vec<u8>>> {
        let directory = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let path = directory.join(format!("psql.edit.{}.sql", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = options.open(&path).and_then(|mut file| io::Write::write_all(&mut file, text));
        if let Err(e) = written {
            self.error(format!("could not open temporary file \"{}\": {}", path.display(), shell::reason(&e)));
            return None;
        }
        let edited = self.edit_file(&path, line);
        if let Err(e) = fs::remove_file(&path) {
            self.error(format!("{}: {}", path.display(), shell::reason(&e)));
        }
        edited
    }

    /// Edits a file; gives its text if it was changed.
    fn edit_file(&mut self, path: &Path, line: Option<usize>) -> Option<Option<Vec<u8>>> {
        let before = state(path);
        if !self.run_editor(path, line) {
            return None;
        }
        let after = state(path);
        if after.is_none() {
            self.error(format!("{}: {}", path.display(), "No such file or directory"));
            return None;
        }
        if before == after {
            return Some(None);
        }
        match fs::read(path) {
            Ok(text) => Some(Some(text)),
            Err(e) => {
                self.error(format!("{}: {}", path.display(), shell::reason(&e)));
                None
            }
        }
    }

    fn run_editor(&mut self, path: &Path, line: Option<usize>) -> bool {
        let named = ["PSQL_EDITOR", "EDITOR", "VISUAL"].iter().find_map(|name| std::env::var(name).ok());
        let editor = named.unwrap_or_else(|| "vi".into());
        let place = match line {
            Some(line) => match std::env::var("PSQL_EDITOR_LINENUMBER_ARG") {
                Ok(option) => format!("{option}{line} "),
                Err(_) if editor == "vi" => format!("+{line} "),
                Err(_) => {
                    self.error("environment variable PSQL_EDITOR_LINENUMBER_ARG must be set to specify a line number");
                    return false;
                }
            },
            None => String::new(),
        };
        self.output.flush();
        let command = format!("exec {editor} {place}'{}'", path.display());
        match shell::command(command.as_bytes()).status() {
            Ok(status) if status.code() == Some(127) => {
                self.error("could not start /bin/sh");
                false
            }
            Ok(_) => true,
            Err(_) => {
                self.error(format!("could not start editor \"{editor}\""));
                false
            }
        }
    }
}

/// What tells whether a file was changed.
fn state(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
