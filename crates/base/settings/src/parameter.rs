//! What a row of the table says about a parameter.

use crate::table::PARAMETERS;
use crate::value::Value;

/// The number of a parameter: its row in the table, or behind the table's end a custom parameter of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u16);

impl Id {
    /// The parameter of the table with this name (in any case), or with an old name of it.
    pub fn find(name: &str) -> Option<Id> {
        let name = match () {
            () if name.eq_ignore_ascii_case("sort_mem") => "work_mem",
            () if name.eq_ignore_ascii_case("vacuum_mem") => "maintenance_work_mem",
            () if name.eq_ignore_ascii_case("ssl_ecdh_curve") => "ssl_groups",
            () => name,
        };
        let lower = |text: &'_ str| text.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<u8>>();
        let wanted = lower(name);
        let compare = |p: &Parameter| p.name.bytes().map(|b| b.to_ascii_lowercase()).cmp(wanted.iter().copied());
        PARAMETERS.binary_search_by(compare).ok().map(|n| Id(n as u16))
    }

    /// Whether it is a custom parameter: its name has a dot, and only its session knows it.
    pub fn is_custom(self) -> bool {
        self.0 as usize >= PARAMETERS.len()
    }

    /// All parameters of the table, by name.
    pub fn all() -> impl Iterator<Item = Id> {
        (0..PARAMETERS.len() as u16).map(Id)
    }
}

/// A parameter's definition.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// When it can be set.
    pub context: Context,
    /// Its chapter in the documentation.
    pub category: &'static str,
    /// The unit of a bare number.
    pub unit: Unit,
    /// Its oddities.
    pub flags: Flags,
    /// Its type, range, and the value it has if nobody sets it.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub short: &'static str,
    /// More about it; may be empty.
    pub extra: &'static str,
}

impl Parameter {
    /// The value it has if nobody sets it.
    pub fn boot_value(&self) -> Value {
        match self.kind {
            Kind::Bool { boot } => Value::Bool(boot),
            Kind::Int { boot, .. } => Value::Int(boot),
            Kind::Real { boot, .. } => Value::Real(boot),
            Kind::String { boot } => Value::String(boot.into()),
            Kind::Enum { boot, choices } => Value::Enum(find_choice(choices, boot).unwrap_or(0)),
        }
    }

    /// The boot value of a parameter whose value is text; empty for others.
    pub const fn boot_text(&self) -> &'static str {
        match self.kind {
            Kind::String { boot } => boot,
            _ => "",
        }
    }
}

/// The row that custom parameters share.
pub static CUSTOM: Parameter = Parameter {
    name: "",
    context: Context::User,
    category: "Customized Options",
    unit: Unit::None,
    flags: flags(&[Flags::NO_SHOW_ALL, Flags::NOT_IN_SAMPLE]),
    kind: Kind::String { boot: "" },
    short: "",
    extra: "",
};

/// A parameter's type, range and boot value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// On or off.
    Bool {
        /// The boot value.
        boot: bool,
    },
    /// A whole number in the parameter's unit.
    Int {
        /// The boot value.
        boot: i32,
        /// The least value.
        min: i32,
        /// The greatest value.
        max: i32,
    },
    /// A number in the parameter's unit.
    Real {
        /// The boot value.
        boot: f64,
        /// The least value.
        min: f64,
        /// The greatest value.
        max: f64,
    },
    /// Text.
    String {
        /// The boot value.
        boot: &'static str,
    },
    /// One of some words.
    Enum {
        /// The boot value.
        boot: &'static str,
        /// The words.
        choices: &'static [Choice],
    },
}

impl Kind {
    /// The name in `pg_settings.vartype`.
    pub const fn name(&self) -> &'static str {
        match self {
            Kind::Bool { .. } => "bool",
            Kind::Int { .. } => "integer",
            Kind::Real { .. } => "real",
            Kind::String { .. } => "string",
            Kind::Enum { .. } => "enum",
        }
    }
}

/// A word that an enumeration accepts.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The word.
    pub word: &'static str,
    /// Whether it is listed.
    pub shown: bool,
    /// The word it stands for, itself as a rule.
    pub means: &'static str,
}

/// A listed word.
pub const fn shown(word: &'static str) -> Choice {
    Choice { word, shown: true, means: word }
}

/// A word that is accepted but not listed.
pub const fn hidden(word: &'static str) -> Choice {
    Choice { word, shown: false, means: word }
}

/// Another word for a listed one.
pub const fn alias(word: &'static str, means: &'static str) -> Choice {
    Choice { word, shown: false, means }
}

/// The index of the choice that `word` (in any case) means.
pub(crate) fn find_choice(choices: &[Choice], word: &str) -> Option<u16> {
    let choice = choices.iter().find(|choice| choice.word.eq_ignore_ascii_case(word))?;
    choices.iter().position(|c| c.word == choice.means).map(|n| n as u16)
}

/// When a parameter can be set; later variants are freer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// Never: it only tells.
    Internal,
    /// At the server's start.
    Postmaster,
    /// In the configuration file, also while the server runs.
    Sighup,
    /// Also at a session's start, by superusers.
    SuperuserBackend,
    /// Also at a session's start.
    Backend,
    /// Also within a session, by superusers.
    Superuser,
    /// Also within a session.
    User,
}

impl Context {
    /// The name in `pg_settings.context`.
    pub const fn name(self) -> &'static str {
        match self {
            Context::Internal => "internal",
            Context::Postmaster => "postmaster",
            Context::Sighup => "sighup",
            Context::SuperuserBackend => "superuser-backend",
            Context::Backend => "backend",
            Context::Superuser => "superuser",
            Context::User => "user",
        }
    }
}

