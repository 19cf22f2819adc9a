//! Follows a statement through the grammar as far as it is written, and says what may come next.
//!
//! The walk goes all ways at once: a node of the grammar takes a position in the tokens and gives all positions where it may
//! end. A node that is asked at the end of the tokens notes what it would like to see there. Positions are found once per rule
//! (the memory of a packrat parser), so that the work is bounded by the size of the grammar times the length of the statement; a
//! budget ends what is too long all the same.
//!
//! Expressions are not in the grammar: they are skipped by the few rules by which a person sees where one ends (operands and
//! operators in turn, parentheses closed, no reserved word between).

use std::collections::HashMap;
use std::rc::Rc;

use super::tokens::{Token, TokenKind};
use crate::grammar::{Class, Grammar, Node, Rule};

/// Nodes visited before the walk gives up.
const BUDGET: usize = 300_000;

/// Rules within rules.
const MAX_DEPTH: usize = 200;

/// What may come next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    /// Keywords, in the order of the grammar; several if they can only come together.
    pub words: Vec<String>,
    /// Kinds of objects (the second word of a placeholder's declaration).
    pub kinds: Vec<&'static str>,
    /// The beginning of an expression, or the operand behind an operator.
    pub operand: bool,
    /// The continuation of an expression.
    pub operator: bool,
}

/// What stands in the statement: a kind, and the names that were written.
pub(super) type Named = (&'static str, Vec<String>);

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub expected: Expected,
    /// The objects that are named in the statement, by their kinds, in order.
    pub named: Vec<Named>,
}

/// Follows `tokens` through all commands of `grammar`.
pub(super) fn walk(grammar: &'static Grammar, tokens: &[Token<'_>]) -> Found {
    let mut walker = Walker {
        grammar,
        tokens,
        is_keyword: vec![false; tokens.len()],
        known: HashMap::new(),
        found: Found::default(),
        steps: 0,
        depth: 0,
    };
    for command in &grammar.commands {
        for form in &command.forms {
            walker.node(form, 0);
        }
    }
    // What goes on from a word that is offered alone need not be offered as well.
    let words = std::mem::take(&mut walker.found.expected.words);
    let goes_on = |word: &String| {
        words.iter().any(|other| word.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with(' ')))
    };
    walker.found.expected.words = words.iter().filter(|word| !goes_on(word)).cloned().collect();
    walker.found
}

struct Walker<'a> {
    grammar: &'static Grammar,
    tokens: &'a [Token<'a>],
    /// Which tokens were taken as keywords: those are no names, if both are possible.
    is_keyword: Vec<bool>,
    /// Where rules end, by name and where they begin.
    known: HashMap<(&'static str, usize), Rc<[usize]>>,
    found: Found,
    steps: usize,
    depth: usize,
}

/// Positions where something ends, without doublets.
type Ends = Vec<usize>;

