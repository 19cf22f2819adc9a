//! Whether a path's answer depends on the session's time zone.
//!
//! It does where a time with a zone may be compared with, or made of, one without. What is not known to be no time may be
//! one only behind `datetime()` or a variable that holds one.

use super::{Chain, Method, Node, Operator, Path};
use crate::oid;
use ids::Oid;

/// What is known of values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    /// They are no times.
    No,
    /// Times of either kind.
    Unknown,
    /// With a zone.
    Zoned,
    /// Without.
    Local,
}

struct Search<'a> {
    variables: &'a [(&'a str, Oid)],
    /// What `@` is.
    current: Time,
    mutable: bool,
}

impl Path {
    /// Whether the answer depends on the time zone, where the variables have these types.
    pub fn is_mutable(&self, variables: &[(&str, Oid)]) -> bool {
        let mut search = Search { variables, current: Time::No, mutable: false };
        search.chain(&self.chain);
        search.mutable
    }
}

impl Search<'_> {
    fn compare(&mut self, left: Time, right: Time) {
        let differ = left == Time::Unknown || right == Time::Unknown || left != right;
        self.mutable |= left != Time::No && right != Time::No && differ;
    }

    fn variable(&self, name: &[u8]) -> Time {
        let found = self.variables.iter().find(|(known, _)| known.as_bytes() == name);
        match found.map(|(_, type_oid)| *type_oid) {
            Some(oid::TIMETZ | oid::TIMESTAMPTZ) => Time::Zoned,
            Some(oid::DATE | oid::TIME | oid::TIMESTAMP) => Time::Local,
            _ => Time::No,
        }
    }

    fn chain(&mut self, chain: &Chain) -> Time {
        let mut time = Time::No;
        for node in chain {
            time = self.node(node, time);
        }
        time
    }

    fn node(&mut self, node: &Node, before: Time) -> Time {
        match node {
            Node::Variable(name) => return self.variable(name),
            Node::Current => return self.current,
            Node::Binary(operator, sides) => {
                let (left, right) = (self.chain(&sides.0), self.chain(&sides.1));
                let compares = matches!(
                    operator,
                    Operator::Equal
                        | Operator::NotEqual
                        | Operator::Less
                        | Operator::LessOrEqual
                        | Operator::Greater
                        | Operator::GreaterOrEqual
                );
                if compares {
                    self.compare(left, right);
                }
            }
            Node::Sign(_, inner) | Node::Not(inner) | Node::IsUnknown(inner) | Node::Exists(inner) => {
                self.chain(inner);
            }
            Node::LikeRegex(like) => {
                self.chain(&like.expression);
            }
            Node::Elements(list) => {
                for (from, to) in list {
                    self.chain(from);
                    to.iter().for_each(|to| {
                        self.chain(to);
                    });
                }
            }
            Node::Filter(condition) => {
                let outer = std::mem::replace(&mut self.current, before);
                self.chain(condition);
                self.current = outer;
                return before;
            }
            Node::Method(Method::Datetime(None)) => return Time::Unknown,
            Node::Method(Method::Datetime(Some(template))) => {
                let zoned = crate::formatting::has_zone(&String::from_utf8_lossy(template));
                return if zoned { Time::Zoned } else { Time::Local };
            }
            Node::Method(
                Method::Date | Method::Time(_) | Method::TimeTz(_) | Method::Timestamp(_) | Method::TimestampTz(_),
            ) => {
                self.mutable = true;
                return Time::Unknown;
            }
            _ => {}
        }
        Time::No
    }
}
