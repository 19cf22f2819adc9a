//! The values in force, and how they change.
//!
//! A value is set with a [`Source`]; a later source wins over an earlier one, whichever came first in time. What is set
//! before a session's first statement (files, command line, database, role, client) also is what RESET returns to.
//!
//! # Transactions
//!
//! SET is undone if its transaction or subtransaction aborts; SET LOCAL also if it commits. [`Settings::begin_level`] opens
//! a nesting level (1 is the transaction), [`Settings::end_level`] closes it. Each parameter that changed keeps a stack of
//! what was before:
//!
//! ```text
//! level 1  SET     prior = the session's value
//! level 2  LOCAL   prior = the value of level 1
//! ```
//!
//! At level zero (start-up, reload) nothing is remembered.

use std::collections::BTreeSet;
use std::sync::Arc;

use error::{Error, Result, SqlState};
use ids::Oid;

use crate::check::{self, Hooks};
use crate::parameter::{CUSTOM, Context, Flags, Id, Parameter, Source};
use crate::table::{PARAMETERS, id};
use crate::value::Value;

/// On whose behalf a value is set; later variants may less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// The server itself, for what nobody else may set.
    Internal,
    /// The postmaster, at its start.
    Postmaster,
    /// A reload of the configuration files.
    Sighup,
    /// A session at its start, for a superuser.
    SuperuserBackend,
    /// A session at its start.
    Backend,
    /// A session, for a superuser.
    Superuser,
    /// A session.
    User,
}

/// What a change does to the present transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// SET: lasts if the transaction commits.
    Set,
    /// SET LOCAL: lasts until the transaction's end.
    Local,
    /// A function's SET clause: lasts until its nesting level ends.
    Save,
}

/// How a value is set.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// On whose behalf.
    pub asker: Asker,
    /// Where the value comes from.
    pub source: Source,
    /// How long it lasts.
    pub action: Action,
    /// The role that sets it.
    pub role: Oid,
}

impl How {
    /// SET in a session.
    pub fn session(is_superuser: bool, action: Action, role: Oid) -> How {
        let asker = if is_superuser { Asker::Superuser } else { Asker::User };
        How { asker, source: Source::Session, action, role }
    }

    /// From the start of the server or a session.
    pub fn startup(asker: Asker, source: Source) -> How {
        How { asker, source, action: Action::Set, role: Oid(10) }
    }
}

/// Where in the files a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

#[derive(Clone, Debug)]
struct Saved {
    value: Value,
    source: Source,
    role: Oid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameKind {
    Save,
    Set,
    Local,
    /// SET, then SET LOCAL: at commit, the SET's value returns.
    SetLocal,
}

#[derive(Clone, Debug)]
struct Frame {
    level: u32,
    kind: FrameKind,
    prior: Saved,
    masked: Option<Saved>,
}

/// What is known of a value besides itself.
#[derive(Clone, Debug)]
struct Entry {
    source: Source,
    reset_source: Source,
    pending_restart: bool,
    role: Oid,
    reset_role: Oid,
    reset: Value,
    place: Option<Arc<Place>>,
    frames: Vec<Frame>,
}

/// The values of all parameters in one session. See the [module](self).
#[derive(Clone, Debug)]
pub struct Settings {
    values: Vec<Value>,
    entries: Vec<Entry>,
    custom_names: Vec<Arc<str>>,
    /// Beginnings of names that belong to a loaded extension (`MarkGUCPrefixReserved`).
    reserved: Vec<String>,
    level: u32,
    /// Those with frames.
    framed: BTreeSet<Id>,
    /// Reported parameters that changed since the client was told.
    reports: BTreeSet<Id>,
    generation: u64,
}

/// The most custom parameters that a session may make up.
const CUSTOM_LIMIT: usize = 20_000;

impl Default for Settings {
    fn default() -> Self {
        Settings::new()
    }
}

impl Settings {
    /// Every parameter at its boot value.
    pub fn new() -> Settings {
        let values: Vec<Value> = PARAMETERS.iter().map(Parameter::boot_value).collect();
        let entries = values.iter().map(|value| Entry::new(value.clone())).collect();
        Settings {
            values,
            entries,
            custom_names: Vec::new(),
            reserved: Vec::new(),
            level: 0,
            framed: BTreeSet::new(),
            reports: BTreeSet::new(),
            generation: 1,
        }
    }

