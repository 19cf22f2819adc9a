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

    /// Its name, as `SHOW TimeZone` prints it.
    pub fn name(&self) -> &str {
        &self.name
    }
}
