//! What a jsonpath asks of a document's parts.
//!
//! A path finds something only if every key that it names is there, and every filter on its way lets something through; an equality with a
//! literal holds only if the scalar is there. What else a path says asks for nothing: so are negations, orders, and what methods make of values.
//! Whatever the parts say, the path has to be tried on the document itself.

use error::Result;

use super::jsonb::{self, PathHash};
use super::{Known, Program, Search, Sought, Step, exactly};
use crate::json::Kind;
use crate::jsonpath::{Chain, Node, Operator, Path};

/// What the parts of documents are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// Keys and scalars (`jsonb_ops`).
    Keys,
    /// Hashes of paths (`jsonb_path_ops`).
    Hashes,
}

/// What must be there.
enum Need {
    Part(u32),
    All(Vec<Need>),
    Any(Vec<Need>),
}

struct Reader {
    paths: Paths,
    parts: Vec<Sought>,
}

/// Where a path has led.
#[derive(Clone, Copy)]
struct Place {
    /// By these keys; none if it cannot be told.
    path: Option<PathHash>,
    /// At the document's own values, not at what a method made of them.
    own: bool,
}

/// What a path (`@?`) or a condition (`@@`) asks for.
pub(super) fn search(bytes: &[u8], paths: Paths, condition: bool) -> Result<Search> {
    let path = Path::parse(bytes)?;
    let mut reader = Reader { paths, parts: Vec::new() };
    let root = Place { path: Some(PathHash::ROOT), own: true };
    let need = match condition {
        true => reader.condition(&path.chain, root),
        false => {
            let mut needs = Vec::new();
            reader.path(&path.chain, root, &mut needs);
            all(needs)
        }
    };
    let mut program = Program::default();
    match need {
        Some(need) => write(&need, &mut program),
        None => program.push(Step::Constant(Known::Yes)),
    }
    Ok(Search { parts: reader.parts, program: program.doubtful() })
}

fn all(mut needs: Vec<Need>) -> Option<Need> {
    match needs.len() {
        0 => None,
        1 => needs.pop(),
        _ => Some(Need::All(needs)),
    }
}

fn write(need: &Need, program: &mut Program) {
    let (needs, step) = match need {
        Need::Part(at) => return program.push(Step::Part(*at)),
        Need::All(needs) => (needs, Step::And),
        Need::Any(needs) => (needs, Step::Or),
    };
    for (n, need) in needs.iter().enumerate() {
        write(need, program);
        if n > 0 {
            program.push(step);
        }
    }
}

impl Reader {
    fn part(&mut self, part: Vec<u8>) -> Need {
        let sought = exactly(part);
        let at = self.parts.iter().position(|own| *own == sought).unwrap_or_else(|| {
            self.parts.push(sought);
            self.parts.len() - 1
        });
        Need::Part(at as u32)
    }

    /// What a path needs to find anything, and where it leads; none if it does not begin in the document.
    fn path(&mut self, chain: &Chain, current: Place, needs: &mut Vec<Need>) -> Option<Place> {
        let (first, steps) = chain.split_first()?;
        let mut place = match first {
            Node::Root => Place { path: Some(PathHash::ROOT), own: true },
            Node::Current => current,
            _ => return None,
        };
        for step in steps {
            match step {
                _ if !place.own => {}
                Node::Key(key) => {
                    if self.paths == Paths::Keys {
                        let part = self.part(jsonb::key(key));
                        needs.push(part);
                    }
                    place.path = place.path.map(|path| path.key(key));
                }
                Node::AnyElement | Node::Elements(_) => {}
                Node::AnyKey | Node::AnyLevel(..) => place.path = None,
                Node::Filter(condition) => needs.extend(self.condition(condition, place)),
                _ => place.own = false,
            }
        }
        Some(place)
    }

    /// What a condition needs to be true; none if nothing is known to be needed.
    fn condition(&mut self, chain: &Chain, current: Place) -> Option<Need> {
        let [node] = &chain[..] else { return None };
        match node {
            Node::Binary(Operator::And, sides) => {
                let needs = [self.condition(&sides.0, current), self.condition(&sides.1, current)];
                all(needs.into_iter().flatten().collect())
            }
            Node::Binary(Operator::Or, sides) => {
                let left = self.condition(&sides.0, current)?;
                let right = self.condition(&sides.1, current)?;
                Some(Need::Any(vec![left, right]))
            }
            Node::Binary(Operator::Equal, sides) => {
                let (path, literal) = match (&sides.0[..], &sides.1[..]) {
                    (_, [literal]) if is_literal(literal) => (&sides.0, literal),
                    ([literal], _) if is_literal(literal) => (&sides.1, literal),
                    _ => return None,
                };
                let mut needs = Vec::new();
                if let Some(place) = self.path(path, current, &mut needs)
                    && place.own
                {
                    needs.extend(self.scalar(literal, place));
                }
                all(needs)
            }
            Node::Exists(path) => {
                let mut needs = Vec::new();
                self.path(path, current, &mut needs);
                all(needs)
            }
            _ => None,
        }
    }

    fn scalar(&mut self, literal: &Node, place: Place) -> Option<Need> {
        let number;
        let kind = match literal {
            Node::Null => Kind::Null,
            Node::Bool(value) => Kind::Bool(*value),
            Node::String(text) => Kind::String(text),
            Node::Number(value) => {
                number = value.to_bytes();
                Kind::Number(&number)
            }
            _ => return None,
        };
        Some(match (self.paths, &kind) {
            (Paths::Hashes, kind) => self.part(place.path?.scalar(kind)),
            // Whether it stands in an array or behind a key cannot be told.
            (Paths::Keys, Kind::String(text)) => {
                Need::Any(vec![self.part(jsonb::key(text)), self.part(jsonb::string(text))])
            }
            (Paths::Keys, kind) => self.part(jsonb::scalar(kind)),
        })
    }
}

fn is_literal(node: &Node) -> bool {
    matches!(node, Node::Null | Node::Bool(_) | Node::String(_) | Node::Number(_))
}
