//! Reading a number's template.

use error::{Error, Result, SqlState};

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece {
    /// A character that stands for itself.
    Text(char),
    /// A pattern, and whether it is written in small letters.
    Key(Key, bool),
}

/// A pattern. What only changes the whole (`FM`, `V`, `B`, `C`, `SP`, `EEEE`) leaves [`Key::Nothing`] in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Nine,
    Zero,
    Point,
    Comma,
    Currency,
    Minus,
    Plus,
    EitherSign,
    Sign,
    Brackets,
    Roman,
    Ordinal,
    Nothing,
    Blank,
    Multiply,
    Fill,
    Exponent,
}

/// The patterns; of several that fit, the longest is meant, so longer ones come first.
const KEYS: [(&str, Key); 20] = [
    ("EEEE", Key::Exponent),
    ("FM", Key::Fill),
    ("MI", Key::Minus),
    ("PL", Key::Plus),
    ("PR", Key::Brackets),
    ("RN", Key::Roman),
    ("SG", Key::EitherSign),
    ("SP", Key::Nothing),
    ("TH", Key::Ordinal),
    (",", Key::Comma),
    (".", Key::Point),
    ("0", Key::Zero),
    ("9", Key::Nine),
    ("B", Key::Blank),
    ("C", Key::Nothing),
    ("D", Key::Point),
    ("G", Key::Comma),
    ("L", Key::Currency),
    ("S", Key::Sign),
    ("V", Key::Multiply),
];

/// Where an `S` puts the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first digit.
    Before,
    /// Where the `S` stands, behind all digits.
    Behind,
}

/// What a template says.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub pieces: Vec<Piece>,
    /// Places before the point.
    pub whole: usize,
    /// Places behind the point.
    pub fraction: usize,
    /// Places behind `V`.
    pub shift: usize,
    /// The first place before the point that is filled with a zero.
    pub zeros_from: Option<usize>,
    /// How many places behind the point are always shown.
    pub zeros_to: usize,
    /// `FM`: without padding.
    pub fill: bool,
    /// There is a point.
    pub point: bool,
    pub sign: Option<Place>,
    pub minus: bool,
    pub plus: bool,
    pub brackets: bool,
    /// `RN`, and whether in small letters.
    pub roman: Option<bool>,
    /// `EEEE`
    pub exponent: bool,
    blank: bool,
    multiplied: bool,
}

#[cold]
fn refused(text: impl Into<String>) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, text.into())
}

/// The pattern that a text begins with, whether it is in small letters, and its length.
fn key(text: &str) -> Option<(Key, bool, usize)> {
    KEYS.iter().find_map(|(name, key)| {
        let head = text.get(..name.len())?;
        let small = head != *name;
        let fits = !small || (head.eq_ignore_ascii_case(name) && !head.bytes().any(|b| b.is_ascii_uppercase()));
        fits.then_some((*key, small, name.len()))
    })
}

impl Template {
    fn add(&mut self, key: Key, small: bool) -> Result<()> {
        let signs = "\"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\"";
        if self.exponent {
            return Err(refused("\"EEEE\" must be the last pattern used"));
        }
        match key {
            Key::Nine | Key::Zero => {
                let shown = if key == Key::Zero { '0' } else { '9' };
                if self.brackets {
                    return Err(refused(format!("\"{shown}\" must be ahead of \"PR\"")));
                }
                if self.multiplied && key == Key::Nine {
                    self.shift += 1;
                } else if self.point {
                    self.fraction += 1;
                    if key == Key::Zero {
                        self.zeros_to = self.fraction;
                    }
                } else {
                    if key == Key::Zero {
                        self.zeros_from.get_or_insert(self.whole);
                    }
                    self.whole += 1;
                }
                // A sign that digits before the point follow stands before them all.
                if self.sign.is_some() && !self.point {
                    self.sign = Some(Place::Before);
                }
            }
            Key::Point if self.point => return Err(refused("multiple decimal points")),
            Key::Point | Key::Multiply if self.point || self.multiplied && key == Key::Point => {
                return Err(refused("cannot use \"V\" and decimal point together"));
            }
            Key::Point => self.point = true,
            Key::Multiply => self.multiplied = true,
            Key::Fill => self.fill = true,
            Key::Blank => self.blank = true,
            Key::Sign if self.sign.is_some() => return Err(refused("cannot use \"S\" twice")),
            Key::Sign if self.minus || self.plus || self.brackets => {
                return Err(refused(format!("cannot use {signs} together")));
            }
            Key::Sign => {
                self.sign = Some(if self.whole > 0 || self.point { Place::Behind } else { Place::Before });
            }
            Key::Minus if self.sign.is_some() => return Err(refused("cannot use \"S\" and \"MI\" together")),
            Key::Plus if self.sign.is_some() => return Err(refused("cannot use \"S\" and \"PL\" together")),
            Key::EitherSign if self.sign.is_some() => return Err(refused("cannot use \"S\" and \"SG\" together")),
            Key::Minus => self.minus = true,
            Key::Plus => self.plus = true,
            Key::EitherSign => (self.minus, self.plus) = (true, true),
            Key::Brackets if self.sign.is_some() || self.minus || self.plus => {
                return Err(refused("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"));
            }
            Key::Brackets => self.brackets = true,
            Key::Roman if self.roman.is_some() => return Err(refused("cannot use \"RN\" twice")),
            Key::Roman => self.roman = Some(small),
            Key::Exponent => {
                let others = self.sign.is_some()
                    || self.minus
                    || self.plus
                    || self.brackets
                    || self.fill
                    || self.blank
                    || self.multiplied
                    || self.roman.is_some();
                if others {
                    return Err(refused("\"EEEE\" is incompatible with other formats")
                        .detail("\"EEEE\" may only be used together with digit and decimal point patterns."));
                }
                self.exponent = true;
            }
            Key::Comma | Key::Currency | Key::Ordinal | Key::Nothing => {}
        }
        self.pieces.push(Piece::Key(key, small));
        Ok(())
    }
}

/// Reads a template; fails for patterns that do not go together.
pub(super) fn parse(text: &str) -> Result<Template> {
    let mut template = Template::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((key, small, length)) = key(rest) {
            template.add(key, small)?;
            rest = &rest[length..];
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '"' => {
                let mut quoted = rest.chars();
                while let Some(c) = quoted.next() {
                    match c {
                        '"' => break,
                        '\\' => template.pieces.extend(quoted.next().map(Piece::Text)),
                        c => template.pieces.push(Piece::Text(c)),
                    }
                }
                rest = quoted.as_str();
            }
            '\\' if rest.starts_with('"') => {
                template.pieces.push(Piece::Text('"'));
                rest = &rest[1..];
            }
            c => template.pieces.push(Piece::Text(c)),
        }
    }
    Ok(template)
}
