//! The configuration files of a new cluster: postgresql.conf from the table of all parameters, pg_hba.conf, pg_ident.conf.

use settings::{Flags, Kind, PARAMETERS, Parameter};
use std::fmt::Write;

/// The chapters of the file, by the first word of a parameter's category, in the order of reading.
const CHAPTERS: &[&str] = &[
    "File Locations",
    "Connections and Authentication",
    "Resource Usage",
    "Write-Ahead Log",
    "Replication",
    "Query Tuning",
    "Reporting and Logging",
    "Process Title",
    "Statistics",
    "Vacuuming",
    "Autovacuum",
    "Client Connection Defaults",
    "Lock Management",
    "Version and Platform Compatibility",
    "Error Handling",
];

fn chapter(parameter: &Parameter) -> &'static str {
    parameter.category.split(" / ").next().unwrap_or(parameter.category)
}

/// A value as the file writes it: quoted unless it is a plain number or word.
fn quoted(parameter: Option<&Parameter>, value: &str) -> String {
    let is_text = parameter.is_none_or(|parameter| matches!(parameter.kind, Kind::String { .. }));
    let plain = !value.is_empty()
        && value.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-'))
        && !is_text;
    if plain { value.to_string() } else { format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''")) }
}

fn line(parameter: &Parameter, value: Option<&str>) -> String {
    let shown = match value {
        Some(value) => value.to_string(),
        None => parameter.show(&parameter.boot_value()),
    };
    let mark = if value.is_some() { "" } else { "#" };
    let assignment = format!("{mark}{} = {}", parameter.name, quoted(Some(parameter), &shown));
    let mut notes = vec![parameter.short.to_string()];
    match parameter.kind {
        Kind::Enum { choices, .. } => {
            let words: Vec<&str> = choices.iter().filter(|choice| choice.shown).map(|choice| choice.word).collect();
            notes.push(format!("One of: {}.", words.join(", ")));
        }
        Kind::Int { min, max, .. } if max != i32::MAX || min > 0 => notes.push(format!("From {min} to {max}.")),
        _ => {}
    }
    if parameter.context == settings::Context::Postmaster {
        notes.push("(change requires restart)".into());
    }
    let mut text = String::new();
    let mut column = 0;
    let _ = write!(text, "{assignment}");
    let indent = 40;
    let pad = |text: &mut String, column: usize| text.extend(std::iter::repeat_n(' ', indent - column.min(indent)));
    if assignment.len() >= indent {
        text.push('\n');
    } else {
        column = assignment.len();
    }
    // Notes are wrapped behind the assignment.
    let mut current = String::new();
    let mut lines = Vec::new();
    for word in notes.join(" ").split_whitespace() {
        if !current.is_empty() && current.len() + word.len() > 68 {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    for (at, note) in lines.iter().enumerate() {
        pad(&mut text, if at == 0 { column } else { 0 });
        let _ = writeln!(text, "# {note}");
    }
    text
}

/// postgresql.conf: every parameter with its default in a comment, those of `values` set.
pub fn postgresql_conf(values: &[(String, String)]) -> String {
    let mut text = String::from(
        "# -----------------------------\n\
         # PostgreSQL configuration file\n\
         # -----------------------------\n\
         #\n\
         # Lines read \"name = value\"; the \"=\" is optional, whitespace is ignored, and a \"#\" begins a comment.\n\
         # Numbers may have units: B, kB, MB, GB, TB for memory; us, ms, s, min, h, d for time.\n\
         # Commented lines show defaults. After a change, reload with \"pg_ctl reload\" or SELECT pg_reload_conf();\n\
         # parameters marked so take effect at the next start. ALTER SYSTEM writes postgresql.auto.conf, which is read\n\
         # after this file; \"include\", \"include_if_exists\" and \"include_dir\" read others in their place.\n",
    );
    let value_of =
        |name: &str| values.iter().rev().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let listed = |parameter: &&Parameter| {
        let hidden = parameter.flags.contains(Flags::NOT_IN_SAMPLE)
            || parameter.flags.contains(Flags::DISALLOW_IN_FILE)
            || parameter.context == settings::Context::Internal;
        !hidden || value_of(parameter.name).is_some()
    };
    let known = |name: &str| CHAPTERS.contains(&name);
    let mut chapters: Vec<&str> = CHAPTERS.to_vec();
    for parameter in PARAMETERS.iter().filter(listed) {
        if !known(chapter(parameter)) && !chapters.contains(&chapter(parameter)) {
            chapters.push(chapter(parameter));
        }
    }
    for name in chapters {
        let mut parameters: Vec<&Parameter> = PARAMETERS.iter().filter(|p| chapter(p) == name).filter(listed).collect();
        if parameters.is_empty() {
            continue;
        }
        parameters.sort_by_key(|parameter| parameter.category);
        let rule = "#".to_string() + &"-".repeat(78);
        let _ = write!(text, "\n\n{rule}\n# {}\n{rule}\n", name.to_uppercase());
        let mut section = "";
        for parameter in parameters {
            if parameter.category != section {
                section = parameter.category;
                let title = section.split_once(" / ").map_or("", |(_, title)| title);
                let _ = if title.is_empty() { writeln!(text) } else { write!(text, "\n# - {title} -\n\n") };
            }
            text.push_str(&line(parameter, value_of(parameter.name)));
        }
    }
    let custom: Vec<_> = values.iter().filter(|(name, _)| settings::Id::find(name).is_none()).collect();
    let rule = "#".to_string() + &"-".repeat(78);
    let _ = write!(text, "\n\n{rule}\n# CUSTOMIZED OPTIONS\n{rule}\n\n# Add settings for extensions here\n");
    for (name, value) in custom {
        let _ = writeln!(text, "{name} = {}", quoted(None, value));
    }
    text
}

/// postgresql.auto.conf, empty.
pub const AUTO_CONF: &str =
    "# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\n";

/// pg_hba.conf for these authentication methods.
pub fn hba_conf(local: &str, host: &str) -> String {
    let mut text = String::from(
        "# PostgreSQL Client Authentication Configuration File\n\
         # ===================================================\n\
         #\n\
         # Who may connect, from where, as whom, to which database, and how they prove it. The first line whose connection\n\
         # type, database, user and address match decides; if none does, the connection is refused.\n\
         #\n\
         # local         DATABASE  USER  METHOD  [OPTIONS]\n\
         # host          DATABASE  USER  ADDRESS  METHOD  [OPTIONS]\n\
         # hostssl       DATABASE  USER  ADDRESS  METHOD  [OPTIONS]\n\
         # hostnossl     DATABASE  USER  ADDRESS  METHOD  [OPTIONS]\n\
         # include, include_if_exists, include_dir  FILE or DIRECTORY\n\
         #\n\
         # DATABASE: \"all\", \"sameuser\", \"samerole\", \"replication\", names, or a regular expression behind a slash.\n\
         # USER:     \"all\", names, \"+role\" for its members, or a regular expression behind a slash.\n\
         # ADDRESS:  a host name, an address with a mask length, \"samehost\", \"samenet\", or \"all\".\n\
         # METHOD:   \"trust\", \"reject\", \"scram-sha-256\", \"md5\", \"password\", \"peer\", \"ident\", \"cert\" and others.\n\
         #\n\
         # After a change, reload with \"pg_ctl reload\" or SELECT pg_reload_conf().\n\n",
    );
    if local == "trust" || host == "trust" {
        text.push_str(
            "# CAUTION: \"trust\" lets any local user connect as any PostgreSQL user, including the superuser. Use another\n\
             # method if you do not trust all of this machine's users.\n\n",
        );
    }
    text.push_str("# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\n");
    let mut rules = |comment: &str, database: &str| {
        let _ = writeln!(text, "# {comment}");
        let _ = writeln!(text, "local   {database:<15} all                                     {local}");
        let _ = writeln!(text, "host    {database:<15} all             127.0.0.1/32            {host}");
        let _ = writeln!(text, "host    {database:<15} all             ::1/128                 {host}");
    };
    rules("Connections from this machine: Unix domain sockets, IPv4, IPv6:", "all");
    rules("Replication connections from this machine, by a user with the replication privilege:", "replication");
    text
}

/// pg_ident.conf, with nothing but its explanation.
pub const IDENT_CONF: &str = "\
# PostgreSQL User Name Maps
# =========================
#
# Which system users (or names from certificates and the like) may connect as which database users. A line of pg_hba.conf
# uses a map with the option \"map=MAPNAME\".
#
# MAPNAME  SYSTEM-USERNAME  DATABASE-USERNAME
# include, include_if_exists, include_dir  FILE or DIRECTORY
#
# A SYSTEM-USERNAME behind a slash is a regular expression; \\1 in DATABASE-USERNAME stands for what its first group matched.
# DATABASE-USERNAME may be \"all\" or \"+role\" for the members of a role.
#
# After a change, reload with \"pg_ctl reload\" or SELECT pg_reload_conf().

# MAPNAME       SYSTEM-USERNAME         DATABASE-USERNAME
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_file_is_read_back() {
        let values =
            [("max_connections", "50"), ("lc_messages", "C"), ("log_line_prefix", "it's %m "), ("my.own", "x")];
        let values = values.map(|(name, value)| (name.to_string(), value.to_string()));
        let text = postgresql_conf(&values);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("postgresql.conf");
        std::fs::write(&path, &text).expect("writes");
        let parsed = settings::file::read(&path, true);
        let found: Vec<_> = parsed.items.iter().map(|item| (item.name.as_str(), item.value.as_str())).collect();
        for (name, value) in &values {
            assert!(found.contains(&(name.as_str(), value.as_str())), "{name}: {found:?}");
        }
        assert_eq!(found.len(), values.len());
        // With every default uncommented it is still a valid file.
        let all: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        std::fs::write(&path, all).expect("writes");
        let parsed = settings::file::read(&path, true);
        assert!(parsed.items.len() > 280, "{}", parsed.items.len());
        for item in &parsed.items {
            if let Some(id) = settings::Id::find(&item.name) {
                let parameter = &PARAMETERS[id.0 as usize];
                parameter.parse(&item.name, &item.value).unwrap_or_else(|e| panic!("{}: {e}", item.name));
            }
        }
    }

    #[test]
    fn access_rules() {
        let text = hba_conf("peer", "scram-sha-256");
        let rules: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert_eq!(rules.len(), 6);
        assert_eq!(rules[0].split_whitespace().collect::<Vec<_>>(), ["local", "all", "all", "peer"]);
        assert_eq!(
            rules[4].split_whitespace().collect::<Vec<_>>(),
            ["host", "replication", "all", "127.0.0.1/32", "scram-sha-256"]
        );
    }
}
