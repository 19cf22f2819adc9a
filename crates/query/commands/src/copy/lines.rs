//! Cuts COPY data into lines and fields.

use std::ops::Range;

use error::{Error, Result, SqlState};

use super::options::{Forced, Form, Options};
use crate::CopyReader;

/// Where the fields of a line are: in the line itself, or, if they held escapes or quotes, in a text of their own.
#[derive(Default)]
pub(super) struct Fields {
    spans: Vec<Span>,
    text: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    kind: Kind,
    /// It stands in [`Fields::text`].
    rewritten: bool,
}

/// What a field stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value,
    Null,
    /// The column's default.
    Default,
}

impl Fields {
    fn clear(&mut self) {
        self.spans.clear();
        self.text.clear();
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// A field of the line that they were found in; `None` if it is null.
    ///
    /// # Errors
    /// `22021` if escapes made something else than text.
    #[inline]
    pub fn get<'f>(&'f self, n: usize, line: &'f str) -> Result<Option<&'f str>> {
        let span = &self.spans[n];
        if span.kind != Kind::Value {
            return Ok(None);
        }
        if span.rewritten {
            return types::io::received_text(&self.text[span.start..span.end]).map(Some);
        }
        // Delimiters are ASCII, so a field starts and ends between characters.
        Ok(Some(line.get(span.start..span.end).unwrap_or_default()))
    }

    /// Whether a field stands for its column's default.
    pub fn is_default(&self, n: usize) -> bool {
        self.spans[n].kind == Kind::Default
    }

    /// Cuts a line at its delimiters.
    fn cut(&mut self, line: &[u8], delimiter: u8, kind: impl Fn(usize, &[u8]) -> Kind) {
        let mut start = 0;
        for end in memchr::memchr_iter(delimiter, line).chain([line.len()]) {
            let kind = kind(self.spans.len(), &line[start..end]);
            self.spans.push(Span { start, end, kind, rewritten: false });
            start = end + 1;
        }
    }

    /// Where the text of the field that is being rewritten starts.
    fn rewritten_to(&self) -> usize {
        self.spans.last().map_or(0, |span| span.end)
    }

    fn end_rewritten(&mut self, kind: Kind) {
        let start = self.rewritten_to();
        self.spans.push(Span { start, end: self.text.len(), kind, rewritten: true });
    }
}

/// More bytes than are shown of a line.
const SHOWN_MAX: usize = 512;

/// A line as messages show it: 100 characters of it.
pub(super) fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}

/// The data of a COPY, line by line.
pub(super) struct Lines<'a> {
    source: Box<dyn CopyReader + 'a>,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    form: Form,
    delimiter: u8,
    quote: u8,
    escape: u8,
    null: Vec<u8>,
    default: Option<Vec<u8>>,
    /// CSV columns for which an unquoted null string is a value, and those for which a quoted one is null.
    force_not_null: Vec<bool>,
    force_null: Vec<bool>,
    /// Lines read.
    pub number: u64,
    /// More data is awaited; stays if they do not come.
    pub waits: bool,
    /// Where the line that was read last stands in the buffer.
    line: Range<usize>,
    /// CSV: there are quotes in that line.
    quoted: bool,
}

impl<'a> Lines<'a> {
    pub fn new(source: Box<dyn CopyReader + 'a>, options: &Options, columns: &[String]) -> Lines<'a> {
        let forced = |forced: &Forced| columns.iter().map(|name| forced.has(name)).collect();
        Lines {
            source,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            form: options.form,
            delimiter: options.delimiter,
            quote: options.quote,
            escape: options.escape,
            null: options.null.clone().into_bytes(),
            default: options.default.clone().map(String::into_bytes),
            force_not_null: forced(&options.force_not_null),
            force_null: forced(&options.force_null),
            number: 0,
            waits: false,
            line: 0..0,
            quoted: false,
        }
    }

    /// Reads more data behind what is left; false at the end.
    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        self.line = 0..0;
        self.waits = true;
        self.ended = !self.source.read(&mut self.buffer)?;
        self.waits = false;
        Ok(!self.ended)
    }

    /// The text of the line that was read last, for messages.
    pub fn shown(&self) -> String {
        shown(&self.buffer[self.line.clone()])
    }

    /// As much of the line that was read last as messages need.
    pub fn start(&self) -> &[u8] {
        let line = &self.buffer[self.line.clone()];
        &line[..line.len().min(SHOWN_MAX)]
    }

    /// The line that was read last.
    ///
    /// # Errors
    /// `22021` if it is no text.
    #[inline]
    pub fn line(&self) -> Result<&str> {
        let line = &self.buffer[self.line.clone()];
        match std::str::from_utf8(line) {
            Ok(text) if memchr::memchr(0, line).is_none() => Ok(text),
            _ => types::io::received_text(line),
        }
    }

