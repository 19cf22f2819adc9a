//! Reads the notation of `sql.txt`, described in [`super`].

use super::{Class, Command, Grammar, Node, Placeholder, Rule};

/// What is wrong with the notation.
type Wrong = String;

/// Reads a file of commands, rules and placeholders.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &'static str) -> Result<Grammar, Wrong> {
    let mut grammar = Grammar::default();
    let mut words: Vec<&'static str> = Vec::new();
    for block in blocks(text) {
        let (head, rest) = (block[0].trim(), &block[1..]);
        if let Some(head) = head.strip_prefix("== ") {
            let fields: Vec<&str> = head.split('|').map(str::trim).collect();
            let &[name, description, ..] = &fields[..] else { return Err(format!("{head} has no description")) };
            let page = match fields.get(2) {
                Some(page) => (*page).to_owned(),
                None => format!("sql-{}", name.to_ascii_lowercase().replace(' ', "")),
            };
            grammar.commands.push(Command { name, description, page, forms: Vec::new() });
            if !rest.is_empty() {
                return Err(format!("{name}: an indented line"));
            }
        } else if let Some(name) = head.strip_suffix(":=") {
            grammar.rules.insert(name.trim(), Rule::Parts(alternatives(rest)?));
        } else if let Some((name, commands)) = head.split_once("=>") {
            let commands = commands.split(',').map(command).collect::<Result<_, Wrong>>()?;
            grammar.rules.insert(name.trim(), Rule::Commands(commands));
        } else if let Some(list) = head.strip_prefix("words :") {
            words.extend(list.split_whitespace());
        } else if let Some((name, what)) = head.split_once(" :").filter(|(name, _)| !name.trim_end().contains(' ')) {
            let (class, kind) = what.trim().split_once(' ').unwrap_or((what.trim(), ""));
            let class = match class {
                "name" => Class::Name,
                "keyword" => Class::Keyword,
                "number" => Class::Number,
                "string" => Class::String,
                "value" => Class::Value,
                "expression" => Class::Expression,
                "type" => Class::Type,
                "operator" => Class::Operator,
                other => return Err(format!("{name}: there is no class {other}")),
            };
            grammar.placeholders.insert(name.trim(), Placeholder { class, kind: kind.trim() });
        } else {
            let command = grammar.commands.last_mut().ok_or("a form before the first command")?;
            command.forms.push(Parser::parse(&block)?);
        }
    }
    // Words in small letters stand for themselves only if they are declared.
    let settle = |node: &mut Node| settle(node, &words);
    grammar.commands.iter_mut().flat_map(|command| &mut command.forms).for_each(settle);
    for rule in grammar.rules.values_mut() {
        if let Rule::Parts(nodes) = rule {
            nodes.iter_mut().for_each(settle);
        }
    }
    Ok(grammar)
}

/// The lines of a rule's body, each alternative's put together.
fn alternatives(lines: &[&'static str]) -> Result<Vec<Node>, Wrong> {
    let mut alternatives: Vec<Vec<&'static str>> = Vec::new();
    // Only a line of the first indentation starts an alternative; deeper ones continue it, also where they start with `|`.
    for line in lines {
        let indentation = line.len() - line.trim_start().len();
        let text = line.trim();
        match (text.strip_prefix("| "), alternatives.last_mut()) {
            (Some(text), _) if indentation == 2 => alternatives.push(vec![text]),
            (_, None) => alternatives.push(vec![text]),
            (_, Some(last)) => last.push(text),
        }
    }
    alternatives.iter().map(|lines| Parser::parse(lines)).collect()
}

/// Makes words of those names that are declared to be words.
fn settle(node: &mut Node, words: &[&str]) {
    match node {
        Node::Name(name) if words.contains(name) => *node = Node::Word(name),
        Node::Sequence(nodes) | Node::Choice(nodes) => nodes.iter_mut().for_each(|node| settle(node, words)),
        Node::Optional(node) | Node::Repeat(node, _) => settle(node, words),
        _ => (),
    }
}

/// `NAME` or `NAME #1`.
fn command(text: &'static str) -> Result<(&'static str, Option<usize>), Wrong> {
    let Some((name, form)) = text.split_once('#') else { return Ok((text.trim(), None)) };
    match form.trim().parse() {
        Ok(number @ 1..) => Ok((name.trim(), Some(number))),
        _ => Err(format!("{text}: no form's number")),
    }
}

/// Lines, each with the indented ones that follow it; without comments.
fn blocks(text: &'static str) -> Vec<Vec<&'static str>> {
    let mut blocks: Vec<Vec<&'static str>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match blocks.last_mut() {
            Some(block) if line.starts_with(' ') => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    blocks
}

/// Reads one piece of notation.
struct Parser {
    tokens: Vec<&'static str>,
    position: usize,
}

impl Parser {
    fn parse(lines: &[&'static str]) -> Result<Node, Wrong> {
        let mut tokens = Vec::new();
        for line in lines {
            cut(line, &mut tokens)?;
        }
        let mut parser = Parser { tokens, position: 0 };
        let node = parser.choice()?;
        match parser.peek() {
            None => Ok(node),
            Some(token) => Err(format!("{token} is superfluous in {lines:?}")),
        }
    }

    fn peek(&self) -> Option<&'static str> {
        self.tokens.get(self.position).copied()
    }

    fn choice(&mut self) -> Result<Node, Wrong> {
        let mut alternatives = vec![self.sequence()?];
        while self.peek() == Some("|") {
            self.position += 1;
            alternatives.push(self.sequence()?);
        }
        Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Node::Choice(alternatives) })
    }

    fn sequence(&mut self) -> Result<Node, Wrong> {
        let mut nodes = Vec::new();
        while let Some(token) = self.peek().filter(|token| !matches!(*token, "|" | "]" | "}")) {
            self.position += 1;
            let node = match token {
                "[" => match self.separator() {
                    Some(separator) => {
                        let item = nodes.pop().ok_or("a repetition of nothing")?;
                        Node::Repeat(Box::new(item), separator)
                    }
                    None => {
                        let node = self.choice()?;
                        self.close("]")?;
                        Node::Optional(Box::new(node))
                    }
                },
                "{" => {
                    let node = self.choice()?;
                    self.close("}")?;
                    node
                }
                token if token.starts_with('\'') => Node::Text(token.trim_matches('\'')),
                token if token.starts_with(|c: char| c.is_ascii_uppercase()) => Node::Word(token),
                token if token.starts_with(|c: char| c.is_ascii_lowercase()) => Node::Name(token),
                sign => Node::Sign(sign),
            };
            nodes.push(node);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Sequence(nodes) })
    }

    /// Behind `[`: what separates, if this is a repetition.
    fn separator(&mut self) -> Option<&'static str> {
        let (separator, length) = match self.tokens[self.position..] {
            ["...", "]", ..] => ("", 2),
            [separator, "...", "]", ..] => (separator, 3),
            _ => return None,
        };
        self.position += length;
        Some(separator)
    }

    fn close(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.peek() != Some(sign) {
            return Err(format!("{sign} is missing in {:?}", self.tokens));
        }
        self.position += 1;
        Ok(())
    }
}

/// Cuts a line into words, strings and signs.
fn cut(line: &'static str, tokens: &mut Vec<&'static str>) -> Result<(), Wrong> {
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => rest[1..].find('\'').ok_or("a string without end")? + 2,
            '.' if rest.starts_with("...") => 3,
            c if c.is_ascii_alphanumeric() => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => 1,
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind.trim_start();
    }
    Ok(())
}
