//! `log_line_prefix`: its escapes.

use error::SqlState;

use crate::{Logger, time};

impl Logger {
    /// Appends the prefix of a message's lines.
    pub(crate) fn append_prefix(&self, state: SqlState, now_us: i64, out: &mut String) {
        let session = &self.session;
        let unknown = |text: &str| if text.is_empty() { "[unknown]".to_string() } else { text.to_string() };
        let client = |text: &str| if session.is_client { unknown(text) } else { String::new() };
        let mut chars = self.prefix.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            // A padding such as %-10u; negative pads on the right.
            let left = chars.next_if_eq(&'-').is_some();
            let mut width = 0usize;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                width = (width * 10 + digit as usize).min(1000);
                chars.next();
            }
            let value = match chars.next() {
                None => return,
                Some('%') => {
                    out.push('%');
                    continue;
                }
                Some('q') if session.is_client => continue,
                Some('q') => return,
                Some('a') => client(&session.application_name),
                Some('b') => session.backend_type.to_string(),
                Some('u') => client(&session.user),
                Some('d') => client(&session.database),
                Some('r') if session.is_client && !session.remote_port.is_empty() => {
                    format!("{}({})", session.remote_host, session.remote_port)
                }
                Some('r' | 'h') if session.is_client => session.remote_host.clone(),
                Some('L') if session.is_client => session.local_host.clone(),
                Some('r' | 'h' | 'L') => String::new(),
                Some('p') => self.pid.to_string(),
                Some('P') if session.leader != 0 => session.leader.to_string(),
                Some('P') => String::new(),
                Some('t') => time::format(now_us, &self.zone, self.zones, false),
                Some('m') => time::format(now_us, &self.zone, self.zones, true),
                Some('n') => format!("{}.{:03}", now_us / 1_000_000, now_us / 1000 % 1000),
                Some('i') if session.is_client => session.command.clone(),
                Some('i') => String::new(),
                Some('e') => state.code().to_string(),
                Some('c') => format!("{:x}.{:x}", session.started_us / 1_000_000, self.pid),
                Some('l') => self.lines.to_string(),
                Some('s') => time::format(session.started_us, &self.zone, self.zones, false),
                Some('v') => session.virtual_transaction.clone(),
                Some('x') => session.xid.to_string(),
                Some('Q') => session.query_id.to_string(),
                // An unknown escape is ignored.
                Some(_) => continue,
            };
            match left {
                true => out.push_str(&format!("{value:<width$}")),
                false => out.push_str(&format!("{value:>width$}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;
    use settings::{Asker, How, NoHooks, Settings, Source};

    fn prefix(format: &str, session: Session) -> String {
        let mut settings = Settings::new();
        let how = How::startup(Asker::Postmaster, Source::CommandLine);
        settings.set("log_line_prefix", Some(format), how, &NoHooks).unwrap();
        let mut logger = Logger::new(&settings, time::utc_only);
        logger.session = session;
        logger.pid = 31;
        let mut out = String::new();
        logger.append_prefix(SqlState::UNDEFINED_TABLE, 1_500_000, &mut out);
        out
    }

    #[test]
    fn escapes() {
        let client = Session {
            is_client: true,
            user: "anna".into(),
            database: String::new(),
            remote_host: "10.0.0.1".into(),
            remote_port: "99".into(),
            backend_type: "client backend",
            started_us: 255_000_000,
            xid: 7,
            ..Session::default()
        };
        assert_eq!(
            prefix("%m [%p] %q%u@%d %r %h", client.clone()),
            "1970-01-01 00:00:01.500 GMT [31] anna@[unknown] 10.0.0.1(99) 10.0.0.1"
        );
        assert_eq!(prefix("%6u|%-6u|%n|%c|%x|%e%%%", client), "  anna|anna  |1.500|ff.1f|7|42P01%");
        let other = Session { backend_type: "checkpointer", ..Session::default() };
        assert_eq!(prefix("%b [%u] %q never", other), "checkpointer [] ");
    }
}
