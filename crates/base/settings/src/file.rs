//! `postgresql.conf`: its lines, its include directives, and `postgresql.auto.conf`, which ALTER SYSTEM writes.
//!
//! ```text
//! # comment
//! name = value            the equals sign may be left out
//! name = 'it''s\tquoted'  quotes doubled or escaped; backslash escapes as in C
//! a.b = 5                 custom parameters
//! include 'file'          include_if_exists 'file'; include_dir 'directory': its *.conf files, by name
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Error, Severity, SqlState};

/// A line that sets something, for applying and for `pg_file_settings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileItem {
    /// The parameter's name as it stands there; empty for a line that is wrong.
    pub name: String,
    /// Its value, unquoted.
    pub value: String,
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Whether it is in force (a later line may win).
    pub applied: bool,
}

/// What was read from files.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Lines, in order, included ones in place. Wrong lines have an `error` and perhaps no name.
    pub items: Vec<FileItem>,
    /// What is to be logged about the reading.
    pub messages: Vec<Error>,
    /// Whether anything was wrong.
    pub failed: bool,
}

/// How deep files may include files.
const DEPTH_LIMIT: usize = 10;
/// After how many syntax errors a file is given up.
const ERROR_LIMIT: usize = 100;
/// Bytes of a file at most; far beyond any sane one.
const SIZE_LIMIT: u64 = 64 << 20;

/// Reads a configuration file with all that it includes. `strict`: it must exist.
pub fn read(path: &Path, strict: bool) -> Parsed {
    let mut parsed = Parsed::default();
    let origin = Origin { file: None, line: 0, depth: 0, ancestors: &[] };
    read_file(path, strict, &origin, &mut parsed);
    parsed
}

/// Who includes.
struct Origin<'a> {
    file: Option<&'a Arc<str>>,
    line: u32,
    depth: usize,
    ancestors: &'a [PathBuf],
}

impl Parsed {
    fn fail(&mut self, origin: &Origin<'_>, error: Error) {
        let item = FileItem {
            name: String::new(),
            value: String::new(),
            file: origin.file.cloned().unwrap_or_else(|| "".into()),
            line: origin.line,
            error: Some(error.message().to_string()),
            applied: false,
        };
        self.items.push(item);
        self.messages.push(error.severity(Severity::Log));
        self.failed = true;
    }
}

fn read_file(path: &Path, strict: bool, origin: &Origin<'_>, parsed: &mut Parsed) {
    let shown = path.display();
    if origin.depth > DEPTH_LIMIT {
        let text = format!("could not open configuration file \"{shown}\": maximum nesting depth exceeded");
        return parsed.fail(origin, Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, text));
    }
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if origin.ancestors.contains(&canonical) {
        let text = format!("configuration file recursion in \"{shown}\"");
        return parsed.fail(origin, Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let too_large = std::fs::metadata(path).is_ok_and(|m| m.len() > SIZE_LIMIT);
    let bytes = match std::fs::read(path) {
        _ if too_large => Err(std::io::Error::from_raw_os_error(27)),
        other => other,
    };
    let text = match bytes {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(reason) if strict => {
            let what = format!("could not open configuration file \"{shown}\"");
            return parsed.fail(origin, Error::io(what, &reason));
        }
        Err(_) => {
            let text = format!("skipping missing configuration file \"{shown}\"");
            let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log);
            // The automatic file need not exist, and nobody wants to hear of it.
            if origin.file.is_some() {
                parsed.messages.push(message);
            }
            return;
        }
    };
    let mut ancestors = origin.ancestors.to_vec();
    ancestors.push(canonical);
    let file: Arc<str> = path.to_string_lossy().into();
    parse(&text, &file, path, origin.depth, &ancestors, parsed);
}

