//! The common syntax of `pg_hba.conf` and `pg_ident.conf`: lines of fields, fields of comma-separated tokens, quotes, comments,
//! continuation lines, and files that include others.

use std::path::{Path, PathBuf};

use error::{Error, Result, SqlState};

/// Files may include files this deep, as in PostgreSQL.
const DEPTH_MAX: u32 = 10;
/// The longest file that is read, in bytes.
const FILE_MAX: u64 = 64 << 20;

/// A word of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Without quotes.
    pub text: String,
    /// It stood in quotes: then it is no keyword.
    pub quoted: bool,
}

impl Token {
    /// Whether it is this keyword (which quotes would prevent).
    pub fn is_keyword(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }
}

/// A line with something on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub file: PathBuf,
    /// The number of its first line, from 1.
    pub number: u32,
    /// As written, continuation lines joined.
    pub text: String,
    /// Its fields, each with its tokens.
    pub fields: Vec<Vec<Token>>,
}

impl Line {
    /// An error in this line, as it goes to the log.
    #[track_caller]
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::new(SqlState::CONFIG_FILE_ERROR, message).context(format!(
            "line {} of configuration file \"{}\"",
            self.number,
            self.file.display()
        ))
    }
}

/// Reads a file and what it includes. Errors of lines are collected; the lines without errors are returned too.
///
/// # Errors
/// If the file itself cannot be read.
pub fn read(path: &Path) -> Result<(Vec<Line>, Vec<Error>)> {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    read_into(path, 0, &mut lines, &mut errors)?;
    Ok((lines, errors))
}

fn read_text(path: &Path, depth: u32) -> Result<String> {
    let name = path.display();
    if depth > DEPTH_MAX {
        return Err(Error::new(
            SqlState::CONFIG_FILE_ERROR,
            format!("could not open file \"{name}\": maximum nesting depth exceeded"),
        ));
    }
    let length = std::fs::metadata(path).map_err(|e| Error::io(format!("could not open file \"{name}\""), &e))?.len();
    if length > FILE_MAX {
        return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("file \"{name}\" is too large")));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::io(format!("could not open file \"{name}\""), &e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_into(path: &Path, depth: u32, lines: &mut Vec<Line>, errors: &mut Vec<Error>) -> Result<()> {
    let text = read_text(path, depth)?;
    let mut rest = text.lines().enumerate();
    while let Some((at, first)) = rest.next() {
        let mut text = first.to_string();
        while text.ends_with('\\') {
            text.pop();
            match rest.next() {
                Some((_, more)) => text.push_str(more),
                None => break,
            }
        }
        let mut line = Line { file: path.to_path_buf(), number: at as u32 + 1, text, fields: Vec::new() };
        match split(&line, depth) {
            Ok(fields) => line.fields = fields,
            Err(error) => {
                errors.push(error);
                continue;
            }
        }
        let [Some(first), second] = [line.fields.first(), line.fields.get(1)] else { continue };
        let directive = match (first.as_slice(), second.map(Vec::as_slice)) {
            ([directive], Some([argument])) if !directive.quoted => {
                let target = resolve(path, &argument.text);
                match directive.text.as_str() {
                    "include" => Some(read_into(&target, depth + 1, lines, errors)),
                    "include_if_exists" if target.exists() => Some(read_into(&target, depth + 1, lines, errors)),
                    "include_if_exists" => Some(Ok(())),
                    "include_dir" => Some(read_directory(&target, depth, lines, errors)),
                    _ => None,
                }
            }
            _ => None,
        };
        match directive {
            None => lines.push(line),
            Some(Ok(())) => (),
            Some(Err(error)) => errors.push(line.error(error.message())),
        }
    }
    Ok(())
}

/// Includes the files of a directory that end in `.conf` and do not begin with a point, in order of their names.
fn read_directory(path: &Path, depth: u32, lines: &mut Vec<Line>, errors: &mut Vec<Error>) -> Result<()> {
    let failed = |e| Error::io(format!("could not open directory \"{}\"", path.display()), &e);
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(failed)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.ends_with(".conf") && !name.starts_with('.') && path.is_file()
        })
        .collect();
    files.sort();
    files.iter().try_for_each(|file| read_into(file, depth + 1, lines, errors))
}

