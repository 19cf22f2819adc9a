//! The syntax that psql explains and completes is the syntax that the server reads: statements made from every form of every command
//! are said to the parser.

use psql::grammar::{self, Class, Grammar, Node, Rule};

/// Statements made from each form.
const SAMPLES: u32 = 80;

/// A small generator of numbers (splitmix64), so that a failure comes again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

struct Maker<'a> {
    grammar: &'a Grammar,
    numbers: Numbers,
    words: Vec<String>,
}

impl Maker<'_> {
    /// Adds words for `node`. Deep inside, everything is as short as it can be.
    fn add(&mut self, node: &Node, depth: usize) {
        let is_deep = depth > 9;
        match node {
            Node::Word(word) | Node::Sign(word) => self.words.push((*word).into()),
            Node::Text(meaning) => {
                self.words.push(if *meaning == "delimiter" { "'|'".into() } else { format!("'{meaning}'") })
            }
            Node::Sequence(nodes) => nodes.iter().for_each(|node| self.add(node, depth + 1)),
            Node::Choice(nodes) => {
                let chosen = if is_deep { 0 } else { self.numbers.below(nodes.len()) };
                self.add(&nodes[chosen], depth + 1);
            }
            Node::Optional(node) => {
                // PostgreSQL's help, too, shows both signs of inheritance, though there can be only one.
                let is_star_after_only =
                    **node == Node::Sign("*") && self.words.iter().rev().nth(1).is_some_and(|word| word == "ONLY");
                if !is_deep && !is_star_after_only && self.numbers.below(2) == 0 {
                    self.add(node, depth + 1);
                }
            }
            Node::Repeat(node, separator) => {
                let times = if is_deep { 0 } else { self.numbers.below(2) };
                self.add(node, depth + 1);
                for _ in 0..times {
                    self.words.push((*separator).into());
                    self.add(node, depth + 1);
                }
            }
            Node::Name(name) => self.name(name, depth),
        }
    }

    fn name(&mut self, name: &str, depth: usize) {
        let grammar = self.grammar;
        match grammar.rules.get(name) {
            Some(Rule::Parts(nodes)) => {
                let chosen = if depth > 9 { 0 } else { self.numbers.below(nodes.len()) };
                return self.add(&nodes[chosen], depth + 1);
            }
            Some(Rule::Commands(commands)) => {
                let forms: Vec<&Node> = grammar.forms(commands).collect();
                let chosen = if depth > 9 { 0 } else { self.numbers.below(forms.len()) };
                return self.add(forms[chosen], depth + 3);
            }
            None => (),
        }
        let placeholder = &grammar.placeholders[name];
        let choices: &[&str] = match placeholder.class {
            Class::Name if name == "configuration_parameter" => &["work_mem", "my.setting"],
            Class::Name => &["t1", "\"Quoted name\"", "a_name"],
            Class::Keyword => {
                let words: Vec<&str> = placeholder.kind.split(' ').collect();
                let chosen = self.numbers.below(words.len());
                return self.words.push(words[chosen].into());
            }
            Class::Number => &["1", "2"],
            Class::String => &["'text'", "'it''s'"],
            Class::Value => &["'on'", "1", "word"],
            Class::Expression if name == "default_expression" => &["1", "(a + 1)", "f(x)"],
            Class::Expression => &["1", "(a + 1)", "f(x)", "a = 'b'", "x IS NOT NULL"],
            Class::Type => &["integer", "text[]", "numeric(10,2)", "timestamp with time zone"],
            Class::Operator => &["+", "OPERATOR(pg_catalog.<)"],
        };
        // Within an OPERATOR clause or a definition, an operator stands bare.
        let chosen = if placeholder.class == Class::Operator { 0 } else { self.numbers.below(choices.len()) };
        self.words.push(choices[chosen].into());
    }
}

#[test]
fn the_parser_reads_what_the_help_says() {
    let grammar = grammar::sql();
    let mut wrong: Vec<String> = Vec::new();
    for command in &grammar.commands {
        for (number, form) in command.forms.iter().enumerate() {
            for sample in 0..SAMPLES {
                let seed: u64 = command
                    .name
                    .bytes()
                    .fold(u64::from(sample), |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
                let mut maker = Maker { grammar, numbers: Numbers(seed), words: Vec::new() };
                maker.add(form, 0);
                let statement = maker.words.join(" ");
                if let Err(error) = parser::parse(&statement)
                    && !is_of_meaning(error.message())
                {
                    wrong.push(format!("{} (form {}): {statement}\n    {}", command.name, number + 1, error.message()));
                }
            }
        }
    }
    let per_form = |text: &&String| text.split(':').next().map(str::to_owned);
    let mut first: Vec<&String> = wrong.iter().collect();
    first.dedup_by_key(|text| per_form(&*text));
    let first: String = first.iter().map(|text| format!("{text}\n")).collect();
    assert!(wrong.is_empty(), "{} statements are not read; of each form one:\n{first}", wrong.len());
}

/// Whether the parser understood a statement well enough to say more than "syntax error".
fn is_of_meaning(message: &str) -> bool {
    !message.starts_with("syntax error")
}
