//! Expression text → tree.

use super::{Flags, invalid};
use collation::Classes;
use collation::cases::{simple_lower, simple_upper};
use error::{Error, Result, SqlState};

/// A set of characters.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Members below 128.
    ascii: [u64; 2],
    ranges: Vec<(char, char)>,
    kinds: Vec<(Kind, Classes)>,
    negated: bool,
}

/// A named set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Alpha,
    Digit,
    Alnum,
    Upper,
    Lower,
    Space,
    Blank,
    Punct,
    Print,
    Graph,
    Cntrl,
    Xdigit,
    Word,
}

impl Kind {
    fn named(name: &str) -> Option<Kind> {
        Some(match name {
            "alpha" => Kind::Alpha,
            "digit" => Kind::Digit,
            "alnum" => Kind::Alnum,
            "upper" => Kind::Upper,
            "lower" => Kind::Lower,
            "space" => Kind::Space,
            "blank" => Kind::Blank,
            "punct" => Kind::Punct,
            "print" => Kind::Print,
            "graph" => Kind::Graph,
            "cntrl" => Kind::Cntrl,
            "xdigit" => Kind::Xdigit,
            "word" => Kind::Word,
            _ => return None,
        })
    }

    fn has(self, c: char, classes: Classes) -> bool {
        if !c.is_ascii() {
            return classes != Classes::Ascii
                && match self {
                    Kind::Alpha => c.is_alphabetic(),
                    Kind::Alnum | Kind::Word => classes.is_alphanumeric(c),
                    Kind::Digit => classes.is_digit(c),
                    Kind::Upper => c.is_uppercase(),
                    Kind::Lower => c.is_lowercase(),
                    Kind::Space => c.is_whitespace(),
                    Kind::Cntrl => c.is_control(),
                    Kind::Print => classes.is_printable(c),
                    Kind::Graph => classes.is_graphic(c),
                    Kind::Punct => classes.is_punctuation(c),
                    Kind::Blank | Kind::Xdigit => false,
                };
        }
        match self {
            Kind::Alpha => c.is_ascii_alphabetic(),
            Kind::Digit => c.is_ascii_digit(),
            Kind::Alnum => c.is_ascii_alphanumeric(),
            Kind::Word => c.is_ascii_alphanumeric() || c == '_',
            Kind::Upper => c.is_ascii_uppercase(),
            Kind::Lower => c.is_ascii_lowercase(),
            Kind::Space => matches!(c, ' ' | '\t'..='\r'),
            Kind::Blank => matches!(c, ' ' | '\t'),
            Kind::Punct => classes.is_punctuation(c),
            Kind::Print => c == ' ' || c.is_ascii_graphic(),
            Kind::Graph => c.is_ascii_graphic(),
            Kind::Cntrl => c.is_ascii_control(),
            Kind::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}

impl Class {
    fn one(c: char, flags: Flags) -> Class {
        let mut class = Class::default();
        class.add(c, flags);
        class.seal(flags)
    }

    fn add(&mut self, c: char, flags: Flags) {
        self.ranges.push((c, c));
        if flags.ignore_case {
            let all = flags.classes != Classes::Ascii;
            let cases = [simple_lower(c), simple_upper(c)].into_iter().filter(|other| all || other.is_ascii());
            self.ranges.extend(cases.map(|other| (other, other)));
        }
    }

    fn add_range(&mut self, low: char, high: char, flags: Flags) {
        self.ranges.push((low, high));
        if flags.ignore_case {
            (low..=high).take(2000).for_each(|c| self.add(c, flags));
        }
    }

    /// Fills the table of ASCII members.
    fn seal(mut self, flags: Flags) -> Class {
        for code in 0..128u8 {
            let c = code as char;
            let member = self.ranges.iter().any(|&(low, high)| (low..=high).contains(&c))
                || self.kinds.iter().any(|(kind, _)| kind.has(c, flags.classes));
            self.ascii[code as usize / 64] |= (member as u64) << (code % 64);
        }
        self
    }

    /// Whether it contains a character.
    #[inline]
    pub fn has(&self, c: char) -> bool {
        let member = if (c as u32) < 128 {
            self.ascii[c as usize / 64] >> (c as u32 % 64) & 1 != 0
        } else {
            self.ranges.iter().any(|&(low, high)| (low..=high).contains(&c))
                || self.kinds.iter().any(|&(kind, classes)| kind.has(c, classes))
        };
        member != self.negated
    }
}

/// A place that an expression can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordStart,
    WordEnd,
    WordBoundary,
    NotWordBoundary,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    Empty,
    Set(Class),
    At(Anchor),
    /// What follows (`ahead`) or precedes must match, or must not.
    Look {
        ahead: bool,
        negated: bool,
        inner: Box<Node>,
    },
    /// A group with its number, from 0.
    Group(Box<Node>, usize),
    Concat(Vec<Node>),
    Choice(Vec<Node>),
    /// `exact` for a plain `{m}`, which has no preference of its own.
    Repeat {
        inner: Box<Node>,
        least: u32,
        most: Option<u32>,
        greedy: bool,
        exact: bool,
    },
    /// What a group matched, again.
    Back(usize, bool),
}

impl Node {
    /// Whether it prefers to match much (true) or little (false), if it has a preference.
    pub fn preference(&self) -> Option<bool> {
        match self {
            Node::Group(inner, _) => inner.preference(),
            Node::Concat(parts) => parts.iter().find_map(Node::preference),
            Node::Choice(_) => Some(true),
            Node::Repeat { inner, exact: true, .. } => inner.preference(),
            Node::Repeat { greedy, .. } => Some(*greedy),
            _ => None,
        }
    }

