//! The scanner that cuts input into SQL statements and backslash commands.
//!
//! It knows just enough of SQL to see where a statement ends: quotes of all kinds, dollar quotes, nested comments, parentheses, and
//! the bodies `BEGIN ATOMIC … END` of SQL functions. Everything else it copies. Its state outlives a line, so a statement may be as
//! long as it likes.
//!
//! Variables are put in on the way: `:name` is expanded and scanned in turn (so it may hold a `;` or a command), `:'name'` and
//! `:"name"` are put in quoted, `:{?name}` becomes TRUE or FALSE. Input is therefore a stack: the line, and what is being expanded.
//!
//! After [`Stop::Backslash`], [`Lexer::command_name`] and [`Lexer::argument`] read the command; the rules for quoting are others
//! there. [`Lexer::end_command`] goes back to SQL.
//!
//! Text is bytes. In encodings whose characters may contain ASCII bytes (SJIS, BIG5, GBK …) decisions are made on a copy in which such
//! bytes are masked.

use std::borrow::Cow;

/// What a variable's value is to be quoted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Put in as it is.
    Plain,
    /// `:'name'` in SQL or a command's argument: a literal.
    Literal,
    /// `:"name"`: an identifier.
    Identifier,
    /// `:'name'` in backquotes: a shell's word.
    Shell,
}

/// What the scanner asks of its surroundings.
pub trait Environment {
    /// The variable's value, quoted; `None` if there is no such variable, nothing is to be put in (an inactive `\if` branch), or
    /// it cannot be quoted (which has been reported).
    fn variable(&mut self, name: &[u8], quoting: Quoting) -> Option<Vec<u8>>;
    /// What the shell command prints, without a newline at its end.
    fn backquote(&mut self, command: &[u8]) -> Vec<u8>;
    /// Says something to the user.
    fn warn(&mut self, text: &str);
    /// Reports an error to the user.
    fn error(&mut self, text: &str);
}

/// Why [`Lexer::scan`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At a semicolon that ends a statement; it is part of the statement.
    Semicolon,
    /// Behind a backslash: a command follows.
    Backslash,
    /// At the end of the line, inside something: quotes, a comment, parentheses; or there is no statement yet.
    Incomplete,
    /// At the end of the line, in a statement that could end here.
    EndOfLine,
}

/// What the next line continues; the prompt shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Continues {
    /// Nothing: a new statement.
    #[default]
    Nothing,
    /// A statement.
    Statement,
    /// A comment.
    Comment,
    /// A literal in single quotes.
    SingleQuote,
    /// An identifier in double quotes.
    DoubleQuote,
    /// A literal in dollar quotes.
    DollarQuote,
    /// Parentheses.
    Parenthesis,
    /// Data of COPY FROM STDIN.
    Copy,
}

/// How an argument of a backslash command is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Quotes and backquotes are worked out, variables put in.
    Normal,
    /// The same; and it is an SQL name: folded to lower case outside of double quotes, which go away.
    Identifier,
    /// The same, but not folded: double quotes only go away.
    IdentifierAsWritten,
    /// A file name; or, if it begins with `|`, a shell command: all of the rest.
    FileOrPipe,
    /// All of the rest of the line, as it is.
    WholeLine,
}

/// An argument of a backslash command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its text.
    pub text: Vec<u8>,
    /// Whether some of it was quoted, or came from a variable.
    pub quoted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Sql,
    /// `'…'` where a backslash is an ordinary character.
    Quote,
    /// `E'…'`
    EscapeQuote,
    DoubleQuote,
    DollarQuote,
    Comment,
}

/// A layer of input: the line, or a variable's value that is being expanded.
#[derive(Debug)]
struct Input {
    text: Vec<u8>,
    /// The text to decide by, if it differs.
    masked: Option<Vec<u8>>,
    at: usize,
    variable: Option<Vec<u8>>,
}

impl Input {
    fn new(text: Vec<u8>, encoding: &str, variable: Option<Vec<u8>>) -> Input {
        let masked = mask(&text, encoding);
        Input { text, masked, at: 0, variable }
    }

    /// What is left, to decide by.
    fn rest(&self) -> &[u8] {
        &self.masked.as_ref().unwrap_or(&self.text)[self.at..]
    }

    /// Takes `len` bytes.
    fn take(&mut self, len: usize) -> &[u8] {
        let from = self.at;
        self.at = (from + len).min(self.text.len());
        &self.text[from..self.at]
    }

    /// Takes all that is left.
    fn take_all(&mut self) -> &[u8] {
        self.take(self.text.len() - self.at)
    }
}

