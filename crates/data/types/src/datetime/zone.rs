//! Time zones.

use std::sync::Arc;

/// A time zone: its name and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
}

impl TimeZone {
    /// Coordinated universal time.
    pub fn utc() -> Arc<TimeZone> {
        Arc::new(TimeZone { name: "UTC".to_string() })
    }

    /// The zone of a name; `None` if there is none.
    pub fn named(name: &str) -> Option<Arc<TimeZone>> {
        name.eq_ignore_ascii_case("UTC").then(TimeZone::utc)
    }

    /// Its name, as `SHOW TimeZone` prints it.
    pub fn name(&self) -> &str {
        &self.name
    }
}