    /// Whether a group stands in it.
    pub fn captures(&self) -> bool {
        match self {
            Node::Group(..) => true,
            Node::Concat(parts) | Node::Choice(parts) => parts.iter().any(Node::captures),
            Node::Repeat { inner, .. } => inner.captures(),
            _ => false,
        }
    }
}

/// What [`parse`] gives.
pub struct Parsed {
    pub root: Node,
    pub groups: usize,
    pub back_references: bool,
}

struct Parser<'a> {
    text: &'a [char],
    at: usize,
    flags: Flags,
    groups: usize,
    closed: Vec<bool>,
    back_references: bool,
    depth: usize,
}

/// The greatest repetition count.
const MAX_COUNT: u32 = 255;
/// How deep parentheses may nest.
const MAX_DEPTH: usize = 250;

/// Reads an expression.
pub fn parse(pattern: &str, flags: Flags) -> Result<Parsed> {
    let chars: Vec<char> = pattern.chars().collect();
    if chars.len() > 100_000 {
        return Err(invalid("regular expression is too complex"));
    }
    let mut parser =
        Parser { text: &chars, at: 0, flags, groups: 0, closed: Vec::new(), back_references: false, depth: 0 };
    parser.prefixes()?;
    let root = if parser.flags.literal {
        let flags = parser.flags;
        Node::Concat(chars[parser.at..].iter().map(|&c| Node::Set(Class::one(c, flags))).collect())
    } else {
        let root = parser.choice()?;
        if parser.at < chars.len() {
            return Err(invalid("parentheses () not balanced"));
        }
        root
    };
    Ok(Parsed { root, groups: parser.groups, back_references: parser.back_references })
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn looking_at(&self, word: &str) -> bool {
        let rest = &self.text[self.at.min(self.text.len())..];
        rest.len() >= word.len() && word.chars().zip(rest).all(|(a, &b)| a == b)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.looking_at(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// `***:`, `***=` and `(?options)` at the front.
    fn prefixes(&mut self) -> Result<()> {
        if self.flags.literal {
            return Ok(());
        }
        if self.eat("***=") {
            self.flags.literal = true;
            return Ok(());
        }
        if !self.eat("***:") && self.looking_at("***") {
            return Err(invalid("quantifier operand invalid"));
        }
        if self.looking_at("(?") && self.text.get(self.at + 2).is_some_and(char::is_ascii_alphabetic) {
            self.at += 2;
            loop {
                let option = self.peek().ok_or_else(|| invalid("invalid embedded option"))?;
                self.at += 1;
                if option == ')' {
                    break;
                }
                if !set_option(&mut self.flags, option) {
                    return Err(invalid("invalid embedded option"));
                }
            }
        }
        Ok(())
    }

    fn skip_expanded(&mut self) {
        loop {
            if self.looking_at("(?#") {
                while self.peek().is_some_and(|c| c != ')') {
                    self.at += 1;
                }
                self.at = (self.at + 1).min(self.text.len());
                continue;
            }
            if !self.flags.expanded {
                return;
            }
            match self.peek() {
                Some(c) if c.is_whitespace() => self.at += 1,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn choice(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid("regular expression is too complex"));
        }
        let mut branches = vec![self.branch()?];
        while self.peek() == Some('|') {
            self.at += 1;
            branches.push(self.branch()?);
        }
        self.depth -= 1;
        Ok(match (branches.pop(), branches.is_empty()) {
            (Some(only), true) => only,
            (Some(last), false) => {
                branches.push(last);
                Node::Choice(branches)
            }
            (None, _) => Node::Empty,
        })
    }

    fn branch(&mut self) -> Result<Node> {
        let mut parts = Vec::new();
        loop {
            self.skip_expanded();
            match self.peek() {
                None | Some('|') => break,
                Some(')') if self.depth > 1 => break,
                _ => {}
            }
            let atom = self.atom()?;
            parts.push(self.quantified(atom)?);
        }
        Ok(match parts.len() {
            0 => Node::Empty,
            1 => parts.remove(0),
            _ => Node::Concat(parts),
        })
    }

    fn quantified(&mut self, atom: Node) -> Result<Node> {
        self.skip_expanded();
        let mut exact = false;
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.text.get(self.at + 1).is_some_and(char::is_ascii_digit) => {
                self.at += 1;
                let least = self.count()?;
                let most = if self.eat(",") {
                    if self.peek().is_some_and(|c| c.is_ascii_digit()) { Some(self.count()?) } else { None }
                } else {
                    exact = true;
                    Some(least)
                };
                if self.peek() != Some('}') {
                    return Err(invalid(if self.peek().is_none() {
                        "braces {} not balanced"
                    } else {
                        "invalid repetition count(s)"
                    }));
                }
                if most.is_some_and(|most| most < least) {
                    return Err(invalid("invalid repetition count(s)"));
                }
                (least, most)
            }
            _ => return Ok(atom),
        };
        self.at += 1;
        if matches!(atom, Node::At(_) | Node::Look { .. }) {
            return Err(invalid("quantifier operand invalid"));
        }
        let greedy = !self.eat("?");
        self.skip_expanded();
        if matches!(self.peek(), Some('*' | '+' | '?'))
            || self.peek() == Some('{') && self.text.get(self.at + 1).is_some_and(char::is_ascii_digit)
        {
            return Err(invalid("quantifier operand invalid"));
        }
        Ok(Node::Repeat { inner: Box::new(atom), least, most, greedy, exact })
    }

    fn count(&mut self) -> Result<u32> {
        let mut value = 0u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value * 10 + digit;
            self.at += 1;
            if value > MAX_COUNT {
                return Err(invalid("invalid repetition count(s)"));
            }
        }
        Ok(value)
    }

    fn atom(&mut self) -> Result<Node> {
        let c = self.peek().ok_or_else(|| invalid("quantifier operand invalid"))?;
        self.at += 1;
        Ok(match c {
            '(' => return self.parenthesis(),
            '[' => {
                if self.eat("[:<:]]") {
                    return Ok(Node::At(Anchor::WordStart));
                }
                if self.eat("[:>:]]") {
                    return Ok(Node::At(Anchor::WordEnd));
                }
                Node::Set(self.bracket()?)
            }
            '.' => {
                let mut class = Class { negated: true, ..Class::default() };
                if self.flags.newline_stops {
                    class.ranges.push(('\n', '\n'));
                }
                Node::Set(class.seal(self.flags))
            }
            '^' if self.flags.newline_anchors => Node::At(Anchor::LineStart),
            '^' => Node::At(Anchor::TextStart),
            '$' if self.flags.newline_anchors => Node::At(Anchor::LineEnd),
            '$' => Node::At(Anchor::TextEnd),
            '*' | '+' | '?' => return Err(invalid("quantifier operand invalid")),
            '{' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                return Err(invalid("quantifier operand invalid"));
            }
            ')' => return Err(invalid("parentheses () not balanced")),
            '\\' => return self.escape(),
            c => Node::Set(Class::one(c, self.flags)),
        })
    }

    fn parenthesis(&mut self) -> Result<Node> {
        let close = |parser: &mut Self| {
            if parser.peek() == Some(')') {
                parser.at += 1;
                Ok(())
            } else {
                Err(invalid("parentheses () not balanced"))
            }
        };
        for (mark, ahead, negated) in
            [("?=", true, false), ("?!", true, true), ("?<=", false, false), ("?<!", false, true)]
        {
            if self.eat(mark) {
                let inner = Box::new(self.choice()?);
                close(self)?;
                return Ok(Node::Look { ahead, negated, inner });
            }
        }
        if self.eat("?:") {
            let inner = self.choice()?;
            close(self)?;
            return Ok(inner);
        }
        if self.peek() == Some('?') {
            return Err(invalid("quantifier operand invalid"));
        }
        let number = self.groups;
        self.groups += 1;
        self.closed.push(false);
        let inner = self.choice()?;
        close(self)?;
        self.closed[number] = true;
        Ok(Node::Group(Box::new(inner), number))
    }

    fn kind_class(&self, kind: Kind, negated: bool) -> Class {
        Class { kinds: vec![(kind, self.flags.classes)], negated, ..Class::default() }.seal(self.flags)
    }

    fn escape(&mut self) -> Result<Node> {
        let c = self.peek().ok_or_else(|| invalid("invalid escape \\ sequence"))?;
        let node = match c {
            'd' => Node::Set(self.kind_class(Kind::Digit, false)),
            's' => Node::Set(self.kind_class(Kind::Space, false)),
            'w' => Node::Set(self.kind_class(Kind::Word, false)),
            'D' => Node::Set(self.kind_class(Kind::Digit, true)),
            'S' => Node::Set(self.kind_class(Kind::Space, true)),
            'W' => Node::Set(self.kind_class(Kind::Word, true)),
            'A' => Node::At(Anchor::TextStart),
            'Z' => Node::At(Anchor::TextEnd),
            'm' => Node::At(Anchor::WordStart),
            'M' => Node::At(Anchor::WordEnd),
            'y' => Node::At(Anchor::WordBoundary),
            'Y' => Node::At(Anchor::NotWordBoundary),
            '1'..='9' => {
                let start = self.at;
                let mut number = 0usize;
                while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)).filter(|_| self.at < start + 3) {
                    let next = number * 10 + digit as usize;
                    // A second digit belongs to it only if there are so many groups.
                    if self.at > start && next > self.groups {
                        break;
                    }
                    number = next;
                    self.at += 1;
                }
                if number > self.groups || !self.closed[number - 1] {
                    return Err(invalid("invalid backreference number"));
                }
                self.back_references = true;
                return Ok(Node::Back(number - 1, self.flags.ignore_case));
            }
            _ => {
                let c = self.escaped_character()?;
                return Ok(Node::Set(Class::one(c, self.flags)));
            }
        };
        self.at += 1;
        Ok(node)
    }

    /// The character that stands behind a backslash.
    fn escaped_character(&mut self) -> Result<char> {
        let bad = || invalid("invalid escape \\ sequence");
        let c = self.peek().ok_or_else(bad)?;
        self.at += 1;
        let mut hexadecimal = |least: usize, most: usize| -> Result<char> {
            let digits: String = self.text[self.at..].iter().take(most).take_while(|c| c.is_ascii_hexdigit()).collect();
            if digits.len() < least {
                return Err(bad());
            }
            self.at += digits.len();
            u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(bad)
        };
        Ok(match c {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'B' => '\\',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => return hexadecimal(1, 6),
            'u' => return hexadecimal(4, 4),
            'U' => return hexadecimal(8, 8),
            'c' => {
                let control = self.peek().ok_or_else(bad)?;
                self.at += 1;
                ((control as u32 & 31) as u8) as char
            }
            '0' => {
                let digits: String = self.text[self.at..].iter().take(2).take_while(|c| c.is_digit(8)).collect();
                self.at += digits.len();
                char::from_u32(u32::from_str_radix(&format!("0{digits}"), 8).unwrap_or(0)).unwrap_or('\0')
            }
            c if c.is_ascii_alphanumeric() => return Err(bad()),
            c => c,
        })
    }

    fn bracket(&mut self) -> Result<Class> {
        let unbalanced = || invalid("brackets [] not balanced");
        let mut class = Class { negated: self.eat("^"), ..Class::default() };
        if class.negated && self.flags.newline_stops {
            class.ranges.push(('\n', '\n'));
        }
        let mut first = true;
        loop {
            let c = self.peek().ok_or_else(unbalanced)?;
            if c == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if self.eat("[:") {
                let name = self.until(":]")?;
                let kind = Kind::named(&name).ok_or_else(|| invalid("invalid character class"))?;
                let kind = if self.flags.ignore_case && matches!(kind, Kind::Upper | Kind::Lower) {
                    Kind::Alpha
                } else {
                    kind
                };
                class.kinds.push((kind, self.flags.classes));
                continue;
            }
            if c == '\\' {
                let kind = match self.text.get(self.at + 1) {
                    Some('d') => Some(Kind::Digit),
                    Some('s') => Some(Kind::Space),
                    Some('w') => Some(Kind::Word),
                    _ => None,
                };
                if let Some(kind) = kind {
                    self.at += 2;
                    class.kinds.push((kind, self.flags.classes));
                    continue;
                }
            }
            let low = self.bracket_character()?;
            if self.peek() == Some('-') && self.text.get(self.at + 1).is_some_and(|&c| c != ']') {
                self.at += 1;
                let high = self.bracket_character()?;
                if high < low {
                    return Err(invalid("invalid character range"));
                }
                class.add_range(low, high, self.flags);
            } else {
                class.add(low, self.flags);
            }
        }
        Ok(class.seal(self.flags))
    }

    fn until(&mut self, end: &str) -> Result<String> {
        let mut name = String::new();
        loop {
            if self.eat(end) {
                return Ok(name);
            }
            name.push(self.peek().ok_or_else(|| invalid("brackets [] not balanced"))?);
            self.at += 1;
        }
    }

    fn bracket_character(&mut self) -> Result<char> {
        for (open, close) in [("[.", ".]"), ("[=", "=]")] {
            if self.eat(open) {
                let name = self.until(close)?;
                let mut chars = name.chars();
                return match (chars.next(), chars.next()) {
                    (Some(c), None) => Ok(c),
                    _ => Err(invalid("invalid collating element")),
                };
            }
        }
        let c = self.peek().ok_or_else(|| invalid("brackets [] not balanced"))?;
        self.at += 1;
        if c == '\\' { self.escaped_character() } else { Ok(c) }
    }
}

/// Sets the flag of an option letter; false if there is none.
pub fn set_option(flags: &mut Flags, option: char) -> bool {
    match option {
        'c' => flags.ignore_case = false,
        'i' => flags.ignore_case = true,
        'm' | 'n' => (flags.newline_stops, flags.newline_anchors) = (true, true),
        'p' => (flags.newline_stops, flags.newline_anchors) = (true, false),
        's' => (flags.newline_stops, flags.newline_anchors) = (false, false),
        'w' => (flags.newline_stops, flags.newline_anchors) = (false, true),
        't' => flags.expanded = false,
        'x' => flags.expanded = true,
        'q' => flags.literal = true,
        'e' => {}
        _ => return false,
    }
    true
}

/// The flags that a function's flags argument names, and whether `g` is among them.
pub fn options(text: &str, classes: Classes) -> Result<(Flags, bool)> {
    let mut flags = Flags { classes, ..Flags::default() };
    let mut global = false;
    for option in text.chars() {
        if option == 'g' {
            global = true;
        } else if option == 'b' {
            return Err(Error::not_implemented("basic regular expressions"));
        } else if !set_option(&mut flags, option) {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid regular expression option: \"{option}\""),
            ));
        }
    }
    Ok((flags, global))
}
