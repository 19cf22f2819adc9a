//! Completion of file names.

use std::path::PathBuf;

use super::Completion;

/// No more files than these are looked at.
const LIMIT: usize = 2000;

/// Files (or only directories) whose names begin with `part`, which stands at `start`. A leading quote stays; `~/` is the home.
pub(super) fn complete(part: &str, start: usize, only_directories: bool) -> Completion {
    let unquoted = part.trim_start_matches(['\'', '"']);
    let start = start + (part.len() - unquoted.len());
    let (directory, name) = match unquoted.rfind('/') {
        Some(slash) => unquoted.split_at(slash + 1),
        None => ("", unquoted),
    };
    let place = match directory.strip_prefix("~/") {
        Some(rest) => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(rest),
        None if directory.is_empty() => PathBuf::from("."),
        None => PathBuf::from(directory),
    };
    let Ok(entries) = std::fs::read_dir(place) else { return Completion::default() };
    let mut texts = Vec::new();
    for entry in entries.flatten().take(LIMIT) {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let is_hidden = file.starts_with('.') && !name.starts_with('.');
        if is_hidden || !file.starts_with(name) {
            continue;
        }
        let is_directory = entry.path().is_dir();
        if is_directory {
            texts.push(format!("{directory}{file}/"));
        } else if !only_directories {
            texts.push(format!("{directory}{file}"));
        }
    }
    Completion::new(start, texts)
}
