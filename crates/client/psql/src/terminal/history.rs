//! What was typed before, and the file that keeps it.
//!
//! The file is the one that PostgreSQL's psql with readline writes: an entry a line, oldest first; a newline within an entry
//! is written as the control character of code 1. Sessions that end at the same time do not lose each other's entries: what a
//! session adds is appended.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustyline::history::{SearchDirection, SearchResult};

/// What stands for a newline within an entry, in the file.
const NEWLINE: char = '\u{1}';

/// A history file larger than this is read from its end only.
const MAX_FILE: u64 = 16 << 20;

/// Entries, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: VecDeque<String>,
    /// How many of the last entries the file does not have yet.
    added: usize,
    /// How many entries to keep; `None`: all.
    limit: Option<usize>,
}

impl History {
    /// An empty history that keeps `limit` entries (`HISTSIZE`; `None`: all).
    pub(crate) fn new(limit: Option<usize>) -> History {
        History { limit, ..History::default() }
    }

    /// Changes how many entries are kept.
    pub(crate) fn set_limit(&mut self, limit: Option<usize>) {
        self.limit = limit;
        self.trim();
    }

    /// Adds what was typed, without the newlines at its end, unless `HISTCONTROL` says not to. Says whether it did.
    pub(crate) fn add(&mut self, entry: &str, ignore_space: bool, ignore_duplicates: bool) -> bool {
        let entry = entry.trim_end_matches('\n');
        let is_same = ignore_duplicates && self.entries.back().is_some_and(|last| last == entry);
        if entry.is_empty() || is_same || ignore_space && entry.starts_with(' ') {
            return false;
        }
        self.entries.push_back(entry.to_owned());
        self.added += 1;
        self.trim();
        true
    }

    fn trim(&mut self) {
        if let Some(limit) = self.limit {
            let excess = self.entries.len().saturating_sub(limit);
            self.entries.drain(..excess);
            self.added = self.added.min(self.entries.len());
        }
    }

    /// Every entry as it was typed, for `\s`.
    pub(crate) fn text(&self) -> String {
        self.entries.iter().flat_map(|entry| [entry.as_str(), "\n"]).collect()
    }

    /// Reads the file's entries. No file: none.
    pub(crate) fn load(&mut self, path: &Path) -> io::Result<()> {
        match read(path) {
            Ok(lines) => {
                self.entries = lines.iter().map(|line| line.replace(NEWLINE, "\n")).collect();
                self.added = 0;
                self.trim();
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Appends to the file what it does not have yet, and takes its oldest entries away if there are more than the limit. Only the user
    /// may read it. What is not a plain file (`/dev/null`) is left alone.
    pub(crate) fn save(&mut self, path: &Path) -> io::Result<()> {
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(());
        }
        let new = self.entries.iter().skip(self.entries.len() - self.added);
        let new: String = new.flat_map(|entry| [entry.replace('\n', &NEWLINE.to_string()), "\n".into()]).collect();
        let old = match read(path) {
            Ok(lines) => lines,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e),
        };
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.added));
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        if old.len() > room {
            let kept = old[old.len() - room..].iter().flat_map(|line| [line.as_str(), "\n"]);
            let mut file = options.write(true).truncate(true).open(path)?;
            file.write_all((kept.collect::<String>() + &new).as_bytes())?;
        } else {
            options.append(true).open(path)?.write_all(new.as_bytes())?;
        }
        self.added = 0;
        Ok(())
    }

    /// Writes all entries to a file of their own (`\s FILE`).
    pub(crate) fn save_all(&self, path: &Path) -> io::Result<()> {
        let text: String =
            self.entries.iter().flat_map(|entry| [entry.replace('\n', &NEWLINE.to_string()), "\n".into()]).collect();
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
    }

    fn search(
        &self,
        start: usize,
        direction: SearchDirection,
        find: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'_>> {
        let found = |idx: usize| {
            let entry = self.entries.get(idx)?;
            Some(SearchResult { entry: Cow::Borrowed(entry), idx, pos: find(entry)? })
        };
        match direction {
            SearchDirection::Forward => (start..self.entries.len()).find_map(found),
            SearchDirection::Reverse => (0..=start.min(self.entries.len().checked_sub(1)?)).rev().find_map(found),
        }
    }
}

