//! What GIN's built-in operator classes make of values: the parts of an indexed item, and what an operator asks of parts.
//!
//! A part is a byte string: what it is (a value, a null, or that there are no parts), then the value in a form of which none is the
//! prefix of another one. [`Class::parts`] gives those of an item. [`Class::search`] gives those that a condition `item operator value` asks for, with a
//! [`Program`]: a small formula over them in three-valued logic, since an index may know of a part only that it may be there, and since many
//! conditions need more than the parts (their order, or where in a document they stand) and so never become more than "maybe".
//!
//! - `array`: elements. `textsearch`: lexemes. `jsonb`: keys and scalars, or hashes of paths with their scalars; `jsonpath` reads paths.

mod array;
mod jsonb;
mod jsonpath;
mod textsearch;

use batch::DatumRef;
use error::{Error, Result};
use ids::Oid;

use crate::Environment;
use crate::sortkey::{KeyColumn, KeyEncoder};

/// The part's value follows.
const VALUE: u8 = 1;
/// A part that is null.
const NULL_PART: u8 = 2;
/// The item has no parts.
const NO_PARTS: u8 = 3;

/// An operator class, for one column.
#[derive(Clone, Debug)]
pub enum Class {
    /// `array_ops`.
    Array(KeyEncoder),
    /// `tsvector_ops`.
    Tsvector,
    /// `jsonb_ops`.
    Jsonb,
    /// `jsonb_path_ops`.
    JsonbPath,
}

/// A part that a condition asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The part, or its beginning.
    pub part: Vec<u8>,
    /// Any part that begins so.
    pub prefix: bool,
}

/// What a condition asks for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Parts.
    pub parts: Vec<Sought>,
    /// What must hold of them.
    pub program: Program,
}

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// No.
    No,
    /// Perhaps.
    Maybe,
    /// Yes.
    Yes,
}

/// A step of a program, on a stack of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Constant(Known),
    Part(u32),
    Not,
    And,
    Or,
    /// What is there is only perhaps so.
    Doubt,
}

/// A formula over parts, in postfix order.
#[derive(Clone, Debug, Default)]
pub struct Program {
    steps: Vec<Step>,
}

/// Values of a program's stack that need no memory of their own.
const SHALLOW: usize = 32;

impl Program {
    fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// All of the first `count` parts.
    fn all(count: usize) -> Program {
        Program::fold(count, Step::And, Known::Yes)
    }

    /// Any of the first `count` parts.
    fn any(count: usize) -> Program {
        Program::fold(count, Step::Or, Known::No)
    }

    fn fold(count: usize, step: Step, of_none: Known) -> Program {
        let mut program = Program::default();
        if count == 0 {
            program.push(Step::Constant(of_none));
        }
        for at in 0..count {
            program.push(Step::Part(at as u32));
            if at > 0 {
                program.push(step);
            }
        }
        program
    }

    /// The same, never certain.
    fn doubtful(mut self) -> Program {
        self.push(Step::Doubt);
        self
    }

    /// Whether it holds, given for each part whether it is there.
    pub fn run(&self, part: impl Fn(usize) -> Known) -> Known {
        let mut shallow = [Known::No; SHALLOW];
        let mut deep = Vec::new();
        let depth = self.depth();
        let stack = if depth <= SHALLOW {
            &mut shallow[..]
        } else {
            deep.resize(depth, Known::No);
            &mut deep[..]
        };
        let mut top = 0;
        for step in &self.steps {
            match *step {
                Step::Constant(known) => {
                    stack[top] = known;
                    top += 1;
                }
                Step::Part(at) => {
                    stack[top] = part(at as usize);
                    top += 1;
                }
                Step::Not => {
                    stack[top - 1] = match stack[top - 1] {
                        Known::No => Known::Yes,
                        Known::Maybe => Known::Maybe,
                        Known::Yes => Known::No,
                    }
                }
                Step::And => {
                    top -= 1;
                    stack[top - 1] = stack[top - 1].min(stack[top]);
                }
                Step::Or => {
                    top -= 1;
                    stack[top - 1] = stack[top - 1].max(stack[top]);
                }
                Step::Doubt => stack[top - 1] = stack[top - 1].min(Known::Maybe),
            }
        }
        stack[0]
    }

