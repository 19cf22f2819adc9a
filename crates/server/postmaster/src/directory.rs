//! Checking the data directory before anything is done to it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use error::{Error, Result, SqlState};
use settings::{Settings, Source, id};

/// The major version whose files this server reads.
const MAJOR_VERSION: &str = "18";

/// Checks that `path` is a data directory, ours, of our version, and closed to others; sets `data_directory_mode`.
///
/// # Errors
///
/// FATAL with PostgreSQL's texts.
pub(crate) fn check(path: &Path, settings: &mut Settings) -> Result<()> {
    let shown = path.display();
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("data directory \"{shown}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_FILE, text).fatal());
        }
        Err(e) => return Err(Error::io(format!("could not read permissions of directory \"{shown}\""), &e).fatal()),
    };
    let refuse = |text: String| Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).fatal();
    if !metadata.is_dir() {
        return Err(refuse(format!("specified data directory \"{shown}\" is not a directory")));
    }
    if metadata.uid() != sys::process::effective_user() {
        return Err(refuse(format!("data directory \"{shown}\" has wrong ownership"))
            .hint("The server must be started by the user that owns the data directory."));
    }
    if metadata.mode() & 0o027 != 0 {
        return Err(refuse(format!("data directory \"{shown}\" has invalid permissions"))
            .detail("Permissions should be u=rwx (0700) or u=rwx,g=rx (0750)."));
    }
    // Files get the group's read permission if the directory has it.
    let group = metadata.mode() & 0o040 != 0;
    sys::process::set_umask(if group { 0o027 } else { 0o077 });
    let mode = if group { 0o750 } else { 0o700 };
    settings.set_internal(id::DATA_DIRECTORY_MODE, &format!("{mode}"), Source::DynamicDefault)?;
    check_version(path)
}

fn check_version(path: &Path) -> Result<()> {
    let (shown, file) = (path.display(), path.join("PG_VERSION"));
    let invalid = || {
        Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, format!("\"{shown}\" is not a valid data directory"))
            .fatal()
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(invalid().detail(format!("File \"{}\" is missing.", file.display())));
        }
        Err(e) => return Err(Error::io(format!("could not open file \"{}\"", file.display()), &e).fatal()),
    };
    let version = text.trim();
    if version.is_empty() || !version.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(invalid()
            .detail(format!("File \"{}\" does not contain valid data.", file.display()))
            .hint("You might need to initdb."));
    }
    if version != MAJOR_VERSION {
        return Err(Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            "database files are incompatible with server",
        )
        .fatal()
        .detail(format!(
            "The data directory was initialized by PostgreSQL version {version}, which is not compatible with this \
                 version {}.",
            settings::PARAMETERS[id::SERVER_VERSION.0 as usize].boot_text()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_a_proper_directory_passes() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path();
        let mut settings = Settings::new();
        let mut refusal = |path: &Path| {
            let e = check(path, &mut settings).unwrap_err();
            format!("{}|{}", e.message(), e.fields().detail.clone().unwrap_or_default())
                .replace(temporary.path().to_str().unwrap(), "D")
        };
        assert_eq!(refusal(&path.join("none")), "data directory \"D/none\" does not exist|");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(refusal(path).starts_with("data directory \"D\" has invalid permissions|"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(refusal(path), "\"D\" is not a valid data directory|File \"D/PG_VERSION\" is missing.");
        std::fs::write(path.join("PG_VERSION"), "17\n").unwrap();
        assert!(refusal(path).contains("by PostgreSQL version 17, which is not compatible with this version 18.6."));
        std::fs::write(path.join("PG_VERSION"), "18\n").unwrap();
        check(path, &mut settings).unwrap();
        assert_eq!(settings.show("data_directory_mode").unwrap(), "0750");
        sys::process::set_umask(0o022);
    }
}