/// The lines of a history file; those of an older libedit cannot be read and are left out.
fn read(path: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MAX_FILE {
        io::Seek::seek(&mut file, io::SeekFrom::Start(length - MAX_FILE))?;
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_edit_file = text.starts_with("_HiStOrY_V2_");
    Ok(text.lines().filter(|_| !is_edit_file).map(str::to_owned).collect())
}

/// What the line editor asks for; adding, loading and saving are psql's affair.
impl rustyline::history::History for History {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.entries.get(index).map(|entry| SearchResult { entry: Cow::Borrowed(entry), idx: index, pos: 0 }))
    }

    fn add(&mut self, line: &str) -> rustyline::Result<bool> {
        Ok(History::add(self, line, false, false))
    }

    fn add_owned(&mut self, line: String) -> rustyline::Result<bool> {
        Ok(History::add(self, &line, false, false))
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn set_max_len(&mut self, len: usize) -> rustyline::Result<()> {
        self.set_limit(Some(len));
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(History::save(self, path)?)
    }

    fn append(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(History::save(self, path)?)
    }

    fn load(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(History::load(self, path)?)
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        *self = History::new(self.limit);
        Ok(())
    }

    fn search(&self, term: &str, start: usize, dir: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(History::search(self, start, dir, |entry| if term.is_empty() { None } else { entry.find(term) }))
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(History::search(self, start, dir, |entry| {
            (!term.is_empty() && entry.starts_with(term)).then_some(term.len())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(entries: &[&str]) -> History {
        let mut history = History::new(Some(500));
        entries.iter().for_each(|entry| assert!(history.add(entry, false, false), "{entry}"));
        history
    }

    #[test]
    fn entries_of_several_lines_are_one_line_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        filled(&["select 1;\n", "select\n  2;\n", "\\d"]).save(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "select 1;\nselect\u{1}  2;\n\\d\n");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let mut history = History::new(None);
        history.load(&path).unwrap();
        assert_eq!(history.text(), "select 1;\nselect\n  2;\n\\d\n");
    }

    #[test]
    fn sessions_append_and_the_limit_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let mut first = filled(&["a", "b"]);
        let mut second = filled(&["c"]);
        first.save(&path).unwrap();
        second.save(&path).unwrap();
        second.save(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\n");
        let mut third = History::new(Some(3));
        third.load(&path).unwrap();
        assert!(third.add("d", false, false) && third.add("e", false, false));
        assert_eq!(third.text(), "c\nd\ne\n");
        third.save(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "c\nd\ne\n");
        let mut none = History::new(Some(0));
        assert!(none.add("x", false, false));
        none.save(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn histcontrol_leaves_out() {
        let mut history = filled(&["a"]);
        assert!(!history.add("a\n", false, true) && history.add("a", false, false));
        assert!(!history.add(" b", true, false) && history.add(" b", false, false));
        assert!(!history.add("\n", false, false));
    }

    #[test]
    fn entries_are_found() {
        let history = filled(&["select 1", "insert", "select 2"]);
        let find = |term, start, direction| {
            rustyline::history::History::search(&history, term, start, direction).unwrap().map(|found| found.idx)
        };
        assert_eq!(find("select", 2, SearchDirection::Reverse), Some(2));
        assert_eq!(find("select", 1, SearchDirection::Reverse), Some(0));
        assert_eq!(find("ser", 0, SearchDirection::Forward), Some(1));
        assert_eq!(find("x", 9, SearchDirection::Reverse), None);
        assert_eq!(find("", 0, SearchDirection::Forward), None);
        assert!(
            rustyline::history::History::search(&History::default(), "a", 0, SearchDirection::Reverse)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn devices_and_files_of_libedit_are_left_alone() {
        filled(&["a"]).save(Path::new("/dev/null")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        std::fs::write(&path, "_HiStOrY_V2_\nselect\\0401\n").unwrap();
        let mut history = History::new(None);
        history.load(&path).unwrap();
        assert_eq!(history.text(), "");
        assert!(history.load(&directory.path().join("none")).is_ok());
    }
}