    // ---- reading ----

    /// The value.
    #[inline]
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id.0 as usize]
    }

    /// A truth value.
    ///
    /// # Panics
    ///
    /// If the parameter has another type, as with all typed readers: constants make that a mistake in the program.
    #[inline]
    pub fn bool(&self, id: Id) -> bool {
        match self.value(id) {
            Value::Bool(value) => *value,
            _ => panic!("{} is not a truth value", self.name(id)),
        }
    }

    /// A whole number, in the parameter's unit.
    #[inline]
    pub fn int(&self, id: Id) -> i32 {
        match self.value(id) {
            Value::Int(value) => *value,
            _ => panic!("{} is not a whole number", self.name(id)),
        }
    }

    /// A number, in the parameter's unit.
    #[inline]
    pub fn real(&self, id: Id) -> f64 {
        match self.value(id) {
            Value::Real(value) => *value,
            _ => panic!("{} is not a number", self.name(id)),
        }
    }

    /// Text.
    #[inline]
    pub fn string(&self, id: Id) -> &str {
        match self.value(id) {
            Value::String(value) => value,
            _ => panic!("{} is not text", self.name(id)),
        }
    }

    /// The word of an enumeration, as `pg_settings` lists it.
    #[inline]
    pub fn enumeration(&self, id: Id) -> &'static str {
        match self.value(id) {
            Value::Enum(value) => self.definition(id).word(*value),
            _ => panic!("{} is not an enumeration", self.name(id)),
        }
    }

    /// A length of memory in bytes; negative values (meaning "automatic") are `None`.
    pub fn bytes(&self, id: Id) -> Option<u64> {
        use crate::Unit as U;
        let size = match self.definition(id).unit {
            U::Kilobytes => 1024,
            U::Blocks => 8192,
            U::Megabytes => 1 << 20,
            _ => 1,
        };
        u64::try_from(self.int(id)).ok().map(|n| n * size)
    }

    /// A length of time; zero and below (meaning "never") are `None`.
    pub fn duration(&self, id: Id) -> Option<std::time::Duration> {
        use crate::Unit as U;
        let seconds = match self.definition(id).unit {
            U::Minutes => 60.0,
            U::Seconds => 1.0,
            _ => 0.001,
        };
        let amount = match self.value(id) {
            Value::Int(n) => *n as f64,
            Value::Real(n) => *n,
            _ => 0.0,
        };
        (amount > 0.0).then(|| std::time::Duration::from_secs_f64(amount * seconds))
    }

    /// The parameter with this name in any case, custom ones of this session included.
    pub fn find(&self, name: &str) -> Option<Id> {
        Id::find(name).or_else(|| {
            let custom = self.custom_names.iter().position(|n| n.eq_ignore_ascii_case(name))?;
            Some(Id((PARAMETERS.len() + custom) as u16))
        })
    }

    /// The definition.
    pub fn definition(&self, id: Id) -> &'static Parameter {
        PARAMETERS.get(id.0 as usize).unwrap_or(&CUSTOM)
    }

    /// The name.
    pub fn name(&self, id: Id) -> &str {
        match id.0.checked_sub(PARAMETERS.len() as u16) {
            None => PARAMETERS[id.0 as usize].name,
            Some(custom) => self.custom_names.get(custom as usize).map_or("", |name| name),
        }
    }

    /// All parameters, by name; custom ones last.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.values.len() as u16).map(Id)
    }

    /// Where the value comes from.
    pub fn source(&self, id: Id) -> Source {
        self.entries[id.0 as usize].source
    }

    /// The value that RESET returns to.
    pub fn reset_value(&self, id: Id) -> &Value {
        &self.entries[id.0 as usize].reset
    }

    /// Where in the files the value stands, if it comes from there.
    pub fn place(&self, id: Id) -> Option<&Place> {
        self.entries[id.0 as usize].place.as_deref()
    }

    /// Whether the files hold a value that only a restart puts in force.
    pub fn pending_restart(&self, id: Id) -> bool {
        self.entries[id.0 as usize].pending_restart
    }

    /// Rises with every change of a value: lets caches notice.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What SHOW prints.
    ///
    /// # Errors
    ///
    /// `42704` if there is no such parameter.
    pub fn show(&self, name: &str) -> Result<String> {
        let id = self.find(name).ok_or_else(|| unrecognized(name))?;
        Ok(self.show_id(id))
    }

    /// What SHOW prints.
    pub fn show_id(&self, id: Id) -> String {
        match id {
            id::SEED => "unavailable".into(),
            id::ARCHIVE_COMMAND if self.enumeration(id::ARCHIVE_MODE) == "off" => "(disabled)".into(),
            _ => self.definition(id).show(self.value(id)),
        }
    }

    /// The reported parameters that changed since the last call, with their values, for ParameterStatus messages.
    pub fn take_reports(&mut self) -> Vec<(String, String)> {
        let changed = std::mem::take(&mut self.reports);
        changed.into_iter().map(|id| (self.name(id).to_string(), self.show_id(id))).collect()
    }

    /// Whether a reported parameter changed since the last [`take_reports`](Settings::take_reports).
    #[inline]
    pub fn has_reports(&self) -> bool {
        !self.reports.is_empty()
    }

    /// Every reported parameter with its value, for the start of a session.
    pub fn all_reports(&mut self) -> Vec<(String, String)> {
        self.reports.clear();
        let reported = Id::all().filter(|id| self.definition(*id).flags.contains(Flags::REPORT));
        reported.map(|id| (self.name(id).to_string(), self.show_id(id))).collect()
    }

    // ---- setting ----

    /// Sets a parameter, or with `None` returns it to its reset value. False if an earlier value of a stronger source
    /// stays.
    ///
    /// # Errors
    ///
    /// `42704` unknown, `42602` not a possible name, `22023` not a possible value, `55P02` not now, `42501` not you.
    pub fn set(&mut self, name: &str, value: Option<&str>, how: How, hooks: &dyn Hooks) -> Result<bool> {
        let id = self.find_or_create(name)?;
        self.set_id(id, value, how, hooks)
    }

    /// The text that a list of arguments means, as in `SET search_path = a, "B c"`.
    ///
    /// # Errors
    ///
    /// `22023` if there are several and the parameter takes one; `42704` if there is no such parameter.
    pub fn list_text(&self, name: &str, items: &[String]) -> Result<Arc<str>> {
        let flags = match self.find(name) {
            Some(id) => self.definition(id).flags,
            None if name.contains('.') => Flags::NONE,
            None => return Err(unrecognized(name)),
        };
        match items {
            _ if flags.contains(Flags::LIST_INPUT) => Ok(check::join_list(items, flags.contains(Flags::LIST_QUOTE))),
            [item] => Ok(item.as_str().into()),
            _ => {
                let text = format!("SET {name} takes only one argument");
                Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))
            }
        }
    }

    /// As [`set`](Settings::set), by number.
    ///
    /// # Errors
    ///
    /// As [`set`](Settings::set).
    pub fn set_id(&mut self, id: Id, value: Option<&str>, how: How, hooks: &dyn Hooks) -> Result<bool> {
        self.check_context(id, how, hooks)?;
        let (value, source, role) = match value {
            Some(text) => (self.checked(id, text, how.source, hooks)?, how.source, how.role),
            None if how.source == Source::Default => (self.definition(id).boot_value(), Source::Default, how.role),
            None => {
                let entry = &self.entries[id.0 as usize];
                (entry.reset.clone(), entry.reset_source, entry.reset_role)
            }
        };
        // A forked session inherits the postmaster's values: what cannot change after start is checked, never applied.
        if self.definition(id).context == Context::Postmaster && how.asker == Asker::Sighup {
            return self.note_restart(id, &value);
        }
        Ok(self.apply(id, value, source, role, how))
    }

    /// Parses and checks a value without setting it (for ALTER ROLE SET and ALTER SYSTEM).
    ///
    /// # Errors
    ///
    /// `22023` if it is not possible.
    pub fn checked(&self, id: Id, text: &str, source: Source, hooks: &dyn Hooks) -> Result<Value> {
        let value = self.definition(id).parse(self.name(id), text)?;
        let value = check::check(self, id, value)?;
        hooks.check(self, id, value, source)
    }

    /// Sets a parameter from inside the server, whatever its context.
    ///
    /// # Errors
    ///
    /// `22023` if it is not a possible value.
    pub fn set_internal(&mut self, id: Id, text: &str, source: Source) -> Result<bool> {
        let value = self.definition(id).parse(self.name(id), text)?;
        let how = How { asker: Asker::Internal, source, action: Action::Set, role: Oid(10) };
        Ok(self.apply(id, value, source, how.role, how))
    }

    fn check_context(&mut self, id: Id, how: How, hooks: &dyn Hooks) -> Result<()> {
        let name = self.name(id);
        let not_now = |text: String| Err(Error::new(SqlState::CANT_CHANGE_RUNTIME_PARAM, text));
        let denied = || {
            let text = format!("permission denied to set parameter \"{name}\"");
            Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text))
        };
        if how.asker == Asker::Internal {
            return Ok(());
        }
        match self.definition(id).context {
            Context::Internal => not_now(format!("parameter \"{name}\" cannot be changed")),
            Context::Postmaster if how.asker > Asker::Sighup => {
                not_now(format!("parameter \"{name}\" cannot be changed without restarting the server"))
            }
            Context::Sighup if how.asker > Asker::Sighup => {
                not_now(format!("parameter \"{name}\" cannot be changed now"))
            }
            Context::SuperuserBackend if how.asker == Asker::Backend && !hooks.may_set(name) => denied(),
            Context::SuperuserBackend | Context::Backend
                if how.asker > Asker::Backend && how.source != Source::Client =>
            {
                not_now(format!("parameter \"{name}\" cannot be set after connection start"))
            }
            Context::Superuser if matches!(how.asker, Asker::User | Asker::Backend) && !hooks.may_set(name) => denied(),
            _ => Ok(()),
        }
    }

    fn note_restart(&mut self, id: Id, value: &Value) -> Result<bool> {
        let differs = self.values[id.0 as usize] != *value;
        self.entries[id.0 as usize].pending_restart = differs;
        if !differs {
            return Ok(true);
        }
        let text = format!("parameter \"{}\" cannot be changed without restarting the server", self.name(id));
        Err(Error::new(SqlState::CANT_CHANGE_RUNTIME_PARAM, text))
    }

    fn apply(&mut self, id: Id, value: Value, source: Source, role: Oid, how: How) -> bool {
        let entry = &mut self.entries[id.0 as usize];
        let before_session = how.source <= Source::Override;
        let overruled = entry.source > how.source;
        if overruled && !before_session {
            return false;
        }
        if before_session && entry.reset_source <= how.source {
            entry.reset = value.clone();
            entry.reset_source = source;
            entry.reset_role = role;
            for frame in &mut entry.frames {
                for saved in std::iter::once(&mut frame.prior).chain(frame.masked.as_mut()) {
                    if saved.source <= how.source {
                        *saved = Saved { value: value.clone(), source, role };
                    }
                }
            }
        }
        if overruled {
            return false;
        }
        if !before_session {
            self.remember(id, how.action);
        }
        self.put(id, Saved { value, source, role });
        true
    }

    fn put(&mut self, id: Id, new: Saved) {
        let entry = &mut self.entries[id.0 as usize];
        entry.source = new.source;
        entry.role = new.role;
        let value = &mut self.values[id.0 as usize];
        if *value != new.value {
            *value = new.value;
            self.generation += 1;
            if self.definition(id).flags.contains(Flags::REPORT) {
                self.reports.insert(id);
            }
        }
    }

    /// Keeps the present value for the end of this nesting level.
    fn remember(&mut self, id: Id, action: Action) {
        if self.level == 0 {
            return;
        }
        let level = self.level;
        let entry = &mut self.entries[id.0 as usize];
        let present = Saved { value: self.values[id.0 as usize].clone(), source: entry.source, role: entry.role };
        if let Some(top) = entry.frames.last_mut().filter(|top| top.level >= level) {
            match action {
                Action::Set => {
                    top.masked = None;
                    top.kind = FrameKind::Set;
                }
                Action::Local if top.kind == FrameKind::Set => {
                    top.masked = Some(present);
                    top.kind = FrameKind::SetLocal;
                }
                Action::Local | Action::Save => (),
            }
            return;
        }
        let kind = match action {
            Action::Set => FrameKind::Set,
            Action::Local => FrameKind::Local,
            Action::Save => FrameKind::Save,
        };
        entry.frames.push(Frame { level, kind, prior: present, masked: None });
        self.framed.insert(id);
    }

    /// Opens a nesting level: a transaction (1), a subtransaction, a function with SET clauses.
    pub fn begin_level(&mut self) -> u32 {
        self.level += 1;
        self.level
    }

    /// Closes `level` and all levels above it, keeping or undoing what was set in them.
    pub fn end_level(&mut self, level: u32, commit: bool) {
        let level = level.max(1);
        for id in self.framed.iter().copied().collect::<Vec<Id>>() {
            while let Some(top) = self.entries[id.0 as usize].frames.pop_if(|top| top.level >= level) {
                self.end_frame(id, top, commit);
            }
            if self.entries[id.0 as usize].frames.is_empty() {
                self.framed.remove(&id);
            }
        }
        self.level = level - 1;
    }

    fn end_frame(&mut self, id: Id, top: Frame, commit: bool) {
        if !commit || top.kind == FrameKind::Save {
            return self.put(id, top.prior);
        }
        if top.level == 1 {
            return match top.kind {
                FrameKind::Local => self.put(id, top.prior),
                FrameKind::SetLocal => self.put(id, top.masked.unwrap_or(top.prior)),
                _ => (),
            };
        }
        let frames = &mut self.entries[id.0 as usize].frames;
        match frames.last_mut().filter(|below| below.level == top.level - 1) {
            // Nothing was set one level down: the frame becomes that level's.
            None => {
                let level = top.level - 1;
                frames.push(Frame { level, ..top });
            }
            Some(below) => match top.kind {
                FrameKind::Local => {
                    if below.kind == FrameKind::Set {
                        below.masked = Some(top.prior);
                        below.kind = FrameKind::SetLocal;
                    }
                }
                FrameKind::SetLocal => {
                    below.masked = top.masked;
                    below.kind = FrameKind::SetLocal;
                }
                FrameKind::Set | FrameKind::Save => {
                    below.masked = None;
                    below.kind = FrameKind::Set;
                }
            },
        }
    }

    /// RESET ALL.
    pub fn reset_all(&mut self) {
        for id in self.ids() {
            let definition = self.definition(id);
            let entry = &self.entries[id.0 as usize];
            let kept = definition.flags.contains(Flags::NO_RESET_ALL)
                || definition.context < Context::Superuser
                || entry.source <= Source::Override;
            if kept {
                continue;
            }
            let reset = Saved { value: entry.reset.clone(), source: entry.reset_source, role: entry.reset_role };
            self.remember(id, Action::Set);
            self.put(id, reset);
        }
    }

    /// RESET.
    ///
    /// # Errors
    ///
    /// As SET; `0A000`-class refusals for parameters that cannot be reset.
    pub fn reset(&mut self, name: &str, how: How, hooks: &dyn Hooks) -> Result<()> {
        let id = self.find(name).ok_or_else(|| unrecognized(name))?;
        if self.definition(id).flags.contains(Flags::NO_RESET) {
            let text = format!("parameter \"{}\" cannot be reset", self.name(id));
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        self.set_id(id, None, how, hooks).map(drop)
    }

    // ---- files ----

    pub(crate) fn set_place(&mut self, id: Id, place: Option<Arc<Place>>) {
        self.entries[id.0 as usize].place = place;
    }

    /// Forgets that a parameter was set in the files: it returns to its boot value, unless a stronger source has set it.
    pub(crate) fn remove_from_file(&mut self, id: Id) -> Result<bool> {
        let boot = self.definition(id).boot_value();
        if self.definition(id).context == Context::Postmaster {
            return self.note_restart(id, &boot);
        }
        let entry = &mut self.entries[id.0 as usize];
        entry.place = None;
        let was = entry.source == Source::File;
        let default = Saved { value: boot, source: Source::Default, role: Oid(10) };
        if entry.reset_source == Source::File {
            entry.reset = default.value.clone();
            entry.reset_source = default.source;
        }
        for frame in &mut entry.frames {
            for saved in std::iter::once(&mut frame.prior).chain(frame.masked.as_mut()) {
                if saved.source == Source::File {
                    *saved = default.clone();
                }
            }
        }
        if was {
            self.put(id, default);
        }
        Ok(was)
    }

    /// Whether the value, or the one RESET returns to, comes from the files.
    pub(crate) fn is_from_file(&self, id: Id) -> bool {
        self.entries[id.0 as usize].reset_source == Source::File
    }

    // ---- custom parameters ----

    /// Says that custom parameters beginning with `prefix` and a dot belong to an extension, which has defined all it has.
    pub fn reserve_prefix(&mut self, prefix: &str) {
        self.reserved.push(prefix.to_string());
    }

    /// The parameter with this name; a name with a dot makes a custom one.
    ///
    /// # Errors
    ///
    /// `42704` unknown; `42602` not a name.
    pub fn find_or_create(&mut self, name: &str) -> Result<Id> {
        if let Some(id) = self.find(name) {
            return Ok(id);
        }
        self.check_custom_name(name)?;
        if self.custom_names.len() >= CUSTOM_LIMIT {
            return Err(Error::new(SqlState::OUT_OF_MEMORY, "too many custom parameters"));
        }
        self.custom_names.push(name.into());
        self.values.push(CUSTOM.boot_value());
        self.entries.push(Entry::new(CUSTOM.boot_value()));
        Ok(Id((self.values.len() - 1) as u16))
    }

    /// Whether a custom parameter of this name may be made up.
    ///
    /// # Errors
    ///
    /// `42704` if it has no dot; `42602` if it is not a name, or its beginning is taken.
    pub fn check_custom_name(&self, name: &str) -> Result<()> {
        let Some((class, _)) = name.split_once('.') else { return Err(unrecognized(name)) };
        let simple = |part: &str| {
            let mut bytes = part.bytes();
            bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80)
                && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80)
        };
        let wrong = || Error::new(SqlState::INVALID_NAME, format!("invalid configuration parameter name \"{name}\""));
        if !name.split('.').all(simple) {
            return Err(
                wrong().detail("Custom parameter names must be two or more simple identifiers separated by dots.")
            );
        }
        if self.reserved.iter().any(|prefix| prefix == class) {
            return Err(wrong().detail(format!("\"{class}\" is a reserved prefix.")));
        }
        Ok(())
    }
}

