//! Shell commands and file names as users write them.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use sys::Signal;

/// A command for `sh`, as C's `system` and `popen` run it.
pub fn command(text: &[u8]) -> Command {
    let mut command = program("/bin/sh");
    command.arg0("sh").arg("-c").arg(OsStr::from_bytes(text));
    command
}

/// A program that Ctrl-C at the terminal ends, though psql has blocked its signal (see [`crate::interrupt`]).
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    sys::signal::unblock_in(&mut command, &[Signal::Int]);
    command
}

/// What a command prints, and how it ended.
///
/// # Errors
/// The system's.
pub fn output(text: &[u8]) -> io::Result<(Vec<u8>, ExitStatus)> {
    let output = command(text).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output()?;
    Ok((output.stdout, output.status))
}

/// The code that a shell would report: a signal's number and 128 for a command that died of it.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Bytes as a path.
pub fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(name.to_vec()))
}

/// Replaces `~` or `~user` at the beginning by the home directory.
pub fn expand_tilde(name: &mut Vec<u8>) {
    if name.first() != Some(&b'~') {
        return;
    }
    let end = name.iter().position(|&byte| byte == b'/').unwrap_or(name.len());
    let home = match &name[1..end] {
        b"" => home_directory(),
        // Users other than oneself are found through the shell's rules, which need no look-up of our own.
        user => output(&[b"echo ~", user].concat()).ok().and_then(|(text, _)| {
            let text = text.trim_ascii().to_vec();
            (text.first() == Some(&b'/')).then(|| path(&text))
        }),
    };
    if let Some(home) = home {
        let rest = name.split_off(end);
        *name = home.into_os_string().into_vec();
        name.extend(rest);
    }
}

/// The user's home directory: `$HOME`, or what the system says.
pub fn home_directory() -> Option<PathBuf> {
    match std::env::var_os("HOME") {
        Some(home) if !home.is_empty() => Some(home.into()),
        _ => sys::process::home_directory(sys::process::effective_user()),
    }
}

/// A word that the shell takes literally.
///
/// # Errors
/// It contains a newline, which no shell takes the same way.
pub fn quote(text: &[u8]) -> Result<Vec<u8>, String> {
    if text.iter().any(|&byte| byte == b'\n' || byte == b'\r') {
        let text = String::from_utf8_lossy(text);
        return Err(format!("shell command argument contains a newline or carriage return: \"{text}\""));
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(byte);
    if !text.is_empty() && text.iter().all(plain) {
        return Ok(text.to_vec());
    }
    let mut quoted = vec![b'\''];
    for &byte in text {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\"'\"'"),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    Ok(quoted)
}

/// A path without `.`, `..` and doubled slashes, as far as the text alone tells.
pub fn clean(name: &[u8]) -> Vec<u8> {
    let absolute = name.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|&last| last != b"..") => drop(parts.pop()),
            b".." if absolute => {}
            part => parts.push(part),
        }
    }
    let mut cleaned = if absolute { b"/".to_vec() } else { Vec::new() };
    cleaned.extend(parts.join(&b'/'));
    if cleaned.is_empty() { b".".to_vec() } else { cleaned }
}

/// `name` as seen from the directory of the file `beside`.
pub fn relative(name: &[u8], beside: &[u8]) -> Vec<u8> {
    let directory = Path::new(OsStr::from_bytes(beside)).parent().unwrap_or(Path::new(""));
    clean(directory.join(OsStr::from_bytes(name)).as_os_str().as_bytes())
}

/// The system's words for an error.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        for (path, expected) in
            [("./a//b/", "a/b"), ("/../a/./b/..", "/a"), ("../a/..", ".."), ("a/..", "."), ("/", "/")]
        {
            assert_eq!(clean(path.as_bytes()), expected.as_bytes(), "{path}");
        }
        assert_eq!(relative(b"x.sql", b"dir/main.sql"), b"dir/x.sql");
        assert_eq!(relative(b"/x.sql", b"dir/main.sql"), b"/x.sql");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quote(b"a-b.c").unwrap(), b"a-b.c");
        assert_eq!(quote(b"it's $x").unwrap(), b"'it'\"'\"'s $x'");
        assert_eq!(quote(b"").unwrap(), b"''");
        assert!(quote(b"a\nb").is_err());
    }
}