    fn depth(&self) -> usize {
        let (mut depth, mut deepest) = (0usize, 0);
        for step in &self.steps {
            match step {
                Step::Constant(_) | Step::Part(_) => depth += 1,
                Step::And | Step::Or => depth -= 1,
                Step::Not | Step::Doubt => {}
            }
            deepest = deepest.max(depth);
        }
        deepest
    }
}

impl Class {
    /// The class whose function for the parts of an item is `extract`, for a column of arrays of `element`s in a collation.
    ///
    /// # Errors
    /// `0A000` for a function that is not built in; those of elements without an order.
    pub fn of(extract: Oid, element: Oid, collation: Oid, env: &dyn Environment) -> Result<Class> {
        match extract.0 {
            2743 => Ok(Class::Array(KeyEncoder::for_equality(vec![KeyColumn::ascending(element, collation)], env)?)),
            3656 => Ok(Class::Tsvector),
            3482 => Ok(Class::Jsonb),
            3485 => Ok(Class::JsonbPath),
            _ => Err(Error::not_implemented("GIN operator classes with functions of their own")),
        }
    }

    /// The parts of an item that is not null, sorted, each once; one that says so if there are none.
    ///
    /// # Errors
    /// Those of damaged values and of encoding elements.
    pub fn parts(&self, item: DatumRef<'_>, env: &dyn Environment) -> Result<Vec<Vec<u8>>> {
        let DatumRef::Bytes(bytes) = item else {
            return Err(Error::corrupted("an inverted index has a value in a wrong form"));
        };
        let mut parts = match self {
            Class::Array(encoder) => array::parts(encoder, bytes, env)?,
            Class::Tsvector => textsearch::parts(bytes),
            Class::Jsonb => jsonb::parts(bytes)?,
            Class::JsonbPath => jsonb::path_parts(bytes)?,
        };
        if parts.is_empty() {
            parts.push(vec![NO_PARTS]);
        }
        parts.sort_unstable();
        parts.dedup();
        Ok(parts)
    }

    /// What the operator with a strategy and a right argument that is not null asks for; none if it can hold of no item.
    ///
    /// # Errors
    /// Those of damaged values and of encoding elements.
    pub fn search(&self, strategy: i16, value: DatumRef<'_>, env: &dyn Environment) -> Result<Option<Search>> {
        let DatumRef::Bytes(bytes) = value else {
            return Err(Error::internal("an inverted index is searched for a number"));
        };
        match self {
            Class::Array(encoder) => array::search(encoder, strategy, bytes, env),
            Class::Tsvector => textsearch::search(bytes),
            Class::Jsonb => jsonb::search(strategy, bytes),
            Class::JsonbPath => jsonb::path_search(strategy, bytes),
        }
    }
}

/// A sought part of which nothing is left out.
fn exactly(part: Vec<u8>) -> Sought {
    Sought { part, prefix: false }
}

