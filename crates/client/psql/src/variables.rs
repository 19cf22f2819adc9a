//! psql's variables: names and values that `:name` puts in, and the special ones that steer psql.
//!
//! [`SPECIAL`] is the table of the special ones: how each is checked, what it is when it is unset, and the field of [`Settings`] it
//! sets. All others take any value.

use std::collections::BTreeMap;

use crate::lexer::{is_variable_part, shown};

/// What input is written to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Nothing.
    #[default]
    None,
    /// Statements that failed.
    Errors,
    /// Statements as they are sent.
    Queries,
    /// All lines of input.
    All,
}

/// Whether statements that backslash commands send are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoHidden {
    /// They are only run.
    #[default]
    Off,
    /// They are shown and run.
    On,
    /// They are only shown.
    NoExec,
}

/// Whether a statement that fails leaves the transaction usable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorRollback {
    /// No.
    #[default]
    Off,
    /// At the terminal, not in scripts.
    Interactive,
    /// Always.
    On,
}

/// How completed key words are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeywordCase {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// As the letters typed so far; in lower case if there are none.
    PreserveLower,
    /// As the letters typed so far; in upper case if there are none.
    #[default]
    PreserveUpper,
}

/// Which lines are kept out of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryControl {
    /// None.
    #[default]
    None,
    /// Lines that begin with a space.
    IgnoreSpace,
    /// Lines that repeat the one before.
    IgnoreDuplicates,
    /// Both.
    IgnoreBoth,
}

/// The special variables' values, decoded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// AUTOCOMMIT
    pub autocommit: bool,
    /// COMP_KEYWORD_CASE
    pub keyword_case: KeywordCase,
    /// ECHO
    pub echo: Echo,
    /// ECHO_HIDDEN
    pub echo_hidden: EchoHidden,
    /// FETCH_COUNT: rows fetched at once; 0 or less for all.
    pub fetch_count: i32,
    /// HIDE_TABLEAM
    pub hide_tableam: bool,
    /// HIDE_TOAST_COMPRESSION
    pub hide_toast_compression: bool,
    /// HISTCONTROL
    pub history_control: HistoryControl,
    /// HISTSIZE: entries kept; negative for no limit.
    pub history_size: i32,
    /// IGNOREEOF: ends of input until an interactive session ends.
    pub ignore_eof: i32,
    /// ON_ERROR_ROLLBACK
    pub on_error_rollback: ErrorRollback,
    /// ON_ERROR_STOP
    pub on_error_stop: bool,
    /// PROMPT1, PROMPT2 and PROMPT3
    pub prompts: [Vec<u8>; 3],
    /// QUIET
    pub quiet: bool,
    /// SHOW_ALL_RESULTS
    pub show_all_results: bool,
    /// SHOW_CONTEXT
    pub show_context: client::ContextVisibility,
    /// SINGLELINE
    pub single_line: bool,
    /// SINGLESTEP
    pub single_step: bool,
    /// VERBOSITY
    pub verbosity: client::Verbosity,
    /// WATCH_INTERVAL: seconds.
    pub watch_interval: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            autocommit: true,
            keyword_case: KeywordCase::default(),
            echo: Echo::default(),
            echo_hidden: EchoHidden::default(),
            fetch_count: 0,
            hide_tableam: false,
            hide_toast_compression: false,
            history_control: HistoryControl::default(),
            history_size: 500,
            ignore_eof: 0,
            on_error_rollback: ErrorRollback::default(),
            on_error_stop: false,
            prompts: Default::default(),
            quiet: false,
            show_all_results: true,
            show_context: client::ContextVisibility::Errors,
            single_line: false,
            single_step: false,
            verbosity: client::Verbosity::Default,
            watch_interval: 2.0,
        }
    }
}

/// How a special variable is checked and kept.
enum Kind {
    Bool(fn(&mut Settings) -> &mut bool),
    Integer(fn(&mut Settings) -> &mut i32),
    /// An integer; anything else counts as 10.
    EofCount,
    /// One of these words; the function sets the one with this number.
    Choice(&'static [&'static str], fn(&mut Settings, usize)),
    /// `on`, `off` (0 and 1), or one more word (2).
    BoolOr(&'static str, fn(&mut Settings, usize)),
    Seconds,
    Prompt(usize),
}

/// A special variable.
struct Special {
    name: &'static str,
    kind: Kind,
    /// What it is when psql starts, and again when it is unset; a prompt has no value then.
    default: &'static str,
}

const fn special(name: &'static str, default: &'static str, kind: Kind) -> Special {
    Special { name, kind, default }
}

const PROMPT: &str = "%/%R%x%# ";

