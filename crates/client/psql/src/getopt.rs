//! Command-line options as GNU's `getopt_long` reads them: short ones may be joined, long ones may be shortened, and arguments may
//! stand between options.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// An option that a program knows.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its long name, without the dashes.
    pub long: &'static str,
    /// What it is reported as: its letter, or for those without one any other character.
    pub short: char,
    /// Whether it has a value.
    pub value: Value,
}

/// Whether an option has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// No.
    None,
    /// Yes.
    Required,
    /// The long form may have one, behind `=`.
    Optional,
}

/// What stands on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An option, and its value.
    Option(char, Option<OsString>),
    /// An argument.
    Argument(OsString),
}

/// Reads a command line. Letters of `known` that are not ASCII letters or digits (or `?`) have no short form.
///
/// # Errors
/// What is wrong, in GNU's words, without the program's name.
pub fn parse(arguments: Vec<OsString>, known: &[Known]) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_bytes();
        if bytes == b"--" {
            items.extend(arguments.by_ref().map(Item::Argument));
        } else if let Some(long) = bytes.strip_prefix(b"--") {
            items.push(long_option(long, known, &mut arguments)?);
        } else if bytes.len() > 1 && bytes[0] == b'-' {
            let mut letters = &bytes[1..];
            while let Some((&letter, rest)) = letters.split_first() {
                letters = rest;
                let letter = char::from(letter);
                let option = known.iter().find(|option| option.short == letter && has_short_form(letter));
                let Some(option) = option else { return Err(format!("invalid option -- '{letter}'")) };
                let value = match option.value {
                    Value::None | Value::Optional => None,
                    Value::Required => {
                        let value = match rest {
                            [] => arguments.next(),
                            rest => Some(OsString::from_vec(rest.to_vec())),
                        };
                        letters = &[];
                        Some(value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?)
                    }
                };
                items.push(Item::Option(letter, value));
            }
        } else {
            items.push(Item::Argument(argument));
        }
    }
    Ok(items)
}

fn has_short_form(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '?'
}

fn long_option(text: &[u8], known: &[Known], arguments: &mut impl Iterator<Item = OsString>) -> Result<Item, String> {
    let (name, value) = match text.iter().position(|&byte| byte == b'=') {
        Some(at) => (&text[..at], Some(OsString::from_vec(text[at + 1..].to_vec()))),
        None => (text, None),
    };
    let name = String::from_utf8_lossy(name);
    let shortened: Vec<&Known> = known.iter().filter(|option| option.long.starts_with(&*name)).collect();
    let option = match (known.iter().find(|option| option.long == name), &shortened[..]) {
        (Some(exact), _) => exact,
        (None, [one]) => one,
        (None, []) => return Err(format!("unrecognized option '--{}'", String::from_utf8_lossy(text))),
        (None, [first, rest @ ..]) if rest.iter().all(|option| option.short == first.short) => first,
        (None, several) => {
            let names: Vec<_> = several.iter().map(|option| format!(" '--{}'", option.long)).collect();
            let text = String::from_utf8_lossy(text);
            return Err(format!("option '--{text}' is ambiguous; possibilities:{}", names.concat()));
        }
    };
    let long = option.long;
    let value = match (option.value, value) {
        (Value::None, Some(_)) => return Err(format!("option '--{long}' doesn't allow an argument")),
        (Value::Required, None) => {
            Some(arguments.next().ok_or_else(|| format!("option '--{long}' requires an argument"))?)
        }
        (_, value) => value,
    };
    Ok(Item::Option(option.short, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Known] = &[
        Known { long: "all", short: 'a', value: Value::None },
        Known { long: "file", short: 'f', value: Value::Required },
        Known { long: "format", short: 'F', value: Value::Required },
        Known { long: "help", short: '!', value: Value::Optional },
    ];

    fn read(line: &str) -> Result<Vec<Item>, String> {
        parse(line.split(' ').map(OsString::from).collect(), KNOWN)
    }

    #[test]
    fn options_are_read_as_gnu_does() {
        let option = |letter, value: &str| Item::Option(letter, Some(value.into()));
        let plain = |letter| Item::Option(letter, None);
        let argument = |text: &str| Item::Argument(text.into());
        assert_eq!(
            read("x -afy --fil=z -- -a").unwrap(),
            [argument("x"), plain('a'), option('f', "y"), option('f', "z"), argument("-a")]
        );
        assert_eq!(
            read("--help --help=x -f a -").unwrap(),
            [plain('!'), option('!', "x"), option('f', "a"), argument("-")]
        );
        for (line, problem) in [
            ("-y", "invalid option -- 'y'"),
            ("-!", "invalid option -- '!'"),
            ("-f", "option requires an argument -- 'f'"),
            ("--file", "option '--file' requires an argument"),
            ("--all=x", "option '--all' doesn't allow an argument"),
            ("--nono", "unrecognized option '--nono'"),
            ("--f", "option '--f' is ambiguous; possibilities: '--file' '--format'"),
        ] {
            assert_eq!(read(line).unwrap_err(), problem);
        }
    }
}