fn unknown_strategy(strategy: i16) -> Error {
    Error::internal(format!("unrecognized strategy number: {strategy}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DefaultEnvironment;
    use crate::json::Value;
    use crate::textsearch::{Builder, Position, Prepared, Vector, query_text};
    use proptest::prelude::*;

    fn env() -> DefaultEnvironment {
        DefaultEnvironment::default()
    }

    /// Whether an item can be an answer, as an index would find out.
    fn found(class: &Class, strategy: i16, item: &[u8], value: &[u8]) -> Known {
        let parts = class.parts(DatumRef::Bytes(item), &env()).unwrap();
        let Some(search) = class.search(strategy, DatumRef::Bytes(value), &env()).unwrap() else { return Known::No };
        let has = |at: usize| {
            let sought: &Sought = &search.parts[at];
            let fits =
                |part: &Vec<u8>| if sought.prefix { part.starts_with(&sought.part) } else { *part == sought.part };
            if parts.iter().any(fits) { Known::Yes } else { Known::No }
        };
        search.program.run(has)
    }

    fn json(text: &str) -> Vec<u8> {
        Value::parse(text.as_bytes()).unwrap().to_bytes().unwrap()
    }

    #[test]
    fn keys_of_jsonb() {
        let item = json(r#"{"a": {"b": [1, "x"]}, "c": true}"#);
        for class in [Class::Jsonb, Class::JsonbPath] {
            for (yes, value) in
                [(true, r#"{"a": {"b": [1]}}"#), (true, "{}"), (false, r#"{"a": 2}"#), (false, r#"{"b": null}"#)]
            {
                assert_eq!(
                    found(&class, 7, &item, &json(value)),
                    if yes { Known::Maybe } else { Known::No },
                    "{value}"
                );
            }
        }
        // The hash of a path tells where a scalar stands.
        let elsewhere = json(r#"{"a": "x", "b": true}"#);
        assert_eq!(found(&Class::Jsonb, 7, &json(r#"{"a": true, "b": "x"}"#), &elsewhere), Known::Maybe);
        assert_eq!(found(&Class::JsonbPath, 7, &json(r#"{"a": true, "b": "x"}"#), &elsewhere), Known::No);
        assert_eq!(found(&Class::Jsonb, 9, &item, b"b"), Known::Maybe);
        assert_eq!(found(&Class::Jsonb, 9, &item, b"d"), Known::No);
    }

    #[test]
    fn paths_of_jsonpath() {
        let item = json(r#"{"a": [{"b": 1}, {"b": "x", "c": null}], "d": [1.50, "x"]}"#);
        let cases = [
            ("$.a.b == 1", true),
            ("$.a[*].b == \"x\" && $.d[0] == 1.5", true),
            ("$.d == \"x\"", true),
            ("$.a.b == 3 || exists($.d)", true),
            ("!($.zz == 1)", true),
            ("$.zz == 1", false),
            ("$.a.b == 3", false),
            ("exists($.a ? (@.c == null))", true),
            ("exists($.a ? (@.c == null && @.b == false))", false),
            ("$.**.b == 1", true),
            ("$.a.size() == 7", true),
        ];
        for (text, possible) in cases {
            let path = crate::jsonpath::Path::parse(text.as_bytes()).unwrap();
            let mut bytes = Vec::new();
            path.write(&mut bytes);
            for class in [Class::Jsonb, Class::JsonbPath] {
                assert_eq!(found(&class, 16, &item, &bytes) != Known::No, possible, "{text} by {class:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// What matches is never missed, and what the index is certain of matches.
        #[test]
        fn queries_agree_with_documents(words in proptest::collection::vec("[a-c]{1,2}", 0..4), query in "[a-c]{1,2}(:\\*)?( (&|\\||<->|& !) [a-c]{1,2}(:\\*)?){0,3}") {
            let mut places = std::collections::BTreeMap::<&str, Vec<Position>>::new();
            for (at, word) in words.iter().enumerate() {
                places.entry(word).or_default().push(Position::new(at as u32 + 1, 0));
            }
            let mut builder = Builder::default();
            places.into_iter().for_each(|(word, positions)| builder.add(word.as_bytes(), positions));
            let mut vector = Vec::new();
            builder.write(&mut vector).unwrap();
            let query = query_text::parse(&query, &env()).unwrap();
            let matches = Prepared::new(&query).unwrap().matches(&Vector::new(&vector));
            match found(&Class::Tsvector, 1, &vector, &query) {
                Known::No => prop_assert!(!matches),
                Known::Yes => prop_assert!(matches),
                Known::Maybe => {}
            }
        }
    }
}
