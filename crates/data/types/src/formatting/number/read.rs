//! Reading a number along a template.

use super::template::{Key, Piece, Template};
use crate::numeric::{self, Numeric};
use error::{Error, Result, SqlState};

/// How far a text has been read.
struct Reader<'a> {
    text: &'a [char],
    at: usize,
    template: &'a Template,
    /// The sign and the digits, as numeric's input wants them.
    sign: Option<char>,
    digits: String,
    /// Digits before and behind the point.
    whole: usize,
    fraction: usize,
    point: bool,
}

/// What may be part of a number.
fn is_data(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-')
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| wanted(*c))?;
        self.at += 1;
        Some(c)
    }

    fn read_digits(&self) -> usize {
        self.whole + self.fraction
    }

    /// At a digit's place: blanks and a sign may stand before the digit.
    fn digit(&mut self) {
        self.take_if(|c| c == ' ');
        if self.sign.is_none() && self.read_digits() == 0 && !self.point && self.template.whole > 0 {
            let brackets = self.template.brackets;
            self.sign = self.take_if(|c| matches!(c, '+' | '-') || brackets && c == '<');
        } else if self.sign.is_none()
            && self.template.sign.is_some()
            && let Some(sign) = self.take_if(|c| matches!(c, '+' | '-'))
        {
            self.sign = Some(sign);
        } else if self.sign.is_none()
            && (self.template.minus || self.template.plus)
            && let Some(sign) = self.peek().filter(|c| matches!(c, '+' | '-'))
        {
            self.sign = Some(sign);
        }
        match self.peek() {
            None => {}
            Some(c) if c.is_ascii_digit() && (!self.point || self.fraction < self.template.fraction) => {
                self.digits.push(c);
                *(if self.point { &mut self.fraction } else { &mut self.whole }) += 1;
                self.at += 1;
            }
            Some('.') if self.template.point && !self.point => {
                self.digits.push('.');
                self.point = true;
                self.at += 1;
            }
            Some(_) => self.at += 1,
        }
        // An `S` takes a sign behind the number, too.
        if self.template.sign.is_some() && self.sign.is_none() && self.read_digits() > 0 {
            self.sign = self.take_if(|c| matches!(c, '+' | '-'));
        }
    }

    fn skip_other(&mut self, count: usize) {
        for _ in 0..count {
            self.take_if(|c| !is_data(c));
        }
    }
}

#[cold]
fn no_roman() -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "invalid Roman numeral")
}

/// Reads a Roman numeral, which must be well formed.
fn roman(text: &[char]) -> Result<i64> {
    let signs = text.iter().skip_while(|c| **c == ' ').take_while(|c| "IVXLCDMivxlcdm".contains(**c));
    let text: String = signs.map(char::to_ascii_uppercase).collect();
    if text.is_empty() || text.len() > 15 {
        return Err(no_roman());
    }
    let (mut rest, mut total) = (&text[..], 0);
    // Each decimal place: the signs for its ones, fives and tens.
    for (worth, one, five, ten) in
        [(1000, 'M', ' ', ' '), (100, 'C', 'D', 'M'), (10, 'X', 'L', 'C'), (1, 'I', 'V', 'X')]
    {
        let forms = [
            format!("{one}{ten}"),
            format!("{five}{one}{one}{one}"),
            format!("{five}{one}{one}"),
            format!("{five}{one}"),
            format!("{one}{five}"),
            format!("{five}"),
            format!("{one}{one}{one}"),
            format!("{one}{one}"),
            format!("{one}"),
        ];
        let values = [9, 8, 7, 6, 4, 5, 3, 2, 1];
        if let Some((form, value)) = forms.iter().zip(values).find(|(form, _)| rest.starts_with(form.as_str())) {
            total += value * worth;
            rest = &rest[form.len()..];
        }
    }
    if rest.is_empty() && total > 0 { Ok(total) } else { Err(no_roman()) }
}

/// Reads a number from a text.
pub(super) fn number(text: &str, template: &Template) -> Result<Numeric> {
    if template.exponent {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "\"EEEE\" not supported for input"));
    }
    let text: Vec<char> = text.chars().collect();
    let mut reader =
        Reader { text: &text, at: 0, template, sign: None, digits: String::new(), whole: 0, fraction: 0, point: false };
    for piece in &template.pieces {
        if reader.at >= text.len() {
            break;
        }
        match piece {
            Piece::Text(_) => reader.at += 1,
            Piece::Key(Key::Nine | Key::Zero | Key::Point, _) => reader.digit(),
            Piece::Key(Key::Comma, _) => {
                reader.take_if(|c| c == ',');
            }
            Piece::Key(Key::Currency, _) => reader.skip_other(1),
            Piece::Key(key @ (Key::Minus | Key::Plus | Key::EitherSign), _) => {
                let fits = |c| c == '-' && *key != Key::Plus || c == '+' && *key != Key::Minus;
                match reader.take_if(fits) {
                    Some(sign) => reader.sign = Some(sign),
                    None => reader.skip_other(1),
                }
            }
            Piece::Key(Key::Sign, _) => {
                if reader.sign.is_none() && reader.read_digits() > 0 {
                    reader.sign = reader.take_if(|c| matches!(c, '+' | '-'));
                }
            }
            Piece::Key(Key::Ordinal, _) => reader.skip_other(2),
            Piece::Key(Key::Roman, _) => {
                let value = roman(&text[reader.at..])?;
                return Ok(Numeric::Small(value as i128, 0));
            }
            Piece::Key(..) => {}
        }
    }
    let negative = matches!(reader.sign, Some('-' | '<'));
    let shown = format!("{}{}", if negative { '-' } else { ' ' }, reader.digits.trim_end_matches('.'));
    if reader.read_digits() == 0 {
        return Err(crate::int::invalid_input("numeric", &shown));
    }
    let value = numeric::parse(shown.trim_start())?;
    let precision = template.whole + template.shift;
    if value.exponent().is_some_and(|exponent| exponent >= precision as i32) {
        let (precision, scale) = (precision + reader.fraction, reader.fraction);
        let least = if precision == scale { "1".to_string() } else { format!("10^{}", precision - scale) };
        return Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").detail(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than {least}."
        )));
    }
    match template.shift {
        0 => Ok(value),
        shift => value.mul(&Numeric::Small(10, 0).power(&Numeric::Small(-(shift as i128), 0))?),
    }
}