/// How much of `COPY … FROM STDIN` the current statement has been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CopyWords {
    #[default]
    No,
    Begun,
    From,
}

/// How deep in a statement the scanner is.
#[derive(Clone, Copy, Debug)]
pub struct Nesting {
    paren_depth: u32,
    begin_depth: u32,
    words: [u8; 4],
    word_count: usize,
    copy: CopyWords,
}

/// The scanner's state.
#[derive(Debug, Default)]
pub struct Lexer {
    mode: Mode,
    comment_depth: u32,
    dollar_tag: Vec<u8>,
    paren_depth: u32,
    begin_depth: u32,
    /// The first letters of the statement's first four words, as far as they may introduce a function.
    words: [u8; 4],
    word_count: usize,
    copy: CopyWords,
    /// How many statements were COPY … FROM STDIN.
    copies: usize,
    inputs: Vec<Input>,
    encoding: String,
    /// Whether a backslash is an ordinary character in plain quotes.
    standard_strings: bool,
}

impl Lexer {
    /// A scanner at the beginning of a statement.
    pub fn new() -> Lexer {
        Lexer::default()
    }

    /// Takes a line (or several) to be scanned next.
    pub fn set_line(&mut self, line: &[u8], encoding: &str, standard_strings: bool) {
        self.inputs.clear();
        self.encoding = encoding.to_string();
        self.standard_strings = standard_strings;
        self.inputs.push(Input::new(line.to_vec(), encoding, None));
    }

    /// Forgets the rest of the line.
    pub fn finish(&mut self) {
        self.inputs.clear();
    }

    /// Goes back to the beginning of a statement.
    pub fn reset(&mut self) {
        self.mode = Mode::Sql;
        self.comment_depth = 0;
        self.paren_depth = 0;
        self.begin_depth = 0;
        self.words = [0; 4];
        self.word_count = 0;
    }

    /// Whether the scanner is inside quotes or a comment.
    pub fn in_quote(&self) -> bool {
        self.mode != Mode::Sql
    }

    /// How deep in a statement the scanner is.
    pub fn nesting(&self) -> Nesting {
        Nesting {
            paren_depth: self.paren_depth,
            begin_depth: self.begin_depth,
            words: self.words,
            word_count: self.word_count,
            copy: self.copy,
        }
    }

    /// Goes back to an earlier place: what an inactive branch said does not count.
    pub fn set_nesting(&mut self, nesting: Nesting) {
        (self.paren_depth, self.begin_depth) = (nesting.paren_depth, nesting.begin_depth);
        (self.words, self.word_count, self.copy) = (nesting.words, nesting.word_count, nesting.copy);
    }

    /// What is left of the current layer of input, after dropping layers that are used up.
    fn input(&mut self) -> Option<&mut Input> {
        while self.inputs.len() > 1 && self.inputs.last().is_some_and(|input| input.at >= input.text.len()) {
            self.inputs.pop();
        }
        self.inputs.last_mut().filter(|input| input.at < input.text.len())
    }

    /// Appends SQL to `query` up to the next stop.
    pub fn scan(&mut self, query: &mut Vec<u8>, environment: &mut dyn Environment) -> (Stop, Continues) {
        while self.input().is_some() {
            let stop = match self.mode {
                Mode::Sql => self.sql(query, environment),
                mode => {
                    self.inside(mode, query);
                    None
                }
            };
            if let Some(stop) = stop {
                return (stop, Continues::Nothing);
            }
        }
        match self.mode {
            Mode::Quote | Mode::EscapeQuote => (Stop::Incomplete, Continues::SingleQuote),
            Mode::DoubleQuote => (Stop::Incomplete, Continues::DoubleQuote),
            Mode::DollarQuote => (Stop::Incomplete, Continues::DollarQuote),
            Mode::Comment => (Stop::Incomplete, Continues::Comment),
            Mode::Sql if self.paren_depth > 0 => (Stop::Incomplete, Continues::Parenthesis),
            Mode::Sql if self.begin_depth > 0 => (Stop::Incomplete, Continues::Statement),
            Mode::Sql if !query.is_empty() => (Stop::EndOfLine, Continues::Statement),
            Mode::Sql => (Stop::Incomplete, Continues::Nothing),
        }
    }

