//! What others are shown of the parameters: rows of `pg_settings`, and `postgres --describe-config`.

use crate::parameter::{Context, Flags, Id, Kind};
use crate::session::Settings;
use crate::table::{PARAMETERS, id};
use crate::value::format_g;

/// A row of `pg_settings`. Nulls are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name.
    pub name: String,
    /// The value, without a unit.
    pub setting: String,
    /// The unit of a bare number.
    pub unit: Option<&'static str>,
    /// The documentation's chapter.
    pub category: &'static str,
    /// What it does.
    pub short_desc: &'static str,
    /// More about it.
    pub extra_desc: Option<&'static str>,
    /// When it can be set.
    pub context: &'static str,
    /// Its type.
    pub vartype: &'static str,
    /// Where the value comes from.
    pub source: &'static str,
    /// The least value.
    pub min_val: Option<String>,
    /// The greatest value.
    pub max_val: Option<String>,
    /// The words of an enumeration.
    pub enumvals: Option<Vec<&'static str>>,
    /// The value if nobody sets it.
    pub boot_val: Option<String>,
    /// The value that RESET returns to.
    pub reset_val: Option<String>,
    /// The file it is set in.
    pub sourcefile: Option<String>,
    /// The line there.
    pub sourceline: Option<u32>,
    /// Whether the files hold another value, for the next start.
    pub pending_restart: bool,
}

impl Settings {
    /// The rows of `pg_settings`, by name. `privileged`: the reader may see all (`pg_read_all_settings`).
    pub fn rows(&self, privileged: bool) -> Vec<Row> {
        let visible = |id: &Id| {
            let flags = self.definition(*id).flags;
            !flags.contains(Flags::NO_SHOW_ALL) && (privileged || !flags.contains(Flags::SUPERUSER_ONLY))
        };
        self.ids().filter(visible).map(|id| self.row(id, privileged)).collect()
    }

    /// The rows of SHOW ALL, by name: name, value, description.
    pub fn show_all(&self, privileged: bool) -> Vec<(String, String, &'static str)> {
        let rows = self.rows(privileged).into_iter();
        rows.map(|row| (row.name.clone(), self.show(&row.name).unwrap_or(row.setting), row.short_desc)).collect()
    }

    /// What EXPLAIN (SETTINGS) shows: the parameters that plans depend on and that are not as if nobody had set them; names, and values as SHOW
    /// gives them.
    pub fn explained(&self) -> Vec<(&'static str, String)> {
        let changed = |id: &Id| {
            let definition = self.definition(*id);
            definition.flags.contains(Flags::EXPLAIN)
                && definition.plain(self.value(*id)) != definition.plain(&definition.boot_value())
        };
        self.ids().filter(changed).map(|id| (self.definition(id).name, self.show_id(id))).collect()
    }

    fn row(&self, id: Id, privileged: bool) -> Row {
        let definition = self.definition(id);
        let (min_val, max_val) = match definition.kind {
            Kind::Int { min, max, .. } => (Some(min.to_string()), Some(max.to_string())),
            Kind::Real { min, max, .. } => (Some(format_g(min)), Some(format_g(max))),
            _ => (None, None),
        };
        let enumvals = match definition.kind {
            Kind::Enum { choices, .. } => Some(choices.iter().filter(|c| c.shown).map(|c| c.word).collect()),
            _ => None,
        };
        let setting = match id {
            id::ARCHIVE_COMMAND => self.show_id(id),
            _ => definition.plain(self.value(id)),
        };
        let place = self.place(id).filter(|_| privileged);
        // File modes are shown in octal as values, but not among the boot values.
        let plain = |value: &crate::Value| match value {
            crate::Value::Int(n) => n.to_string(),
            value => definition.plain(value),
        };
        Row {
            name: self.name(id).to_string(),
            setting,
            unit: definition.unit.name(),
            category: definition.category,
            short_desc: definition.short,
            extra_desc: (!definition.extra.is_empty()).then_some(definition.extra),
            context: definition.context.name(),
            vartype: definition.kind.name(),
            source: self.source(id).name(),
            min_val,
            max_val,
            enumvals,
            boot_val: Some(plain(&definition.boot_value())),
            reset_val: Some(plain(self.reset_value(id))),
            sourcefile: place.map(|place| place.file.to_string()),
            sourceline: place.map(|place| place.line),
            pending_restart: self.pending_restart(id),
        }
    }
}

/// The lines of `postgres --describe-config`: tab-separated name, context, category, type, boot value, range,
/// descriptions.
pub fn describe_config() -> String {
    let mut text = String::new();
    for parameter in PARAMETERS {
        let hidden = [Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE].iter().any(|flag| parameter.flags.contains(*flag));
        if hidden || parameter.context == Context::Internal {
            continue;
        }
        let (kind, boot, min, max) = match parameter.kind {
            Kind::Bool { boot } => {
                ("BOOLEAN", if boot { "TRUE" } else { "FALSE" }.to_string(), String::new(), String::new())
            }
            Kind::Int { boot, min, max } => ("INTEGER", boot.to_string(), min.to_string(), max.to_string()),
            Kind::Real { boot, min, max } => ("REAL", format_g(boot), format_g(min), format_g(max)),
            Kind::String { boot } => ("STRING", boot.to_string(), String::new(), String::new()),
            Kind::Enum { boot, .. } => ("ENUM", boot.to_string(), String::new(), String::new()),
        };
        let (name, context, category) = (parameter.name, parameter.context.name(), parameter.category);
        let (short, extra) = (parameter.short, parameter.extra);
        text.push_str(&format!("{name}\t{context}\t{category}\t{kind}\t{boot}\t{min}\t{max}\t{short}\t{extra}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_complete() {
        let s = Settings::new();
        let rows = s.rows(true);
        assert_eq!(rows.len(), 401);
        assert_eq!(s.rows(false).len(), 401 - 24);
        let work_mem = rows.iter().find(|row| row.name == "work_mem").unwrap();
        assert_eq!(
            (&*work_mem.setting, work_mem.unit, work_mem.max_val.as_deref()),
            ("4096", Some("kB"), Some("2147483647"))
        );
        let level = rows.iter().find(|row| row.name == "wal_level").unwrap();
        assert_eq!(level.enumvals.as_deref(), Some(&["minimal", "replica", "logical"][..]));
        let all = s.show_all(true);
        assert!(all.iter().any(|(name, value, _)| name == "work_mem" && value == "4MB"));
        assert!(describe_config().lines().count() > 300);
        assert!(describe_config().lines().all(|line| line.split('\t').count() == 9));
    }
}
