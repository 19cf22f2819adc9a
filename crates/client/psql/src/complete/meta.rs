//! Completion of meta-commands: the table `meta.txt`, and the kinds that only they have.

use super::{Completion, Source, catalog, files};
use crate::grammar;

/// Options of `\pset`, and the values that they take.
pub(super) const PSET: &[(&str, &[&str])] = &[
    ("border", &["0", "1", "2", "3"]),
    ("columns", &[]),
    ("csv_fieldsep", &[]),
    ("expanded", &["on", "off", "auto"]),
    ("fieldsep", &[]),
    ("fieldsep_zero", &[]),
    ("footer", &["on", "off"]),
    ("format", &["aligned", "asciidoc", "csv", "html", "latex", "latex-longtable", "troff-ms", "unaligned", "wrapped"]),
    ("linestyle", &["ascii", "old-ascii", "unicode"]),
    ("null", &[]),
    ("numericlocale", &["on", "off"]),
    ("pager", &["on", "off", "always"]),
    ("pager_min_lines", &[]),
    ("recordsep", &[]),
    ("recordsep_zero", &[]),
    ("tableattr", &[]),
    ("title", &[]),
    ("tuples_only", &["on", "off"]),
    ("unicode_border_linestyle", &["single", "double"]),
    ("unicode_column_linestyle", &["single", "double"]),
    ("unicode_header_linestyle", &["single", "double"]),
    ("xheader_width", &["full", "column", "page"]),
];

/// Variables that psql itself looks at, and their values.
pub(super) const VARIABLES: &[(&str, &[&str])] = &[
    ("AUTOCOMMIT", &["on", "off"]),
    ("COMP_KEYWORD_CASE", &["lower", "upper", "preserve-lower", "preserve-upper"]),
    ("ECHO", &["all", "errors", "none", "queries"]),
    ("ECHO_HIDDEN", &["noexec", "off", "on"]),
    ("FETCH_COUNT", &[]),
    ("HIDE_TABLEAM", &["on", "off"]),
    ("HIDE_TOAST_COMPRESSION", &["on", "off"]),
    ("HISTCONTROL", &["ignoreboth", "ignoredups", "ignorespace", "none"]),
    ("HISTFILE", &[]),
    ("HISTSIZE", &[]),
    ("IGNOREEOF", &[]),
    ("ON_ERROR_ROLLBACK", &["on", "off", "interactive"]),
    ("ON_ERROR_STOP", &["on", "off"]),
    ("PROMPT1", &[]),
    ("PROMPT2", &[]),
    ("PROMPT3", &[]),
    ("QUIET", &["on", "off"]),
    ("SHOW_ALL_RESULTS", &["on", "off"]),
    ("SHOW_CONTEXT", &["always", "errors", "never"]),
    ("SINGLELINE", &["on", "off"]),
    ("SINGLESTEP", &["on", "off"]),
    ("VERBOSITY", &["default", "sqlstate", "terse", "verbose"]),
    ("WATCH_INTERVAL", &[]),
];

/// A line of the table: the names of the command, and its arguments.
fn table() -> impl Iterator<Item = (Vec<&'static str>, Vec<&'static str>)> {
    include_str!("meta.txt").lines().filter(|line| line.starts_with('\\')).map(|line| {
        let (mut names, mut arguments) = (Vec::new(), Vec::new());
        let mut rest = line.trim();
        while !rest.is_empty() {
            let end = if rest.starts_with('{') {
                rest.find('}').map(|end| end + 1 + usize::from(rest[end + 1..].starts_with('*')))
            } else {
                rest.find(' ')
            };
            let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if word.starts_with('\\') {
                names.push(word)
            } else {
                arguments.push(word)
            }
            rest = behind.trim_start();
        }
        (names, arguments)
    })
}