/// All variables that are checked.
const SPECIAL: &[Special] = &[
    special("AUTOCOMMIT", "on", Kind::Bool(|s| &mut s.autocommit)),
    special(
        "COMP_KEYWORD_CASE",
        "preserve-upper",
        Kind::Choice(&["lower", "upper", "preserve-lower", "preserve-upper"], |s, n| {
            s.keyword_case =
                [KeywordCase::Lower, KeywordCase::Upper, KeywordCase::PreserveLower, KeywordCase::PreserveUpper][n];
        }),
    ),
    special(
        "ECHO",
        "none",
        Kind::Choice(&["none", "errors", "queries", "all"], |s, n| {
            s.echo = [Echo::None, Echo::Errors, Echo::Queries, Echo::All][n];
        }),
    ),
    special(
        "ECHO_HIDDEN",
        "off",
        Kind::BoolOr("noexec", |s, n| s.echo_hidden = [EchoHidden::On, EchoHidden::Off, EchoHidden::NoExec][n]),
    ),
    special("FETCH_COUNT", "0", Kind::Integer(|s| &mut s.fetch_count)),
    special("HIDE_TABLEAM", "off", Kind::Bool(|s| &mut s.hide_tableam)),
    special("HIDE_TOAST_COMPRESSION", "off", Kind::Bool(|s| &mut s.hide_toast_compression)),
    special(
        "HISTCONTROL",
        "none",
        Kind::Choice(&["none", "ignorespace", "ignoredups", "ignoreboth"], |s, n| {
            use HistoryControl::*;
            s.history_control = [None, IgnoreSpace, IgnoreDuplicates, IgnoreBoth][n];
        }),
    ),
    special("HISTSIZE", "500", Kind::Integer(|s| &mut s.history_size)),
    special("IGNOREEOF", "0", Kind::EofCount),
    special(
        "ON_ERROR_ROLLBACK",
        "off",
        Kind::BoolOr("interactive", |s, n| {
            s.on_error_rollback = [ErrorRollback::On, ErrorRollback::Off, ErrorRollback::Interactive][n];
        }),
    ),
    special("ON_ERROR_STOP", "off", Kind::Bool(|s| &mut s.on_error_stop)),
    special("PROMPT1", PROMPT, Kind::Prompt(0)),
    special("PROMPT2", PROMPT, Kind::Prompt(1)),
    special("PROMPT3", ">> ", Kind::Prompt(2)),
    special("QUIET", "off", Kind::Bool(|s| &mut s.quiet)),
    special("SHOW_ALL_RESULTS", "on", Kind::Bool(|s| &mut s.show_all_results)),
    special(
        "SHOW_CONTEXT",
        "errors",
        Kind::Choice(&["never", "errors", "always"], |s, n| {
            use client::ContextVisibility::*;
            s.show_context = [Never, Errors, Always][n];
        }),
    ),
    special("SINGLELINE", "off", Kind::Bool(|s| &mut s.single_line)),
    special("SINGLESTEP", "off", Kind::Bool(|s| &mut s.single_step)),
    special(
        "VERBOSITY",
        "default",
        Kind::Choice(&["default", "verbose", "terse", "sqlstate"], |s, n| {
            use client::Verbosity::*;
            s.verbosity = [Default, Verbose, Terse, SqlState][n];
        }),
    ),
    special("WATCH_INTERVAL", "2", Kind::Seconds),
];

/// `\watch` waits no longer than this, in seconds.
const WATCH_MAX: f64 = 1_000_000.0;

/// All variables and what the special ones mean.
#[derive(Debug)]
pub struct Variables {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The special ones, decoded.
    pub settings: Settings,
}

impl Variables {
    /// The variables as psql starts.
    pub fn new() -> Variables {
        let mut variables = Variables { values: BTreeMap::new(), settings: Settings::default() };
        for special in SPECIAL {
            let done = variables.set(special.name.as_bytes(), special.default.as_bytes());
            debug_assert_eq!(done, Ok(()), "{}", special.name);
        }
        variables
    }

    /// A variable's value.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// A variable's value as text; an empty one if it is unset.
    pub fn text(&self, name: &str) -> String {
        self.get(name.as_bytes()).map_or(String::new(), |value| shown(value).into_owned())
    }

