//! Applying the configuration files: at the server's start, and when they are read again (SIGHUP).
//!
//! At start any mistake is fatal. On reload a mistake in the syntax or a name leaves everything as it is; a wrong value
//! leaves that parameter as it is. All mistakes are logged one by one, then summed up.

use std::path::Path;
use std::sync::Arc;

use error::{Error, Result, Severity, SqlState};

use crate::check::Hooks;
use crate::file::{self, FileItem};
use crate::parameter::{Flags, Id, Source};
use crate::session::{Asker, How, Place, Settings, unrecognized};

/// The file that ALTER SYSTEM writes, in the data directory.
pub const AUTO_FILE: &str = "postgresql.auto.conf";

/// Why the files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadKind {
    /// The server starts.
    Start,
    /// They may have changed.
    Reload,
}

impl Settings {
    /// Reads `config_file` and then `postgresql.auto.conf` in `data_directory`, and applies them. Gives every line with
    /// what became of it (for `pg_file_settings`). What is to be logged goes to `log`: mistakes, and on reload changes.
    ///
    /// # Errors
    ///
    /// At start: FATAL `F0000 configuration file "…" contains errors`.
    pub fn load_files(
        &mut self,
        config_file: &Path,
        data_directory: Option<&Path>,
        kind: LoadKind,
        hooks: &dyn Hooks,
        log: &mut dyn FnMut(Error),
    ) -> Result<Vec<FileItem>> {
        let mut parsed = file::read(config_file, true);
        let mut faulty = config_file.to_path_buf();
        if let Some(data_directory) = data_directory {
            let auto_path = data_directory.join(AUTO_FILE);
            let auto = file::read(&auto_path, false);
            if auto.failed {
                faulty = auto_path;
            }
            parsed.items.extend(auto.items);
            parsed.messages.extend(auto.messages);
            parsed.failed |= auto.failed;
        }
        parsed.messages.drain(..).for_each(&mut *log);
        let mut items = parsed.items;

        let mut failed = parsed.failed;
        let mut last = std::collections::BTreeMap::new();
        for (n, item) in items.iter_mut().enumerate() {
            if item.name.is_empty() {
                continue;
            }
            match self.in_file(&item.name) {
                Ok(key) => drop(last.insert(key, n)),
                Err(reason) => {
                    let mistake = format!("{} in file \"{}\" line {}", reason.message(), item.file, item.line);
                    item.error = Some(reason.message().to_string());
                    log(Error::new(reason.state(), mistake).severity(Severity::Log));
                    faulty = Path::new(&*item.file).to_path_buf();
                    failed = true;
                }
            }
        }
        let mut applied_any = false;
        if !failed {
            for id in self.ids().filter(|id| self.is_from_file(*id)).collect::<Vec<Id>>() {
                if last.contains_key(&self.name(id).to_ascii_lowercase()) {
                    continue;
                }
                match self.remove_from_file(id) {
                    Ok(true) if kind == LoadKind::Reload => log(note(format!(
                        "parameter \"{}\" removed from configuration file, reset to default",
                        self.name(id)
                    ))),
                    Ok(_) => (),
                    Err(reason) => {
                        log(reason.severity(Severity::Log));
                        failed = true;
                    }
                }
            }
            for n in last.into_values().collect::<std::collections::BTreeSet<usize>>() {
                let item = &mut items[n];
                match self.apply_item(item, kind, hooks) {
                    Ok(changed) => {
                        item.applied = true;
                        if let Some(changed) = changed {
                            log(changed);
                        }
                    }
                    Err(reason) => {
                        let restart = reason.state() == SqlState::CANT_CHANGE_RUNTIME_PARAM;
                        item.error =
                            Some(if restart { "setting could not be applied".into() } else { reason.message().into() });
                        faulty = Path::new(&*item.file).to_path_buf();
                        log(reason.severity(Severity::Log));
                        failed = true;
                    }
                }
            }
            applied_any = true;
        }
        if failed {
            let faulty = faulty.display();
            let text = match (kind, applied_any) {
                (LoadKind::Start, _) => format!("configuration file \"{faulty}\" contains errors"),
                (_, true) => {
                    format!("configuration file \"{faulty}\" contains errors; unaffected changes were applied")
                }
                (_, false) => format!("configuration file \"{faulty}\" contains errors; no changes were applied"),
            };
            let error = Error::new(SqlState::CONFIG_FILE_ERROR, text);
            match kind {
                LoadKind::Start => return Err(error.fatal()),
                LoadKind::Reload => log(error.severity(Severity::Log)),
            }
        }
        Ok(items)
    }