fn parse(text: &str, file: &Arc<str>, path: &Path, depth: usize, ancestors: &[PathBuf], parsed: &mut Parsed) {
    let mut errors = 0;
    for (number, line) in text.split('\n').enumerate() {
        let here = Origin { file: Some(file), line: number as u32 + 1, depth: depth + 1, ancestors };
        let (name, value) = match parse_line(line) {
            Ok(None) => continue,
            Ok(Some(item)) => item,
            Err(near) => {
                let near = match near {
                    Some(token) => format!("near token \"{token}\""),
                    None => "near end of line".to_string(),
                };
                let text = format!("syntax error in file \"{file}\" line {}, {near}", here.line);
                let error = Error::new(SqlState::SYNTAX_ERROR, text).severity(Severity::Log);
                parsed.items.push(FileItem {
                    name: String::new(),
                    value: String::new(),
                    file: file.clone(),
                    line: here.line,
                    error: Some("syntax error".into()),
                    applied: false,
                });
                parsed.messages.push(error);
                parsed.failed = true;
                errors += 1;
                if errors >= ERROR_LIMIT {
                    let text = format!("too many syntax errors found, abandoning file \"{file}\"");
                    parsed.messages.push(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, text).severity(Severity::Log));
                    return;
                }
                continue;
            }
        };
        let target = path.parent().unwrap_or(Path::new(".")).join(&value);
        match &*name.to_ascii_lowercase() {
            "include" => read_file(&target, true, &here, parsed),
            "include_if_exists" => read_file(&target, false, &here, parsed),
            "include_dir" => read_directory(&value, &target, &here, parsed),
            _ => parsed.items.push(FileItem {
                name,
                value,
                file: file.clone(),
                line: here.line,
                error: None,
                applied: false,
            }),
        }
    }
}

fn read_directory(name: &str, path: &Path, here: &Origin<'_>, parsed: &mut Parsed) {
    if name.trim().is_empty() {
        let text = format!("empty configuration directory name: \"{name}\"");
        return parsed.fail(here, Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(reason) => {
            let what = format!("could not open configuration directory \"{}\"", path.display());
            return parsed.fail(here, Error::io(what, &reason));
        }
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".conf") && !name.starts_with('.') && file.is_file()
    });
    files.sort();
    for file in files {
        read_file(&file, true, here, parsed);
    }
}

/// Name and value of a line; `None` if it says nothing.
///
/// # Errors
///
/// The token at which it stops making sense; `None` if that is the line's end.
fn parse_line(line: &str) -> Result<Option<(String, String)>, Option<String>> {
    let mut rest = line;
    let Some(name) = next_token(&mut rest)? else { return Ok(None) };
    if !matches!(name, Token::Name(_)) {
        return Err(Some(name.text().to_string()));
    }
    let mut value = next_token(&mut rest)?.ok_or(None)?;
    if value.text() == "=" {
        value = next_token(&mut rest)?.ok_or(None)?;
    }
    let text = match value {
        Token::Name(text) | Token::Bare(text)
            if !(matches!(value, Token::Name(_)) && text.matches('.').count() > 1) =>
        {
            text.to_string()
        }
        Token::Quoted(text) => unquote(text),
        other => return Err(Some(other.text().to_string())),
    };
    match next_token(&mut rest)? {
        None => Ok(Some((name.text().to_string(), text))),
        Some(extra) => Err(Some(extra.text().to_string())),
    }
}

enum Token<'a> {
    /// An identifier, perhaps with dots: also a possible value.
    Name(&'a str),
    /// A number, or a word with other characters.
    Bare(&'a str),
    /// With its quotes.
    Quoted(&'a str),
    /// The equals sign, or nonsense.
    Other(&'a str),
}

impl<'a> Token<'a> {
    fn text(&self) -> &'a str {
        match self {
            Token::Name(text) | Token::Bare(text) | Token::Quoted(text) | Token::Other(text) => text,
        }
    }
}

/// The next token of a line; `None` at its end. An unterminated quote is an error at the line's end... as a token of its own.
fn next_token<'a>(rest: &mut &'a str) -> Result<Option<Token<'a>>, Option<String>> {
    *rest = rest.trim_start_matches([' ', '\t', '\r']);
    let text = *rest;
    let Some(first) = text.chars().next() else { return Ok(None) };
    let length = |accept: &dyn Fn(char) -> bool| text.find(|c| !accept(c)).unwrap_or(text.len());
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let (token, end): (fn(&'a str) -> Token<'a>, usize) = match first {
        '#' => return Ok(None),
        '\'' => match quoted_length(text) {
            Some(end) => (Token::Quoted, end),
            None => (Token::Other, 1),
        },
        c if letter(c) => {
            let name = length(&|c| letter(c) || c.is_ascii_digit() || c == '.' || c == '$');
            let word = length(&|c| letter(c) || c.is_ascii_digit() || matches!(c, '-' | '.' | ':' | '/'));
            if word > name { (Token::Bare, word) } else { (Token::Name, name) }
        }
        c if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => match number_length(text) {
            0 => (Token::Other, c.len_utf8()),
            end => (Token::Bare, end),
        },
        c => (Token::Other, c.len_utf8()),
    };
    *rest = &text[end..];
    Ok(Some(token(&text[..end])))
}

fn quoted_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()?),
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => drop(chars.next()),
            '\'' => return Some(at + 1),
            _ => (),
        }
    }
    None
}

