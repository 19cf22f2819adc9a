//! `~/.pgpass`: passwords by host, port, database and user.
//!
//! ```text
//!  hostname:port:database:username:password     * matches all; \: and \\ are a colon and a backslash
//! ```

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The password for a connection, from the first line that matches. Warns on standard error, as libpq does, if the file is none
/// or may be read by others; it is not used then.
pub(crate) fn password(file: &Path, wanted: [&str; 4]) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let shown = file.display();
    if !metadata.is_file() {
        eprintln!("WARNING: password file \"{shown}\" is not a plain file");
        return None;
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        eprintln!(
            "WARNING: password file \"{shown}\" has group or world access; permissions should be u=rw (0600) or less"
        );
        return None;
    }
    let text = std::fs::read(file).ok()?;
    find(&String::from_utf8_lossy(&text), wanted)
}

fn find(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line.trim_end_matches('\r');
        for value in wanted {
            rest = rest.strip_prefix("*:").or_else(|| matches(rest, value))?;
        }
        let mut password = String::with_capacity(rest.len());
        let mut chars = rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => password.extend(chars.next()),
                ':' => break,
                c => password.push(c),
            }
        }
        Some(password)
    })
}

/// What is behind the field, if that is this value.
fn matches<'a>(line: &'a str, value: &str) -> Option<&'a str> {
    let mut field = line.chars();
    for wanted in value.chars() {
        let found = match field.next()? {
            '\\' => field.next()?,
            ':' => return None,
            c => c,
        };
        if found != wanted {
            return None;
        }
    }
    field.as_str().strip_prefix(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_matches_counts() {
        let text = "# c\nhost:1:db:user:first\n*:1:db:user:second\\:x\\\\y:rest\nho\\:st:*:*:*:third\n";
        let of = |host: &str, port: &str| find(text, [host, port, "db", "user"]);
        assert_eq!(of("host", "1").as_deref(), Some("first"));
        assert_eq!(of("other", "1").as_deref(), Some("second:x\\y"));
        assert_eq!(of("ho:st", "2").as_deref(), Some("third"));
        assert_eq!(of("host", "2"), None);
        assert_eq!(of("hos", "2"), None);
    }

    #[test]
    fn a_file_for_all_to_read_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pgpass");
        std::fs::write(&file, "*:*:*:*:secret\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert_eq!(password(&file, ["a", "b", "c", "d"]), None);
        mode(0o600);
        assert_eq!(password(&file, ["a", "b", "c", "d"]).as_deref(), Some("secret"));
        assert_eq!(password(directory.path(), ["a", "b", "c", "d"]), None);
    }
}