    /// How far the line at [`Lines::at`] goes, if its end has been read. `scanned` bytes of it are known to hold no end, the last
    /// of them within quotes or not.
    fn line_end(&mut self, scanned: &mut usize, quoted: &mut bool) -> Option<usize> {
        let rest = &self.buffer[self.at..];
        if self.form != Form::Csv {
            while let Some(end) = memchr::memchr(b'\n', &rest[*scanned..]).map(|n| *scanned + n) {
                let backslashes = rest[..end].iter().rev().take_while(|&&byte| byte == b'\\').count();
                if backslashes % 2 == 0 {
                    return Some(end);
                }
                *scanned = end + 1;
            }
            *scanned = rest.len();
            return None;
        }
        while *scanned < rest.len() {
            let ahead = &rest[*scanned..];
            let found = match *quoted {
                true => memchr::memchr2(self.quote, self.escape, ahead),
                false => memchr::memchr2(self.quote, b'\n', ahead),
            };
            let Some(at) = found.map(|n| *scanned + n) else {
                *scanned = rest.len();
                return None;
            };
            if !*quoted && rest[at] == b'\n' {
                return Some(at);
            }
            if *quoted && rest[at] == self.escape && self.escape != self.quote {
                if at + 1 == rest.len() {
                    // What is escaped has not been read yet.
                    *scanned = at;
                    return None;
                }
                *scanned = at + 2;
            } else {
                self.quoted = true;
                *quoted = !*quoted;
                *scanned = at + 1;
            }
        }
        None
    }

    /// Takes the next line, without its end; false at the end of the data.
    fn take_line(&mut self) -> Result<bool> {
        let (mut scanned, mut within_quotes) = (0, false);
        self.quoted = false;
        // A newline ends the line unless it is quoted (CSV) or escaped (text).
        let (end, next) = loop {
            if let Some(end) = self.line_end(&mut scanned, &mut within_quotes) {
                break (end, end + 1);
            }
            let rest = self.buffer.len() - self.at;
            if rest > 0x3FFF_FFFF {
                return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "a COPY line is too long"));
            }
            if !self.fill()? {
                if rest == 0 {
                    return Ok(false);
                }
                if within_quotes {
                    return Err(Error::new(SqlState::BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field"));
                }
                break (self.buffer.len() - self.at, self.buffer.len() - self.at);
            }
        };
        let line = &self.buffer[self.at..self.at + end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.line = self.at..self.at + line.len();
        let is_end_marker = line == b"\\." && self.form == Form::Text;
        self.at += next;
        if is_end_marker {
            // What follows the end marker is read and dropped.
            self.at = self.buffer.len();
            while self.fill()? {
                self.at = self.buffer.len();
            }
            return Ok(false);
        }
        self.number += 1;
        Ok(true)
    }

    /// Takes the next line apart; false at the end of the data.
    pub fn next(&mut self, fields: &mut Fields) -> Result<bool> {
        fields.clear();
        if !self.take_line()? {
            return Ok(false);
        }
        let line = &self.buffer[self.line.clone()];
        match self.form {
            Form::Csv => self.split_csv(line, fields),
            _ => self.split_text(line, fields).inspect_err(|_| {
                // It is no line that was read.
                (self.number, self.waits) = (self.number - 1, true);
            })?,
        }
        Ok(true)
    }

    /// What a field that is written so stands for.
    #[inline]
    fn kind(&self, field: &[u8]) -> Kind {
        match field == self.null.as_slice() {
            true => Kind::Null,
            false if self.default.as_deref() == Some(field) => Kind::Default,
            false => Kind::Value,
        }
    }

    fn split_text(&self, line: &[u8], fields: &mut Fields) -> Result<()> {
        if memchr::memchr(b'\\', line).is_none() {
            fields.cut(line, self.delimiter, |_, field| self.kind(field));
            return Ok(());
        }
        let (mut at, mut start) = (0, 0);
        loop {
            let byte = line.get(at).copied();
            match byte {
                None => {
                    fields.end_rewritten(self.kind(&line[start..]));
                    return Ok(());
                }
                Some(byte) if byte == self.delimiter => {
                    fields.end_rewritten(self.kind(&line[start..at]));
                    at += 1;
                    start = at;
                }
                Some(b'\\') if at + 1 < line.len() => {
                    at += 2;
                    let value = match line[at - 1] {
                        b'.' => {
                            let text = "end-of-copy marker is not alone on its line";
                            return Err(Error::new(SqlState::BAD_COPY_FILE_FORMAT, text));
                        }
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'v' => 11,
                        first @ b'0'..=b'7' => {
                            let mut value = (first - b'0') as u32;
                            for _ in 0..2 {
                                match line.get(at) {
                                    Some(digit @ b'0'..=b'7') => value = value * 8 + (digit - b'0') as u32,
                                    _ => break,
                                }
                                at += 1;
                            }
                            value as u8
                        }
                        b'x' if line.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                            let mut value = 0u32;
                            for _ in 0..2 {
                                let digit = line.get(at).and_then(|&digit| (digit as char).to_digit(16));
                                let Some(digit) = digit else { break };
                                value = value * 16 + digit;
                                at += 1;
                            }
                            value as u8
                        }
                        other => other,
                    };
                    fields.text.push(value);
                }
                Some(byte) => {
                    fields.text.push(byte);
                    at += 1;
                }
            }
        }
    }