/// Whole numbers may have unit letters behind them, fractions not: the longer reading counts.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize, accept: fn(&u8) -> bool| bytes[from..].iter().take_while(|b| accept(b)).count();
    let sign = matches!(bytes[0], b'-' | b'+') as usize;
    let digits = run(sign, u8::is_ascii_digit);
    let mut whole = 0;
    if digits > 0 {
        let mut end = sign + digits;
        if digits == 1 && bytes[sign] == b'0' && matches!(bytes.get(end), Some(b'x')) {
            end += 1 + run(end + 1, u8::is_ascii_hexdigit);
        }
        whole = end + run(end, u8::is_ascii_alphabetic);
    }
    let mut fraction = 0;
    let dot = sign + digits;
    if bytes.get(dot) == Some(&b'.') {
        fraction = dot + 1 + run(dot + 1, u8::is_ascii_digit);
        if matches!(bytes.get(fraction), Some(b'e' | b'E')) {
            let signed = fraction + 1 + matches!(bytes.get(fraction + 1), Some(b'-' | b'+')) as usize;
            let exponent = if signed <= bytes.len() { run(signed, u8::is_ascii_digit) } else { 0 };
            if exponent > 0 {
                fraction = signed + exponent;
            }
        }
    }
    whole.max(fraction)
}