impl Entry {
    fn new(reset: Value) -> Entry {
        Entry {
            source: Source::Default,
            reset_source: Source::Default,
            pending_restart: false,
            role: Oid(10),
            reset_role: Oid(10),
            reset,
            place: None,
            frames: Vec::new(),
        }
    }
}

/// `42704 unrecognized configuration parameter "NAME"`.
pub fn unrecognized(name: &str) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("unrecognized configuration parameter \"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::NoHooks;

    fn user(action: Action) -> How {
        How::session(false, action, Oid(10))
    }

    fn set(s: &mut Settings, name: &str, value: &str, action: Action) {
        assert!(s.set(name, Some(value), user(action), &NoHooks).unwrap());
    }

    fn work_mem(s: &Settings) -> String {
        s.show("work_mem").unwrap()
    }

    #[test]
    fn transactions_keep_or_undo() {
        let mut s = Settings::new();
        let t = s.begin_level();
        set(&mut s, "work_mem", "1MB", Action::Set);
        s.end_level(t, true);
        assert_eq!(work_mem(&s), "1MB");
        let t = s.begin_level();
        set(&mut s, "work_mem", "2MB", Action::Set);
        s.end_level(t, false);
        assert_eq!(work_mem(&s), "1MB");
        let t = s.begin_level();
        set(&mut s, "work_mem", "2MB", Action::Local);
        s.end_level(t, true);
        assert_eq!(work_mem(&s), "1MB");
        let t = s.begin_level();
        set(&mut s, "work_mem", "3MB", Action::Set);
        set(&mut s, "work_mem", "4MB", Action::Local);
        assert_eq!(work_mem(&s), "4MB");
        s.end_level(t, true);
        assert_eq!(work_mem(&s), "3MB");
        assert!(s.framed.is_empty());
    }

    #[test]
    fn savepoints_nest() {
        let mut s = Settings::new();
        let t = s.begin_level();
        set(&mut s, "work_mem", "1MB", Action::Set);
        let sub = s.begin_level();
        set(&mut s, "work_mem", "2MB", Action::Set);
        s.end_level(sub, false);
        assert_eq!(work_mem(&s), "1MB");
        let sub = s.begin_level();
        set(&mut s, "work_mem", "2MB", Action::Local);
        s.end_level(sub, true);
        assert_eq!(work_mem(&s), "2MB");
        let (sub, _deeper) = (s.begin_level(), s.begin_level());
        set(&mut s, "seq_page_cost", "3", Action::Set);
        s.end_level(sub, true);
        s.end_level(t, true);
        assert_eq!((work_mem(&s).as_str(), s.show("seq_page_cost").unwrap().as_str()), ("1MB", "3"));
        assert!(s.framed.is_empty());
    }

    /// Random SETs against a model that copies all values at each level.
    #[test]
    fn nesting_agrees_with_a_simple_model() {
        // The model of one parameter: what the value is now, and would be if only the SETs counted.
        #[derive(Clone, Copy)]
        struct Level {
            now: i32,
            kept: i32,
        }
        let mut seed = 5u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        let mut s = Settings::new();
        let mut model = vec![Level { now: 4096, kept: 4096 }];
        for step in 0..20_000 {
            match random(6) {
                0 if model.len() < 6 => {
                    s.begin_level();
                    model.push(*model.last().unwrap());
                }
                1 if model.len() > 1 => {
                    s.end_level(model.len() as u32 - 1, false);
                    model.pop();
                }
                2 if model.len() > 1 => {
                    s.end_level(model.len() as u32 - 1, true);
                    let top = model.pop().unwrap();
                    let outer = model.len() == 1;
                    *model.last_mut().unwrap() = if outer { Level { now: top.kept, kept: top.kept } } else { top };
                }
                3 if model.len() > 1 => {
                    set(&mut s, "work_mem", &(100 + step).to_string(), Action::Local);
                    model.last_mut().unwrap().now = 100 + step;
                }
                4 if model.len() > 1 => {
                    set(&mut s, "work_mem", &(100 + step).to_string(), Action::Set);
                    *model.last_mut().unwrap() = Level { now: 100 + step, kept: 100 + step };
                }
                _ => (),
            }
            assert_eq!(s.int(id::WORK_MEM), model.last().unwrap().now, "step {step}");
        }
    }

    #[test]
    fn stronger_sources_win() {
        let mut s = Settings::new();
        let from = |source| How::startup(Asker::Postmaster, source);
        s.set("work_mem", Some("2MB"), from(Source::CommandLine), &NoHooks).unwrap();
        assert!(!s.set("work_mem", Some("1MB"), from(Source::File), &NoHooks).unwrap());
        assert_eq!((work_mem(&s).as_str(), s.source(id::WORK_MEM)), ("2MB", Source::CommandLine));
        s.set("work_mem", Some("3MB"), from(Source::Role), &NoHooks).unwrap();
        set(&mut s, "work_mem", "4MB", Action::Set);
        assert_eq!(s.source(id::WORK_MEM), Source::Session);
        s.reset("work_mem", user(Action::Set), &NoHooks).unwrap();
        assert_eq!((work_mem(&s).as_str(), s.source(id::WORK_MEM)), ("3MB", Source::Role));
    }

    #[test]
    fn contexts_are_kept() {
        let mut s = Settings::new();
        let mut refuse = |name: &str, how: How| {
            let e = s.set(name, Some("1"), how, &NoHooks).unwrap_err();
            format!("{} {}", e.state(), e.message())
        };
        let (user, superuser) = (user(Action::Set), How::session(true, Action::Set, Oid(10)));
        assert_eq!(refuse("server_version", superuser), "55P02 parameter \"server_version\" cannot be changed");
        assert_eq!(
            refuse("max_connections", superuser),
            "55P02 parameter \"max_connections\" cannot be changed without restarting the server"
        );
        assert_eq!(
            refuse("checkpoint_timeout", superuser),
            "55P02 parameter \"checkpoint_timeout\" cannot be changed now"
        );
        assert_eq!(
            refuse("log_connections", superuser),
            "55P02 parameter \"log_connections\" cannot be set after connection start"
        );
        assert_eq!(
            refuse("log_statement_stats", user),
            "42501 permission denied to set parameter \"log_statement_stats\""
        );
        assert_eq!(refuse("nothing", user), "42704 unrecognized configuration parameter \"nothing\"");
        assert_eq!(refuse("a..b", user), "42602 invalid configuration parameter name \"a..b\"");
        assert!(s.set("log_statement_stats", Some("on"), superuser, &NoHooks).unwrap());
    }

    #[test]
    fn custom_parameters_appear_and_reset() {
        let mut s = Settings::new();
        assert!(s.show("my.thing").is_err());
        let t = s.begin_level();
        set(&mut s, "my.thing", "Hello", Action::Set);
        assert_eq!(s.show("MY.Thing").unwrap(), "Hello");
        s.end_level(t, false);
        assert_eq!(s.show("my.thing").unwrap(), "");
        set(&mut s, "my.thing", "x", Action::Set);
        s.reset_all();
        assert_eq!(s.show("my.thing").unwrap(), "");
    }

    #[test]
    fn reported_parameters_are_told_once() {
        let mut s = Settings::new();
        assert_eq!(s.all_reports().len(), 15);
        let t = s.begin_level();
        set(&mut s, "application_name", "caf\u{e9}", Action::Set);
        set(&mut s, "work_mem", "1MB", Action::Set);
        assert_eq!(s.take_reports(), [("application_name".to_string(), "caf\\xc3\\xa9".to_string())]);
        s.end_level(t, false);
        assert_eq!(s.take_reports(), [("application_name".to_string(), String::new())]);
        assert!(!s.has_reports());
    }
}
