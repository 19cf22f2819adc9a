//! `keyword = value keyword = 'value with spaces'`; a backslash takes the next character as it is.

use super::Config;
use crate::Error;

pub(super) fn parse(config: &mut Config, text: &str) -> Result<(), Error> {
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = rest.find(|c| c == '=' || is_space(c)).unwrap_or(rest.len());
        let (keyword, behind) = rest.split_at(end);
        let Some(behind) = behind.trim_start_matches(is_space).strip_prefix('=') else {
            return Err(Error::new(format!("missing \"=\" after \"{keyword}\" in connection info string")));
        };
        let (value, behind) = value(behind.trim_start_matches(is_space))?;
        config.set(keyword, value)?;
        rest = behind.trim_start_matches(is_space);
    }
    Ok(())
}

/// The value at the start of `text`, and what is behind it.
fn value(text: &str) -> Result<(String, &str), Error> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|next| next.1)),
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            c if !quoted && is_space(c) => return Ok((value, &body[at..])),
            c => value.push(c),
        }
    }
    match quoted {
        true => Err(Error::new("unterminated quoted string in connection info string")),
        false => Ok((value, "")),
    }
}

/// White space as C's `isspace` sees it.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let config = Config::parse(" host = a\\ b port=1 dbname='it\\'s \\\\' user='' ").unwrap();
        let get = |keyword| config.get(keyword).unwrap();
        assert_eq!((get("host"), get("port"), get("dbname"), get("user")), ("a b", "1", "it's \\", ""));
    }

    #[test]
    fn mistakes_are_named() {
        let text = |conninfo: &str| Config::parse(conninfo).unwrap_err().message().to_string();
        assert_eq!(text("host"), "missing \"=\" after \"host\" in connection info string");
        assert_eq!(text("x=1"), "invalid connection option \"x\"");
        assert_eq!(text("dbname='x"), "unterminated quoted string in connection info string");
    }
}
