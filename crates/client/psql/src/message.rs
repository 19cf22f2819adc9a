//! Messages on standard error: a place, a kind and a text, in colours if the user wants them.
//!
//! `PG_COLOR` says whether: `always`, or `auto` for a terminal. `PG_COLORS` says which, as sequences of SGR parameters:
//! `error=01;31:warning=01;35:note=01;36:locus=01` is what holds without it; a kind that it does not name has none.

use std::io::{IsTerminal, Write};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A text that says itself what it is, as the server's do.
    Info,
    /// `warning:`
    Warning,
    /// `error:`
    Error,
    /// `hint:`
    Hint,
    /// `detail:`
    Detail,
}

impl Level {
    /// What stands before the text.
    fn label(self) -> &'static str {
        match self {
            Level::Info => "",
            Level::Warning => "warning: ",
            Level::Error => "error: ",
            Level::Hint => "hint: ",
            Level::Detail => "detail: ",
        }
    }
}

/// The colours, where there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colors {
    error: Option<String>,
    warning: Option<String>,
    note: Option<String>,
    locus: Option<String>,
}

impl Colors {
    /// What the environment asks for, for messages on standard error.
    pub fn of_environment() -> Colors {
        match std::env::var("PG_COLOR").as_deref() {
            Ok("always") => (),
            Ok("auto") if std::io::stderr().is_terminal() => (),
            _ => return Colors::default(),
        }
        Colors::parse(&std::env::var("PG_COLORS").unwrap_or("error=01;31:warning=01;35:note=01;36:locus=01".into()))
    }

    fn parse(text: &str) -> Colors {
        let mut colors = Colors::default();
        for (kind, color) in text.split(':').filter_map(|part| part.split_once('=')) {
            let color = Some(color.to_string());
            match kind {
                "error" => colors.error = color,
                "warning" => colors.warning = color,
                "note" => colors.note = color,
                "locus" => colors.locus = color,
                _ => (),
            }
        }
        colors
    }

    fn of(&self, level: Level) -> &Option<String> {
        match level {
            Level::Info => &None,
            Level::Warning => &self.warning,
            Level::Error => &self.error,
            Level::Hint | Level::Detail => &self.note,
        }
    }

    /// The line of a message. The place, such as `psql:script.sql:3: `, may be empty.
    fn line(&self, place: &[u8], level: Level, text: &[u8]) -> Vec<u8> {
        let mut line = Vec::new();
        for (part, color) in [(place, &self.locus), (level.label().as_bytes(), self.of(level))] {
            match color {
                Some(color) if !part.is_empty() => {
                    line.extend_from_slice(format!("\x1b[{color}m").as_bytes());
                    line.extend_from_slice(part);
                    line.extend_from_slice(b"\x1b[0m");
                }
                _ => line.extend_from_slice(part),
            }
        }
        line.extend_from_slice(text);
        line.push(b'\n');
        line
    }

    /// Says it on standard error, in one piece.
    pub fn say(&self, place: &[u8], level: Level, text: &[u8]) {
        let _ = std::io::stderr().write_all(&self.line(place, level, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_colours_they_are_given() {
        let line = |colors: &str, level| {
            let line = Colors::parse(colors).line(b"psql: ", level, b"text");
            String::from_utf8(line).unwrap()
        };
        assert_eq!(line("", Level::Error), "psql: error: text\n");
        assert_eq!(line("error=1:locus=4", Level::Error), "\x1b[4mpsql: \x1b[0m\x1b[1merror: \x1b[0mtext\n");
        assert_eq!(line("error=1:note=:other=2", Level::Hint), "psql: \x1b[mhint: \x1b[0mtext\n");
        assert_eq!(line("locus=4", Level::Info), "\x1b[4mpsql: \x1b[0mtext\n");
    }
}
