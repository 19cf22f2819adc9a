//! The log's files (`logging_collector`): text, CSV and JSON, and how they change.
//!
//! Every process appends to the files itself, a message with one write; so no message waits for another process, and none is lost when
//! one dies. Which files those are says `current_logfiles` in the data directory, which the postmaster alone writes (under another
//! name first): at start, and whenever [`Rotation`] says that it is time. A process that is about to write looks whether that
//! file has changed, and opens the new ones then.
//!
//! # Differences from PostgreSQL
//!
//! There is no collector process. What is not written by a logger (a panic's message) goes to the text file all the same: it is the
//! standard error of all processes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use settings::{Settings, id};

use crate::time::{self, ZoneLookup};

/// The file that names the current ones, in the data directory.
pub const CURRENT: &str = "current_logfiles";

/// Kinds of files, by the words of `log_destination`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines with `log_line_prefix`.
    Stderr,
    /// A row of comma-separated values for each message.
    Csv,
    /// An object for each message.
    Json,
}

/// All kinds, in the order in which `current_logfiles` has them.
pub const FORMATS: [Format; 3] = [Format::Stderr, Format::Csv, Format::Json];

impl Format {
    /// The word in `log_destination` and `current_logfiles`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Stderr => "stderr",
            Format::Csv => "csvlog",
            Format::Json => "jsonlog",
        }
    }

    /// The kind with this word.
    pub fn named(word: &str) -> Option<Format> {
        FORMATS.into_iter().find(|format| format.name().eq_ignore_ascii_case(word))
    }

    fn ending(self) -> &'static str {
        match self {
            Format::Stderr => ".log",
            Format::Csv => ".csv",
            Format::Json => ".json",
        }
    }
}

/// The kinds that `log_destination` asks for.
pub fn destinations(settings: &Settings) -> Vec<Format> {
    let words = settings.string(id::LOG_DESTINATION).to_string();
    words.split(',').filter_map(|word| Format::named(word.trim())).collect()
}

/// What tells one version of a file from the next: inode, and time of change.
type Version = (u64, i64, i64);

fn version(path: &Path) -> Option<Version> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec()))
}

/// The current files, as one process has them open.
#[derive(Clone, Debug, Default)]
pub struct LogFiles {
    data_directory: PathBuf,
    seen: Option<Version>,
    open: Vec<(Format, Arc<File>)>,
}

/// The names in `current_logfiles`.
pub fn current(data_directory: &Path) -> Vec<(Format, String)> {
    let text = std::fs::read_to_string(data_directory.join(CURRENT)).unwrap_or_default();
    let line =
        |line: &str| line.split_once(' ').and_then(|(word, name)| Some((Format::named(word)?, name.to_string())));
    text.lines().filter_map(line).collect()
}

impl LogFiles {
    /// The files that `current_logfiles` names.
    pub fn new(data_directory: &Path) -> LogFiles {
        LogFiles { data_directory: data_directory.to_path_buf(), ..LogFiles::default() }
    }

    /// Opens the current files, if they are others than before.
    fn refresh(&mut self) {
        let now = version(&self.data_directory.join(CURRENT));
        if now.is_none() || now == self.seen {
            return;
        }
        self.seen = now;
        let open = |(format, name): (Format, String)| {
            let file = append(&self.data_directory.join(name), 0o600).ok()?;
            Some((format, Arc::new(file)))
        };
        self.open = current(&self.data_directory).into_iter().filter_map(open).collect();
        // What others write to the standard error belongs to the text file.
        if let Some((_, file)) = self.open.iter().find(|(format, _)| *format == Format::Stderr) {
            let _ = rustix::stdio::dup2_stderr(file);
        }
    }

    /// Appends a message in the form of each file. False if there is none to write to.
    pub fn write(&mut self, mut text: impl FnMut(Format) -> String) -> bool {
        self.refresh();
        for (format, file) in &self.open {
            let _ = (&**file).write_all(text(*format).as_bytes());
        }
        !self.open.is_empty()
    }
}

fn append(path: &Path, mode: u32) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(mode).open(path)
}

/// The postmaster's part: names, makes and changes the files.
#[derive(Debug)]
pub struct Rotation {
    data_directory: PathBuf,
    zones: ZoneLookup,
    /// When the next change is due by `log_rotation_age`; microseconds since 1970.
    next_us: Option<i64>,
    names: Vec<(Format, String)>,
}