    /// Copies up to the end of a quoted part or a comment, or of the input.
    fn inside(&mut self, mode: Mode, query: &mut Vec<u8>) {
        let tag = std::mem::take(&mut self.dollar_tag);
        let mut depth = self.comment_depth;
        let Some(input) = self.inputs.last_mut() else { return };
        let rest = input.rest();
        let (mut at, mut closed) = (0, false);
        while at < rest.len() && !closed {
            let byte = rest[at];
            at += 1;
            match (mode, byte) {
                (Mode::EscapeQuote, b'\\') => at = (at + 1).min(rest.len()),
                (Mode::Quote | Mode::EscapeQuote, b'\'') | (Mode::DoubleQuote, b'"') => {
                    let goes_on = if byte == b'\'' { continuation(&rest[at..]) } else { None };
                    match (rest.get(at) == Some(&byte), goes_on) {
                        (true, _) => at += 1,
                        (false, Some(len)) => at += len,
                        (false, None) => closed = true,
                    }
                }
                (Mode::DollarQuote, b'$') if rest[at - 1..].starts_with(&tag) => {
                    at += tag.len() - 1;
                    closed = true;
                }
                (Mode::Comment, b'/') if rest.get(at) == Some(&b'*') => {
                    at += 1;
                    depth += 1;
                }
                (Mode::Comment, b'*') if rest.get(at) == Some(&b'/') => {
                    at += 1;
                    depth -= 1;
                    closed = depth == 0;
                }
                _ => {}
            }
        }
        query.extend_from_slice(input.take(at));
        self.comment_depth = depth;
        self.dollar_tag = tag;
        if closed {
            self.mode = Mode::Sql;
        }
    }

    /// Copies one lexical element of SQL.
    fn sql(&mut self, query: &mut Vec<u8>, environment: &mut dyn Environment) -> Option<Stop> {
        let standard_strings = self.standard_strings;
        let input = self.inputs.last_mut()?;
        let rest = input.rest();
        let second = rest.get(1).copied().unwrap_or(0);
        let mut len = 1;
        match rest[0] {
            byte if is_space(byte) => {
                len = rest.iter().take_while(|&&byte| is_space(byte)).count();
                return self.copy_blank(query, len);
            }
            b'-' if second == b'-' => {
                len = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
                return self.copy_blank(query, len);
            }
            b'/' if second == b'*' => {
                len = 2;
                self.mode = Mode::Comment;
                self.comment_depth = 1;
            }
            b'\'' => self.mode = if standard_strings { Mode::Quote } else { Mode::EscapeQuote },
            b'"' => self.mode = Mode::DoubleQuote,
            b'$' => {
                let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                len += digits;
                if digits == 0
                    && let Some(tag) = dollar_tag(rest)
                {
                    len = tag;
                    self.dollar_tag = rest[..tag].to_vec();
                    self.mode = Mode::DollarQuote;
                }
            }
            b'(' => self.paren_depth = self.paren_depth.saturating_add(1),
            b')' => self.paren_depth = self.paren_depth.saturating_sub(1),
            b';' if self.paren_depth == 0 && self.begin_depth == 0 => {
                query.extend_from_slice(input.take(1));
                self.word_count = 0;
                return Some(Stop::Semicolon);
            }
            b'\\' if matches!(second, b';' | b':') => {
                input.take(1);
                if second == b';' {
                    self.word_count = 0;
                }
            }
            b'\\' => {
                input.take(1);
                return Some(Stop::Backslash);
            }
            b':' => return self.colon(query, environment),
            byte if is_identifier_start(byte) => {
                len = rest.iter().take_while(|&&byte| is_identifier_part(byte)).count();
                match (&rest[..len], rest.get(len)) {
                    ([b'e' | b'E'], Some(b'\'')) => (len, self.mode) = (2, Mode::EscapeQuote),
                    ([b'b' | b'B' | b'x' | b'X'], Some(b'\'')) => (len, self.mode) = (2, Mode::Quote),
                    ([b'u' | b'U'], Some(b'&')) if rest.get(2) == Some(&b'\'') => (len, self.mode) = (3, Mode::Quote),
                    ([b'u' | b'U'], Some(b'&')) if rest.get(2) == Some(&b'"') => {
                        (len, self.mode) = (3, Mode::DoubleQuote);
                    }
                    (word, _) => {
                        let word = word.to_ascii_lowercase();
                        self.word(&word);
                    }
                }
            }
            byte if byte.is_ascii_digit() => {
                len = rest.iter().take_while(|&&byte| is_identifier_part(byte)).count();
            }
            _ => {}
        }
        if let Some(input) = self.inputs.last_mut() {
            query.extend_from_slice(input.take(len));
        }
        None
    }

