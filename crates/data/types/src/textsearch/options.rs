//! Lists of options as dictionaries and `ts_headline` take them: `language = 'english', stopwords = 'english'`.

use error::{Error, Result};

/// Reads a list of options: names as they are written, values without their quotes.
pub fn read_options(text: &str) -> Result<Vec<(String, String)>> {
    let wrong = || Error::new(error::SqlState::SYNTAX_ERROR, format!("invalid parameter list format: \"{text}\""));
    let mut options = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name = if rest.starts_with('"') { quoted(&mut rest, '"', false) } else { bare(&mut rest, &['=', ',']) };
        rest = rest.trim_start().strip_prefix('=').ok_or_else(wrong)?.trim_start();
        let value = if rest.starts_with('\'') {
            quoted(&mut rest, '\'', false)
        } else if rest.starts_with('"') {
            quoted(&mut rest, '"', false)
        } else if rest.starts_with("E'") {
            rest = &rest[1..];
            quoted(&mut rest, '\'', true)
        } else {
            bare(&mut rest, &[','])
        };
        options.push((name.ok_or_else(wrong)?, value.ok_or_else(wrong)?));
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => {}
            None => return Err(wrong()),
        }
    }
    Ok(options)
}

/// Takes what stands in quotes, in which a doubled quote is one.
fn quoted(rest: &mut &str, quote: char, escapes: bool) -> Option<String> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => out.push(chars.next()?.1),
            c if c == quote => {
                if chars.peek().is_none_or(|(_, next)| *next != quote) {
                    *rest = &rest[at + 1..];
                    return Some(out);
                }
                chars.next();
                out.push(quote);
            }
            c => out.push(c),
        }
    }
    None
}

fn bare(rest: &mut &str, ends: &[char]) -> Option<String> {
    let end = rest.find(|c: char| c.is_whitespace() || ends.contains(&c)).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    *rest = behind;
    (!word.is_empty()).then(|| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::read_options;

    #[test]
    fn options_are_read_back() {
        let read = read_options("language = 'english', \"Stop Words\" = E'a''\\\\b', n = 12").unwrap();
        let expected = [("language", "english"), ("Stop Words", "a'\\b"), ("n", "12")];
        assert_eq!(read, expected.map(|(a, b)| (a.to_string(), b.to_string())));
        assert!(read_options("language 'english'").is_err());
        assert!(read_options("language = 'english").is_err());
        assert!(read_options("a=b c=d").is_err());
    }
}