fn add(ends: &mut Ends, more: impl IntoIterator<Item = usize>) {
    for end in more {
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
}

impl Walker<'_> {
    fn is_end(&self, at: usize) -> bool {
        at >= self.tokens.len()
    }

    fn expect_word(&mut self, word: String) {
        if !self.found.expected.words.contains(&word) {
            self.found.expected.words.push(word);
        }
    }

    fn expect_kind(&mut self, kind: &'static str) {
        if !kind.is_empty() && !self.found.expected.kinds.contains(&kind) {
            self.found.expected.kinds.push(kind);
        }
    }

    fn node(&mut self, node: &'static Node, at: usize) -> Ends {
        self.steps += 1;
        if self.steps > BUDGET || self.depth > MAX_DEPTH {
            return Ends::new();
        }
        match node {
            Node::Word(word) => self.word(word, at),
            Node::Sign(sign) => match self.tokens.get(at) {
                Some(token) if token.is(sign) => vec![at + 1],
                None if matches!(*sign, "(" | "=") => {
                    self.expect_word((*sign).to_owned());
                    Ends::new()
                }
                _ => Ends::new(),
            },
            Node::Text(_) => self.one(at, |token| token.kind == TokenKind::String),
            Node::Name(name) => self.name(name, at),
            Node::Sequence(nodes) => self.sequence(nodes, at),
            Node::Choice(nodes) => {
                let mut ends = Ends::new();
                for node in nodes {
                    let found = self.node(node, at);
                    add(&mut ends, found);
                }
                ends
            }
            Node::Optional(node) => {
                let mut ends = self.node(node, at);
                add(&mut ends, [at]);
                ends
            }
            Node::Repeat(node, separator) => {
                let mut ends = self.node(node, at);
                let mut next = 0;
                while let Some(&end) = ends.get(next) {
                    next += 1;
                    let again = match self.tokens.get(end) {
                        _ if separator.is_empty() => self.node(node, end),
                        Some(token) if token.is(separator) => self.node(node, end + 1),
                        None if separator.starts_with(char::is_alphabetic) => {
                            self.expect_word((*separator).to_owned());
                            Ends::new()
                        }
                        _ => Ends::new(),
                    };
                    add(&mut ends, again);
                }
                ends
            }
        }
    }

    /// A keyword alone.
    fn word(&mut self, word: &'static str, at: usize) -> Ends {
        match self.tokens.get(at) {
            Some(token) if token.kind == TokenKind::Word && token.is(word) => {
                self.is_keyword[at] = true;
                vec![at + 1]
            }
            Some(_) => Ends::new(),
            None => {
                self.expect_word(word.to_owned());
                Ends::new()
            }
        }
    }

    fn one(&mut self, at: usize, fits: impl Fn(&Token<'_>) -> bool) -> Ends {
        match self.tokens.get(at) {
            Some(token) if fits(token) => vec![at + 1],
            _ => Ends::new(),
        }
    }

    fn sequence(&mut self, nodes: &'static [Node], at: usize) -> Ends {
        let mut ends = vec![at];
        for (position, node) in nodes.iter().enumerate() {
            let mut next = Ends::new();
            for end in ends {
                // Keywords that can only come together are offered together, but for the beginning of a statement.
                if self.is_end(end) && end > 0 && matches!(node, Node::Word(_)) {
                    let chain = nodes[position..].iter().map_while(|node| match node {
                        Node::Word(word) => Some(*word),
                        _ => None,
                    });
                    self.expect_word(chain.collect::<Vec<_>>().join(" "));
                    continue;
                }
                let found = self.node(node, end);
                add(&mut next, found);
            }
            if next.is_empty() {
                return next;
            }
            ends = next;
        }
        ends
    }

    fn name(&mut self, name: &'static str, at: usize) -> Ends {
        let grammar = self.grammar;
        if let Some(placeholder) = grammar.placeholders.get(name) {
            return self.placeholder(placeholder.class, placeholder.kind, at);
        }
        let Some(rule) = grammar.rules.get(name) else { return Ends::new() };
        if let Some(ends) = self.known.get(&(name, at)) {
            return ends.to_vec();
        }
        // A rule that begins with itself ends nowhere.
        self.known.insert((name, at), Rc::new([]));
        self.depth += 1;
        let mut ends = Ends::new();
        match rule {
            Rule::Parts(nodes) => {
                for node in nodes {
                    let found = self.node(node, at);
                    add(&mut ends, found);
                }
            }
            Rule::Commands(commands) => {
                for form in grammar.forms(commands) {
                    let found = self.node(form, at);
                    add(&mut ends, found);
                }
            }
        }
        self.depth -= 1;
        self.known.insert((name, at), ends.as_slice().into());
        ends
    }

    fn placeholder(&mut self, class: Class, kind: &'static str, at: usize) -> Ends {
        match class {
            Class::Expression => return self.expression(at),
            Class::Type => return self.data_type(at),
            Class::Keyword => {
                return match self.tokens.get(at) {
                    Some(token) if kind.split(' ').any(|word| token.is(word)) => {
                        self.is_keyword[at] = true;
                        vec![at + 1]
                    }
                    Some(_) => Ends::new(),
                    None => {
                        kind.split(' ').for_each(|word| self.expect_word(word.to_owned()));
                        Ends::new()
                    }
                };
            }
            _ => (),
        }
        let Some(token) = self.tokens.get(at) else {
            self.expect_kind(kind);
            return Ends::new();
        };
        match class {
            Class::Name if kind.is_empty() && self.is_clause_behind_name(at) => Ends::new(),
            Class::Name if token.is_name() && !self.is_keyword[at] => {
                let end = self.qualified(at);
                let names = self.tokens[at..end].iter().step_by(2).map(Token::name).collect();
                if !kind.is_empty() && !self.found.named.contains(&(kind, Vec::clone(&names))) {
                    self.found.named.push((kind, names));
                }
                vec![end]
            }
            Class::Number => match token.kind {
                TokenKind::Number => vec![at + 1],
                TokenKind::Operator if matches!(token.text, "-" | "+") => {
                    self.one(at + 1, |token| token.kind == TokenKind::Number)
                }
                _ => Ends::new(),
            },
            Class::String => self.one(at, |token| token.kind == TokenKind::String),
            Class::Value => match token.kind {
                TokenKind::Operator if matches!(token.text, "-" | "+") => vec![at + 2],
                TokenKind::Word | TokenKind::Quoted => vec![self.qualified(at)],
                TokenKind::Number | TokenKind::String => vec![at + 1],
                _ => Ends::new(),
            },
            Class::Operator => match token.kind {
                TokenKind::Operator => vec![at + 1],
                _ if token.is("=") || token.is("*") => vec![at + 1],
                _ if token.is("OPERATOR") => self.closing(at + 1).map(|close| vec![close + 1]).unwrap_or_default(),
                _ => Ends::new(),
            },
            _ => Ends::new(),
        }
    }

    /// Whether the word at `at` could be an alias by its letters, but begins a clause where it stands.
    fn is_clause_behind_name(&self, at: usize) -> bool {
        let is_clause = ["SET", "VALUES", "OVERRIDING", "ROWS"].iter().any(|word| self.tokens[at].is(word));
        is_clause && at > 0 && !self.tokens[at - 1].is("AS")
    }

    /// The end of the qualified name that begins at `at`.
    fn qualified(&self, at: usize) -> usize {
        let mut end = at + 1;
        while let [dot, name, ..] = self.tokens.get(end..).unwrap_or_default()
            && dot.is(".")
            && (matches!(name.kind, TokenKind::Word | TokenKind::Quoted) || name.is("*"))
        {
            end += 2;
        }
        end
    }

    /// The position of what closes the parenthesis or bracket at `at`.
    fn closing(&self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (position, token) in self.tokens.iter().enumerate().skip(at) {
            match token.text {
                "(" | "[" if token.kind == TokenKind::Sign => depth += 1,
                ")" | "]" if token.kind == TokenKind::Sign => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(position);
                    }
                }
                _ if depth == 0 => return None,
                _ => (),
            }
        }
        None
    }

    fn data_type(&mut self, at: usize) -> Ends {
        let Some(token) = self.tokens.get(at) else {
            self.expect_kind("types");
            return Ends::new();
        };
        if self.is_keyword[at] || !token.is_name() {
            return Ends::new();
        }
        let mut end = self.qualified(at);
        let is = |position: usize, word: &str| self.tokens.get(position).is_some_and(|token| token.is(word));
        if is(end, "PRECISION") || is(end, "VARYING") {
            end += 1;
        }
        if is(end, "(") {
            match self.closing(end) {
                Some(close) => end = close + 1,
                None => return Ends::new(),
            }
        }
        if (is(end, "WITH") || is(end, "WITHOUT")) && is(end + 1, "TIME") && is(end + 2, "ZONE") {
            end += 3;
        }
        if is(end, "ARRAY") {
            end += 1;
        }
        while is(end, "[") {
            match self.closing(end) {
                Some(close) => end = close + 1,
                None => return Ends::new(),
            }
        }
        vec![end]
    }

    fn expression(&mut self, at: usize) -> Ends {
        if let Some(ends) = self.known.get(&("expression", at)) {
            return ends.to_vec();
        }
        self.known.insert(("expression", at), Rc::new([]));
        self.depth += 1;
        let ends = if self.depth > MAX_DEPTH { Ends::new() } else { self.skip_expression(at) };
        self.depth -= 1;
        self.known.insert(("expression", at), ends.as_slice().into());
        ends
    }

    fn skip_expression(&mut self, at: usize) -> Ends {
        let mut ends = Ends::new();
        let (mut position, mut wants_operand, mut cases) = (at, true, 0_usize);
        loop {
            self.steps += 1;
            if !wants_operand && cases == 0 {
                add(&mut ends, [position]);
            }
            let Some(token) = self.tokens.get(position) else {
                self.found.expected.operand |= wants_operand;
                self.found.expected.operator |= !wants_operand;
                if cases > 0 {
                    ["WHEN", "THEN", "ELSE", "END"].iter().for_each(|word| self.expect_word((*word).to_owned()));
                }
                return ends;
            };
            let is_case_word = cases > 0 && ["WHEN", "THEN", "ELSE"].iter().any(|word| token.is(word));
            if is_case_word {
                wants_operand = true;
                position += 1;
                continue;
            }
            if cases > 0 && token.is("END") {
                cases -= 1;
                wants_operand = false;
                position += 1;
                continue;
            }
            if token.is("(") || token.is("[") {
                match self.closing(position) {
                    Some(close) => position = close + 1,
                    None => {
                        self.within(position);
                        return ends;
                    }
                }
                wants_operand = false;
                continue;
            }
            let next = if wants_operand { self.operand(position, &mut cases) } else { self.operator(position) };
            let Some((end, operand_follows)) = next else { return ends };
            position = end;
            wants_operand = operand_follows;
        }
    }

    /// Behind the operand that begins here, and whether another must follow at once; `None` if none begins here.
    fn operand(&self, position: usize, cases: &mut usize) -> Option<(usize, bool)> {
        let token = &self.tokens[position];
        match token.kind {
            TokenKind::Number | TokenKind::String => Some((position + 1, false)),
            TokenKind::Operator => Some((position + 1, true)),
            TokenKind::Quoted => Some((self.qualified(position), false)),
            TokenKind::Sign => None,
            TokenKind::Word if token.is("CASE") => {
                *cases += 1;
                Some((position + 1, true))
            }
            TokenKind::Word
                if ["NOT", "DISTINCT", "ALL", "ANY", "SOME", "VARIADIC"].iter().any(|word| token.is(word)) =>
            {
                Some((position + 1, true))
            }
            TokenKind::Word if token.is_name() || OPERANDS.iter().any(|word| token.is(word)) => {
                Some((self.qualified(position), false))
            }
            TokenKind::Word => None,
        }
    }

    /// Behind the operator that begins here, and whether an operand must follow; `None` if the expression ends here.
    fn operator(&self, position: usize) -> Option<(usize, bool)> {
        let token = &self.tokens[position];
        let is = |position: usize, word: &str| self.tokens.get(position).is_some_and(|token| token.is(word));
        match token.kind {
            TokenKind::Operator => Some((position + 1, true)),
            TokenKind::Sign if token.is("=") || token.is("*") => Some((position + 1, true)),
            TokenKind::String => {
                let is_typed = position > 0 && self.tokens[position - 1].kind == TokenKind::Word;
                is_typed.then_some((position + 1, false))
            }
            TokenKind::Word => {
                if token.is("IS") {
                    let behind = position + 1 + usize::from(is(position + 1, "NOT"));
                    let is_comparison = is(behind, "DISTINCT") && is(behind + 1, "FROM");
                    return Some((if is_comparison { behind + 2 } else { behind }, true));
                }
                if token.is("NOT") {
                    let follows =
                        ["LIKE", "ILIKE", "IN", "BETWEEN", "SIMILAR"].iter().any(|word| is(position + 1, word));
                    return follows.then_some((position + 1, false));
                }
                if token.is("SIMILAR") && is(position + 1, "TO") {
                    return Some((position + 2, true));
                }
                if token.is("AT") && is(position + 1, "TIME") {
                    return Some((position + 3, true));
                }
                if token.is("WITHIN") && is(position + 1, "GROUP") {
                    return Some((position + 2, false));
                }
                if ["ISNULL", "NOTNULL", "OVER", "FILTER"].iter().any(|word| token.is(word)) {
                    return Some((position + 1, false));
                }
                let joins =
                    ["AND", "OR", "LIKE", "ILIKE", "IN", "BETWEEN", "COLLATE", "OVERLAPS", "ESCAPE", "SYMMETRIC"];
                joins.iter().any(|word| token.is(word)).then_some((position + 1, true))
            }
            _ => None,
        }
    }

    /// What is behind a parenthesis in an expression that is still open.
    fn within(&mut self, open: usize) {
        let before = open.checked_sub(1).map(|before| &self.tokens[before]);
        if before.is_some_and(|token| token.is("OVER")) {
            self.name("window_definition", open + 1);
            return;
        }
        let is_call = before.is_some_and(|token| token.is_name() && !token.is("EXISTS"));
        if !is_call {
            self.name("query", open + 1);
        }
        let mut starts = vec![open + 1];
        while let Some(start) = starts.pop() {
            for end in self.expression(start) {
                match self.tokens.get(end) {
                    Some(token) if token.is(",") => starts.push(end + 1),
                    Some(token) if token.is("AS") => {
                        self.data_type(end + 1);
                    }
                    Some(token) if token.is("FROM") || token.is("FOR") => starts.push(end + 1),
                    _ => (),
                }
            }
            if self.steps > BUDGET {
                return;
            }
        }
    }
}