    /// Copies white space, or a comment up to the end of the line, unless the statement has not begun.
    fn copy_blank(&mut self, query: &mut Vec<u8>, len: usize) -> Option<Stop> {
        let blank = self.inputs.last_mut()?.take(len);
        if !query.is_empty() {
            query.extend_from_slice(blank);
        }
        None
    }

    /// Follows the words of a statement: `CREATE [OR REPLACE] {FUNCTION|PROCEDURE} … BEGIN … END`, in which semicolons do
    /// not end the statement, and `CASE … END` in it.
    fn word(&mut self, word: &[u8]) {
        if self.word_count == 0 {
            self.words = [0; 4];
            self.copy = if word == b"copy" { CopyWords::Begun } else { CopyWords::No };
        } else if self.paren_depth == 0 {
            self.copy = match (self.copy, word) {
                (CopyWords::Begun, b"from") => CopyWords::From,
                (CopyWords::Begun, _) => CopyWords::Begun,
                // PostgreSQL's grammar takes either word in both directions.
                (CopyWords::From, b"stdin" | b"stdout") => {
                    self.copies += 1;
                    CopyWords::No
                }
                _ => CopyWords::No,
            };
        }
        let introduces = matches!(word, b"create" | b"function" | b"procedure" | b"or" | b"replace");
        if introduces && self.word_count < self.words.len() {
            self.words[self.word_count] = word[0];
        }
        self.word_count = self.word_count.saturating_add(1);
        let makes_routine = matches!(self.words, [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']);
        if makes_routine && self.paren_depth == 0 {
            match word {
                b"begin" => self.begin_depth += 1,
                b"case" if self.begin_depth > 0 => self.begin_depth += 1,
                b"end" => self.begin_depth = self.begin_depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// At a colon: a variable, `::`, `:=`, or just a colon.
    fn colon(&mut self, query: &mut Vec<u8>, environment: &mut dyn Environment) -> Option<Stop> {
        let (len, reference) = match Reference::parse(self.inputs.last()?.rest()) {
            Some(found) => found,
            None => {
                let input = self.inputs.last_mut()?;
                let len = if matches!(input.rest().get(1), Some(b':' | b'=')) { 2 } else { 1 };
                query.extend_from_slice(input.take(len));
                return None;
            }
        };
        let written = self.inputs.last_mut()?.take(len).to_vec();
        match reference {
            Reference::Value(name, Quoting::Plain) => match environment.variable(&name, Quoting::Plain) {
                None => query.extend_from_slice(&written),
                Some(_) if self.inputs.iter().any(|input| input.variable.as_deref() == Some(&name)) => {
                    let name = String::from_utf8_lossy(&name);
                    environment.warn(&format!("skipping recursive expansion of variable \"{name}\""));
                    query.extend_from_slice(&written);
                }
                Some(value) => {
                    let input = Input::new(value, &self.encoding, Some(name));
                    self.inputs.push(input);
                }
            },
            Reference::Value(name, quoting) => {
                query.extend_from_slice(&environment.variable(&name, quoting).unwrap_or(written));
            }
            Reference::Exists(name) => query.extend_from_slice(exists(environment, &name)),
        }
        None
    }

    /// After [`Stop::Backslash`]: the command's name, up to white space or a backslash.
    pub fn command_name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        while let Some(input) = self.input() {
            let rest = input.rest();
            let len = rest.iter().take_while(|&&byte| !is_space(byte) && byte != b'\\').count();
            let ends = len < rest.len();
            name.extend_from_slice(input.take(len));
            if ends {
                break;
            }
        }
        name
    }

    /// The command's next argument; `None` at its end, or if quotes are not closed (which is reported).
    ///
    /// `strip_semicolons` takes away semicolons at the end that are not quoted: people write them out of habit.
    pub fn argument(
        &mut self,
        kind: ArgumentKind,
        strip_semicolons: bool,
        environment: &mut dyn Environment,
    ) -> Option<Argument> {
        while let Some(input) = self.input() {
            match input.rest().iter().position(|&byte| !is_space(byte)) {
                Some(len) => {
                    input.take(len);
                    break;
                }
                None => drop(input.take_all()),
            }
        }
        let first = self.input().map_or(0, |input| input.rest()[0]);
        if kind == ArgumentKind::WholeLine || kind == ArgumentKind::FileOrPipe && first == b'|' {
            return self.whole_line(strip_semicolons);
        }
        let (mut text, mut quoted, mut plain_from) = (Vec::new(), false, 0);
        while let Some(input) = self.input() {
            let rest = input.rest();
            match rest[0] {
                b'\\' => break,
                byte if is_space(byte) => break,
                b'\'' => {
                    let closed = escaped(input, &mut text);
                    if !closed {
                        return unterminated(environment);
                    }
                }
                b'"' => match rest[1..].iter().position(|&byte| byte == b'"') {
                    Some(len) => text.extend_from_slice(input.take(len + 2)),
                    None => {
                        input.take_all();
                        return unterminated(environment);
                    }
                },
                b'`' => {
                    input.take(1);
                    match self.backquoted(environment) {
                        Some(command) => text.extend(environment.backquote(&command)),
                        None => return unterminated(environment),
                    }
                }
                b':' => match Reference::parse(rest) {
                    Some((len, reference)) => {
                        let written = input.take(len).to_vec();
                        match reference {
                            Reference::Value(name, quoting) => {
                                text.extend(environment.variable(&name, quoting).unwrap_or(written));
                            }
                            Reference::Exists(name) => text.extend_from_slice(exists(environment, &name)),
                        }
                    }
                    None => {
                        text.extend_from_slice(input.take(1));
                        continue;
                    }
                },
                _ => {
                    text.extend_from_slice(input.take(1));
                    continue;
                }
            }
            quoted = true;
            plain_from = text.len();
        }
        if text.is_empty() && !quoted {
            return None;
        }
        // No argument of a command can hold a zero byte.
        if let Some(end) = text.iter().position(|&byte| byte == 0) {
            text.truncate(end);
        }
        while strip_semicolons && text.len() > plain_from && text.last() == Some(&b';') {
            text.pop();
        }
        match kind {
            ArgumentKind::Identifier => dequote(&mut text, true),
            ArgumentKind::IdentifierAsWritten => dequote(&mut text, false),
            _ => {}
        }
        Some(Argument { text, quoted })
    }

    fn whole_line(&mut self, strip: bool) -> Option<Argument> {
        let mut text = Vec::new();
        while let Some(input) = self.input() {
            text.extend_from_slice(input.take_all());
        }
        while strip && text.last().is_some_and(|&byte| byte == b';' || is_space(byte)) {
            text.pop();
        }
        (!text.is_empty()).then_some(Argument { text, quoted: false })
    }

    /// A shell command up to the closing backquote, with variables put in.
    fn backquoted(&mut self, environment: &mut dyn Environment) -> Option<Vec<u8>> {
        let mut command = Vec::new();
        while let Some(input) = self.input() {
            let rest = input.rest();
            match rest[0] {
                b'`' => {
                    input.take(1);
                    return Some(command);
                }
                b':' => match Reference::parse(rest) {
                    Some((len, Reference::Value(name, Quoting::Plain | Quoting::Literal))) => {
                        let quoting = if rest[1] == b'\'' { Quoting::Shell } else { Quoting::Plain };
                        let written = input.take(len).to_vec();
                        command.extend(environment.variable(&name, quoting).unwrap_or(written));
                    }
                    _ => command.extend_from_slice(input.take(1)),
                },
                _ => command.extend_from_slice(input.take(1)),
            }
        }
        None
    }

    /// Behind a command's last argument: takes the `\\` that may separate it from SQL on the same line.
    pub fn end_command(&mut self) {
        while let Some(input) = self.input() {
            let rest = input.rest();
            let blanks = rest.iter().take_while(|&&byte| is_space(byte)).count();
            let (separated, ends) = (rest[blanks..].starts_with(b"\\\\"), blanks < rest.len());
            input.take(blanks + if separated { 2 } else { 0 });
            if ends {
                break;
            }
        }
    }
}

/// How many statements of a query are COPY … FROM STDIN, whose data may stand behind it in a script.
pub fn inline_copies(query: &[u8], encoding: &str, standard_strings: bool) -> usize {
    struct Nothing;
    impl Environment for Nothing {
        fn variable(&mut self, _: &[u8], _: Quoting) -> Option<Vec<u8>> {
            None
        }
        fn backquote(&mut self, _: &[u8]) -> Vec<u8> {
            Vec::new()
        }
        fn warn(&mut self, _: &str) {}
        fn error(&mut self, _: &str) {}
    }
    let (mut lexer, mut copied) = (Lexer::new(), Vec::new());
    lexer.set_line(query, encoding, standard_strings);
    while matches!(lexer.scan(&mut copied, &mut Nothing).0, Stop::Semicolon | Stop::Backslash) {}
    lexer.copies
}

/// A variable's mention.
enum Reference {
    Value(Vec<u8>, Quoting),
    Exists(Vec<u8>),
}

impl Reference {
    /// The mention that `text`, which begins with a colon, begins with, and its length.
    fn parse(text: &[u8]) -> Option<(usize, Reference)> {
        let name = |from: usize| -> &[u8] {
            let rest = &text[from.min(text.len())..];
            &rest[..rest.iter().take_while(|&&byte| is_variable_part(byte)).count()]
        };
        let (from, closing, quoting) = match text.get(1)? {
            b'\'' => (2, &b"'"[..], Some(Quoting::Literal)),
            b'"' => (2, &b"\""[..], Some(Quoting::Identifier)),
            b'{' if text.get(2) == Some(&b'?') => (3, &b"}"[..], None),
            _ => (1, &b""[..], Some(Quoting::Plain)),
        };
        let name = name(from);
        let end = from + name.len();
        if name.is_empty() || !text[end..].starts_with(closing) {
            return None;
        }
        let reference = match quoting {
            Some(quoting) => Reference::Value(name.to_vec(), quoting),
            None => Reference::Exists(name.to_vec()),
        };
        Some((end + closing.len(), reference))
    }
}

fn exists(environment: &mut dyn Environment, name: &[u8]) -> &'static [u8] {
    if environment.variable(name, Quoting::Plain).is_some() { b"TRUE" } else { b"FALSE" }
}

fn unterminated(environment: &mut dyn Environment) -> Option<Argument> {
    environment.error("unterminated quoted string");
    None
}

/// Works out an argument's part in single quotes, with C's escapes; gives whether it is closed.
fn escaped(input: &mut Input, text: &mut Vec<u8>) -> bool {
    input.take(1);
    loop {
        let rest = input.rest();
        let Some(&byte) = rest.first() else { return false };
        match (byte, rest.get(1)) {
            (b'\'', Some(b'\'')) => {
                input.take(2);
                text.push(b'\'');
            }
            (b'\'', _) => {
                input.take(1);
                return true;
            }
            (b'\\', Some(&escape)) => {
                let digits = |from: usize, most: usize, radix: u32| {
                    let digits = rest[from..].iter().take(most);
                    digits.take_while(|&&byte| (byte as char).is_digit(radix)).count()
                };
                let number = |from: usize, len: usize, radix: u32| {
                    let digits = std::str::from_utf8(&rest[from..from + len]).unwrap_or("0");
                    u32::from_str_radix(digits, radix).unwrap_or(0) as u8
                };
                let (byte, len) = match escape {
                    b'n' => (b'\n', 2),
                    b't' => (b'\t', 2),
                    b'b' => (8, 2),
                    b'r' => (b'\r', 2),
                    b'f' => (12, 2),
                    b'0'..=b'7' => {
                        let len = digits(1, 3, 8);
                        (number(1, len, 8), 1 + len)
                    }
                    b'x' if digits(2, 2, 16) > 0 => {
                        let len = digits(2, 2, 16);
                        (number(2, len, 16), 2 + len)
                    }
                    other => (other, 2),
                };
                input.take(len);
                text.push(byte);
            }
            _ => text.extend_from_slice(input.take(1)),
        }
    }
}

/// Makes a name of what was written: folds it to lower case outside of double quotes, and takes these away.
pub fn dequote(text: &mut Vec<u8>, fold: bool) {
    let (mut quoted, mut result, mut at) = (false, Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        match text[at] {
            b'"' if quoted && text.get(at + 1) == Some(&b'"') => {
                result.push(b'"');
                at += 1;
            }
            b'"' => quoted = !quoted,
            byte if fold && !quoted => result.push(byte.to_ascii_lowercase()),
            byte => result.push(byte),
        }
        at += 1;
    }
    *text = result;
}

/// White space, as SQL sees it.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

fn is_identifier_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_identifier_part(byte: u8) -> bool {
    is_identifier_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// Whether a variable's name may contain the byte.
pub fn is_variable_part(byte: u8) -> bool {
    is_identifier_start(byte) || byte.is_ascii_digit()
}

/// The length of `$tag$` at the beginning of `text`.
fn dollar_tag(text: &[u8]) -> Option<usize> {
    let tag = text[1..].iter().take_while(|&&byte| is_variable_part(byte)).count();
    (text.get(1 + tag) == Some(&b'$') && !text[1].is_ascii_digit()).then_some(tag + 2)
}

/// Behind a closing quote: the length of white space with a newline and another quote, by which SQL continues a literal.
fn continuation(text: &[u8]) -> Option<usize> {
    let (mut at, mut newline) = (0, false);
    loop {
        match text.get(at)? {
            b'\n' | b'\r' => (at, newline) = (at + 1, true),
            &byte if is_space(byte) => at += 1,
            b'-' if text.get(at + 1) == Some(&b'-') => {
                at += text[at..].iter().position(|&byte| byte == b'\n' || byte == b'\r')?;
            }
            b'\'' if newline => return Some(at + 1),
            _ => return None,
        }
    }
}

/// A copy of `text` in which no byte of a longer character looks like ASCII, if the encoding needs that.
fn mask(text: &[u8], encoding: &str) -> Option<Vec<u8>> {
    let four = encoding == "GB18030";
    let single_katakana = matches!(encoding, "SJIS" | "SHIFT_JIS_2004");
    if !four && !single_katakana && !matches!(encoding, "BIG5" | "GBK" | "UHC" | "JOHAB") || text.is_ascii() {
        return None;
    }
    let (mut masked, mut at) = (text.to_vec(), 0);
    while at < masked.len() {
        let len = match masked[at] {
            byte if byte < 0x80 || single_katakana && (0xA1..=0xDF).contains(&byte) => 1,
            _ if four && masked.get(at + 1).is_some_and(u8::is_ascii_digit) => 4,
            _ => 2,
        };
        let end = (at + len).min(masked.len());
        masked[at + 1..end].fill(0xFF);
        at += len;
    }
    Some(masked)
}

/// `text` for a message.
pub fn shown(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two variables: `x` is `1; select 2`, `r` mentions itself, `q` is `it's`.
    #[derive(Default)]
    struct Fixed(Vec<String>);

    impl Environment for Fixed {
        fn variable(&mut self, name: &[u8], quoting: Quoting) -> Option<Vec<u8>> {
            let value: &[u8] = match name {
                b"x" => b"1; select 2",
                b"r" => b":r 1",
                b"q" => b"it's",
                _ => return None,
            };
            Some(match quoting {
                Quoting::Plain => value.to_vec(),
                _ => format!("<{}>", shown(value)).into_bytes(),
            })
        }
        fn backquote(&mut self, command: &[u8]) -> Vec<u8> {
            [b"ran ", command].concat()
        }
        fn warn(&mut self, text: &str) {
            self.0.push(text.into());
        }
        fn error(&mut self, text: &str) {
            self.0.push(text.into());
        }
    }

    /// All statements of some lines, and what the last stop was.
    fn statements(lines: &[&str]) -> (Vec<String>, Continues) {
        let (mut lexer, mut found, mut query) = (Lexer::new(), Vec::new(), Vec::new());
        let mut continues = Continues::Nothing;
        for line in lines {
            lexer.set_line(line.as_bytes(), "UTF8", true);
            if !query.is_empty() {
                query.push(b'\n');
            }
            loop {
                let (stop, next) = lexer.scan(&mut query, &mut Fixed::default());
                continues = next;
                match stop {
                    Stop::Semicolon => found.push(String::from_utf8(std::mem::take(&mut query)).unwrap()),
                    Stop::Backslash => found.push(format!("\\{}", shown(&lexer.command_name()))),
                    Stop::Incomplete | Stop::EndOfLine => break,
                }
            }
        }
        found.push(String::from_utf8(query).unwrap());
        (found, continues)
    }

    fn cut(lines: &[&str]) -> Vec<String> {
        statements(lines).0
    }

    #[test]
    fn statements_end_at_semicolons_that_count() {
        assert_eq!(cut(&["select 1;select 2; "]), ["select 1;", "select 2;", ""]);
        assert_eq!(cut(&["select ';', \";\", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */;"]).len(), 2);
        assert_eq!(cut(&["select (1;2); x"]), ["select (1;2);", "x"]);
        assert_eq!(cut(&["select e'\\';', u&'\\';"]), ["select e'\\';', u&'\\';", ""]);
        assert_eq!(cut(&["-- a; b", "  select 1 -- c;", ";"]), ["select 1 -- c;\n;", ""]);
        assert_eq!(cut(&["select 1\\; select 2;"]), ["select 1; select 2;", ""]);
        assert_eq!(cut(&["select a$b$;c$b$;"]).len(), 3);
        assert_eq!(cut(&["select 'a'\n'b;'"])[0], "select 'a'\n'b;'");
    }

    #[test]
    fn copies_with_inline_data_are_counted() {
        for (query, count) in [
            ("copy t from stdin", 1),
            ("select 1; COPY t (a, \"from\") FROM /* x */ stdin (format csv); copy u from stdout", 2),
            ("copy (select 1 from stdin) to stdout", 0),
            ("explain copy t from stdin", 0),
            ("copy from from stdin", 0),
            ("copy t from 'stdin'", 0),
        ] {
            assert_eq!(inline_copies(query.as_bytes(), "UTF8", true), count, "{query}");
        }
    }

    #[test]
    fn bodies_of_sql_routines_are_whole() {
        let body = ["create or replace function f() returns int begin atomic select case when a then 1 end; end;"];
        assert_eq!(cut(&body), [body[0], ""]);
        assert_eq!(cut(&["begin; end;"]), ["begin;", "end;", ""]);
    }

    #[test]
    fn a_line_says_what_the_next_continues() {
        for (line, expected) in [
            ("select 'a", Continues::SingleQuote),
            ("select \"a", Continues::DoubleQuote),
            ("select $x$a$$", Continues::DollarQuote),
            ("select (", Continues::Parenthesis),
            ("select /* /* */", Continues::Comment),
            ("select", Continues::Statement),
            ("create function f() begin atomic select 1;", Continues::Statement),
            ("  -- nothing", Continues::Nothing),
        ] {
            assert_eq!(statements(&[line]).1, expected, "{line}");
        }
    }

    #[test]
    fn variables_are_put_in() {
        assert_eq!(cut(&["select :x;"]), ["select 1;", "select 2;", ""]);
        assert_eq!(
            cut(&["a::x :'q' :\"q\" :{?q}:{?z} :z :'z' b[1:=2]"])[0],
            "a::x <it's> <it's> TRUEFALSE :z :'z' b[1:=2]"
        );
        let mut fixed = Fixed::default();
        let (mut lexer, mut query) = (Lexer::new(), Vec::new());
        lexer.set_line(b"select :r;", "UTF8", true);
        lexer.scan(&mut query, &mut fixed);
        assert_eq!(query, b"select :r 1;");
        assert_eq!(fixed.0, ["skipping recursive expansion of variable \"r\""]);
    }

    fn arguments(line: &str, kind: ArgumentKind, strip: bool) -> Vec<String> {
        let mut lexer = Lexer::new();
        lexer.set_line(line.as_bytes(), "UTF8", true);
        let mut found = Vec::new();
        while let Some(argument) = lexer.argument(kind, strip, &mut Fixed::default()) {
            found.push(String::from_utf8(argument.text).unwrap());
        }
        found
    }

    #[test]
    fn arguments_are_worked_out() {
        use ArgumentKind::*;
        assert_eq!(
            arguments(" a 'b c''d\\n\\x41\\101' \"e f\"g '';", Normal, false),
            ["a", "b c'd\nAA", "\"e f\"g", ";"]
        );
        assert_eq!(arguments("`echo :q :'q'` :x", Normal, false), ["ran echo it's <it's>", "1; select 2"]);
        assert_eq!(arguments("Ab\"Cd\"\"E\" f;", Identifier, true), ["abCd\"E", "f"]);
        assert_eq!(arguments("Ab\"Cd\"", IdentifierAsWritten, true), ["AbCd"]);
        assert_eq!(arguments("| cat 'x' ; ", FileOrPipe, false), ["| cat 'x' ; "]);
        assert_eq!(arguments("  a b;; ", WholeLine, true), ["a b"]);
        assert_eq!(arguments("a;';';;", Normal, true), ["a;;"]);
        assert_eq!(arguments("'open", Normal, true), Vec::<String>::new());
    }

    #[test]
    fn a_double_backslash_separates_a_command_from_sql() {
        let (mut lexer, mut query) = (Lexer::new(), Vec::new());
        lexer.set_line(b"\\echo a \\\\ select 1;", "UTF8", true);
        assert_eq!(lexer.scan(&mut query, &mut Fixed::default()).0, Stop::Backslash);
        assert_eq!(lexer.command_name(), b"echo");
        assert!(lexer.argument(ArgumentKind::Normal, false, &mut Fixed::default()).is_some());
        assert!(lexer.argument(ArgumentKind::Normal, false, &mut Fixed::default()).is_none());
        lexer.end_command();
        assert_eq!(lexer.scan(&mut query, &mut Fixed::default()).0, Stop::Semicolon);
        assert_eq!(query, b"select 1;");
    }

    #[test]
    fn characters_with_ascii_bytes_do_not_confuse() {
        let (mut lexer, mut query) = (Lexer::new(), Vec::new());
        // 0x95 0x5C is one character of SJIS; its second byte is a backslash's.
        lexer.set_line(b"select '\x95\x5c';", "SJIS", false);
        assert_eq!(lexer.scan(&mut query, &mut Fixed::default()).0, Stop::Semicolon);
        assert_eq!(query, b"select '\x95\x5c';");
    }
}
