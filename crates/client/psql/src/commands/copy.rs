//! `\copy`: COPY with the data at the client's side.

use std::fs::File;

use super::{Call, Status};
use crate::execute::CopyStream;
use crate::lexer::{ArgumentKind, is_space, shown};
use crate::output::Target;
use crate::session::Psql;
use crate::shell;

/// Where the data are.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// `stdin`, `stdout`: the script, or where results go.
    Session,
    /// `pstdin`, `pstdout`: psql's own.
    Process,
    File(Vec<u8>),
    Program(Vec<u8>),
}

/// A `\copy` taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    /// What stands before FROM or TO.
    before: Vec<u8>,
    from: bool,
    place: Place,
    /// What stands behind the place.
    behind: Vec<u8>,
}

/// `\copy { TABLE [(COLUMNS)] | (QUERY) } { from | to } { FILE | program COMMAND | stdin | stdout | pstdin | pstdout } [OPTIONS]`
pub(super) fn copy(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let Some(text) = call.argument(psql, ArgumentKind::WholeLine, false) else {
        return call.fail(psql, "arguments required");
    };
    let parsed = match parse(&text) {
        Ok(parsed) => parsed,
        Err(problem) => return call.fail(psql, problem),
    };
    let stream = match open(&parsed) {
        Ok(stream) => stream,
        Err(problem) => {
            psql.error(problem);
            return Status::Error;
        }
    };
    let direction: &[u8] = if parsed.from { b" FROM STDIN " } else { b" TO STDOUT " };
    let query = [b"COPY ", &parsed.before[..], direction, &parsed.behind].concat();
    psql.request.copy = stream;
    let mut success = psql.send_copy(&query);
    match psql.request.copy.take() {
        Some(CopyStream::To(target)) => success &= close(psql, target),
        Some(CopyStream::Command(mut child, output)) => {
            drop(output);
            if let Ok(status) = child.wait() {
                let code = shell::exit_code(status);
                psql.set_shell_result(code);
                if code != 0 {
                    psql.error(format!("{}: {}", program(&parsed), ended(status)));
                    success = false;
                }
            }
        }
        _ => {}
    }
    psql.forget_request();
    success.into()
}

fn close(psql: &mut Psql, target: Target) -> bool {
    match target.close() {
        Ok(Some(status)) => {
            psql.set_shell_result(shell::exit_code(status));
            status.success()
        }
        Ok(None) => true,
        Err(e) => {
            psql.error(format!("could not write COPY data: {}", shell::reason(&e)));
            false
        }
    }
}

fn program(parsed: &Parsed) -> String {
    match &parsed.place {
        Place::Program(command) => shown(command).into_owned(),
        _ => String::new(),
    }
}

/// How a command ended, in words.
fn ended(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(127), _) => "command not found".into(),
        (Some(126), _) => "command not executable".into(),
        (Some(code), _) => format!("child process exited with exit code {code}"),
        (None, Some(signal)) => {
            format!("child process was terminated by signal {signal}: {}", sys::signal::describe(signal))
        }
        (None, None) => "child process exited with unrecognized status".into(),
    }
}

/// Opens where the data are.
fn open(parsed: &Parsed) -> Result<Option<CopyStream>, Vec<u8>> {
    let named = |name: &[u8], e: std::io::Error| [name, b": ", shell::reason(&e).as_bytes()].concat();
    match (&parsed.place, parsed.from) {
        (Place::Session, _) => Ok(None),
        (Place::Process, _) => Ok(Some(CopyStream::Standard)),
        (Place::Program(command), true) => CopyStream::from_command(command).map(Some).map_err(|e| named(command, e)),
        (Place::Program(command), false) => {
            let target = Target::open(&[b"|", &command[..]].concat());
            target.map(CopyStream::To).map(Some).map_err(|e| named(command, e))
        }
        (Place::File(name), from) => {
            let mut name = name.clone();
            shell::expand_tilde(&mut name);
            let path = shell::path(&name);
            if path.is_dir() {
                return Err([&name[..], b": cannot copy from/to a directory"].concat());
            }
            let stream = match from {
                true => File::open(&path).map(CopyStream::File),
                false => Target::open(&name).map(CopyStream::To),
            };
            stream.map(Some).map_err(|e| named(&name, e))
        }
    }
}

/// Cuts words, quoted parts and punctuation off a text.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// The next word, and whether it was quoted in single quotes (they and their doubling are still there).
    fn next(&mut self, delimiters: &[u8]) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&byte| !is_space(byte))?;
        self.rest = &self.rest[start..];
        let first = self.rest[0];
        let len = match first {
            b'\'' | b'"' => quoted_length(self.rest),
            byte if delimiters.contains(&byte) => 1,
            _ => {
                let ends = |&byte: &u8| is_space(byte) || byte == b'\'' || byte == b'"' || delimiters.contains(&byte);
                self.rest.iter().position(ends).unwrap_or(self.rest.len())
            }
        };
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        Some(word)
    }
}