/// Completes a meta-command. `text` begins with its backslash and ends at the cursor; positions are those in `text`.
pub(super) fn complete(text: &str, source: &mut dyn Source) -> Completion {
    let Some(space) = text.find(char::is_whitespace) else {
        let names = table().flat_map(|(names, _)| names).filter(|name| name.starts_with(text));
        return Completion::new(0, names.map(str::to_owned).collect());
    };
    let (command, rest) = text.split_at(space);
    let rest_start = text.len() - rest.trim_start().len();
    let start = current_start(rest).map_or(text.len(), |start| space + start);
    let part = &text[start..];
    let before: Vec<&str> = text[space..start].split_whitespace().collect();
    let Some((_, arguments)) = table().find(|(names, _)| names.contains(&command)) else {
        return Completion::default();
    };
    let argument = match arguments.get(before.len()).or(arguments.last().filter(|last| last.ends_with('*'))) {
        Some(argument) => argument.trim_end_matches('*'),
        None => return Completion::default(),
    };
    if let Some(words) = argument.strip_prefix('{') {
        let words = words.trim_end_matches('}').split(' ').map(str::to_owned).collect();
        return Completion::new(start, words).starting_with(part);
    }
    let variables = |source: &mut dyn Source| {
        let mut names: Vec<String> = VARIABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.extend(source.variables());
        names
    };
    let values = |table: &[(&str, &[&str])]| {
        let of = table.iter().find(|(name, _)| before.first() == Some(name));
        of.map_or(Vec::new(), |(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
    };
    match argument {
        "-" => Completion::default(),
        "files" => files::complete(part, start, false),
        "directories" => files::complete(part, start, true),
        "topics" => topics(&text[rest_start..], rest_start),
        "pset_options" => {
            Completion::new(start, PSET.iter().map(|(name, _)| (*name).to_owned()).collect()).starting_with(part)
        }
        "pset_values" => Completion::new(start, values(PSET)).starting_with(part),
        "variables" => Completion::new(start, variables(source)).starting_with_exactly(part),
        "variable_values" => Completion::new(start, values(VARIABLES)).starting_with(part),
        "environment" => {
            let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
            Completion::new(start, names.collect()).starting_with_exactly(part)
        }
        "copy" => match before.last() {
            Some(word) if word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("to") => {
                let mut completion = files::complete(part, start, false);
                let words: &[&str] = if word.eq_ignore_ascii_case("from") {
                    &["STDIN", "PSTDIN", "PROGRAM"]
                } else {
                    &["STDOUT", "PSTDOUT", "PROGRAM"]
                };
                completion
                    .texts
                    .extend(words.iter().filter(|word| super::begins_with(word, part)).map(|word| (*word).to_owned()));
                completion
            }
            // The rest is that of COPY.
            _ => super::complete_sql(text, "\\copy".len(), "COPY", source),
        },
        kind => {
            let (qualifier, name, name_start) = split_name(part, start);
            Completion::new(name_start, catalog::objects(kind, &qualifier, name, source))
        }
    }
}

/// Where the argument at the cursor begins, in the text behind the command; `None` if a new one would begin there.
fn current_start(rest: &str) -> Option<usize> {
    let (mut start, mut quote) = (None, None);
    for (position, c) in rest.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => (),
            (None, '"' | '\'') => {
                quote = Some(c);
                start.get_or_insert(position);
            }
            (None, c) if c.is_whitespace() => start = None,
            _ => {
                start.get_or_insert(position);
            }
        }
    }
    start
}

/// The qualifier of a name, the part behind its last dot, and where that begins.
fn split_name(text: &str, start: usize) -> (Vec<&str>, &str, usize) {
    let (mut dots, mut is_quoted) = (Vec::new(), false);
    for (position, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => dots.push(position),
            _ => (),
        }
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for dot in dots {
        parts.push(&text[from..dot]);
        from = dot + 1;
    }
    (parts, &text[from..], start + from)
}

/// Commands of SQL, of several words.
fn topics(typed: &str, start: usize) -> Completion {
    let names = grammar::sql().commands.iter().map(|command| command.name.to_owned());
    let mut names: Vec<String> = names.filter(|name| super::begins_with(name, typed)).collect();
    if typed.is_empty() {
        names.push("*".to_owned());
    }
    Completion::new(start, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_the_help_lists_is_in_the_table() {
        let names: Vec<&str> = table().flat_map(|(names, _)| names).collect();
        for line in include_str!("../help/commands.txt").lines() {
            let Some(command) = line.strip_prefix("  \\") else { continue };
            let name: String =
                command.chars().take_while(|c| c.is_ascii_alphanumeric() || "_!?".contains(*c)).collect();
            assert!(names.contains(&format!("\\{name}").as_str()), "{name}");
        }
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
    }

    #[test]
    fn options_and_variables_are_those_of_the_help() {
        let help = concat!(include_str!("../help/variables.txt"), include_str!("../help/commands.txt"));
        let words: Vec<&str> = help.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for (name, _) in PSET.iter().chain(VARIABLES) {
            assert!(words.contains(name), "{name}");
        }
    }

    #[test]
    fn kinds_are_known() {
        let own = [
            "-",
            "files",
            "directories",
            "topics",
            "pset_options",
            "pset_values",
            "variables",
            "variable_values",
            "environment",
            "copy",
        ];
        for argument in table().flat_map(|(_, arguments)| arguments) {
            let kind = argument.trim_end_matches('*');
            assert!(kind.starts_with('{') || own.contains(&kind) || catalog::is_known(kind), "{kind}");
        }
    }
}