    /// All variables, by name.
    pub fn all(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.values.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// Whether psql itself obeys the variable.
    pub fn is_special(name: &[u8]) -> bool {
        SPECIAL.iter().any(|special| special.name.as_bytes() == name)
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// What is wrong with the name or the value; the variable stays as it was.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), String> {
        if name.is_empty() || !name.iter().all(|&byte| is_variable_part(byte)) {
            return Err(format!("invalid variable name: \"{}\"", shown(name)));
        }
        let mut value = value.to_vec();
        if let Some(special) = SPECIAL.iter().find(|special| special.name.as_bytes() == name) {
            apply(special, &mut value, &mut self.settings)?;
        }
        self.values.insert(name.to_vec(), value);
        Ok(())
    }

    /// Takes a variable away; a special one goes back to its default.
    ///
    /// # Errors
    /// None, today: every special variable has a default that it takes.
    pub fn unset(&mut self, name: &[u8]) -> Result<(), String> {
        match SPECIAL.iter().find(|special| special.name.as_bytes() == name) {
            Some(Special { kind: Kind::Prompt(n), .. }) => self.settings.prompts[*n].clear(),
            // What is on by default is off when unset.
            Some(Special { kind: Kind::Bool(_), .. }) => return self.set(name, b"off"),
            Some(special) => return self.set(name, special.default.as_bytes()),
            None => {}
        }
        self.values.remove(name);
        Ok(())
    }
}

/// Checks a special variable's new value, and sets what it means.
fn apply(special: &Special, value: &mut Vec<u8>, settings: &mut Settings) -> Result<(), String> {
    let name = special.name;
    if value.is_empty() && matches!(special.kind, Kind::Bool(_) | Kind::BoolOr(..)) {
        *value = b"on".to_vec();
    }
    match &special.kind {
        Kind::Bool(field) => *field(settings) = parse_bool(value).ok_or_else(|| not_bool(value, name))?,
        Kind::Integer(field) => *field(settings) = parse_integer(value).ok_or_else(|| not_integer(value, name))?,
        Kind::EofCount => {
            if parse_integer(value).is_none() {
                *value = b"10".to_vec();
            }
            settings.ignore_eof = parse_integer(value).unwrap_or(0);
        }
        Kind::Choice(choices, set) => {
            let found = choices.iter().position(|choice| value.eq_ignore_ascii_case(choice.as_bytes()));
            set(settings, found.ok_or_else(|| not_a_choice(value, name, &choices.join(", ")))?);
        }
        Kind::BoolOr(third, set) => {
            let number = match parse_bool(value) {
                _ if value.eq_ignore_ascii_case(third.as_bytes()) => 2,
                Some(on) => !on as usize,
                None => return Err(not_a_choice(value, name, &format!("on, off, {third}"))),
            };
            set(settings, number);
        }
        Kind::Seconds => {
            let problem = |rest: &str| format!("invalid value \"{}\" for variable \"{name}\"{rest}", shown(value));
            let seconds = std::str::from_utf8(value).ok().and_then(|text| text.trim_start().parse::<f64>().ok());
            match seconds {
                None => return Err(problem("")),
                Some(seconds) if seconds < 0.0 => return Err(problem(": must be greater than 0.00")),
                Some(seconds) if seconds > WATCH_MAX => return Err(problem(": must be less than 1000000.00")),
                Some(seconds) => settings.watch_interval = seconds,
            }
        }
        Kind::Prompt(number) => settings.prompts[*number] = value.clone(),
    }
    Ok(())
}

fn not_a_choice(value: &[u8], name: &str, choices: &str) -> String {
    format!("unrecognized value \"{}\" for \"{name}\"\nAvailable values are: {choices}.", shown(value))
}

fn not_integer(value: &[u8], name: &str) -> String {
    format!("invalid value \"{}\" for \"{name}\": integer expected", shown(value))
}

/// What is said about a value that should be Boolean.
pub fn not_bool(value: &[u8], name: &str) -> String {
    format!("unrecognized value \"{}\" for \"{name}\": Boolean expected", shown(value))
}

/// `on`, `off`, `true`, `false`, `yes`, `no`, `1`, `0`, or as much of them as is unambiguous, in any case.
pub fn parse_bool(value: &[u8]) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.as_bytes().starts_with(&value);
    match () {
        _ if begins("true", 1) || begins("yes", 1) || begins("on", 2) || value == b"1" => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) || value == b"0" => Some(false),
        _ => None,
    }
}

/// An integer as C reads it: decimal, octal behind `0`, hexadecimal behind `0x`.
pub fn parse_integer(value: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(value).ok()?.trim_start();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    i32::try_from(if negative { -number } else { number }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_variables_are_checked_and_have_defaults() {
        let mut variables = Variables::new();
        for special in SPECIAL {
            let (name, default) = (special.name.as_bytes(), special.default.as_bytes());
            assert_eq!(variables.get(name), Some(default));
            variables.unset(name).unwrap();
            let expected = match special.kind {
                Kind::Prompt(_) => None,
                Kind::Bool(_) => Some(&b"off"[..]),
                _ => Some(default),
            };
            assert_eq!(variables.get(name), expected, "{}", special.name);
        }
        assert!(SPECIAL.is_sorted_by_key(|special| special.name));
        variables.set(b"ON_ERROR_ROLLBACK", b"Interactive").unwrap();
        assert_eq!(variables.settings.on_error_rollback, ErrorRollback::Interactive);
        assert!(variables.set(b"ECHO", b"some").is_err());
        assert!(variables.set(b"a-b", b"").is_err());
        variables.set(b"IGNOREEOF", b"many").unwrap();
        assert_eq!(variables.settings.ignore_eof, 10);
        variables.set(b"QUIET", b"").unwrap();
        assert_eq!(variables.get(b"QUIET"), Some(&b"on"[..]));
    }

    #[test]
    fn numbers_and_booleans_are_read_as_c_does() {
        for (text, expected) in
            [("12", Some(12)), ("-0x1F", Some(-31)), ("010", Some(8)), ("", None), ("1x", None), ("99999999999", None)]
        {
            assert_eq!(parse_integer(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in
            [("T", Some(true)), ("of", Some(false)), ("o", None), ("1", Some(true)), ("truex", None)]
        {
            assert_eq!(parse_bool(text.as_bytes()), expected, "{text}");
        }
    }
}