/// The length of the quoted part at the beginning; of all, if it is not closed.
fn quoted_length(text: &[u8]) -> usize {
    let quote = text[0];
    let mut at = 1;
    while at < text.len() {
        if text[at] == quote {
            if text.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

fn unquoted(word: &[u8]) -> Vec<u8> {
    let Some(inner) = word.strip_prefix(b"'") else { return word.to_vec() };
    let inner = if quoted_length(word) == word.len() { inner.strip_suffix(b"'").unwrap_or(inner) } else { inner };
    let (mut text, mut at) = (Vec::new(), 0);
    while at < inner.len() {
        text.push(inner[at]);
        at += if inner[at] == b'\'' && inner.get(at + 1) == Some(&b'\'') { 2 } else { 1 };
    }
    text
}

/// Takes the command apart.
fn parse(text: &[u8]) -> Result<Parsed, Vec<u8>> {
    let at_end = || b"parse error at end of line".to_vec();
    let at = |word: &[u8]| [b"parse error at \"", word, b"\""].concat();
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let mut words = Words { rest: text };
    let mut before = Vec::new();
    let mut word = words.next(b".,()").ok_or_else(at_end)?;
    // BINARY may stand first, as in old releases.
    if is(word, "binary") {
        before.extend_from_slice(word);
        before.push(b' ');
        word = words.next(b".,()").ok_or_else(at_end)?;
    }
    let mut depth = 0;
    loop {
        if depth == 0 && (is(word, "from") || is(word, "to")) && !before.is_empty() {
            break;
        }
        match word {
            b"(" => depth += 1,
            b")" => depth -= 1,
            // A name has a schema at most.
            b"." if depth == 0 && before.contains(&b'.') && !before.contains(&b'"') => return Err(at(word)),
            b"." | b"," => {}
            // Two words in a row outside of parentheses make no table's name.
            word if depth == 0 && !before.is_empty() && !before.ends_with(b".") && !before.ends_with(b"binary ") => {
                return Err(at(word));
            }
            _ => {}
        }
        // White space is kept inside of parentheses, where a query may stand.
        let start = text.len() - words.rest.len() - word.len();
        let previous_end = start - text[..start].iter().rev().take_while(|&&byte| is_space(byte)).count();
        if depth > 0 || word == b")" {
            before.extend_from_slice(&text[previous_end..start]);
        }
        before.extend_from_slice(word);
        word = words.next(b".,()").ok_or_else(at_end)?;
    }
    let from = is(word, "from");
    let place = words.next(b";").ok_or_else(at_end)?;
    let place = match place {
        word if is(word, "program") => {
            let command = words.next(b";").ok_or_else(at_end)?;
            if !command.starts_with(b"'") || quoted_length(command) != command.len() || command.len() < 2 {
                return Err(at(command));
            }
            Place::Program(unquoted(command))
        }
        word if is(word, "stdin") || is(word, "stdout") => Place::Session,
        word if is(word, "pstdin") || is(word, "pstdout") => Place::Process,
        word => Place::File(unquoted(word)),
    };
    let behind = words.rest.trim_ascii();
    Ok(Parsed { before, from, place, behind: behind.to_vec() })
}

impl Psql {
    /// Sends the COPY of a `\copy`, and leaves its stream in the request.
    fn send_copy(&mut self, query: &[u8]) -> bool {
        let stream = self.request.copy.take();
        self.request = Default::default();
        self.request.copy = stream;
        self.send_keeping_request(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, bool, Place, String) {
        let parsed = parse(text.as_bytes()).unwrap();
        (shown(&parsed.before).into(), parsed.from, parsed.place, shown(&parsed.behind).into())
    }

    #[test]
    fn copies_are_taken_apart() {
        let file = |name: &str| Place::File(name.into());
        assert_eq!(parts("t from 'a b''c' csv;"), ("t".into(), true, file("a b'c"), "csv;".into()));
        assert_eq!(parts("\"S x\".t (a, b) TO x.csv"), ("\"S x\".t (a, b)".into(), false, file("x.csv"), "".into()));
        let query = "(select 1, ')' from t) ";
        assert_eq!(parts(&format!("{query}to stdout")).0, "(select 1, ')' from t)");
        assert_eq!(parts("t to program 'cat >x' binary").2, Place::Program("cat >x".into()));
        assert_eq!(parts("t from pstdin").2, Place::Process);
        for (text, problem) in [
            ("t", "parse error at end of line"),
            ("t from", "parse error at end of line"),
            ("t foo x", "parse error at \"foo\""),
            ("t to program x", "parse error at \"x\""),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err(), problem.as_bytes(), "{text}");
        }
    }
}
