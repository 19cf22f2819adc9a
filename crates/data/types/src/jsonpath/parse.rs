//! jsonpath's grammar, by recursive descent.

use super::lexer::{Lexer, Token};
use super::{Chain, FLAG_LETTERS, LAST_LEVEL, LikeRegex, Method, Node, Operator, Path};
use crate::numeric::Numeric;
use crate::regex::{Flags, Regex};
use error::{Error, Result, SqlState};

/// How deep expressions may be nested.
const MAX_NESTING: usize = 300;

/// What was parsed: a condition is no value unless accessors follow it in parentheses.
struct Parsed {
    chain: Chain,
    condition: bool,
}

fn value(chain: Chain) -> Parsed {
    Parsed { chain, condition: false }
}

fn condition(node: Node) -> Parsed {
    Parsed { chain: vec![node], condition: true }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    nesting: usize,
    /// How many filters and array subscripts are open.
    filters: usize,
    subscripts: usize,
}

impl Path {
    /// Reads a jsonpath.
    pub fn parse(text: &[u8]) -> Result<Path> {
        let mut lexer = Lexer::new(text);
        let token = lexer.next()?;
        let mut parser = Parser { lexer, token, nesting: 0, filters: 0, subscripts: 0 };
        if parser.token == Token::End {
            return Err(Error::new(
                SqlState::INVALID_TEXT_REPRESENTATION,
                format!("invalid input syntax for type jsonpath: \"{}\"", String::from_utf8_lossy(text)),
            ));
        }
        let strict = parser.take_word("strict")?;
        if !strict {
            parser.take_word("lax")?;
        }
        let parsed = parser.or()?;
        if parser.token != Token::End {
            return Err(parser.unexpected());
        }
        Ok(Path { lax: !strict, chain: parsed.chain })
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<()> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    #[cold]
    fn unexpected(&self) -> Error {
        self.lexer.error("syntax error")
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn take_symbol(&mut self, symbol: &str) -> Result<bool> {
        let found = self.is_symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.take_symbol(symbol)? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn take_word(&mut self, word: &str) -> Result<bool> {
        let found = self.token.is_word(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.take_word(word)? { Ok(()) } else { Err(self.unexpected()) }
    }

    /// A condition where one must stand.
    fn must_be_condition(&self, parsed: Parsed) -> Result<Chain> {
        if parsed.condition { Ok(parsed.chain) } else { Err(self.unexpected()) }
    }

    /// A value where one must stand.
    fn must_be_value(&self, parsed: Parsed) -> Result<Chain> {
        if parsed.condition { Err(self.unexpected()) } else { Ok(parsed.chain) }
    }

    fn or(&mut self) -> Result<Parsed> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(crate::json::too_deep());
        }
        let mut left = self.and()?;
        while self.is_symbol("||") {
            let first = self.must_be_condition(left)?;
            self.advance()?;
            let second = self.and()?;
            let second = self.must_be_condition(second)?;
            left = condition(Node::Binary(Operator::Or, Box::new((first, second))));
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Parsed> {
        let mut left = self.comparison()?;
        while self.is_symbol("&&") {
            let first = self.must_be_condition(left)?;
            self.advance()?;
            let second = self.comparison()?;
            let second = self.must_be_condition(second)?;
            left = condition(Node::Binary(Operator::And, Box::new((first, second))));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Parsed> {
        let left = self.sum()?;
        let operator = match &self.token {
            Token::Symbol("==" | "=") => Operator::Equal,
            Token::Symbol("!=" | "<>") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            token if token.is_word("starts") => {
                let left = self.must_be_value(left)?;
                self.advance()?;
                self.expect_word("with")?;
                let start = match &self.token {
                    Token::String(text) => Node::String(text.clone()),
                    Token::Variable(name) => Node::Variable(name.clone()),
                    _ => return Err(self.unexpected()),
                };
                self.advance()?;
                return Ok(condition(Node::Binary(Operator::StartsWith, Box::new((left, vec![start])))));
            }
            token if token.is_word("like_regex") => {
                let left = self.must_be_value(left)?;
                self.advance()?;
                return self.like_regex(left);
            }
            _ => return Ok(left),
        };
        let first = self.must_be_value(left)?;
        self.advance()?;
        let second = self.sum()?;
        let second = self.must_be_value(second)?;
        Ok(condition(Node::Binary(operator, Box::new((first, second)))))
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        let Token::String(text) = &self.token else { return Err(self.unexpected()) };
        let text = text.clone();
        self.advance()?;
        Ok(text)
    }

    fn like_regex(&mut self, expression: Chain) -> Result<Parsed> {
        let pattern = self.string()?;
        let mut flags = 0;
        if self.take_word("flag")? {
            let letters = self.string()?;
            for letter in String::from_utf8_lossy(&letters).chars() {
                match FLAG_LETTERS.iter().find(|(_, known)| *known as char == letter) {
                    Some((bit, _)) => flags |= bit,
                    None => {
                        return Err(Error::new(SqlState::SYNTAX_ERROR, "invalid input syntax for type jsonpath")
                            .detail(format!("Unrecognized flag character \"{letter}\" in LIKE_REGEX predicate.")));
                    }
                }
            }
        }
        let regex = compile(&pattern, flags)?;
        let node = LikeRegex { expression, pattern, flags, regex: std::sync::Arc::new(regex) };
        Ok(condition(Node::LikeRegex(Box::new(node))))
    }

    fn sum(&mut self) -> Result<Parsed> {
        self.left_associative(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Parsed> {
        let operators = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Modulo)];
        self.left_associative(&operators, Self::signed)
    }

    fn left_associative(
        &mut self,
        operators: &[(&str, Operator)],
        operand: fn(&mut Self) -> Result<Parsed>,
    ) -> Result<Parsed> {
        let mut left = operand(self)?;
        while let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.is_symbol(symbol)) {
            let first = self.must_be_value(left)?;
            self.advance()?;
            let second = operand(self)?;
            let second = self.must_be_value(second)?;
            left = value(vec![Node::Binary(*operator, Box::new((first, second)))]);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Parsed> {
        if !self.is_symbol("+") && !self.is_symbol("-") {
            return self.accessed();
        }
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(crate::json::too_deep());
        }
        let minus = self.is_symbol("-");
        self.advance()?;
        let operand = self.signed()?;
        let operand = self.must_be_value(operand)?;
        self.nesting -= 1;
        Ok(value(vec![match &operand[..] {
            [Node::Number(number)] if minus => Node::Number(number.negated()),
            [Node::Number(number)] => Node::Number(number.clone()),
            _ => Node::Sign(minus, Box::new(operand)),
        }]))
    }

    /// A primary with accessors.
    fn accessed(&mut self) -> Result<Parsed> {
        let mut parsed = self.primary()?;
        loop {
            let node = match &self.token {
                Token::Symbol(".") => {
                    self.advance()?;
                    self.member()?
                }
                Token::Symbol("[") => self.subscript()?,
                Token::Symbol("?") => {
                    self.advance()?;
                    self.expect_symbol("(")?;
                    self.filters += 1;
                    let inner = self.or()?;
                    let inner = self.must_be_condition(inner)?;
                    self.filters -= 1;
                    self.expect_symbol(")")?;
                    Node::Filter(Box::new(inner))
                }
                _ => return Ok(parsed),
            };
            if parsed.condition
                && !matches!(parsed.chain[..], [Node::Binary(..) | Node::LikeRegex(_)])
                && !self.parenthesised_condition(&parsed)
            {
                return Err(self.unexpected());
            }
            parsed = value({
                parsed.chain.push(node);
                parsed.chain
            });
        }
    }

    /// Conditions that come from `primary` were in parentheses.
    fn parenthesised_condition(&self, parsed: &Parsed) -> bool {
        matches!(parsed.chain[..], [Node::Not(_) | Node::IsUnknown(_) | Node::Exists(_)])
    }

    fn primary(&mut self) -> Result<Parsed> {
        let node = match &self.token {
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.or()?;
                self.expect_symbol(")")?;
                if inner.condition && self.take_word("is")? {
                    self.expect_word("unknown")?;
                    return Ok(condition(Node::IsUnknown(Box::new(inner.chain))));
                }
                return Ok(inner);
            }
            Token::Symbol("!") => {
                self.advance()?;
                let delimited = self.is_symbol("(") || self.token.is_word("exists");
                let inner = if delimited { self.primary()? } else { return Err(self.unexpected()) };
                return Ok(condition(Node::Not(Box::new(self.must_be_condition(inner)?))));
            }
            Token::Symbol("$") => Node::Root,
            Token::Symbol("@") => {
                if self.filters == 0 {
                    return Err(Error::new(SqlState::SYNTAX_ERROR, "@ is not allowed in root expressions"));
                }
                Node::Current
            }
            Token::Variable(name) => Node::Variable(name.clone()),
            Token::String(text) => Node::String(text.clone()),
            Token::Integer(number) | Token::Number(number) => Node::Number(number.clone()),
            Token::Word(word) => match &word[..] {
                b"null" => Node::Null,
                b"true" => Node::Bool(true),
                b"false" => Node::Bool(false),
                word if word.eq_ignore_ascii_case(b"last") => {
                    if self.subscripts == 0 {
                        return Err(Error::new(SqlState::SYNTAX_ERROR, "LAST is allowed only in array subscripts"));
                    }
                    Node::Last
                }
                word if word.eq_ignore_ascii_case(b"exists") => {
                    self.advance()?;
                    self.expect_symbol("(")?;
                    let inner = self.sum()?;
                    let inner = self.must_be_value(inner)?;
                    self.expect_symbol(")")?;
                    return Ok(condition(Node::Exists(Box::new(inner))));
                }
                _ => return Err(self.unexpected()),
            },
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        Ok(value(vec![node]))
    }

    /// What stands behind a point.
    fn member(&mut self) -> Result<Node> {
        match &self.token {
            Token::Symbol("*") => {
                self.advance()?;
                Ok(Node::AnyKey)
            }
            Token::Symbol("**") => {
                self.advance()?;
                self.levels()
            }
            Token::String(key) => {
                let key = key.clone();
                self.advance()?;
                Ok(Node::Key(key))
            }
            Token::Word(word) => {
                let word = word.clone();
                self.advance()?;
                if self.is_symbol("(") {
                    return self.method(&word);
                }
                Ok(Node::Key(word))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn level(&mut self) -> Result<u32> {
        if self.take_word("last")? {
            return Ok(LAST_LEVEL);
        }
        let Token::Integer(number) = &self.token else { return Err(self.unexpected()) };
        let level = number.to_i128().and_then(|n| i32::try_from(n).ok());
        let Some(level) = level else {
            return Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"));
        };
        self.advance()?;
        Ok(level as u32)
    }

    fn levels(&mut self) -> Result<Node> {
        if !self.take_symbol("{")? {
            return Ok(Node::AnyLevel(0, LAST_LEVEL));
        }
        let first = self.level()?;
        let last = if self.take_word("to")? { self.level()? } else { first };
        self.expect_symbol("}")?;
        Ok(Node::AnyLevel(first, last))
    }

    fn subscript(&mut self) -> Result<Node> {
        self.advance()?;
        if self.is_symbol("*") {
            self.advance()?;
            self.expect_symbol("]")?;
            return Ok(Node::AnyElement);
        }
        self.subscripts += 1;
        let mut list = Vec::new();
        loop {
            let from = self.subscript_value()?;
            let to = if self.take_word("to")? { Some(self.subscript_value()?) } else { None };
            list.push((from, to));
            if !self.take_symbol(",")? {
                break;
            }
        }
        self.subscripts -= 1;
        self.expect_symbol("]")?;
        Ok(Node::Elements(list))
    }

    fn subscript_value(&mut self) -> Result<Chain> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(crate::json::too_deep());
        }
        let parsed = self.sum()?;
        self.nesting -= 1;
        self.must_be_value(parsed)
    }

    /// A whole number, perhaps with a sign.
    fn signed_integer(&mut self) -> Result<Numeric> {
        let minus = self.is_symbol("-");
        if minus || self.is_symbol("+") {
            self.advance()?;
        }
        let Token::Integer(number) = &self.token else { return Err(self.unexpected()) };
        let number = if minus { number.negated() } else { number.clone() };
        self.advance()?;
        Ok(number)
    }

    fn method(&mut self, word: &[u8]) -> Result<Node> {
        let word = word.to_ascii_lowercase();
        if !is_method(&word) {
            return Err(self.unexpected());
        }
        self.advance()?;
        let precision = |this: &mut Self| -> Result<Option<Numeric>> {
            let Token::Integer(number) = &this.token else { return Ok(None) };
            let number = number.clone();
            this.advance()?;
            Ok(Some(number))
        };
        let method = match &word[..] {
            b"type" => Method::Type,
            b"size" => Method::Size,
            b"double" => Method::Double,
            b"ceiling" => Method::Ceiling,
            b"floor" => Method::Floor,
            b"abs" => Method::Abs,
            b"keyvalue" => Method::KeyValue,
            b"bigint" => Method::Bigint,
            b"boolean" => Method::Boolean,
            b"integer" => Method::Integer,
            b"number" => Method::Number,
            b"string" => Method::String,
            b"date" => Method::Date,
            b"decimal" if self.is_symbol(")") => Method::Decimal(None),
            b"decimal" => {
                let precision = self.signed_integer()?;
                let scale = if self.take_symbol(",")? { Some(self.signed_integer()?) } else { None };
                Method::Decimal(Some((precision, scale)))
            }
            b"datetime" => match &self.token {
                Token::String(_) => Method::Datetime(Some(self.string()?)),
                _ => Method::Datetime(None),
            },
            b"time" => Method::Time(precision(self)?),
            b"time_tz" => Method::TimeTz(precision(self)?),
            b"timestamp" => Method::Timestamp(precision(self)?),
            _ => Method::TimestampTz(precision(self)?),
        };
        self.expect_symbol(")")?;
        Ok(Node::Method(method))
    }
}

fn is_method(word: &[u8]) -> bool {
    matches!(
        word,
        b"type"
            | b"size"
            | b"double"
            | b"ceiling"
            | b"floor"
            | b"abs"
            | b"keyvalue"
            | b"bigint"
            | b"boolean"
            | b"integer"
            | b"number"
            | b"string"
            | b"date"
            | b"decimal"
            | b"datetime"
            | b"time"
            | b"time_tz"
            | b"timestamp"
            | b"timestamp_tz"
    )
}

/// The regular expression of a `like_regex`: XQuery's flags as those of our engine.
fn compile(pattern: &[u8], flags: u8) -> Result<Regex> {
    let has = |letter: u8| FLAG_LETTERS.iter().any(|(bit, known)| *known == letter && flags & bit != 0);
    if has(b'x') && !has(b'q') {
        return Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "XQuery \"x\" flag (expanded regular expressions) is not implemented",
        ));
    }
    let literal = has(b'q');
    // A point matches a line's end only with `s`; with `m`, anchors match at lines' ends.
    let flags = Flags {
        ignore_case: has(b'i'),
        newline_stops: !literal && !has(b's'),
        newline_anchors: !literal && has(b'm'),
        literal,
        classes: collation::Classes::Standard,
        ..Flags::default()
    };
    Regex::new(&String::from_utf8_lossy(pattern), flags)
}