    fn split_csv(&self, line: &[u8], fields: &mut Fields) {
        let forced = |columns: &[bool], n: usize| columns.get(n).copied().unwrap_or(false);
        if !self.quoted {
            return fields.cut(line, self.delimiter, |n, field| match self.kind(field) {
                Kind::Null if forced(&self.force_not_null, n) => Kind::Value,
                kind => kind,
            });
        }
        let (mut at, mut was_quoted) = (0, false);
        loop {
            let n = fields.len();
            let start = fields.rewritten_to();
            match line.get(at) {
                Some(&byte) if byte == self.quote => {
                    was_quoted = true;
                    at += 1;
                    while at < line.len() {
                        let byte = line[at];
                        if byte == self.escape && line.get(at + 1).is_some_and(|&b| b == self.quote || b == self.escape)
                        {
                            fields.text.push(line[at + 1]);
                            at += 2;
                        } else if byte == self.quote {
                            at += 1;
                            break;
                        } else {
                            fields.text.push(byte);
                            at += 1;
                        }
                    }
                }
                Some(&byte) if byte != self.delimiter => {
                    fields.text.push(byte);
                    at += 1;
                }
                end => {
                    let kind = match (self.kind(&fields.text[start..]), was_quoted) {
                        (Kind::Null, true) if forced(&self.force_null, n) => Kind::Null,
                        (Kind::Null, false) if !forced(&self.force_not_null, n) => Kind::Null,
                        (Kind::Default, false) => Kind::Default,
                        _ => Kind::Value,
                    };
                    fields.end_rewritten(kind);
                    if end.is_none() {
                        return;
                    }
                    at += 1;
                    was_quoted = false;
                }
            }
        }
    }

    /// The next `len` bytes of binary data; an error if there are fewer.
    pub fn bytes(&mut self, len: usize) -> Result<&[u8]> {
        while self.buffer.len() - self.at < len {
            if !self.fill()? {
                return Err(Error::new(SqlState::BAD_COPY_FILE_FORMAT, "unexpected EOF in COPY data"));
            }
        }
        self.at += len;
        Ok(&self.buffer[self.at - len..self.at])
    }

    /// Whether the data is at its end.
    pub fn is_at_end(&mut self) -> Result<bool> {
        while self.at == self.buffer.len() {
            if !self.fill()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces(Vec<Vec<u8>>);

    impl CopyReader for Pieces {
        fn read(&mut self, to: &mut Vec<u8>) -> Result<bool> {
            if self.0.is_empty() {
                return Ok(false);
            }
            to.extend_from_slice(&self.0.remove(0));
            Ok(true)
        }
    }

    fn rows(data: &str, form: Form, step: usize) -> Vec<Vec<Option<String>>> {
        let pieces = data.as_bytes().chunks(step).map(<[u8]>::to_vec).collect();
        let csv = form == Form::Csv;
        let options = Options {
            encoding: None,
            form,
            delimiter: if csv { b',' } else { b'\t' },
            null: if csv { String::new() } else { "\\N".into() },
            header: Default::default(),
            quote: b'"',
            escape: b'"',
            force_quote: Vec::new(),
            force_quote_all: false,
            force_not_null: Forced::default(),
            force_null: Forced::default(),
            default: None,
            skip_bad_rows: false,
            reject_limit: None,
            verbosity: Default::default(),
            freeze: false,
        };
        let mut lines = Lines::new(Box::new(Pieces(pieces)), &options, &[]);
        let (mut fields, mut found) = (Fields::default(), Vec::new());
        while lines.next(&mut fields).expect("well-formed data") {
            let line = lines.line().expect("text");
            found.push((0..fields.len()).map(|n| fields.get(n, line).expect("text").map(str::to_string)).collect());
        }
        found
    }

    #[test]
    fn text_is_cut_the_same_however_it_arrives() {
        let data = "1\ta\\tb\t\\N\n2\t\t\\\\N\r\n3\tx\\\ny\t\\101\\x41\n\\.\nignored\n";
        let some = |text: &str| Some(text.to_string());
        let expected = vec![
            vec![some("1"), some("a\tb"), None],
            vec![some("2"), some(""), some("\\N")],
            vec![some("3"), some("x\ny"), some("AA")],
        ];
        for step in 1..data.len() {
            assert_eq!(rows(data, Form::Text, step), expected, "in pieces of {step}");
        }
    }

    #[test]
    fn csv_is_cut_the_same_however_it_arrives() {
        let data = "1,\"a,\"\"b\"\"\",\n\"x\ny\",\"\",z\n";
        let some = |text: &str| Some(text.to_string());
        let expected = vec![vec![some("1"), some("a,\"b\""), None], vec![some("x\ny"), some(""), some("z")]];
        for step in 1..data.len() {
            assert_eq!(rows(data, Form::Csv, step), expected, "in pieces of {step}");
        }
    }
}