impl Rotation {
    /// Makes the directory and the first files.
    ///
    /// # Errors
    /// Those of making them; the path is in the text.
    pub fn start(settings: &Settings, data_directory: &Path, zones: ZoneLookup) -> Result<Rotation, String> {
        let mut rotation =
            Rotation { data_directory: data_directory.to_path_buf(), zones, next_us: None, names: Vec::new() };
        rotation.rotate(settings, true)?;
        Ok(rotation)
    }

    /// How long until the next look.
    pub fn patience(&self, settings: &Settings) -> Option<Duration> {
        let by_age = self.next_us.map(|at| Duration::from_micros((at - time::now_us()).max(0) as u64));
        let by_size = (settings.int(id::LOG_ROTATION_SIZE) > 0).then_some(Duration::from_secs(1));
        [by_age, by_size].into_iter().flatten().min()
    }

    /// Changes the files if they are old or large enough.
    ///
    /// # Errors
    /// As [`Rotation::rotate`].
    pub fn look(&mut self, settings: &Settings) -> Result<(), String> {
        if self.next_us.is_some_and(|at| time::now_us() >= at) {
            return self.rotate(settings, true);
        }
        let most = settings.bytes(id::LOG_ROTATION_SIZE).filter(|most| *most > 0);
        let large = |name: &str| {
            let found = std::fs::metadata(self.data_directory.join(name)).ok();
            found.is_some_and(|found| most.is_some_and(|most| found.len() >= most))
        };
        if self.names.iter().any(|(_, name)| large(name)) {
            return self.rotate(settings, false);
        }
        Ok(())
    }

    /// Goes to new files: by age (an old file of the new name may then be emptied: `log_truncate_on_rotation`), by size or on request.
    ///
    /// # Errors
    /// Those of making them; the old ones stay in use.
    pub fn rotate(&mut self, settings: &Settings, by_age: bool) -> Result<(), String> {
        let directory = PathBuf::from(settings.string(id::LOG_DIRECTORY));
        let absolute = self.data_directory.join(&directory);
        let failed =
            |what: &str, path: &Path, e: std::io::Error| format!("could not {what} \"{}\": {e}", path.display());
        std::fs::create_dir_all(&absolute).map_err(|e| failed("create directory", &absolute, e))?;
        let now = time::now_us();
        let pattern = settings.string(id::LOG_FILENAME);
        let stem = file_name(pattern, now, settings.string(id::LOG_TIMEZONE), self.zones);
        let mode = u32::try_from(settings.int(id::LOG_FILE_MODE)).unwrap_or(0o600) | 0o200;
        let mut wanted = destinations(settings);
        // Panics and the like have to go somewhere.
        if !wanted.contains(&Format::Stderr) {
            wanted.insert(0, Format::Stderr);
        }
        let mut names = Vec::new();
        for format in FORMATS.into_iter().filter(|format| wanted.contains(format)) {
            let stem = match format {
                Format::Stderr => stem.clone(),
                other => format!("{}{}", stem.strip_suffix(".log").unwrap_or(&stem), other.ending()),
            };
            let name = directory.join(stem).to_string_lossy().into_owned();
            let path = self.data_directory.join(&name);
            let is_new = !self.names.iter().any(|(_, old)| *old == name);
            if by_age && is_new && settings.bool(id::LOG_TRUNCATE_ON_ROTATION) && !self.names.is_empty() {
                let _ = std::fs::remove_file(&path);
            }
            append(&path, mode).map_err(|e| failed("open log file", &path, e))?;
            names.push((format, name));
        }
        let text: String = names.iter().map(|(format, name)| format!("{} {name}\n", format.name())).collect();
        let (path, temporary) = (self.data_directory.join(CURRENT), self.data_directory.join("current_logfiles.tmp"));
        std::fs::write(&temporary, text).map_err(|e| failed("write file", &temporary, e))?;
        std::fs::rename(&temporary, &path).map_err(|e| failed("write file", &path, e))?;
        self.names = names;
        let minutes = i64::from(settings.int(id::LOG_ROTATION_AGE));
        self.next_us = (minutes > 0).then(|| {
            // At whole multiples of the age, by the clock of `log_timezone`.
            let offset =
                (self.zones)(settings.string(id::LOG_TIMEZONE), now).map_or(0, |(offset, _)| i64::from(offset));
            let (age, local) = (minutes * 60_000_000, now + offset * 1_000_000);
            (local - local.rem_euclid(age) + age) - offset * 1_000_000
        });
        Ok(())
    }