/// A path that a file names, relative to that file's directory.
fn resolve(from: &Path, name: &str) -> PathBuf {
    from.parent().unwrap_or(Path::new(".")).join(name)
}

/// Splits a line into fields.
fn split(line: &Line, depth: u32) -> Result<Vec<Vec<Token>>> {
    let mut fields = Vec::new();
    let mut chars = line.text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.peek().is_none_or(|c| *c == '#') {
            return Ok(fields);
        }
        let mut field = Vec::new();
        loop {
            let (mut text, mut quoted, mut in_quotes) = (String::new(), false, false);
            while let Some(&c) = chars.peek() {
                if !in_quotes && (c.is_ascii_whitespace() || c == ',' || c == '#') {
                    break;
                }
                chars.next();
                if c == '"' {
                    // Two quotes inside quotes are one.
                    if in_quotes && chars.next_if_eq(&'"').is_some() {
                        text.push('"');
                        continue;
                    }
                    in_quotes = !in_quotes;
                    quoted |= text.is_empty();
                } else {
                    text.push(c);
                }
            }
            if in_quotes {
                return Err(line.error("unterminated quoted string"));
            }
            match text.strip_prefix('@') {
                Some(name) if !quoted && !name.is_empty() => {
                    field.extend(tokens_of_file(line, &resolve(&line.file, name), depth + 1)?);
                }
                _ if !text.is_empty() || quoted => field.push(Token { text, quoted }),
                _ => (),
            }
            if chars.next_if_eq(&',').is_none() {
                break;
            }
            while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
            if chars.peek().is_none_or(|c| *c == '#') {
                break;
            }
        }
        fields.push(field);
    }
}

/// All tokens of a file that a field names with `@`.
fn tokens_of_file(line: &Line, path: &Path, depth: u32) -> Result<Vec<Token>> {
    let text = read_text(path, depth).map_err(|e| line.error(e.message()))?;
    let mut tokens = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let inner = Line { file: path.into(), number: at as u32 + 1, text: text.into(), fields: Vec::new() };
        tokens.extend(split(&inner, depth)?.into_iter().flatten());
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<(String, bool)>> {
        let line = Line { file: "x".into(), number: 1, text: text.into(), fields: Vec::new() };
        let fields = split(&line, 0).unwrap();
        fields.into_iter().map(|f| f.into_iter().map(|t| (t.text, t.quoted)).collect()).collect()
    }

    #[test]
    fn fields_lists_and_quotes() {
        assert!(words("  # only a comment").is_empty());
        let plain = |s: &str| (s.to_string(), false);
        let quoted = |s: &str| (s.to_string(), true);
        assert_eq!(
            words("host a,b, c \"all\" \"with \"\"q\"\" , #\" # end"),
            vec![
                vec![plain("host")],
                vec![plain("a"), plain("b"), plain("c")],
                vec![quoted("all")],
                vec![quoted("with \"q\" , #")],
            ]
        );
    }

    #[test]
    fn files_include_files() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("names", "ann bob,\"carl\"\n# none\ndora\n");
        write("more", "second line\n");
        write("loop", "include loop\n");
        write("top", "first \\\n line\ninclude more\ninclude_if_exists none\nhas @names here\ninclude loop\n");
        let (lines, errors) = read(&dir.path().join("top")).unwrap();
        assert_eq!((lines[0].text.as_str(), lines[0].number), ("first  line", 1));
        assert_eq!(lines[1].text, "second line");
        assert_eq!(lines[2].number, 5);
        assert_eq!(lines[2].fields[1].len(), 4);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].message().contains("nesting depth"), "{errors:?}");
        assert!(read(&dir.path().join("absent")).is_err());
    }
}