/// Reserved words that are operands all the same, or begin one.
const OPERANDS: &[&str] = &[
    "ARRAY",
    "CAST",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEFAULT",
    "FALSE",
    "LEFT",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NULL",
    "RIGHT",
    "SESSION_USER",
    "TRUE",
    "USER",
];

#[cfg(test)]
mod tests {
    use super::super::tokens::statement;
    use super::*;
    use crate::grammar;

    fn expected(text: &str) -> Expected {
        walk(grammar::sql(), &statement(text).tokens).expected
    }

    fn words(text: &str) -> Vec<String> {
        expected(text).words
    }

    #[test]
    fn a_statement_begins() {
        let words = words("");
        assert!(words.iter().any(|word| word == "ALTER") && words.iter().any(|word| word == "VALUES"));
        assert!(words.iter().all(|word| !word.contains(' ')), "{words:?}");
    }

    #[test]
    fn keywords_come_together() {
        assert_eq!(words("drop table "), ["IF EXISTS"]);
        assert_eq!(expected("drop table ").kinds, ["tables"]);
        assert_eq!(words("drop table if "), ["EXISTS"]);
        assert!(!words("alter ").contains(&"TABLE ALL IN TABLESPACE".to_owned()));
        assert_eq!(expected("drop table if ").kinds, [""; 0]);
        assert_eq!(words("drop table if exists x "), ["CASCADE", "RESTRICT"]);
        assert!(words("create ").contains(&"FOREIGN DATA WRAPPER".to_owned()));
        assert!(words("alter table t ").contains(&"NO".to_owned()));
        assert!(words("select a from t order ").contains(&"BY".to_owned()));
    }