    /// No files any more.
    pub fn end(&self) {
        let _ = std::fs::remove_file(self.data_directory.join(CURRENT));
    }
}

/// A file name by a pattern of `strftime`.
fn file_name(pattern: &str, us: i64, zone: &str, zones: ZoneLookup) -> String {
    // `2026-11-22 00:13:00`, and what follows.
    let text = time::format(us, zone, zones, false);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_string();
    let mut name = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            name.push(c);
            continue;
        }
        match characters.next() {
            Some('Y') => name.push_str(&part(0, 4)),
            Some('y') => name.push_str(&part(2, 4)),
            Some('m') => name.push_str(&part(5, 7)),
            Some('d') => name.push_str(&part(8, 10)),
            Some('H') => name.push_str(&part(11, 13)),
            Some('M') => name.push_str(&part(14, 16)),
            Some('S') => name.push_str(&part(17, 19)),
            Some('F') => name.push_str(&part(0, 10)),
            Some('T') => name.push_str(&part(11, 19)),
            Some('s') => name.push_str(&(us / 1_000_000).to_string()),
            Some('a') => {
                const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
                let offset = zones(zone, us).map_or(0, |(offset, _)| i64::from(offset));
                let day = (us + offset * 1_000_000).div_euclid(86_400_000_000).rem_euclid(7);
                name.push_str(DAYS[day as usize]);
            }
            Some('b') => {
                const MONTHS: [&str; 12] =
                    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
                let month: usize = part(5, 7).parse().unwrap_or(1);
                name.push_str(MONTHS[(month.max(1) - 1) % 12]);
            }
            Some('%') | None => name.push('%'),
            Some(other) => {
                name.push('%');
                name.push(other);
            }
        }
    }
    name
}

/// Appends a value of a CSV line: quoted, or nothing.
pub(crate) fn csv_field(line: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        line.push('"');
        line.push_str(&value.replace('"', "\"\""));
        line.push('"');
    }
    line.push(',');
}

/// Appends a string of JSON.
pub(crate) fn json_string(line: &mut String, value: &str) {
    line.push('"');
    for c in value.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if (c as u32) < 0x20 => line.push_str(&format!("\\u{:04x}", c as u32)),
            c => line.push(c),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Asker, How, NoHooks};

    fn settings(changes: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::new();
        for (name, value) in changes {
            let how = How::startup(Asker::Postmaster, settings::Source::CommandLine);
            settings.set(name, Some(value), how, &NoHooks).unwrap();
        }
        settings
    }

    #[test]
    fn names_follow_the_clock() {
        let name = |pattern| file_name(pattern, 1_795_316_698_000_000, "UTC", time::utc_only);
        assert_eq!(name("postgresql-%Y-%m-%d_%H%M%S.log"), "postgresql-2026-11-22_030458.log");
        assert_eq!(name("%a-%b-100%%"), "Sun-Nov-100%");
    }

    #[test]
    fn processes_follow_a_rotation() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(&[("log_filename", "one.log"), ("log_destination", "csvlog")]);
        let mut rotation = Rotation::start(&settings, directory.path(), time::utc_only).unwrap();
        let names: Vec<String> = current(directory.path()).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["log/one.log", "log/one.csv"]);
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        // Not the standard error of the tests: only the other file is looked at.
        let mut files = LogFiles::new(directory.path());
        files.seen = version(&directory.path().join(CURRENT));
        files.open = vec![(Format::Csv, Arc::new(append(&directory.path().join("log/one.csv"), 0o600).unwrap()))];
        assert!(files.write(|format| format!("{}\n", format.name())));
        assert_eq!(read("log/one.csv"), "csvlog\n");
        rotation.look(&settings).unwrap();
        let before = version(&directory.path().join(CURRENT));
        rotation.rotate(&settings, false).unwrap();
        assert_ne!(before, version(&directory.path().join(CURRENT)));
        rotation.end();
        assert!(current(directory.path()).is_empty());
    }
}