/// The text between quotes: doubled quotes and backslash escapes undone.
fn unquote(quoted: &str) -> String {
    let inner = &quoted.as_bytes()[1..quoted.len() - 1];
    let mut text = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        match inner[at] {
            b'\\' if at + 1 < inner.len() => {
                at += 1;
                match inner[at] {
                    b'b' => text.push(8),
                    b'f' => text.push(12),
                    b'n' => text.push(b'\n'),
                    b'r' => text.push(b'\r'),
                    b't' => text.push(b'\t'),
                    b'0'..=b'7' => {
                        let octal = inner[at..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                        let code = inner[at..at + octal].iter().fold(0u32, |n, b| n * 8 + (b - b'0') as u32);
                        text.push(code as u8);
                        at += octal - 1;
                    }
                    other => text.push(other),
                }
            }
            b'\'' => {
                text.push(b'\'');
                at += 1;
            }
            other => text.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The text of `postgresql.auto.conf` after ALTER SYSTEM: `old` with `name` set to a value, or removed; with no name, all
/// are removed.
///
/// # Errors
///
/// `22023` if the value has a line break; `F0000` if the old text makes no sense.
pub fn alter_system(old: &str, name: Option<&str>, value: Option<&str>) -> error::Result<String> {
    if value.is_some_and(|value| value.contains('\n')) {
        let text = "parameter value for ALTER SYSTEM must not contain a newline";
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let mut new =
        String::from("# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\n");
    let mut write = |name: &str, value: &str| {
        let escaped = value.replace('\\', "\\\\").replace('\'', "''");
        new.push_str(&format!("{name} = '{escaped}'\n"));
    };
    let Some(name) = name else { return Ok(new) };
    let mut written = false;
    for line in old.split('\n') {
        let item = parse_line(line).map_err(|_| {
            Error::new(SqlState::CONFIG_FILE_ERROR, "could not parse contents of file \"postgresql.auto.conf\"")
        })?;
        match item {
            Some((old_name, _)) if old_name.eq_ignore_ascii_case(name) => {
                if let Some(value) = value.filter(|_| !written) {
                    write(name, value);
                    written = true;
                }
            }
            Some((old_name, old_value)) => write(&old_name, &old_value),
            None => (),
        }
    }
    if let Some(value) = value.filter(|_| !written) {
        write(name, value);
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_postgresql_reads_them() {
        let ok = [
            ("", None),
            ("   # only a comment", None),
            ("port = 5433", Some(("port", "5433"))),
            ("port 5433 # tail", Some(("port", "5433"))),
            ("work_mem=64MB", Some(("work_mem", "64MB"))),
            ("a.b = c", Some(("a.b", "c"))),
            ("x = 'it''s \\'q\\' \\101\\n'", Some(("x", "it's 'q' A\n"))),
            ("x = 1.5e3", Some(("x", "1.5e3"))),
            ("x = -1", Some(("x", "-1"))),
            ("x = 0xfe", Some(("x", "0xfe"))),
            ("x = us/eastern", Some(("x", "us/eastern"))),
            ("x = C.UTF-8\r", Some(("x", "C.UTF-8"))),
            ("include 'a b.conf'", Some(("include", "a b.conf"))),
        ];
        for (line, expected) in ok {
            let expected = expected.map(|(n, v)| (n.to_string(), v.to_string()));
            assert_eq!(parse_line(line), Ok(expected), "{line}");
        }
        let wrong = [
            ("port =", None),
            ("port", None),
            ("= 5", Some("=")),
            ("x = 1.5GB", Some("GB")),
            ("x = a b", Some("b")),
            ("x = 'open", Some("'")),
            ("5 = x", Some("5")),
        ];
        for (line, near) in wrong {
            assert_eq!(parse_line(line), Err(near.map(String::from)), "{line}");
        }
    }

    #[test]
    fn files_include_files() {
        let dir = std::env::temp_dir().join(format!("oliphant-settings-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("conf.d")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
        write("main.conf", "a = 1\ninclude_dir 'conf.d'\ninclude_if_exists 'missing.conf'\nb = 2\nwrong\n");
        write("conf.d/2.conf", "c = 22\n");
        write("conf.d/1.conf", "c = 11\ninclude '../main.conf'\n");
        write("conf.d/.hidden.conf", "d = 1\n");
        write("conf.d/other", "d = 1\n");
        let parsed = read(&dir.join("main.conf"), true);
        let names: Vec<_> = parsed.items.iter().map(|i| (i.name.as_str(), i.value.as_str(), i.line)).collect();
        assert_eq!(names, [("a", "1", 1), ("c", "11", 1), ("", "", 2), ("c", "22", 1), ("b", "2", 4), ("", "", 5)]);
        let messages: Vec<_> =
            parsed.messages.iter().map(|m| m.message().replace(dir.to_str().unwrap(), "D")).collect();
        assert_eq!(
            messages,
            [
                "configuration file recursion in \"D/conf.d/../main.conf\"",
                "skipping missing configuration file \"D/missing.conf\"",
                "syntax error in file \"D/main.conf\" line 5, near end of line"
            ]
        );
        let missing = read(&dir.join("none.conf"), true);
        assert!(missing.failed && missing.messages[0].message().ends_with("none.conf\": No such file or directory"));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn alter_system_rewrites_its_file() {
        let one = alter_system("", Some("work_mem"), Some("64MB")).unwrap();
        let two = alter_system(&one, Some("search_path"), Some("it's \\")).unwrap();
        assert!(two.ends_with("\nwork_mem = '64MB'\nsearch_path = 'it''s \\\\'\n"));
        let three = alter_system(&two, Some("work_mem"), Some("1MB")).unwrap();
        assert!(three.contains("\nwork_mem = '1MB'\nsearch_path"));
        let four = alter_system(&three, Some("WORK_MEM"), None).unwrap();
        assert!(!four.contains("work_mem") && four.contains("search_path = 'it''s \\\\'"));
        assert_eq!(alter_system(&four, None, None).unwrap().lines().count(), 2);
        assert!(alter_system("", Some("x"), Some("a\nb")).is_err());
    }
}