    #[test]
    fn queries_are_followed() {
        let after_table = words("select a, b from t ");
        for word in ["WHERE", "GROUP BY", "ORDER BY", "JOIN", "LEFT", "UNION", "LIMIT", "CROSS JOIN"] {
            assert!(after_table.iter().any(|found| found == word), "{word}: {after_table:?}");
        }
        assert!(expected("select a from ").kinds.contains(&"selectables"));
        assert!(expected("select a from x, ").kinds.contains(&"selectables"));
        assert!(expected("select a from x left join ").kinds.contains(&"selectables"));
        assert!(expected("select * from a where x = 1 and ").operand);
        assert!(expected("select * from a where x = 1 ").operator);
        assert!(words("select a ").contains(&"FROM".to_owned()));
        assert!(words("select * from a where x in (").contains(&"SELECT".to_owned()));
        assert!(words("with x as (select 1) ").contains(&"SELECT".to_owned()));
        assert!(words("with x as (").contains(&"INSERT INTO".to_owned()));
        assert!(expected("select * from a where x in (select b from ").kinds.contains(&"selectables"));
        assert!(expected("select case when a then 1 ").words.contains(&"END".to_owned()));
        assert!(expected("insert into ").words.is_empty() && expected("insert ").words == ["INTO"]);
        assert!(words("insert into t (a, b) ").contains(&"VALUES".to_owned()));
        assert_eq!(expected("insert into t (a, ").kinds, ["columns"]);
        assert!(words("update t set a = 1 ").contains(&"WHERE".to_owned()));
        assert!(words("explain (").contains(&"BUFFERS".to_owned()));
        assert!(words("explain analyze ").contains(&"SELECT".to_owned()));
        assert!(words("select sum(x) over (").contains(&"PARTITION BY".to_owned()));
    }