/// Where a value comes from; later variants win over earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The boot value.
    Default,
    /// A default that was computed at start.
    DynamicDefault,
    /// The server's environment.
    Environment,
    /// A configuration file.
    File,
    /// The server's command line.
    CommandLine,
    /// `ALTER ROLE ALL SET`.
    Global,
    /// `ALTER DATABASE SET`.
    Database,
    /// `ALTER ROLE SET`.
    Role,
    /// `ALTER ROLE IN DATABASE SET`.
    DatabaseRole,
    /// The client's start-up packet.
    Client,
    /// The server itself, over anything else.
    Override,
    /// Dividing line: what follows was asked for in a session.
    Interactive,
    /// A test of a value for ALTER ROLE or the like.
    Test,
    /// SET.
    Session,
}

impl Source {
    /// The name in `pg_settings.source`.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Default | Source::DynamicDefault => "default",
            Source::Environment => "environment variable",
            Source::File => "configuration file",
            Source::CommandLine => "command line",
            Source::Global => "global",
            Source::Database => "database",
            Source::Role => "user",
            Source::DatabaseRole => "database user",
            Source::Client => "client",
            Source::Override => "override",
            Source::Interactive => "interactive",
            Source::Test => "test",
            Source::Session => "session",
        }
    }
}

/// The unit of a bare number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    None,
    /// Bytes.
    Bytes,
    /// Kilobytes.
    Kilobytes,
    /// Pages of 8 kB.
    Blocks,
    /// Megabytes.
    Megabytes,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
}

impl Unit {
    /// The name in `pg_settings.unit`.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Unit::None => None,
            Unit::Bytes => Some("B"),
            Unit::Kilobytes => Some("kB"),
            Unit::Blocks => Some("8kB"),
            Unit::Megabytes => Some("MB"),
            Unit::Milliseconds => Some("ms"),
            Unit::Seconds => Some("s"),
            Unit::Minutes => Some("min"),
        }
    }
}

/// A parameter's oddities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

macro_rules! flag_names {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Flags {
            /// None.
            pub const NONE: Flags = Flags(0);
            $($(#[$doc])* pub const $name: Flags = Flags(1 << $bit);)*
        }
    };
}

flag_names! {
    /// Shown by EXPLAIN (SETTINGS).
    EXPLAIN = 0;
    /// RESET is refused.
    NO_RESET = 1;
    /// RESET ALL leaves it alone.
    NO_RESET_ALL = 2;
    /// SHOW ALL and `pg_settings` leave it out.
    NO_SHOW_ALL = 3;
    /// Not in the sample configuration file.
    NOT_IN_SAMPLE = 4;
    /// Its value is known only when the server has computed its shared memory.
    RUNTIME_COMPUTED = 5;
    /// Clients are told when it changes.
    REPORT = 6;
    /// SET takes a list.
    LIST_INPUT = 7;
    /// The elements of its list are identifiers.
    LIST_QUOTE = 8;
    /// Only the privileged see its value.
    SUPERUSER_ONLY = 9;
    /// Not in configuration files.
    DISALLOW_IN_FILE = 10;
    /// Not by ALTER SYSTEM.
    DISALLOW_IN_AUTO_FILE = 11;
}

impl Flags {
    /// Whether it has all of `flags`.
    pub const fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// Several flags together.
pub const fn flags(all: &[Flags]) -> Flags {
    let (mut bits, mut n) = (0, 0);
    while n < all.len() {
        bits |= all[n].0;
        n += 1;
    }
    Flags(bits)
}

/// Builds the table and the constants of its rows.
#[macro_export]
#[doc(hidden)]
macro_rules! parameters {
    ($($constant:ident = $name:literal, $context:ident, $category:literal, $unit:ident, $flags:expr,
       $kind:ident { $($body:tt)* }, $short:literal, $extra:literal;)*) => {
        /// The table, by name.
        pub static PARAMETERS: &[$crate::parameter::Parameter] = &[$($crate::parameter::Parameter {
            name: $name,
            context: $crate::parameter::Context::$context,
            category: $category,
            unit: $crate::parameter::Unit::$unit,
            flags: $flags,
            kind: $crate::parameter::Kind::$kind { $($body)* },
            short: $short,
            extra: $extra,
        },)*];

        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the rows")]
        enum Row { $($constant,)* }

        /// The parameters' numbers, by name.
        pub mod id {
            use super::Row;
            use $crate::parameter::Id;
            $(#[doc = $short]
            pub const $constant: Id = Id(Row::$constant as u16);)*
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::id;

    #[test]
    fn the_table_is_sorted_and_sound() {
        let lower: Vec<String> = PARAMETERS.iter().map(|p| p.name.to_ascii_lowercase()).collect();
        assert!(lower.is_sorted_by(|a, b| a < b));
        assert_eq!(PARAMETERS.len(), 406);
        for parameter in PARAMETERS {
            match parameter.kind {
                Kind::Int { boot, min, max } => assert!((min..=max).contains(&boot), "{}", parameter.name),
                Kind::Real { boot, min, max } => assert!((min..=max).contains(&boot), "{}", parameter.name),
                Kind::Enum { boot, choices } => {
                    assert!(find_choice(choices, boot).is_some(), "{}", parameter.name);
                    assert!(choices.iter().all(|c| find_choice(choices, c.means).is_some()), "{}", parameter.name);
                }
                _ => (),
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Id::find("WORK_mem"), Some(id::WORK_MEM));
        assert_eq!(Id::find("datestyle"), Some(id::DATESTYLE));
        assert_eq!(Id::find("sort_mem"), Some(id::WORK_MEM));
        assert_eq!(Id::find("no_such"), None);
        for id in Id::all() {
            assert_eq!(Id::find(PARAMETERS[id.0 as usize].name), Some(id));
        }
    }
}