    /// ALTER SYSTEM: sets a parameter in `postgresql.auto.conf` of `data_directory`, or with no value removes it; with no name,
    /// removes all. Nothing changes in force until the files are read again. The caller has checked who asks; one call at a
    /// time is made to wait for another.
    ///
    /// # Errors
    ///
    /// `0A000` if `allow_alter_system` is off; `42704`, `22023` as SET; `55P02` for parameters that cannot be set there; what
    /// the file system says.
    pub fn alter_system(
        &self,
        name: Option<&str>,
        value: Option<&str>,
        data_directory: &Path,
        hooks: &dyn Hooks,
    ) -> Result<()> {
        if !self.bool(crate::id::ALLOW_ALTER_SYSTEM) {
            let text = "ALTER SYSTEM is not allowed in this environment";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        if let Some(name) = name {
            match self.find(name) {
                Some(id) => {
                    let flags = self.definition(id).flags;
                    if flags.contains(Flags::DISALLOW_IN_FILE) || flags.contains(Flags::DISALLOW_IN_AUTO_FILE) {
                        let text = format!("parameter \"{}\" cannot be changed", self.name(id));
                        return Err(Error::new(SqlState::CANT_CHANGE_RUNTIME_PARAM, text));
                    }
                    if let Some(value) = value {
                        self.checked(id, value, Source::File, hooks)?;
                    }
                }
                // Leftovers of an extension may be removed, whatever they are called.
                None if value.is_none() => (),
                None => self.check_custom_name(name)?,
            }
        }
        let path = data_directory.join(AUTO_FILE);
        let temporary = data_directory.join(format!("{AUTO_FILE}.tmp"));
        let failed = |what: &str, path: &Path, e: &std::io::Error| {
            Error::io(format!("could not {what} file \"{}\"", path.display()), e)
        };
        let mut file = create_alone(&temporary).map_err(|e| failed("open", &temporary, &e))?;
        let mut write = || -> Result<()> {
            let old = match std::fs::read_to_string(&path) {
                Ok(old) => old,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(e) => return Err(failed("open", &path, &e)),
            };
            let new = file::alter_system(&old, name, value)?;
            std::io::Write::write_all(&mut file, new.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|e| failed("write to", &temporary, &e))?;
            std::fs::rename(&temporary, &path).map_err(|e| failed("rename", &temporary, &e))?;
            std::fs::File::open(data_directory)
                .and_then(|directory| directory.sync_all())
                .map_err(|e| failed("fsync", data_directory, &e))
        };
        let result = write();
        if result.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        result
    }

    /// The key by which lines of the same parameter are told; an error if it may not stand in a file.
    fn in_file(&self, name: &str) -> Result<String> {
        match self.find(name) {
            Some(id) if self.definition(id).flags.contains(Flags::DISALLOW_IN_FILE) => Err(Error::new(
                SqlState::CANT_CHANGE_RUNTIME_PARAM,
                format!("parameter \"{}\" cannot be changed", self.name(id)),
            )),
            Some(id) => Ok(self.name(id).to_ascii_lowercase()),
            None if name.contains('.') => self.check_custom_name(name).map(|()| name.to_ascii_lowercase()),
            None => Err(unrecognized(name)),
        }
    }

    fn apply_item(&mut self, item: &FileItem, kind: LoadKind, hooks: &dyn Hooks) -> Result<Option<Error>> {
        let id = self.find_or_create(&item.name)?;
        let asker = match kind {
            LoadKind::Start => Asker::Postmaster,
            LoadKind::Reload => Asker::Sighup,
        };
        let before = self.value(id).clone();
        let place = Some(Arc::new(Place { file: item.file.clone(), line: item.line }));
        let result = self.set_id(id, Some(&item.value), How::startup(asker, Source::File), hooks);
        if result.is_ok() {
            self.set_place(id, place);
        }
        result?;
        let changed = kind == LoadKind::Reload && *self.value(id) != before;
        Ok(changed.then(|| note(format!("parameter \"{}\" changed to \"{}\"", self.name(id), item.value))))
    }
}

/// Creates a file that nobody else has at the moment: waits for another writer, for at most some seconds; what is still
/// there then was left by one that died.
fn create_alone(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    options.write(true).create_new(true).mode(0o600);
    for _ in 0..200 {
        match options.open(path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            result => return result,
        }
    }
    std::fs::remove_file(path)?;
    options.open(path)
}

fn note(text: String) -> Error {
    Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::NoHooks;
    use crate::table::id;

    struct Place(std::path::PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let dir = std::env::temp_dir().join(format!("oliphant-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&dir).unwrap();
            Place(dir)
        }

        fn load(
            &self,
            s: &mut Settings,
            conf: &str,
            auto: &str,
            kind: LoadKind,
        ) -> (Vec<String>, Result<Vec<FileItem>>) {
            std::fs::write(self.0.join("postgresql.conf"), conf).unwrap();
            std::fs::write(self.0.join(AUTO_FILE), auto).unwrap();
            let mut logged = Vec::new();
            let dir = self.0.to_str().unwrap().to_string();
            let mut log = |e: Error| logged.push(e.message().replace(&dir, "D"));
            let result = s.load_files(&self.0.join("postgresql.conf"), Some(&self.0), kind, &NoHooks, &mut log);
            (logged, result)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_last_line_and_the_automatic_file_win() {
        let (place, mut s) = (Place::new("win"), Settings::new());
        let conf = "work_mem = 1MB\nport = 1\nwork_mem = 2MB\nmax_connections = 50\n";
        let (logged, items) = place.load(&mut s, conf, "port = '7'\n", LoadKind::Start);
        assert!(logged.is_empty());
        let applied: Vec<bool> = items.unwrap().iter().map(|i| i.applied).collect();
        assert_eq!(applied, [false, false, true, true, true]);
        assert_eq!((s.show("work_mem").unwrap().as_str(), s.int(id::PORT)), ("2MB", 7));
        assert_eq!(s.place(id::WORK_MEM).unwrap().line, 3);
        assert_eq!(s.source(id::PORT), Source::File);

        let conf = "work_mem = 2MB\nmax_connections = 60\nport = 7\nseq_page_cost = 2\nmy.own = x\n";
        let (logged, result) = place.load(&mut s, conf, "", LoadKind::Reload);
        result.unwrap();
        assert_eq!(
            logged,
            [
                "parameter \"max_connections\" cannot be changed without restarting the server",
                "parameter \"seq_page_cost\" changed to \"2\"",
                "parameter \"my.own\" changed to \"x\"",
                "configuration file \"D/postgresql.conf\" contains errors; unaffected changes were applied",
            ]
        );
        assert!(s.pending_restart(id::MAX_CONNECTIONS) && s.int(id::MAX_CONNECTIONS) == 50);

        let (logged, _) = place.load(&mut s, "max_connections = 50\nport = 7\n", "", LoadKind::Reload);
        assert_eq!(logged[0], "parameter \"seq_page_cost\" removed from configuration file, reset to default");
        assert_eq!(logged.len(), 3);
        assert_eq!(s.show("work_mem").unwrap(), "4MB");
        assert!(!s.pending_restart(id::MAX_CONNECTIONS));
    }

    #[test]
    fn alter_system_checks_and_lasts() {
        let (place, mut s) = (Place::new("alter"), Settings::new());
        place.load(&mut s, "", "", LoadKind::Start).1.unwrap();
        let alter = |s: &Settings, name, value| {
            s.alter_system(name, value, &place.0, &NoHooks).map_err(|e| format!("{} {}", e.state(), e.message()))
        };
        alter(&s, Some("work_mem"), Some("8MB")).unwrap();
        alter(&s, Some("my.own"), Some("x")).unwrap();
        let refused = [
            (Some("work_mem"), Some("x"), "22023 invalid value for parameter \"work_mem\": \"x\""),
            (Some("data_directory"), Some("/x"), "55P02 parameter \"data_directory\" cannot be changed"),
            (Some("nothing"), Some("x"), "42704 unrecognized configuration parameter \"nothing\""),
        ];
        for (name, value, message) in refused {
            assert_eq!(alter(&s, name, value), Err(message.to_string()));
        }
        let text = std::fs::read_to_string(place.0.join(AUTO_FILE)).unwrap();
        place.load(&mut s, "", &text, LoadKind::Reload).1.unwrap();
        assert_eq!((s.show("work_mem").unwrap().as_str(), s.show("my.own").unwrap().as_str()), ("8MB", "x"));
        alter(&s, None, None).unwrap();
        s.set_internal(id::ALLOW_ALTER_SYSTEM, "off", Source::Override).unwrap();
        assert!(alter(&s, None, None).unwrap_err().starts_with("0A000"));
        let text = std::fs::read_to_string(place.0.join(AUTO_FILE)).unwrap();
        assert!(!text.contains("work_mem") && !place.0.join("postgresql.auto.conf.tmp").exists());
    }

    #[test]
    fn mistakes_are_fatal_at_start_only() {
        let (place, mut s) = (Place::new("mistakes"), Settings::new());
        let (logged, result) = place.load(&mut s, "work_mem = 1MB\nno_such = 5\n", "", LoadKind::Start);
        assert_eq!(logged, ["unrecognized configuration parameter \"no_such\" in file \"D/postgresql.conf\" line 2"]);
        let error = result.unwrap_err();
        assert!(error.message().ends_with("postgresql.conf\" contains errors"));
        assert_eq!(error.fields().severity, Severity::Fatal);
        assert_eq!(s.show("work_mem").unwrap(), "4MB");

        let (logged, result) = place.load(&mut s, "work_mem = 1\nseq_page_cost = 3\n", "", LoadKind::Reload);
        result.unwrap();
        assert!(logged[0].starts_with("1 kB is outside the valid range"), "{logged:?}");
        assert_eq!(s.show("seq_page_cost").unwrap(), "3");
        let (logged, _) = place.load(&mut s, "seq_page_cost = 4\n=\n", "", LoadKind::Reload);
        assert_eq!(logged[1], "configuration file \"D/postgresql.conf\" contains errors; no changes were applied");
        assert_eq!(s.show("seq_page_cost").unwrap(), "3");
    }
}