    #[test]
    fn definitions_are_followed() {
        assert!(expected("create table t (a ").kinds == ["types"]);
        let constraint = words("create table t (a int ");
        assert!(
            constraint.contains(&"NOT NULL".to_owned()) && constraint.contains(&"PRIMARY KEY".to_owned()),
            "{constraint:?}"
        );
        assert_eq!(expected("alter table t alter column ").kinds, ["columns"]);
        assert_eq!(expected("alter table t rename to ").kinds, [""; 0]);
        assert_eq!(words("set x "), ["TO", "="]);
        assert!(expected("set x = ").kinds.contains(&"setting_values"));
        assert!(expected("grant select on ").kinds.contains(&"selectables"));
        assert!(expected("grant select on t to ").kinds.contains(&"roles"));
        assert!(words("vacuum (").contains(&"PARALLEL".to_owned()));
        assert_eq!(words("create index i on t using "), [""; 0]);
        assert_eq!(expected("create index i on t using ").kinds, ["access_methods"]);
    }

    #[test]
    fn what_is_named_is_known() {
        let named = |text| walk(grammar::sql(), &statement(text).tokens).named;
        assert!(named("alter table s.\"T\" alter ").contains(&("tables", vec!["s".into(), "T".into()])));
        assert!(named("set work_mem to ").contains(&("settings", vec!["work_mem".into()])));
    }

    #[test]
    fn deep_and_long_statements_end() {
        let deep = "select ".to_owned() + &"(".repeat(5000);
        expected(&deep);
        let deep = "select * from ".to_owned() + &"(select * from ".repeat(2000);
        expected(&deep);
        let long = "insert into t values ".to_owned() + &"(1, 'a', f(x)), ".repeat(2000);
        expected(&long);
        let cases = "select ".to_owned() + &"case when a then ".repeat(3000);
        expected(&cases);
    }
}
