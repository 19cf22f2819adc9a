//! The syntax of SQL commands as data: one text, three uses.
//!
//! `sql.txt` states every command of PostgreSQL 18 in a small notation. From it come what `\h` prints (here: the layout),
//! what the completion offers (see [`crate::complete`]), and a test that says statements made from it to our parser. So
//! help, completion and server cannot drift apart.
//!
//! The notation is that of PostgreSQL's manual: words in capitals stand for themselves, words in small letters for a part
//! (a *rule*, or a *placeholder* such as a table's name); `[x]` is optional, `{x | y}` a choice, `x [, ...]` one or more
//! separated by commas (`[...]`: by nothing, `[AND ...]`: by a word), `'x'` a string. A repetition belongs to the one word
//! or group before it.
//!
//! [`notation`] reads it. Invariants, tested: every part is declared; every rule is used; names of commands are sorted.

mod notation;

use std::collections::HashMap;
use std::sync::OnceLock;

/// A piece of syntax.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    /// A word that stands for itself.
    Word(&'static str),
    /// Punctuation that stands for itself.
    Sign(&'static str),
    /// A string constant; what it means.
    Text(&'static str),
    /// A rule or a placeholder, by its name.
    Name(&'static str),
    /// One after the other.
    Sequence(Vec<Node>),
    /// One of these.
    Choice(Vec<Node>),
    /// This or nothing.
    Optional(Box<Node>),
    /// One or more, with this between them (possibly nothing).
    Repeat(Box<Node>, &'static str),
}

/// A command: what `\h NAME` is about.
#[derive(Debug)]
pub struct Command {
    /// Its name, in capitals.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub description: &'static str,
    /// The page of the documentation, without ending.
    pub page: String,
    /// Its forms.
    pub forms: Vec<Node>,
}

/// A part of commands with a name of its own.
#[derive(Debug)]
pub enum Rule {
    /// One of these; shown by `\h` under the commands that use it.
    Parts(Vec<Node>),
    /// One of these commands; with a number, only its form of this number (from 1).
    Commands(Vec<(&'static str, Option<usize>)>),
}

/// What a placeholder may be in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A name, possibly qualified.
    Name,
    /// One of a few words.
    Keyword,
    /// A number, with or without sign.
    Number,
    /// A string constant.
    String,
    /// A word, a number or a string.
    Value,
    /// An expression.
    Expression,
    /// A data type.
    Type,
    /// An operator, possibly qualified.
    Operator,
}

/// A placeholder.
#[derive(Debug)]
pub struct Placeholder {
    /// What it may be in a statement.
    pub class: Class,
    /// What completes it: a kind of catalog object, or the words of a [`Class::Keyword`]; empty if nothing does.
    pub kind: &'static str,
}

/// All of `sql.txt`.
#[derive(Debug, Default)]
pub struct Grammar {
    /// Every command, by name.
    pub commands: Vec<Command>,
    /// Every part.
    pub rules: HashMap<&'static str, Rule>,
    /// Every placeholder.
    pub placeholders: HashMap<&'static str, Placeholder>,
}

/// The notation of all commands.
const TEXT: &str = include_str!("sql.txt");

/// The syntax of SQL. Read when first asked for: neither start-up nor scripts pay for it.
pub fn sql() -> &'static Grammar {
    static SQL: OnceLock<Grammar> = OnceLock::new();
    // The file is part of the program, and a test reads it: it is not wrong.
    SQL.get_or_init(|| notation::read(TEXT).unwrap_or_default())
}

impl Grammar {
    /// The command of this name.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// The forms that a [`Rule::Commands`] means.
    pub fn forms<'a>(&'a self, commands: &'a [(&'static str, Option<usize>)]) -> impl Iterator<Item = &'a Node> {
        commands.iter().flat_map(|(name, only)| {
            let forms = self.command(name).map_or(&[][..], |command| command.forms.as_slice());
            match only {
                Some(number) => &forms[number - 1..*number],
                None => forms,
            }
        })
    }

    /// The parts of `command`, those that it shows as well as those within them, in the order in which they are named.
    fn parts(&self, command: &Command) -> Vec<(&'static str, &[Node])> {
        let mut parts: Vec<(&'static str, &[Node])> = Vec::new();
        let mut nodes: Vec<&Node> = command.forms.iter().collect();
        let mut seen = 0;
        loop {
            for node in std::mem::take(&mut nodes) {
                visit(node, &mut |name| {
                    if let Some(Rule::Parts(body)) = self.rules.get(name)
                        && parts.iter().all(|(part, _)| *part != name)
                    {
                        parts.push((name, body));
                    }
                });
            }
            let Some((_, body)) = parts.get(seen) else { return parts };
            nodes.extend(body.iter());
            seen += 1;
        }
    }

    /// The text that `\h` shows for `command`.
    pub fn help(&self, command: &Command) -> String {
        let mut text = format!("Command:     {}\nDescription: {}\nSyntax:\n", command.name, command.description);
        for form in &command.forms {
            lay_out(form, 0, &mut text);
        }
        for (index, (name, body)) in self.parts(command).into_iter().enumerate() {
            let link = if index == 0 { "where" } else { "and" };
            let verb = if body.len() > 1 { "is one of" } else { "is" };
            text.push_str(&format!("\n{link} {name} {verb}:\n\n"));
            for alternative in body {
                lay_out(alternative, 4, &mut text);
            }
        }
        text.push_str(&format!("\nURL: https://www.postgresql.org/docs/18/{}.html\n\n", command.page));
        text
    }
}

/// Calls `found` with each name in `node`.
fn visit(node: &Node, found: &mut dyn FnMut(&'static str)) {
    match node {
        Node::Name(name) => found(name),
        Node::Sequence(nodes) | Node::Choice(nodes) => nodes.iter().for_each(|node| visit(node, found)),
        Node::Optional(node) | Node::Repeat(node, _) => visit(node, found),
        Node::Word(_) | Node::Sign(_) | Node::Text(_) => (),
    }
}

// ------------------------------------------------------------------------------------------------ layout

/// Lines are broken before this column.
const WIDTH: usize = 80;

/// Appends `node` as lines: the first indented by `indent`, the others by `indent` and four more.
fn lay_out(node: &Node, indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
    text.push_str(&block(node, true, indent, indent + 4));
    text.push('\n');
}

/// `node` in lines: the first begins at column `start`, the others at `indent` or deeper. What does not fit on a line is broken
/// between the parts of a sequence, or before the bars of a choice.
fn block(node: &Node, is_bare: bool, start: usize, indent: usize) -> String {
    let flat = flat(node, is_bare);
    if start + flat.len() < WIDTH {
        return flat;
    }
    let bars = |nodes: &[Node], start: usize| {
        let alternatives = nodes.iter().map(|node| block(node, true, start, start + 2));
        alternatives.collect::<Vec<_>>().join(&format!("\n{:width$}| ", "", width = start.saturating_sub(2)))
    };
    match node {
        Node::Sequence(nodes) => fill(nodes, start, indent),
        Node::Choice(nodes) if is_bare => bars(nodes, start),
        Node::Choice(nodes) => format!("{{ {} }}", bars(nodes, start + 2)),
        Node::Optional(inner) => match &**inner {
            Node::Choice(nodes) => format!("[ {} ]", bars(nodes, start + 2)),
            inner => format!("[ {} ]", block(inner, true, start + 2, start + 6)),
        },
        Node::Repeat(inner, separator) => {
            let space = if separator.is_empty() { "" } else { " " };
            let item = match &**inner {
                group @ Node::Sequence(_) => format!("{{ {} }}", block(group, true, start + 2, start + 6)),
                inner => block(inner, false, start, indent),
            };
            format!("{item} [{separator}{space}...]")
        }
        Node::Word(_) | Node::Sign(_) | Node::Text(_) | Node::Name(_) => flat,
    }
}

/// A sequence in lines, as much on each as fits; what is in parentheses stays together, a comma with what is before it.
fn fill(nodes: &[Node], start: usize, indent: usize) -> String {
    let mut pieces: Vec<&[Node]> = Vec::new();
    let (mut from, mut depth) = (0, 0);
    for (position, node) in nodes.iter().enumerate() {
        match node {
            Node::Sign("(") => depth += 1,
            Node::Sign(")") => depth -= 1,
            _ => (),
        }
        if depth == 0 && !matches!(nodes.get(position + 1), Some(Node::Sign("," | ";"))) {
            pieces.push(&nodes[from..=position]);
            from = position + 1;
        }
    }
    let (mut text, mut column) = (String::new(), start);
    for piece in pieces {
        let mut flat_text = String::new();
        piece.iter().for_each(|node| join(&mut flat_text, &flat(node, false)));
        let space = usize::from(!text.is_empty());
        if column + space + flat_text.len() < WIDTH {
            text.push_str(&" "[..space]);
            column += space + flat_text.len();
            text.push_str(&flat_text);
            continue;
        }
        let mut at = column + space;
        if text.is_empty() || piece.len() == 1 && matches!(piece[0], Node::Choice(_)) && column < WIDTH / 2 {
            // A choice that needs several lines anyhow begins on this one.
            text.push_str(&" "[..space]);
        } else {
            text.push_str(&format!("\n{:indent$}", ""));
            at = indent;
        }
        let broken = match piece {
            [node] => block(node, false, at, indent),
            [open, inner @ .., close] => {
                format!("{}{}{}", flat(open, false), fill(inner, at + 1, at + 1), flat(close, false))
            }
            [] => String::new(),
        };
        column = match broken.rfind('\n') {
            Some(newline) => broken.len() - newline - 1,
            None => at + broken.len(),
        };
        text.push_str(&broken);
    }
    text
}

/// Appends `piece` to `text`, with a space where one belongs.
fn join(text: &mut String, piece: &str) {
    if !text.is_empty() && !text.ends_with('(') && !piece.starts_with([',', ';', ')']) {
        text.push(' ');
    }
    text.push_str(piece);
}

/// `node` on one line; a choice without its braces if it `is_bare`.
fn flat(node: &Node, is_bare: bool) -> String {
    let all = |nodes: &[Node]| {
        let mut text = String::new();
        nodes.iter().for_each(|node| join(&mut text, &flat(node, false)));
        text
    };
    let alternatives = |nodes: &[Node]| nodes.iter().map(|node| flat(node, true)).collect::<Vec<_>>().join(" | ");
    match node {
        Node::Word(text) | Node::Sign(text) | Node::Name(text) => (*text).to_owned(),
        Node::Text(meaning) => format!("'{meaning}'"),
        Node::Sequence(nodes) => all(nodes),
        Node::Choice(nodes) if is_bare => alternatives(nodes),
        Node::Choice(nodes) => format!("{{ {} }}", alternatives(nodes)),
        Node::Optional(node) => format!("[ {} ]", flat(node, true)),
        Node::Repeat(node, separator) => {
            let item = match &**node {
                group @ Node::Sequence(_) => format!("{{ {} }}", flat(group, true)),
                node => flat(node, false),
            };
            let space = if separator.is_empty() { "" } else { " " };
            format!("{item} [{separator}{space}...]")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_makes_sense() {
        assert_eq!(notation::read(TEXT).err(), None);
    }

    #[test]
    fn every_name_is_declared_and_used() {
        let grammar = sql();
        let mut used: Vec<&str> = Vec::new();
        let rules = grammar.rules.values().filter_map(|rule| match rule {
            Rule::Parts(nodes) => Some(nodes.iter()),
            Rule::Commands(_) => None,
        });
        for node in grammar.commands.iter().flat_map(|command| &command.forms).chain(rules.flatten()) {
            visit(node, &mut |name| used.push(name));
        }
        for name in &used {
            assert!(
                grammar.rules.contains_key(name) || grammar.placeholders.contains_key(name),
                "{name} is not declared"
            );
        }
        for name in grammar.rules.keys().chain(grammar.placeholders.keys()) {
            assert!(used.contains(name), "{name} is not used");
        }
        for rule in grammar.rules.values() {
            if let Rule::Commands(commands) = rule {
                assert!(commands.iter().all(|(name, _)| grammar.command(name).is_some()), "{commands:?}");
            }
        }
    }

    #[test]
    fn commands_are_all_there_and_sorted() {
        assert!(sql().commands.is_sorted_by_key(|command| command.name));
        assert_eq!(sql().commands.len(), 185);
        assert!(sql().commands.iter().all(|command| !command.forms.is_empty()));
    }

    #[test]
    fn a_command_is_laid_out() {
        let text = sql().help(sql().command("ALTER AGGREGATE").unwrap());
        let expected = "Command:     ALTER AGGREGATE\nDescription: change the definition of an aggregate function\nSyntax:\n\
            ALTER AGGREGATE aggregate_signature RENAME TO new_name\n\
            ALTER AGGREGATE aggregate_signature OWNER TO role\n\
            ALTER AGGREGATE aggregate_signature SET SCHEMA schema_name\n\
            \nwhere aggregate_signature is:\n\n    aggregate_name (aggregate_arguments)\n\
            \nand role is one of:\n\n    role_name\n    CURRENT_ROLE\n    CURRENT_USER\n    SESSION_USER\n\
            \nand aggregate_arguments is one of:\n\n    *\n    argument [, ...]\n    [ argument [, ...] ] ORDER BY argument [, ...]\n\
            \nand argument is:\n\n    [ argument_mode ] [ argument_name ] data_type\n\
            \nURL: https://www.postgresql.org/docs/18/sql-alteraggregate.html\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn no_line_is_wide() {
        for command in &sql().commands {
            for line in
                sql().help(command).lines().filter(|line| !line.starts_with("Description") && !line.starts_with("URL"))
            {
                assert!(line.len() <= WIDTH + 4, "{line}");
            }
        }
    }
}
