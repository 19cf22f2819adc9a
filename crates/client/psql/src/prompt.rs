//! Prompts: `PROMPT1` to `PROMPT3` with their escapes.

use client::{PipelineStatus, TransactionStatus};

use crate::lexer::{Continues, is_variable_part};
use crate::session::Psql;
use crate::shell;
use crate::width::text_width;

/// Where servers put their sockets unless told otherwise.
const SOCKET_DIRECTORIES: [&str; 2] = ["/tmp", "/var/run/postgresql"];

impl Psql {
    /// The prompt for a line that continues this.
    pub fn prompt(&mut self, continues: Continues, active: bool) -> Vec<u8> {
        let number = match continues {
            Continues::Nothing => 0,
            Continues::Copy => 2,
            _ => 1,
        };
        let template = self.variables.settings.prompts[number].clone();
        let prompt = self.expand_prompt(&template, continues, active);
        if number == 0 {
            let last = prompt.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
            self.prompt_width = text_width(&without_escapes(last), self.print.encoding);
        }
        prompt
    }

    fn expand_prompt(&mut self, template: &[u8], continues: Continues, active: bool) -> Vec<u8> {
        let mut prompt = Vec::new();
        let mut rest = template;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            if byte != b'%' {
                prompt.push(byte);
                continue;
            }
            let Some((&escape, behind)) = rest.split_first() else { break };
            rest = behind;
            match escape {
                b'0'..=b'7' => {
                    let more = behind.iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
                    let digits = std::iter::once(&escape).chain(&behind[..more]);
                    prompt.push(digits.fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0')) as u8);
                    rest = &behind[more..];
                }
                b'`' | b':' => {
                    let Some(end) = behind.iter().position(|&byte| byte == escape) else { break };
                    let name = &behind[..end];
                    if escape == b'`' {
                        let printed = shell::output(name).map(|(text, _)| text).unwrap_or_default();
                        let line = printed.split(|&byte| byte == b'\n').next().unwrap_or_default();
                        prompt.extend_from_slice(line);
                    } else if name.iter().all(|&byte| is_variable_part(byte)) {
                        prompt.extend_from_slice(self.variables.get(name).unwrap_or_default());
                    }
                    rest = &behind[end + 1..];
                }
                b'w' => prompt.resize(prompt.len() + self.prompt_width, b' '),
                // Marks of what takes no room on the screen; the line editor finds that out by itself.
                b'[' | b']' => {}
                escape => match self.prompt_value(escape, continues, active) {
                    Some(value) => prompt.extend_from_slice(value.as_bytes()),
                    None => prompt.push(escape),
                },
            }
        }
        prompt
    }

    /// What an escape of one letter stands for; `None` if it is none.
    fn prompt_value(&self, escape: u8, continues: Continues, active: bool) -> Option<String> {
        let connection = self.connection.as_ref();
        let of_connection = |value: &dyn Fn(&client::Connection) -> String| connection.map(value).unwrap_or_default();
        Some(match escape {
            b'%' => "%".into(),
            b'/' => of_connection(&|c| c.dbname().into()),
            b'~' => of_connection(&|c| {
                let default = std::env::var("PGDATABASE").is_ok_and(|name| name == c.dbname());
                if default || c.dbname() == c.user() { "~".into() } else { c.dbname().into() }
            }),
            b'M' | b'm' => of_connection(&|c| match c.host() {
                host if !host.starts_with(['/', '@']) && !host.is_empty() => match escape {
                    b'm' => host.split('.').next().unwrap_or_default().into(),
                    _ => host.into(),
                },
                host if escape == b'm' || host.is_empty() || SOCKET_DIRECTORIES.contains(&host) => "[local]".into(),
                host => format!("[local:{host}]"),
            }),
            b'>' => of_connection(&|c| c.port().into()),
            b'n' => of_connection(&|c| c.parameter("session_authorization").unwrap_or(c.user()).into()),
            b's' => self.variables.text("SERVICE"),
            b'p' => of_connection(&|c| c.backend_pid().to_string()),
            b'P' => of_connection(&|c| {
                match c.pipeline_status() {
                    PipelineStatus::Off => "off",
                    PipelineStatus::On => "on",
                    PipelineStatus::Aborted => "abort",
                }
                .into()
            }),
            b'#' => {
                let superuser = connection.is_some_and(|c| c.parameter("is_superuser") == Some("on"));
                if superuser { "#" } else { ">" }.into()
            }
            b'R' => match continues {
                Continues::Nothing if !active => "@",
                Continues::Nothing if connection.is_none() => "!",
                Continues::Nothing if self.variables.settings.single_line => "^",
                Continues::Nothing => "=",
                Continues::Statement => "-",
                Continues::Comment => "*",
                Continues::SingleQuote => "'",
                Continues::DoubleQuote => "\"",
                Continues::DollarQuote => "$",
                Continues::Parenthesis => "(",
                Continues::Copy => "",
            }
            .into(),
            b'x' => of_connection(&|c| {
                match c.transaction_status() {
                    TransactionStatus::Idle => "",
                    TransactionStatus::Active | TransactionStatus::InBlock => "*",
                    TransactionStatus::Failed => "!",
                    TransactionStatus::Unknown => "?",
                }
                .into()
            }),
            b'l' => self.sources.last().map_or(1, |source| source.statement_line).to_string(),
            _ => return None,
        })
    }

    /// Shows what came back from the editor, as if it had been typed.
    pub fn show_edited(&mut self, text: &[u8], active: bool) {
        if self.interactive() && !text.is_empty() {
            let mut shown = self.prompt(Continues::Nothing, active);
            shown.extend_from_slice(text);
            if !text.ends_with(b"\n") {
                shown.push(b'\n');
            }
            self.say(shown);
        }
    }
}

/// The text without terminal escape sequences (`ESC [ … letter`).
fn without_escapes(text: &[u8]) -> Vec<u8> {
    let (mut plain, mut at) = (Vec::new(), 0);
    while at < text.len() {
        if text[at..].starts_with(b"\x1b[") {
            let end = text[at + 2..].iter().position(|byte| byte.is_ascii_alphabetic());
            at += 2 + end.map_or(text.len(), |end| end + 1);
        } else {
            plain.push(text[at]);
            at += 1;
        }
    }
    plain
}
