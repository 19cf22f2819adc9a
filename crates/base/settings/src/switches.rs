//! The server's command-line switches, which clients may also send in the start-up packet's `options`.

/// What a switch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Set a parameter: `-c name=value`, `--name=value`, or a letter that stands for one.
    Set(String, String),
    /// `-D`: the data directory. Not for clients.
    Directory(String),
    /// `-C`: print a parameter. Not for clients.
    Print(String),
}

/// Why switches are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A switch that does not exist, or lacks its argument, or an argument that belongs to none.
    Usage(String),
    /// A parameter without a value.
    NoValue(String),
}

/// Splits the text of `options` into words: at white space, unless a backslash stands before it.
pub fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.trim_start().chars().peekable();
    while chars.peek().is_some() {
        let mut word = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => word.extend(chars.next()),
                c if c.is_ascii_whitespace() => break,
                c => word.push(c),
            }
        }
        words.push(word);
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
    }
    words
}

/// Reads switches as getopt does: letters may stand together, their values attached or apart.
///
/// # Errors
///
/// The first word that is wrong.
pub fn parse(words: &[String]) -> Result<Vec<Switch>, Refusal> {
    let mut all = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = split(long).ok_or_else(|| Refusal::NoValue(format!("--{long} requires a value")))?;
            all.push(Switch::Set(name, value));
            continue;
        }
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return Err(Refusal::Usage(format!("invalid argument: \"{word}\"")));
        };
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let value = match "BcCdDfhkNprStvW".contains(letter) {
                false => String::new(),
                true => match letters.as_str() {
                    "" => rest
                        .next()
                        .cloned()
                        .ok_or_else(|| Refusal::Usage(format!("option requires an argument -- '{letter}'")))?,
                    attached => {
                        let attached = attached.to_string();
                        letters = "".chars();
                        attached
                    }
                },
            };
            letter_switch(letter, value, &mut all)?;
        }
    }
    match rest.next() {
        Some(word) => Err(Refusal::Usage(format!("invalid argument: \"{word}\""))),
        None => Ok(all),
    }
}

/// `name=value`, dashes in the name meaning underscores. `None` if there is no value.
fn split(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.replace('-', "_"), value.to_string()))
}

fn letter_switch(letter: char, value: String, all: &mut Vec<Switch>) -> Result<(), Refusal> {
    let mut set = |name: &str, value: &str| all.push(Switch::Set(name.to_string(), value.to_string()));
    match letter {
        'B' => set("shared_buffers", &value),
        'c' => {
            let (name, value) =
                split(&value).ok_or_else(|| Refusal::NoValue(format!("-c {value} requires a value")))?;
            set(&name, &value);
        }
        'C' => all.push(Switch::Print(value)),
        'd' => {
            let level = value.parse::<u32>().unwrap_or(0).min(5);
            let word = if level == 0 { "notice".to_string() } else { format!("debug{level}") };
            set("log_min_messages", &word);
            if level >= 1 {
                set("log_connections", "all");
                set("log_disconnections", "true");
            }
            if level >= 2 {
                set("log_statement", "all");
            }
        }
        'D' => all.push(Switch::Directory(value)),
        'e' => set("datestyle", "euro"),
        // Of no effect in a server of many processes.
        'E' | 'j' | 'n' | 'r' | 'v' => {}
        'f' => {
            let node = match value.as_str() {
                "s" => "enable_seqscan",
                "i" => "enable_indexscan",
                "o" => "enable_indexonlyscan",
                "b" => "enable_bitmapscan",
                "t" => "enable_tidscan",
                "n" => "enable_nestloop",
                "m" => "enable_mergejoin",
                "h" => "enable_hashjoin",
                _ => return Err(Refusal::Usage(format!("invalid argument for option -f: \"{value}\""))),
            };
            set(node, "false");
        }
        'F' => set("fsync", "false"),
        'h' => set("listen_addresses", &value),
        'i' => set("listen_addresses", "*"),
        'k' => set("unix_socket_directories", &value),
        'l' => set("ssl", "true"),
        'N' => set("max_connections", &value),
        'O' => set("allow_system_table_mods", "true"),
        'p' => set("port", &value),
        'P' => set("ignore_system_indexes", "true"),
        's' => set("log_statement_stats", "true"),
        'S' => set("work_mem", &value),
        't' => {
            let name = match value.as_bytes() {
                [b'p', b'a', ..] => "log_parser_stats",
                [b'p', b'l', ..] => "log_planner_stats",
                [b'e', ..] => "log_executor_stats",
                _ => return Err(Refusal::Usage(format!("invalid argument for option -t: \"{value}\""))),
            };
            set(name, "true");
        }
        'T' => set("send_abort_for_crash", "true"),
        'W' => set("post_auth_delay", &value),
        other => return Err(Refusal::Usage(format!("invalid option -- '{other}'"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_start_up_packet() {
        let words = split_words("  -c search_path=a\\ b,\\\\c  --work-mem=1MB -e");
        assert_eq!(words, ["-c", "search_path=a b,\\c", "--work-mem=1MB", "-e"]);
        let set = |name: &str, value: &str| Switch::Set(name.into(), value.into());
        let expected = vec![set("search_path", "a b,\\c"), set("work_mem", "1MB"), set("datestyle", "euro")];
        assert_eq!(parse(&words), Ok(expected));
        assert_eq!(split_words(" \\"), [""]);
    }
}
