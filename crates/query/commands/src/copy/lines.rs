//! Cuts COPY data into lines and fields.

use error::{Error, Result, SqlState};

use super::options::{Form, Options};
use crate::CopyReader;

/// Fields of a line, in one buffer.
#[derive(Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    /// Where each field ends, and whether it is null.
    ends: Vec<(usize, bool)>,
}

impl Fields {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field; `None` if it is null.
    pub fn get(&self, n: usize) -> Option<&[u8]> {
        let start = if n == 0 { 0 } else { self.ends[n - 1].0 };
        let (end, null) = self.ends[n];
        (!null).then(|| &self.text[start..end])
    }

    fn end(&mut self, null: bool) {
        self.ends.push((self.text.len(), null));
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
    /// CSV columns for which an unquoted null string is a value, and those for which a quoted one is null.
    force_not_null: Vec<bool>,
    force_null: Vec<bool>,
    /// Lines read.
    pub number: u64,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    pub fn new(source: Box<dyn CopyReader + 'a>, options: &Options, columns: &[String]) -> Lines<'a> {
        let forced = |names: &[String]| columns.iter().map(|name| names.contains(name)).collect();
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
            force_not_null: forced(&options.force_not_null),
            force_null: forced(&options.force_null),
            number: 0,
            line: Vec::new(),
        }
    }

    /// Reads more data behind what is left; false at the end.
    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        self.ended = !self.source.read(&mut self.buffer)?;
        Ok(!self.ended)
    }

    /// The text of the line that was read last, for messages.
    pub fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.line);
        match text.char_indices().nth(100) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text.into_owned(),
        }
    }

    /// Takes the next line, without its end; false at the end of the data.
    fn take_line(&mut self) -> Result<bool> {
        self.line.clear();
        let mut scanned = 0;
        let mut quoted = false;
        loop {
            let rest = &self.buffer[self.at..];
            // A newline ends the line unless it is quoted (CSV) or escaped (text).
            let mut found = None;
            if self.form == Form::Csv {
                while scanned < rest.len() {
                    let byte = rest[scanned];
                    if quoted && byte == self.escape && self.escape != self.quote {
                        scanned += 1;
                    } else if byte == self.quote {
                        quoted = !quoted;
                    } else if byte == b'\n' && !quoted {
                        found = Some(scanned);
                        break;
                    }
                    scanned += 1;
                }
            } else {
                while let Some(end) = memchr::memchr(b'\n', &rest[scanned.min(rest.len())..]).map(|n| scanned + n) {
                    let backslashes = rest[..end].iter().rev().take_while(|&&byte| byte == b'\\').count();
                    if backslashes % 2 == 0 {
                        found = Some(end);
                        break;
                    }
                    scanned = end + 1;
                }
                if found.is_none() {
                    scanned = rest.len();
                }
            }
            if let Some(end) = found {
                self.line.extend_from_slice(&rest[..end]);
                self.at += end + 1;
                break;
            }
            if rest.len() > 0x3FFF_FFFF {
                return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "a COPY line is too long"));
            }
            if !self.fill()? {
                if self.at == self.buffer.len() {
                    return Ok(false);
                }
                if quoted {
                    return Err(Error::new(SqlState::BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field"));
                }
                self.line.extend_from_slice(&self.buffer[self.at..]);
                self.at = self.buffer.len();
                break;
            }
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.number += 1;
        if self.line == b"\\." && self.form == Form::Text {
            // The end marker; what follows it is read and dropped.
            self.at = self.buffer.len();
            while self.fill()? {
                self.at = self.buffer.len();
            }
            self.number -= 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes the next line apart; false at the end of the data.
    pub fn next(&mut self, fields: &mut Fields) -> Result<bool> {
        fields.clear();
        if !self.take_line()? {
            return Ok(false);
        }
        match self.form {
            Form::Csv => self.split_csv(fields),
            _ => self.split_text(fields),
        }
        Ok(true)
    }

    fn split_text(&self, fields: &mut Fields) {
        let line = &self.line;
        if memchr::memchr(b'\\', line).is_none() {
            let mut start = 0;
            for end in memchr::memchr_iter(self.delimiter, line).chain([line.len()]) {
                let field = &line[start..end];
                fields.text.extend_from_slice(field);
                fields.end(field == self.null.as_slice());
                start = end + 1;
            }
            return;
        }
        let (mut at, mut start) = (0, 0);
        loop {
            let byte = line.get(at).copied();
            match byte {
                None => {
                    fields.end(line[start..] == *self.null);
                    return;
                }
                Some(byte) if byte == self.delimiter => {
                    fields.end(line[start..at] == *self.null);
                    at += 1;
                    start = at;
                }
                Some(b'\\') if at + 1 < line.len() => {
                    at += 2;
                    let value = match line[at - 1] {
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

    fn split_csv(&self, fields: &mut Fields) {
        let line = &self.line;
        let (mut at, mut was_quoted) = (0, false);
        loop {
            let n = fields.ends.len();
            let start = fields.ends.last().map_or(0, |end| end.0);
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
                    let is_null_text = fields.text[start..] == *self.null;
                    let forced = |columns: &[bool]| columns.get(n).copied().unwrap_or(false);
                    let null = match was_quoted {
                        true => is_null_text && forced(&self.force_null),
                        false => is_null_text && !forced(&self.force_not_null),
                    };
                    fields.end(null);
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
            form,
            delimiter: if csv { b',' } else { b'\t' },
            null: if csv { String::new() } else { "\\N".into() },
            header: Default::default(),
            quote: b'"',
            escape: b'"',
            force_quote: Vec::new(),
            force_quote_all: false,
            force_not_null: Vec::new(),
            force_null: Vec::new(),
        };
        let mut lines = Lines::new(Box::new(Pieces(pieces)), &options, &[]);
        let (mut fields, mut found) = (Fields::default(), Vec::new());
        while lines.next(&mut fields).expect("well-formed data") {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((0..fields.len()).map(|n| fields.get(n).map(text)).collect());
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
