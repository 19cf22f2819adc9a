//! `postgresql://user:password@host:port,host:port/dbname?keyword=value&…`, every part optional and percent-encoded.

use super::{Config, index};
use crate::Error;

/// What follows the scheme, if it is a URI.
pub(super) fn without_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"))
}

pub(super) fn parse(config: &mut Config, uri: &str, rest: &str) -> Result<(), Error> {
    let mut set = |keyword: &str, value: &str| config.set(keyword, decode(value)?);
    let mut rest = rest;
    // The user's part ends at the first "@" before any slash.
    if let Some(at) = rest.find(['@', '/']).filter(|&at| rest[at..].starts_with('@')) {
        let (user, password) = rest[..at].split_once(':').unwrap_or((&rest[..at], ""));
        if !user.is_empty() {
            set("user", user)?;
        }
        if !password.is_empty() {
            set("password", password)?;
        }
        rest = &rest[at + 1..];
    }
    let (mut hosts, mut ports) = (String::new(), String::new());
    loop {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some(end) = inside.find(']') else {
                return Err(Error::new(format!(
                    "end of string reached when looking for matching \"]\" in IPv6 host address in URI: \"{uri}\""
                )));
            };
            if end == 0 {
                return Err(Error::new(format!("IPv6 host address may not be empty in URI: \"{uri}\"")));
            }
            hosts.push_str(&inside[..end]);
            rest = &inside[end + 1..];
            if let Some(c) = rest.chars().next().filter(|c| !":/?,".contains(*c)) {
                let position = uri.len() - rest.len() + 1;
                return Err(Error::new(format!(
                    "unexpected character \"{c}\" at position {position} in URI (expected \":\" or \"/\"): \"{uri}\""
                )));
            }
        } else {
            let end = rest.find([':', '/', '?', ',']).unwrap_or(rest.len());
            hosts.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        if let Some(behind) = rest.strip_prefix(':') {
            let end = behind.find(['/', '?', ',']).unwrap_or(behind.len());
            ports.push_str(&behind[..end]);
            rest = &behind[end..];
        }
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None => break,
        }
        hosts.push(',');
        ports.push(',');
    }
    if !hosts.is_empty() {
        set("host", &hosts)?;
    }
    if !ports.is_empty() {
        set("port", &ports)?;
    }
    if let Some(behind) = rest.strip_prefix('/') {
        let end = behind.find('?').unwrap_or(behind.len());
        if end > 0 {
            set("dbname", &behind[..end])?;
        }
        rest = &behind[end..];
    }
    match rest.strip_prefix('?') {
        Some(parameters) if !parameters.is_empty() => parse_parameters(config, parameters),
        _ => Ok(()),
    }
}

fn parse_parameters(config: &mut Config, parameters: &str) -> Result<(), Error> {
    for parameter in parameters.split('&') {
        let Some((keyword, value)) = parameter.split_once('=') else {
            return Err(Error::new(format!(
                "missing key/value separator \"=\" in URI query parameter: \"{parameter}\""
            )));
        };
        if value.contains('=') {
            return Err(Error::new(format!("extra key/value separator \"=\" in URI query parameter: \"{keyword}\"")));
        }
        let (keyword, value) = (decode(keyword)?, decode(value)?);
        // As JDBC writes it.
        if keyword == "ssl" && value == "true" {
            config.set("sslmode", "require")?;
        } else if index(&keyword).is_some() {
            config.set(&keyword, value)?;
        } else {
            return Err(Error::new(format!("invalid URI query parameter: \"{keyword}\"")));
        }
    }
    Ok(())
}

/// Takes percent-encoding off. Spaces at the ends are dropped, inside they are an error.
fn decode(text: &str) -> Result<String, Error> {
    let trimmed = text.trim_matches(super::conninfo::is_space);
    if trimmed.contains(super::conninfo::is_space) {
        return Err(Error::new(format!(
            "unexpected spaces found in \"{text}\", use percent-encoded spaces (%20) instead"
        )));
    }
    let invalid = || Error::new(format!("invalid percent-encoded token: \"{text}\""));
    let mut bytes = Vec::with_capacity(trimmed.len());
    let mut rest = trimmed.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|&digit| (digit as char).to_digit(16)).ok_or_else(invalid);
        let decoded = (digit()? * 16 + digit()?) as u8;
        if decoded == 0 {
            return Err(Error::new(format!("forbidden value %00 in percent-encoded value: \"{text}\"")));
        }
        bytes.push(decoded);
    }
    String::from_utf8(bytes).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(uri: &str) -> String {
        match Config::parse(uri) {
            Ok(config) => config.iter().map(|(k, v)| format!("{}='{v}'", k.name)).collect::<Vec<_>>().join(" "),
            Err(error) => error.message().to_string(),
        }
    }

    #[test]
    fn uris_are_taken_apart() {
        for (uri, expected) in [
            (
                "postgresql://uri-user:secret@host:12345/db",
                "user='uri-user' password='secret' dbname='db' host='host' port='12345'",
            ),
            ("postgresql://user@host", "user='user' host='host'"),
            ("postgres://host:1,other:2/db?user=x", "user='x' dbname='db' host='host,other' port='1,2'"),
            ("postgresql://[::1]:5433/db", "dbname='db' host='::1' port='5433'"),
            ("postgresql:///db?host=/tmp&port=7", "dbname='db' host='/tmp' port='7'"),
            ("postgresql://%2Ftmp%2Fsockets/db%20x", "dbname='db x' host='/tmp/sockets'"),
            ("postgresql://", ""),
            ("postgresql://host?ssl=true", "host='host' sslmode='require'"),
            ("postgresql://a:b@/", "user='a' password='b'"),
        ] {
            assert_eq!(shown(uri), expected, "{uri}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (uri, expected) in [
            (
                "postgresql://[::1",
                "end of string reached when looking for matching \"]\" in IPv6 host address in URI: \"postgresql://[::1\"",
            ),
            ("postgresql://[]", "IPv6 host address may not be empty in URI: \"postgresql://[]\""),
            (
                "postgresql://[::1]z",
                "unexpected character \"z\" at position 19 in URI (expected \":\" or \"/\"): \"postgresql://[::1]z\"",
            ),
            ("postgresql://host/db?u%7aer=x", "invalid URI query parameter: \"uzer\""),
            ("postgresql://host?zzz", "missing key/value separator \"=\" in URI query parameter: \"zzz\""),
            ("postgresql://host?user=a=b", "extra key/value separator \"=\" in URI query parameter: \"user\""),
            ("postgresql://host?dbname=%zz", "invalid percent-encoded token: \"%zz\""),
            ("postgresql://%00", "forbidden value %00 in percent-encoded value: \"%00\""),
        ] {
            assert_eq!(shown(uri), expected, "{uri}");
        }
    }
}
