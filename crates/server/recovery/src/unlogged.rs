//! Unlogged relations after a crash: nothing of them was logged, so they begin anew from their init fork.

use error::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The directories that hold relations' files.
fn directories(data_directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut add = |parent: &Path| -> Result<()> {
        for entry in read(parent)? {
            if entry.is_dir() {
                found.push(entry);
            }
        }
        Ok(())
    };
    add(&data_directory.join("base"))?;
    for tablespace in read(&data_directory.join("pg_tblspc"))? {
        for version in read(&tablespace)? {
            add(&version)?;
        }
    }
    Ok(found)
}

fn read(directory: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(e) => Err(Error::io(format_args!("could not open directory \"{}\"", directory.display()), &e)),
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
    }
}

/// The number of a relation's file, and what follows it in the name.
fn parse(path: &Path) -> Option<(&str, &str)> {
    let name = path.file_name()?.to_str()?;
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| name.split_at(digits))
}

/// Removes all forks of unlogged relations but the init fork: before redo.
pub(crate) fn remove(data_directory: &Path) -> Result<()> {
    for directory in directories(data_directory)? {
        let files = read(&directory)?;
        let unlogged: HashSet<&str> =
            files.iter().filter_map(|path| parse(path)).filter(|(_, rest)| *rest == "_init").map(|(n, _)| n).collect();
        for path in &files {
            let Some((number, rest)) = parse(path) else { continue };
            if unlogged.contains(number) && rest != "_init" {
                fs::remove_file(path)
                    .map_err(|e| Error::io(format_args!("could not remove file \"{}\"", path.display()), &e))?;
            }
        }
    }
    Ok(())
}

/// Makes the main fork of unlogged relations from their init fork: after redo, when the init forks are on disk.
pub(crate) fn restore(data_directory: &Path) -> Result<()> {
    for directory in directories(data_directory)? {
        for path in read(&directory)? {
            let Some((number, "_init")) = parse(&path) else { continue };
            let to = directory.join(number);
            fs::copy(&path, &to)
                .and_then(|_| fs::File::open(&to)?.sync_all())
                .map_err(|e| Error::io(format_args!("could not copy file \"{}\"", path.display()), &e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlogged_relations_begin_anew() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join("base/5");
        fs::create_dir_all(&base).unwrap();
        for name in ["100", "100.1", "100_fsm", "100_init", "200", "200_vm", "PG_VERSION"] {
            fs::write(base.join(name), name).unwrap();
        }
        remove(root.path()).unwrap();
        let names = || {
            let mut names: Vec<String> =
                read(&base).unwrap().iter().map(|p| p.file_name().unwrap().to_str().unwrap().to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["100_init", "200", "200_vm", "PG_VERSION"]);
        restore(root.path()).unwrap();
        assert_eq!(fs::read_to_string(base.join("100")).unwrap(), "100_init");
        assert_eq!(fs::read_to_string(base.join("200")).unwrap(), "200");
    }
}
